"""A transformer that reads step by step reads what it reads in one go, under edits too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add, Scale
from jaxneuron.intervene import Step
from jaxneuron.types import Tokens
from jaxneuron_models import transformer, transformer_step

CONFIG = transformer.TransformerConfig(17, width=16, blocks=2, heads=4, longest=12)
IDS = np.random.default_rng(0).integers(0, 17, (2, 7))
EDITS = {
    "block0/heads": Scale(jnp.arange(16) % 2),
    "block1/mlp": Add(jax.random.normal(jax.random.key(1), (7, 16))),  # another push at each time
}


def test_pieces_agree_with_the_whole_under_edits():
    forward, init = transformer.build(CONFIG)
    params = init(jax.random.key(0))
    step = transformer_step.build(CONFIG)
    assert isinstance(step, Step) and hash(step) == hash(transformer_step.TransformerStep(forward))
    read = jax.jit(step)
    whole, activations = jax.jit(forward)(params, Tokens(jnp.asarray(IDS), jnp.ones(IDS.shape, bool)), EDITS)
    state, at, logits, residual = transformer_step.initial_state(CONFIG, 2, 9), 0, [], []
    for size in (3, 1, 3):
        output, seen, state = read(params, state, IDS[:, at : at + size], EDITS)
        logits.append(output.logits)
        residual.append(seen["block1/residual"])
        at += size
    np.testing.assert_allclose(jnp.concatenate(logits, 1), whole.logits, atol=1e-5)
    np.testing.assert_allclose(jnp.concatenate(residual, 1), activations["block1/residual"], atol=1e-5)
    assert state.room == 2
    with pytest.raises(ValueError, match="room for 2 more words, got 3; .* capacity of at least 10"):
        step(params, state, IDS[:, :3], {})
    with pytest.raises(ValueError, match=r"ids\[:, None\]"):
        step(params, state, IDS[:, 0], {})


def test_a_capacity_beyond_the_positions_is_named():
    with pytest.raises(ValueError, match="at most 12, for which the model has positions, got 13"):
        transformer_step.initial_state(CONFIG, 1, 13)
    rotary = transformer.TransformerConfig(17, width=16, blocks=1, heads=4, longest=12, positions="rotary")
    assert transformer_step.initial_state(rotary, 1, 13).room == 13


@pytest.mark.parametrize(
    ("options", "fault"), [({"causal": False}, "see those that follow"), ({"head": "last", "labels": 2}, "last word")]
)
def test_what_reads_no_further_is_refused(options, fault):
    with pytest.raises(ValueError, match=fault):
        transformer_step.build(transformer.TransformerConfig(17, width=16, blocks=1, heads=4, **options))
