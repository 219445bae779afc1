"""What does each feature contribute to the difference from a baseline? Multipliers in the place of derivatives.

Shrikumar et al. 2017 (Learning Important Features Through Propagating Activation Differences, arXiv 1704.02685). Of
each operation, the difference of its result is shared out over the differences of its arguments, and the shares are
chained like derivatives:

- what is linear keeps its weights;
- a nonlinearity of one value, in however many primitives (GELU, SiLU, 1 / sqrt), has the multiplier
  `(g(x) - g(x')) / (x - x')` (the Rescale rule), its derivative where the two values are equal;
- a product `a b` has the multipliers `(b + b') / 2` for a and `(a + a') / 2` for b, exact for any bilinear operation:
  attention's two products of matrices, gates, the scale of a layer norm. It is the Shapley value of the two factors;
- a softmax is `exp(x_j - L)` with `L = log sum exp(x)`; L shares its difference with the weights
  `(e^x_k - e^x'_k) / (x_k - x'_k) * (L - L') / (sum e^x - sum e^x')`, which are those of exp, sum and log in turn;
- a maximum gives its difference to the winner, as Captum and SHAP do.

So the attributions add up to `f(x) - f(baseline)` for any forward, transformers and LSTMs too, and those of a row do
not depend on the others. Captum has rules for modules of a few types and the plain gradient for everything else: of a
BERT it returns gradient times difference, and its rule for softmax divides by the size of the batch. RevealCancel is
not here.

Cost:
    One run of the program on input and baseline together and one backward: about four passes.

Fails:
    An operation without a rule is an error (NotImplementedError). Rescale lets opposite changes cancel inside one
    nonlinearity, which RevealCancel, not here, keeps apart.

Peers:
    Captum's DeepLift and SHAP's DeepExplainer, equal on the layers that they have rules for; elsewhere they take the
    plain gradient.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.attribute._check import check_baseline, check_score
from jaxneuron.attribute._gradient import gradient
from jaxneuron.jaxpr import Rules, interpret, linearised, slope
from jaxneuron.split import traceable


class Pair(NamedTuple):
    """A value, with multipliers for its gradient, and what it is at the baseline."""

    value: Array
    baseline: Array


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    eps: float = 1e-6,
) -> Float[Array, "batch *feature"]:
    """Return `m (x - baseline)` with the multipliers m of the rules above.

    Args:
        f: from values to one score per row.
        x: the values.
        baseline: what they are compared with; broadcasts to `x`.
        eps: differences below this share of the values take the derivative (Captum: below 1e-10, whatever they are).

    Returns:
        In the score's unit, shaped like `x`; the sum over a row is `f(x) - f(baseline)`.

    Raises:
        ValueError: shapes that do not fit, no real numbers, or `f` does not score rows.
        NotImplementedError: `f` has an operation without a rule; its name is in the message.

    Source:
        arXiv 1704.02685, section 3; the product rule as in Lundberg and Lee 2017 (arXiv 1705.07874) for two players.

    Example:
        >>> attribute(lambda x: jax.nn.relu(x[:, 0] - x[:, 1]), jnp.array([[5.0, 1.0]])).tolist()
        [[5.0, -1.0]]
    """
    x, baseline = check_baseline(x, baseline)
    return _attribute(traceable(f), x, baseline, eps)


@jax.jit
def _attribute(f: Any, x: Array, baseline: Array, eps: Array) -> Array:
    check_score(f, x)
    return (x - baseline) * gradient(lambda x: interpret(_rules(eps), f, Pair(x, baseline)).value, x)


def _rules(eps: Array) -> Rules:
    def linear(function: Callable[..., Array], *pairs: Pair) -> Pair:
        return Pair(*(function(*values) for values in zip(*pairs, strict=True)))

    def entrywise(function: Callable[[Array], Array], pair: Pair, name: str) -> Pair:
        multiplier, value, baseline = slope(function, pair.value, pair.baseline, eps)
        return Pair(linearised(value, multiplier, pair.value), baseline)

    def product(function: Callable[[Array, Array], Array], a: Pair, b: Pair, gates: Any = None) -> Pair:
        stop = jax.lax.stop_gradient
        middle_a, middle_b = (stop((one.value + one.baseline) / 2) for one in (a, b))
        shared = function(a.value, middle_b) + function(middle_a, b.value)
        value = stop(function(a.value, b.value)) + (shared - stop(shared))
        return Pair(value, function(a.baseline, b.baseline))

    def quotient(numerator: Pair, denominator: Pair) -> Pair:
        return product(jnp.multiply, numerator, entrywise(jnp.reciprocal, denominator, "div"))

    def greatest(function: Callable[..., Array], *pairs: Pair) -> Pair:
        values, baselines = zip(*pairs, strict=True)
        values_, baselines_ = (jax.lax.stop_gradient(one) for one in (values, baselines))
        apart = tuple(jnp.where(a == b, 0, a - b) for a, b in zip(values_, baselines_, strict=True))
        here, at_here = jax.jvp(function, values_, apart)  # the difference of the entry that wins at the value
        there, at_there = jax.jvp(function, baselines_, apart)
        winner = jnp.where(here >= there, at_here, at_there)
        none = (winner == 0) | (jnp.abs(winner) < eps * jnp.maximum(jnp.abs(here), jnp.abs(there)))
        share = jnp.where(none, 1, (here - there) / jnp.where(winner == 0, 1, winner))
        moved = tuple(jnp.where(jnp.isfinite(a), a - b, 0) for a, b in zip(values, values_, strict=True))
        change = jnp.where(here >= there, jax.jvp(function, values_, moved)[1], jax.jvp(function, baselines_, moved)[1])
        return Pair(here + share * change, there)

    def softmax(function: Callable[[Array], Array], pair: Pair, kind: str, axes: tuple[int, ...]) -> Pair:
        value, baseline = (jax.lax.stop_gradient(one) for one in pair)
        top = jnp.max(jnp.maximum(value, baseline), axis=axes, keepdims=True)
        share, here, there = slope(jnp.exp, value - top, baseline - top, eps)
        total, here, there = slope(jnp.log, *(jnp.sum(e, axis=axes, keepdims=True) for e in (here, there)), eps)
        log_sum = Pair(
            here
            + top
            + jnp.sum(linearised(jnp.zeros_like(share), share * total, pair.value), axis=axes, keepdims=True),
            there + top,
        )
        if kind == "logsumexp":
            return Pair(*(jnp.squeeze(one, axes) for one in log_sum))
        log = Pair(*(one - total for one, total in zip(pair, log_sum, strict=True)))
        return log if kind == "log_softmax" else entrywise(jnp.exp, log, "exp")

    return Rules(Pair, lambda value: Pair(value, value), linear, entrywise, product, quotient, greatest, softmax)
