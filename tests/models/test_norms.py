"""The norms agree with their formulas and with flax, and their derivatives hold under two vmaps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxneuron_models.norms import LayerNorm, RMSNorm

NORMS = [LayerNorm, RMSNorm]


@pytest.mark.parametrize(("ours", "flax"), [(LayerNorm, nnx.LayerNorm), (RMSNorm, nnx.RMSNorm)])
def test_agrees_with_flax(ours, flax):
    norm, peer = ours(6, epsilon=1e-3), flax(6, epsilon=1e-3, rngs=nnx.Rngs(0))
    for name in ("scale", "bias"):
        if hasattr(norm, name):
            value = jax.random.normal(jax.random.key(len(name)), (6,))
            setattr(norm, name, nnx.Param(value))
            setattr(peer, name, nnx.Param(value))
    x = jax.random.normal(jax.random.key(0), (2, 3, 6))
    np.testing.assert_allclose(norm(x), peer(x), atol=2e-6)
    assert norm(x.astype(jnp.bfloat16)).dtype == jnp.bfloat16


def test_digits_survive_a_large_mean():
    x = jax.random.normal(jax.random.key(0), (2, 64))
    np.testing.assert_allclose(LayerNorm(64, epsilon=0.0)(x + 3e3), LayerNorm(64, epsilon=0.0)(x), atol=1e-3)


@pytest.mark.parametrize("norm", NORMS)
def test_directions_of_many_nodes_are_those_of_each(norm):
    norm = norm(16, epsilon=1e-12)
    nodes = jax.random.normal(jax.random.key(0), (4, 2, 28, 16))
    change = jax.random.normal(jax.random.key(1), (2, 28, 16))

    def moved(node):
        by_token = change[None] * jnp.eye(28)[:, None, :, None]
        return jax.vmap(jax.linearize(norm, node)[1])(by_token)

    each = np.stack([jax.jit(moved)(node) for node in nodes])
    np.testing.assert_allclose(jax.jit(jax.vmap(moved))(nodes), each, atol=1e-5)
