"""Which features is the score made of? Relevance, handed down from the score layer by layer and kept whole on its way.

Bach et al. 2015 (On Pixel-Wise Explanations, PLOS ONE 10(7)); Montavon et al. 2019 (Layer-Wise Relevance Propagation:
An Overview). The relevance of a value is the value times its modified gradient, so a rule is a way to change gradients.
For transformers there are two published sets of rules:

- `attn_lrp`: Achtibat et al. 2024 (AttnLRP, arXiv 2402.05602). Softmax keeps its gradient (their deep Taylor rule, eq.
  13); a product of two live values, such as attention times values, gives each half (eq. 15).
- `cp_lrp`: Ali et al. 2022 (XAI for Transformers: Better Explanations through Conservative Propagation, arXiv
  2202.07304). Attention weights are constants, so all relevance goes through the values.

In both, a nonlinearity of one value (ReLU, tanh, GELU, SiLU) hands its relevance on unchanged, the identity rule; the
scale of a layer norm, or any other divisor, is a constant; and of a product with a gate (a logistic function of
something else, as in LSTM and GRU) the signal takes all (Arras et al. 2017, arXiv 1706.07206).

What gets lost: biases absorb their share, as do maps that move 0 where the value is 0, and softmax under `attn_lrp`
(sum x_i ds/dx_i is not s). `conservation` measures how much; relevance sums to the score only where none of these
occur.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.attribute._check import check_score, check_value
from jaxneuron.attribute._gradient import gradient
from jaxneuron.jaxpr import Rules, interpret, linearised
from jaxneuron.split import traceable


class Epsilon(NamedTuple):
    """`z_ij / (z_j + epsilon sign z_j)`: at 0 it is value times gradient, with more it drops what nearly cancels.

    Epsilon is in the unit of `z_j`, so 0 is the only one that suits values of any scale; nothing is divided by 0.
    """

    epsilon: Any = 0.0


class Gamma(NamedTuple):
    """As epsilon, with weights and biases `w + gamma max(w, 0)`: favours what speaks for; for values >= 0."""

    gamma: Any = 0.25
    epsilon: Any = 0.0


class AlphaBeta(NamedTuple):
    """`alpha` times the share among what speaks for, less `alpha - 1` times that among what speaks against, if any."""

    alpha: Any = 1.0
    epsilon: Any = 0.0


Rule = Epsilon | Gamma | AlphaBeta
EPSILON = Epsilon()


class Flow(NamedTuple):
    """A value whose gradient is relevance per value."""

    value: Array


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    *,
    rule: str = "attn_lrp",
    dense: Any = EPSILON,
) -> Float[Array, "batch *feature"]:
    """Return each feature's relevance.

    Args:
        f: from values to one score per row.
        x: the values.
        rule: "attn_lrp" or "cp_lrp", for what dense layers do not do; see the module.
        dense: for products with weights: one rule for all, or one for each, in the order of the computation.
            `Epsilon(1e-9)` is Captum's `EpsilonRule`, with biases and values of any sign. `Gamma(0.25)` and
            `AlphaBeta()` are its `GammaRule` and `Alpha1_Beta0_Rule` only in layers without a bias whose inputs are
            all at least 0, as after a ReLU: elsewhere Captum departs from the published formulas, which we keep to.

    Returns:
        In the score's unit, shaped like `x`.

    Raises:
        ValueError: another rule, too few of them, no real numbers, or `f` does not score rows.
        NotImplementedError: `f` has an operation without a rule; its name is in the message.

    Source:
        arXiv 2402.05602; arXiv 2202.07304.

    Example:
        >>> weights = jnp.array([2.0, -1.0])
        >>> attribute(lambda x: jax.nn.relu(x @ weights), jnp.array([[3.0, 1.0]]), dense=Epsilon(0)).tolist()
        [[6.0, -1.0]]
    """
    if rule not in ("attn_lrp", "cp_lrp"):
        raise ValueError(f"the rule must be attn_lrp or cp_lrp, got {rule!r}")
    given = [dense] if isinstance(dense, Rule) else list(dense)
    if not given or not all(isinstance(one, Rule) for one in given):
        raise ValueError(
            f"expected a rule for dense layers, Epsilon, Gamma or AlphaBeta, or a tuple of them, got {dense!r}"
        )
    return (_attn_lrp if rule == "attn_lrp" else _cp_lrp)(traceable(f), check_value(x), dense)


@jax.jit
def _attn_lrp(f: Any, x: Array, dense: Any) -> Array:
    check_score(f, x)
    return x * gradient(lambda x: interpret(_rules(dense, _same), f, Flow(x)).value, x)


@jax.jit
def _cp_lrp(f: Any, x: Array, dense: Any) -> Array:
    check_score(f, x)
    return x * gradient(lambda x: interpret(_rules(dense, jax.lax.stop_gradient), f, Flow(x)).value, x)


def conservation(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    relevance: Float[Any, "batch *feature"],
) -> Float[Array, "batch"]:
    """Return how much relevance was lost or made, `(sum of relevance - f(x)) / |f(x)|`.

    Biases absorb relevance, so this is 0 only for models without them; compare rules by it, not with 0.

    Args:
        f: the score.
        x: the values.
        relevance: what `attribute` returned for them.

    Returns:
        Relative to the score, signed; -0.1 where a tenth was absorbed.

    Example:
        >>> conservation(lambda x: x[:, 0] + 1, jnp.array([[3.0]]), jnp.array([[3.0]])).tolist()
        [-0.25]
    """
    score = f(jnp.asarray(x))
    return (jnp.sum(jnp.asarray(relevance), axis=tuple(range(1, jnp.ndim(relevance)))) - score) / jnp.abs(score)


def _same(value: Array) -> Array:
    return value


def _rules(dense: Rule | tuple[Rule, ...], weigh: Callable[[Array], Array]) -> Rules:
    stop = jax.lax.stop_gradient

    def linear(function: Callable[..., Array], *flows: Flow) -> Flow:
        return Flow(function(*(flow.value for flow in flows)))

    def entrywise(function: Callable[[Array], Array], flow: Flow, name: str) -> Flow | Array:
        if name in ("rsqrt", "stop_gradient"):  # the scale of a layer norm is a constant
            return stop(function(flow.value))
        # identity: R passes unchanged, so the gradient is multiplied by g(x) / x, by g'(x) where x is 0
        value = stop(function(flow.value))
        _, derivative = jax.jvp(function, (stop(flow.value),), (jnp.ones_like(value),))
        small = jnp.abs(flow.value) < 1e-6
        share = jnp.where(small, derivative, value / jnp.where(small, 1, flow.value))
        return Flow(linearised(value, share, flow.value))

    def product(function: Callable[[Array, Array], Array], a: Flow, b: Flow, gates: tuple[bool, bool]) -> Flow:
        signal_a, signal_b = function(a.value, stop(b.value)), function(stop(a.value), b.value)
        if gates[0] != gates[1]:
            return Flow(signal_b if gates[0] else signal_a)
        return Flow((signal_a + signal_b) / 2)

    def quotient(numerator: Flow, denominator: Flow) -> Flow:
        return Flow(numerator.value / stop(denominator.value))

    def softmax(function: Callable[[Array], Array], flow: Flow, kind: str, axes: tuple[int, ...]) -> Flow | Array:
        if kind == "softmax" and weigh is not _same:
            return weigh(function(flow.value))
        return Flow(function(flow.value))

    def weighted(
        product: Callable[[Array, Array], Array], carried: Flow, weights: Array, bias: Any, layer: int
    ) -> Flow:
        chosen = dense if isinstance(dense, Rule) else _of(dense, layer)
        return Flow(_dense(chosen, product, carried.value, weights, 0 if bias is None else bias))

    return Rules(Flow, Flow, linear, entrywise, product, quotient, linear, softmax, weighted)


def _of(dense: tuple[Rule, ...], number: int) -> Rule:
    if number >= len(dense):
        raise ValueError(
            f"expected a rule for each dense layer, got {len(dense)} and found more layers; give one rule for all"
        )
    return dense[number]


def _dense(rule: Rule, product: Callable[[Array, Array], Array], x: Array, weights: Array, bias: Any) -> Array:
    """Return `z = x w + b`, with the gradient `share * dz'/dx * z / (z' + b')` of each part z' that the rule makes."""
    stop = jax.lax.stop_gradient
    value = result = stop(product(x, weights) + bias)
    for share, part, part_bias in _parts(rule, product, x, weights, bias):
        whole = stop(part + part_bias)
        whole = whole + jnp.where(whole < 0, -rule.epsilon, rule.epsilon)
        scale = share * jnp.where(whole == 0, 1, value / jnp.where(whole == 0, 1, whole))
        result = result + scale * (part - stop(part))
    return result


def _parts(
    rule: Rule, product: Callable[[Array, Array], Array], x: Array, weights: Array, bias: Any
) -> list[tuple[Any, Array, Any]]:
    if isinstance(rule, Epsilon):
        return [(1, product(x, weights), bias)]
    if isinstance(rule, Gamma):
        more = rule.gamma * jnp.maximum(bias, 0)
        return [(1, product(x, weights + rule.gamma * jnp.maximum(weights, 0)), bias + more)]
    up, down, strong, weak = jnp.maximum(x, 0), jnp.minimum(x, 0), jnp.maximum(weights, 0), jnp.minimum(weights, 0)
    speaks_for, against = product(up, strong) + product(down, weak), product(up, weak) + product(down, strong)
    less = jnp.minimum(bias, 0)
    alpha = jnp.where(jax.lax.stop_gradient(against + less) == 0, 1, rule.alpha)
    return [(alpha, speaks_for, jnp.maximum(bias, 0)), (1 - alpha, against, less)]
