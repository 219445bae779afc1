"""Many items in one compiled call: all of them, in order, in no more memory than the budget."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.games import sweep
from jaxneuron.jaxpr.memory import live_bytes


@pytest.mark.parametrize("budget", [1, 3 * 400 + 100, 2**20])
def test_every_item_is_done_once_and_in_order(budget):
    wide = jnp.arange(100.0)
    found = sweep(lambda a, b: (a * jnp.sum(wide * a), b["c"]), jnp.arange(7.0), {"c": jnp.arange(7)}, budget=budget)
    np.testing.assert_allclose(found[0], 4950 * np.arange(7.0) ** 2)
    assert found[1].tolist() == list(range(7))


def test_a_budget_bounds_what_is_held():
    def held(budget):
        f = jax.jit(lambda a: sweep(lambda row: jnp.sum(jnp.sin(jnp.outer(row, row)) @ big), a, budget=budget))
        return f.lower(jnp.zeros((64, 100))).compile().memory_analysis().temp_size_in_bytes

    big = jnp.ones((100, 100))
    assert held(2**18) < 2**19 < held(2**24)


def test_what_is_the_same_for_all_or_read_by_nobody_does_not_count():
    big = jnp.ones((100, 100))

    def f(a):
        jnp.outer(a, a)  # dead
        return jnp.sum(jax.jit(lambda a: a @ (big @ big))(a))

    assert 800 <= live_bytes(f, jnp.zeros(100)) < 4000
    assert (
        live_bytes(lambda a: jax.lax.scan(lambda c, _: (c + jnp.sum(jnp.outer(a, a)), None), 0.0, length=3)[0], big[0])
        > 4e4
    )
