import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attention import rollout
from jaxneuron.types import Tokens
from jaxneuron_models import transformer
from tests.jaxpr.test_rules import filled


def test_agrees_with_a_loop_over_layers():
    mask = np.array([[True] * 4, [True, True, False, False]])
    weight = np.random.default_rng(0).exponential(size=(3, 2, 2, 4, 4)) * mask[None, :, None, None]
    attention = (weight / weight.sum(-1, keepdims=True)).astype(np.float32)
    for heads, join in {"mean": np.mean, "min": np.min, "max": np.max}.items():
        found = rollout(attention, mask, heads=heads, residual=0.25)
        for row, length in enumerate(mask.sum(axis=1)):
            right = np.eye(length)
            for layer in attention[:, row, :, :length, :length]:
                joined = join(layer, axis=0)
                right = (0.25 * np.eye(length) + 0.75 * joined / joined.sum(-1, keepdims=True)) @ right
            np.testing.assert_allclose(found[row, :length, :length], right, atol=1e-6)
            np.testing.assert_allclose(found[row, :length].sum(-1), 1, atol=1e-6)
            assert jnp.all(found[row, length:] == 0) and jnp.all(found[row, :, length:] == 0)


def test_reads_the_record_of_a_transformer():
    forward, init = transformer.build(transformer.TransformerConfig(7, 4, 2, 2))
    tokens = Tokens(jnp.array([[1, 2, 3]]), jnp.array([[True, True, True]]))
    attention = jax.jit(lambda params: forward(params, tokens, {})[0].attention)(filled(init))
    found = rollout(attention, tokens.mask)
    assert jnp.all(jnp.triu(found[0], 1) == 0)  # a causal model reads nothing of what comes later
    assert found[0, 0, 0] == 1


def test_bad_input_is_named():
    attention, mask = jnp.ones((1, 1, 1, 2, 2)) / 2, jnp.ones((1, 2), bool)
    with pytest.raises(ValueError, match="mean, min or max, got 'sum'"):
        rollout(attention, mask, heads="sum")
    with pytest.raises(ValueError, match=r"got \(1, 1, 1, 2, 2\) and \(1, 3\)"):
        rollout(attention, jnp.ones((1, 3), bool))
    with pytest.raises(ValueError, match="from 0 to 1, got 2"):
        rollout(attention, mask, residual=2.0)
