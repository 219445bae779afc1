import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split, targets
from jaxneuron.attribute import deep_lift
from jaxneuron.types import Tokens
from jaxneuron_models import imaginet, lstm_lm, transformer
from tests.quick import quick_compilation  # noqa: F401

TOKENS = Tokens(jnp.array([[3, 5, 1, 7], [2, 4, 0, 0]]), jnp.array([[True] * 4, [True, True, False, False]]))
BASE = Tokens(jnp.array([[3, 0, 0, 7], [2, 4, 0, 0]]), TOKENS.mask)
BERT = dict(norm_first=False, causal=False, embedding_norm=True, activation="gelu", head="first", labels=2)
CONFIGS = {
    "bert": transformer.Config(11, 8, 1, 2, head_transform="tanh", tied=False, head_bias=True, **BERT),
    "llama": transformer.Config(
        11, 8, 1, 2, norm="rms", activation="silu", gated=True, positions="rotary", key_heads=1, parallel=True
    ),
}


@functools.cache
def model(name):
    """A model's score at its embedding, and the value there of the text and of the baseline."""
    if name in CONFIGS:
        forward, init = transformer.build(CONFIGS[name])
        target = targets.Unit("logits", 1)
    elif name == "lstm":
        forward, init = lstm_lm.build(lstm_lm.Config(11, 6, embedding=5))
        target = targets.Unit("logits", 1)
    else:
        forward, init = imaginet.build(imaginet.Config(11, 3, embedding=5, units=6))
        target = targets.Unit("visual/gru", 1)
    # larger weights than at the start of a training, so that nothing is nearly linear
    params = jax.tree.map(lambda leaf: leaf * (6 if leaf.shape == (11, 8) else 1.5), jax.jit(init)(jax.random.key(0)))
    value = jax.jit(split.below(forward, params, "embed/word"))
    return split.above(forward, params, TOKENS, "embed/word", target), value(TOKENS), value(BASE)


MODELS = [*CONFIGS, "lstm", "gru"]


@pytest.mark.parametrize("name", MODELS)
def test_deep_lift_is_complete_on_any_model(name):
    f, x, baseline = model(name)
    found = deep_lift.attribute(f, x, baseline)
    np.testing.assert_allclose(jnp.sum(found, axis=(1, 2)), f(x) - f(baseline), atol=2e-5)
    assert jnp.all(found[1, 2:] == 0)
    alone = deep_lift.attribute(f, x, baseline.at[1].set(x[1]))
    np.testing.assert_allclose(alone[0], found[0], atol=1e-6)
