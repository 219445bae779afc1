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
BERT = dict(norm_first=False, causal=False, embedding_norm=True, activation="gelu", head="first", labels=2)
CONFIGS = {
    "bert": transformer.TransformerConfig(11, 8, 1, 2, head_transform="tanh", tied=False, head_bias=True, **BERT),
    "llama": transformer.TransformerConfig(
        11, 8, 1, 2, norm="rms", activation="silu", gated=True, positions="rotary", key_heads=1, parallel=True
    ),
}


def filled(init):
    """Return weights of the right shapes, far from those at the start of a training: no bias is 0, no norm is 1."""
    draw = np.random.default_rng(0).normal
    shapes = jax.eval_shape(init, jax.random.key(0))
    return jax.tree.map(lambda leaf: jnp.asarray(draw(leaf.ndim == 1, 0.5, leaf.shape), jnp.float32), shapes)


@functools.cache
def model(name):
    """A model's score at its embedding, the values there of a text and of a baseline, and their scores."""
    if name in CONFIGS:
        forward, init = transformer.build(CONFIGS[name])
        width, target = 8, targets.Unit("logits", 1)
    elif name == "lstm":
        forward, init = lstm_lm.build(lstm_lm.LstmConfig(11, 6, embedding=5))
        width, target = 5, targets.Unit("logits", 1)
    else:
        forward, init = imaginet.build(imaginet.ImaginetConfig(11, 3, embedding=5, units=6))
        width, target = 5, targets.Unit("visual/gru", 1)
    x, other = jnp.asarray(np.random.default_rng(1).normal(size=(2, 2, 4, width)), jnp.float32)
    baseline = jnp.where(jnp.array([[0, 1, 1, 0], [0, 0, 0, 0]], bool)[..., None], other, x)
    f = split.above(forward, filled(init), TOKENS, "embed/word", target)
    score = jax.jit(lambda x: f(x))
    return f, x, baseline, score(x), score(baseline)


MODELS = [*CONFIGS, "lstm", "gru"]


@pytest.mark.parametrize("name", MODELS)
def test_deep_lift_is_complete_on_any_model(name, no_compilation):
    f, x, baseline, top, bottom = model(name)
    found = deep_lift.attribute(f, x, baseline)
    np.testing.assert_allclose(jnp.sum(found, axis=(1, 2)), top - bottom, atol=1e-5 + 1e-5 * abs(top).max())
    assert jnp.all(found[1, 2:] == 0)
    other = jnp.concatenate([baseline[:1], x[1:]])
    with no_compilation():
        alone = deep_lift.attribute(f, x, other)
    np.testing.assert_allclose(alone[0], found[0], atol=1e-6)  # rows do not see each other


def test_what_is_read_by_nobody_needs_no_rule_and_recurrences_wake_up():
    def f(x):
        jnp.sort(x)

        def step(state, now):
            total, last = state  # neither depends on x at first, `last` not before the second step
            return (total + jnp.tanh(now), total), last

        (total, last), seen = jax.lax.scan(step, (jnp.zeros(2), jnp.ones(2)), x.T)
        return total + 2 * last + seen[-1]

    x = jnp.array([[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]])
    bent = jnp.tanh(x)
    right = bent * jnp.array([[4.0, 3.0, 1.0]])
    np.testing.assert_allclose(deep_lift.attribute(f, x, 0.0), right, rtol=1e-5)


def test_an_operation_without_a_rule_is_named():
    x = jnp.ones((2, 3))
    with pytest.raises(NotImplementedError, match="no rule for the operation 'sort'"):
        deep_lift.attribute(lambda x: jnp.sort(x)[:, 0], x)
    with pytest.raises(NotImplementedError, match="no rule for 'select_n'"):
        deep_lift.attribute(lambda x: jnp.where(x[:, 0] > 0, x[:, 1], x[:, 2]), x)
    with pytest.raises(NotImplementedError, match="a comparison with the input"):
        deep_lift.attribute(lambda x: x[:, 0] * jnp.arange(4.0)[x[:, 1].astype(int)], x)
