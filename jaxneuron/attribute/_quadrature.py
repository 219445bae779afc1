"""Where to look along a path, and how much each look counts: rules for integrals from 0 to 1.

Gauss-Legendre is exact for polynomials of degree `2 steps - 1`, and for smooth models wins by orders of magnitude. Its
nodes crowd at the ends, though, and what a transformer does in a hurry it does anywhere on the line: "transplanted"
moves them towards the middle. From [PAD] to 48 sentences of reviews, the worst error of 50 nodes falls from 7e-3 of the
change in MiniLM's score to 1e-3, at equal medians (5e-5). The other rules are there for kinks, and to agree with
published numbers.
"""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Rule = str
"""The name of a rule, one of `RULES`; `quadrature` explains them."""

RULES: tuple[Rule, ...] = (
    "gauss_legendre",
    "transplanted",
    "trapezoid",
    "riemann_left",
    "riemann_right",
    "riemann_middle",
    "captum_trapezoid",
)


class Quadrature(NamedTuple):
    """`integral of g ~ sum(weights * g(nodes))`, in double precision, on the host."""

    nodes: Float[np.ndarray, "step"]  # ascending, within [0, 1]
    weights: Float[np.ndarray, "step"]  # sum to 1, but for "captum_trapezoid"


_SERIES = np.polynomial.Polynomial([0, 1, 0, 1 / 6, 0, 3 / 40, 0, 5 / 112, 0, 35 / 1152])
_ARCSINE = _SERIES / _SERIES(1)  # from [-1, 1] onto itself


@functools.lru_cache(maxsize=128)
def quadrature(rule: Rule, steps: int) -> Quadrature:
    """Return the nodes and weights of a rule.

    Args:
        rule: "gauss_legendre"; "transplanted", Gauss-Legendre mapped by the arcsine's series to degree 9 (Hale and
            Trefethen 2008, "New quadrature formulas from conformal maps", SINUM 46); "trapezoid" (ends included);
            "riemann_left", "riemann_right", "riemann_middle"; or "captum_trapezoid": the weights of Captum 0.9's
            riemann_trapezoid, which sum to `1 - 1/steps`, so that even the integral of a constant is short by that
            share; for comparison with its numbers only.
        steps: how many nodes.

    Raises:
        ValueError: an unknown rule, or too few steps.

    Example:
        >>> quadrature("trapezoid", 3).weights.tolist()
        [0.25, 0.5, 0.25]
    """
    if rule not in RULES:
        raise ValueError(f"no rule {rule!r}; the rules are {', '.join(RULES)}")
    least = 2 if "trapezoid" in rule else 1
    if steps < least:
        raise ValueError(f"the rule {rule!r} needs at least {least} steps, got {steps}")
    if rule == "gauss_legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return Quadrature((1 + nodes) / 2, weights / 2)
    if rule == "transplanted":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        weights = weights * _ARCSINE.deriv()(nodes)
        return Quadrature((1 + _ARCSINE(nodes)) / 2, weights / weights.sum())
    if least == 2:
        inner = 1 / steps if rule == "captum_trapezoid" else 1 / (steps - 1)
        weights = np.full(steps, inner)
        weights[[0, -1]] /= 2
        return Quadrature(np.linspace(0, 1, steps), weights)
    shift = {"riemann_left": 0.0, "riemann_middle": 0.5, "riemann_right": 1.0}[rule]
    return Quadrature((np.arange(steps) + shift) / steps, np.full(steps, 1 / steps))
