"""How much of the change from a baseline is due to each feature? Gradients, averaged along the straight line.

Sundararajan, Taly, Yan 2017 (Axiomatic Attribution for Deep Networks, arXiv 1703.01365). At a hidden site, explain
`split.above` of it; for one neuron, make it the target; the line is straight in the space of `x`.

Cost:
    Three passes at each of 50 nodes, and two for the ends; a tolerance doubles the nodes until it is met.

Fails:
    The baseline decides what counts as nothing: [PAD], a mean and 0 give other answers. Where scores jump between
    words, the straight line passes through inputs that are no text. `error` tells too few steps.

Peers:
    Captum's IntegratedGradients and LayerIntegratedGradients: the same numbers with the same nodes. Ours are
    Gauss-Legendre nodes on [0, 1], and the error is always returned.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.attribute._check import check_baseline, check_counts, check_score
from jaxneuron.attribute._gradient import gradient, once
from jaxneuron.attribute._path import MOST_STEPS, change_of, integral, refined
from jaxneuron.attribute._quadrature import Spacing, quadrature
from jaxneuron.split import traceable
from jaxneuron.types import Path


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    baseline: Float[Any, "..."] | float,
    *,
    steps: int = 50,
    rule: Spacing = "gauss_legendre",
    tolerance: float | None = None,
    most: int = MOST_STEPS,
    multiply: bool = True,
    budget: int = batching.BUDGET,
) -> Path:
    """Return `(x - baseline) integral over a from 0 to 1 of df(baseline + a (x - baseline))/dx`.

    Args:
        f: from values to one score per row.
        x: the values.
        baseline: where the line starts; broadcasts to `x`.
        steps: nodes on the line.
        rule: how they are placed and weighed (see `_quadrature`).
        tolerance: the error allowed, as a share of `|f(x) - f(baseline)|`: the steps are doubled until each row
            meets it. None: no doubling.
        most: steps that doubling does not exceed; the error then says how far it got.
        multiply: without it, only the integral, the effect per unit of the feature.
        budget: bytes for the steps that are computed together.

    Returns:
        The attribution, in the score's unit, shaped like `x`; and by how much its sum (with the factor) misses
        `f(x) - f(baseline)`.

    Raises:
        ValueError: `x` is not of real, finite numbers, the baseline does not broadcast to it, `f` does not score rows,
            or an unknown rule.

    Source:
        arXiv 1703.01365, section 3.

    Example:
        >>> import jax.numpy as jnp
        >>> attribute(lambda x: x[:, 0] * x[:, 1], jnp.array([[2.0, 3.0]]), 0.0).attribution.round(4).tolist()
        [[3.0, 3.0]]
    """
    check_counts(steps=steps, most=most)
    quadrature(rule, steps)
    x, baseline = check_baseline(x, baseline)
    return _attribute(
        traceable(f), x, baseline, tolerance, steps=steps, rule=rule, most=most, multiply=multiply, budget=budget
    )


@partial(jax.jit, static_argnames=("steps", "rule", "most", "multiply", "budget"))
def _attribute(
    f: Any,
    x: Array,
    baseline: Array,
    tolerance: Any,
    *,
    steps: int,
    rule: Spacing,
    most: int,
    multiply: bool,
    budget: int,
) -> Path:
    f = once(f)
    check_score(f, x)

    def mean(panels: Any) -> Array:
        return integral(partial(gradient, f), x, baseline, quadrature(rule, steps), panels=panels, budget=budget)

    path = refined(mean, change_of(f, x, baseline), steps=steps, tolerance=tolerance, most=most, factor=x - baseline)
    return path._replace(attribution=(x - baseline) * path.attribution) if multiply else path
