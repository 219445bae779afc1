"""One list of calls: what runs another program in its place is seen through by whoever reads a program."""

import functools

import jax
import jax.numpy as jnp
import pytest

from jaxneuron.jaxpr import walk
from jaxneuron.jaxpr.dependence import dependence
from jaxneuron.jaxpr.memory import peak


@jax.custom_jvp
def custom(a, b):
    """Return both, apart."""
    return jnp.sin(a), 2 * b


custom.defjvp(lambda primals, tangents: (custom(*primals), tangents))


@jax.custom_vjp
def pulled(a, b):
    """Return both, apart."""
    return jnp.sin(a), 2 * b


pulled.defvjp(lambda a, b: (pulled(a, b), None), lambda saved, pull: pull)
PLAIN = lambda a, b: (jnp.sin(a), 2 * b)  # noqa: E731
CALLS = {"jit": jax.jit(PLAIN), "checkpoint": jax.checkpoint(PLAIN), "custom_jvp": custom, "custom_vjp": pulled}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_seen_through(name):
    one = jnp.ones(8)
    equations = walk.program(CALLS[name], one, one).jaxpr.eqns
    assert [equation.primitive.name for equation in equations] == ["sin", "mul"]
    assert dependence(jax.tree_util.Partial(CALLS[name]), one, one).tolist() == [[True, False], [False, True]]
    assert peak(CALLS[name], one, one) == 2 * one.nbytes


def test_what_nobody_reads_is_left_out_and_costs_nothing():
    def f(a):
        jnp.outer(a, a)
        return functools.partial(jnp.where, a > 0, a)(0)

    assert "mul" not in {equation.primitive.name for equation in walk.program(f, jnp.ones(8)).jaxpr.eqns}
    assert peak(f, jnp.ones(8)) < 8 * 8 * 4
