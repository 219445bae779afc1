"""Where to look along a path, and how much each look counts: rules for integrals from 0 to 1.

Gauss-Legendre is exact for polynomials of degree `2 steps - 1`, and for smooth models wins by orders of magnitude. The
others are there for kinks, and to agree with published numbers.
"""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Spacing = str
"""The name of a rule, one of `RULES`; `quadrature` explains them."""

RULES: tuple[Spacing, ...] = (
    "gauss_legendre",
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


@functools.lru_cache(maxsize=128)
def quadrature(rule: Spacing, steps: int) -> Quadrature:
    """Return the nodes and weights of a rule.

    Args:
        rule: "gauss_legendre", "trapezoid" (ends included), "riemann_left", "riemann_right", "riemann_middle", or
            "captum_trapezoid": the weights of Captum 0.9's riemann_trapezoid, which sum to `1 - 1/steps`, so that even
            the integral of a constant is short by that share; for comparison with its numbers only.
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
    if least == 2:
        inner = 1 / steps if rule == "captum_trapezoid" else 1 / (steps - 1)
        weights = np.full(steps, inner)
        weights[[0, -1]] /= 2
        return Quadrature(np.linspace(0, 1, steps), weights)
    shift = {"riemann_left": 0.0, "riemann_middle": 0.5, "riemann_right": 1.0}[rule]
    return Quadrature((np.arange(steps) + shift) / steps, np.full(steps, 1 / steps))
