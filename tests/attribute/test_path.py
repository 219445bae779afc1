import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute._path import at_a_time, integral, total
from jaxneuron.attribute._quadrature import quadrature

X, BASELINE = jnp.array([[1.0, 2.0], [0.5, -1.0]]), jnp.array([[0.0, 1.0], [0.5, 1.0]])


@pytest.mark.parametrize(("steps", "panels", "budget"), [(7, 1, 1), (7, 1, 150), (7, 1, 2**20), (4, 3, 2**20)])
def test_neither_the_budget_nor_the_panels_change_an_integral(steps, panels, budget):
    rule = quadrature("gauss_legendre", steps)
    found = integral(lambda point: {"cube": point**3}, X, BASELINE, rule, panels=panels, budget=budget)
    # of (b + a d)^3 over a
    right = np.where(X == BASELINE, X**3, (X**4 - BASELINE**4) / np.where(X == BASELINE, 1, 4 * (X - BASELINE)))
    np.testing.assert_allclose(found["cube"], right, atol=1e-6)


def test_memory_does_not_grow_with_the_steps():
    def bytes_of(steps):
        rule = quadrature("riemann_middle", steps)
        compiled = (
            jax.jit(lambda x: integral(jnp.sin, x, 0 * x, rule, budget=2**16)).lower(jnp.ones((20, 100))).compile()
        )
        return compiled.memory_analysis().temp_size_in_bytes

    for steps in (20, 200, 2000):
        assert bytes_of(steps) - 2 * 4 * steps < 1.5 * 2**16, "the budget, beside the nodes and their weights"


def test_a_thousand_steps_round_no_more_than_a_few():
    x = jnp.full((1, 50), 0.1)
    found = integral(lambda point: jnp.ones_like(point) / 3, x, 0 * x, quadrature("riemann_left", 1000), budget=1)
    assert np.max(np.abs(np.asarray(found, float) - np.float32(1 / 3))) < 1e-7


def test_the_sum_over_features_is_compensated():
    numbers = np.random.default_rng(0).normal(size=(3, 40, 50)).astype(np.float32)
    numbers = np.concatenate([numbers, 1e4 * numbers, -1e4 * numbers], axis=1)
    right = numbers.astype(np.float64).sum((1, 2))
    np.testing.assert_allclose(total(jnp.asarray(numbers)), right, atol=1e-6)
    assert np.max(np.abs(numbers.reshape(3, -1).sum(1) - right)) > 1e-5


def test_nodes_fit_the_budget_and_fill_their_chunks():
    for steps in (1, 7, 50, 51, 100):
        for fits in (1, 3, 7, 1000):
            together = at_a_time(10, steps, 10 * fits + 9)
            assert 1 <= together <= min(fits, steps)
            assert -steps % together <= max(1, steps / 10)
    assert at_a_time(10, 50, 5) == 1, "one node is looked at even where the budget is too small"
