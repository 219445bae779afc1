"""How does the score answer to a site, on the way from a baseline to the input? Its gradient, averaged over the line.

Leino et al. 2018 (Influence-Directed Explanations for Deep Convolutional Networks, arXiv 1802.03788), with the uniform
distribution on the straight line between two inputs.

Cost:
    Three passes at each of 50 nodes.

Fails:
    It is a slope, not a share of the score: units that move much or little count alike. The baseline decides the line.

Peers:
    Captum's InternalInfluence, with the same numbers.

Example:
    import jax.numpy as jnp
    from jaxneuron.attribute import internal_influence

    def through(x, amount=0.0):  # `split.through` makes such a map of a model
        hidden = x**2 + amount
        return hidden.sum(1) ** 2, hidden

    print(internal_influence.attribute(through, jnp.array([[1.0, 0.0]]), 0.0).round(1))
    #: [[0.7 0.7]]
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jaxtyping import Array, Float, PyTree

from jaxneuron import batching
from jaxneuron.attribute._check import check_baseline, check_counts
from jaxneuron.attribute._gradient import linear, once
from jaxneuron.attribute._path import integral
from jaxneuron.attribute._quadrature import Spacing, quadrature
from jaxneuron.split import traceable


def attribute(
    through: Callable[..., tuple[Float[Array, "batch"], PyTree]],
    x: Float[Any, "batch *feature"],
    baseline: Float[Any, "..."] | float,
    *,
    steps: int = 50,
    rule: Spacing = "gauss_legendre",
    budget: int = batching.BUDGET,
) -> PyTree:
    """Return `integral over a from 0 to 1 of df/dh(baseline + a (x - baseline))`, with `h` the value at the site.

    Args:
        through: the joint map by way of one site or many (`split.through`).
        x: the value at its source.
        baseline: where the line starts; broadcasts to `x`.
        steps: nodes on the line.
        rule: how they are placed and weighed (see `_quadrature`).
        budget: bytes for the steps that are computed together.

    Returns:
        Score per unit of the site, shaped like its value; a dict where there are many sites.

    Raises:
        ValueError: `x` is not of real, finite numbers, the baseline does not broadcast to it, or an unknown rule.

    Source:
        arXiv 1802.03788, definition 1.
    """
    check_counts(steps=steps)
    quadrature(rule, steps)
    return _attribute(traceable(through), *check_baseline(x, baseline), steps=steps, rule=rule, budget=budget)


@partial(jax.jit, static_argnames=("steps", "rule", "budget"))
def _attribute(through: Any, x: Array, baseline: Array, *, steps: int, rule: Spacing, budget: int) -> PyTree:
    through = once(through)
    return integral(lambda x: linear(through, x).effect, x, baseline, quadrature(rule, steps), budget=budget)
