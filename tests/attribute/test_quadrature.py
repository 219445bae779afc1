import numpy as np
import pytest

from jaxneuron.attribute._quadrature import RULES, quadrature


@pytest.mark.parametrize("rule", RULES)
def test_weights_sum_to_one_and_nodes_lie_on_the_line(rule):
    nodes, weights = quadrature(rule, 7)
    assert weights.sum() == pytest.approx(6 / 7 if rule == "captum_trapezoid" else 1)
    assert nodes.shape == weights.shape == (7,) and np.all(np.diff(nodes) > 0) and 0 <= nodes[0] <= nodes[-1] <= 1


@pytest.mark.parametrize("steps", [1, 4, 50])
def test_gauss_legendre_is_exact_for_polynomials(steps):
    nodes, weights = quadrature("gauss_legendre", steps)
    for degree in (0, 1, 2 * steps - 1):
        assert weights @ nodes**degree == pytest.approx(1 / (degree + 1), rel=1e-12)


def test_errors_fall_as_they_should():
    def error(rule, steps):
        nodes, weights = quadrature(rule, steps)
        return abs(weights @ np.exp(nodes) - (np.e - 1))

    for rule, order in [("riemann_left", 1), ("riemann_right", 1), ("riemann_middle", 2), ("trapezoid", 2)]:
        assert error(rule, 40) / error(rule, 80) == pytest.approx(2**order, rel=0.1)


def test_an_unknown_rule_and_too_few_steps_are_named():
    with pytest.raises(ValueError, match="no rule 'simpson'; the rules are gauss_legendre"):
        quadrature("simpson", 3)
    with pytest.raises(ValueError, match="'trapezoid' needs at least 2 steps, got 1"):
        quadrature("trapezoid", 1)
