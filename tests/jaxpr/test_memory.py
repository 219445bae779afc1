"""The estimate of what a function holds at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.jaxpr.memory import peak

ROW = 4 * 100  # bytes of one array


def chain(x):
    for _ in range(10):
        x = jnp.sin(x)
    return x


def test_what_is_read_for_the_last_time_is_given_back():
    assert peak(chain, jnp.ones(100)) == 2 * ROW
    assert peak(jax.jit(chain), jnp.ones(100)) == 2 * ROW, "inside of a compiled function, too"
    assert peak(lambda x: jax.lax.scan(lambda x, _: (chain(x), None), x, length=5)[0], jnp.ones(100)) == 2 * ROW
    assert peak(lambda x: jax.lax.cond(x[0] > 0, chain, jnp.sin, x), jnp.ones(100)) >= 2 * ROW


def test_what_a_gradient_needs_later_is_held():
    assert peak(jax.grad(lambda x: jnp.sum(chain(x))), jnp.ones(100)) >= 10 * ROW


@pytest.mark.parametrize("rows", [16, 64])
def test_xla_needs_no_more(rows):
    weights = [jnp.asarray(np.random.default_rng(n).normal(size=(256, 256)), jnp.float32) for n in range(4)]

    def f(x):
        for one in weights:
            x = jnp.tanh(x @ one)
        return jnp.sum(x)

    x = jnp.ones((rows, 256))
    compiled = jax.jit(jax.grad(f)).lower(x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes <= peak(jax.grad(f), x) <= 20 * x.nbytes
