"""What a change leaves alone is computed once, and of a product with few changes only what they change."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.jaxpr.resume import resume, staged

UNITS = 12
RANDOM = np.random.default_rng(0)
STATES, WEIGHT = (jnp.asarray(RANDOM.normal(size=shape), jnp.float32) for shape in ((2, 3, UNITS), (UNITS, 5)))
VALUE = jnp.asarray(RANDOM.normal(size=UNITS), jnp.float32)


def held(units):
    return jnp.where(units, VALUE, STATES)


def scaled_and_bounded(units):
    factor = jnp.broadcast_to(jnp.where(units, -2.0, 1.0), STATES.shape)
    return jnp.maximum(STATES * factor + units[None, None], jnp.where(units, 0.0, -jnp.inf)[None, None])


def squared(units):
    return held(units) ** 2 + jnp.tanh(held(units))


AFTER = {
    "product": lambda x: jnp.tanh(x @ WEIGHT),
    "weight on the left": lambda x: jnp.tanh(jnp.einsum("uw,btu->wbt", WEIGHT, x)),
    "read twice": lambda x: (x @ WEIGHT + jnp.sum(x, -1, keepdims=True), jnp.max(x)),
    "mixed before the product": lambda x: (x / jnp.sum(x**2, -1, keepdims=True)) @ WEIGHT,
    "product with itself": lambda x: jnp.einsum("btu,bsu->bts", x, x),
    "product over other axes": lambda x: jnp.einsum("btu,tw->buw", x, jnp.ones((3, 2))),
    "reordered": lambda x: jnp.roll(x, 1, -1) @ WEIGHT,
    "a recurrence": lambda x: jax.lax.scan(lambda s, now: (jnp.tanh(s + now @ WEIGHT),) * 2, jnp.zeros((3, 5)), x)[1],
}


@pytest.mark.parametrize("before", [held, scaled_and_bounded, squared], ids=lambda f: f.__name__)
@pytest.mark.parametrize("after", AFTER)
def test_few_changes_are_the_same_as_any(before, after):
    sets = np.zeros((4, UNITS), bool)
    sets[1, 3], sets[2, [0, 11]], sets[3, 7] = True, True, True

    def f(units):
        return AFTER[after](before(units))

    rest = resume(f, sets[0], few=2)
    for found, expected in zip(
        jax.tree.leaves(jax.lax.map(rest, jnp.asarray(sets), batch_size=3)),
        jax.tree.leaves(jax.vmap(f)(jnp.asarray(sets))),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("after", "products"), [("product", [2]), ("weight on the left", [2]), ("reordered", [UNITS])])
def test_a_product_right_after_few_changes_has_few_terms(after, products):
    jaxpr = jax.make_jaxpr(resume(lambda units: AFTER[after](held(units)), jnp.zeros(UNITS, bool), few=2))
    equations = [equation for equation in jaxpr(jnp.ones(UNITS, bool)).eqns if equation.primitive.name == "dot_general"]
    terms = [equation.invars[0].aval.shape[equation.params["dimension_numbers"][0][0][0]] for equation in equations]
    assert terms == products


def test_parts_that_are_compiled_apart_give_the_whole():
    """Also two vectors that differ from 0 at the same places, and one kept part for any number of changes."""
    value = np.where(np.arange(UNITS) == 4, 0.0, 3.0).astype(np.float32)

    def f(fixed, change):
        here, value = change
        states = jnp.where(here, value, fixed["states"])
        other = jnp.tanh(fixed["states"] @ WEIGHT)
        return jnp.tanh(states @ fixed["weight"]) + other + jnp.broadcast_to(other[:1], other.shape)

    fixed = {"states": STATES, "weight": WEIGHT}
    shapes = jax.eval_shape(lambda: (fixed, (jnp.zeros(UNITS, bool), jnp.zeros(UNITS))))
    kept = jax.jit(lambda fixed: staged(f, *shapes, few=1).before(fixed))(fixed)
    for unit, few in ((4, 1), (7, 3)):
        here = np.arange(UNITS) == unit
        change = here, np.where(here, value, 0)
        found = jax.jit(lambda *given, few=few: staged(f, *shapes, few=few).after(*given))(fixed, kept, change)
        np.testing.assert_allclose(found, f(fixed, change), atol=1e-5)
    assert not {leaf.shape for leaf in jax.tree.leaves(kept)} & {STATES.shape, WEIGHT.shape}
