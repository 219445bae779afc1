"""How relevance is handed down: gradients that are changed, by one rule for each kind of operation.

`rules(...)` makes a set for `jaxpr.interpret`; `lrp` multiplies by the value, `patching` and `trace` by a change:

    relevance of x = x * changed gradient        effect of putting x where y was = (x - y) * changed gradient
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxneuron.jaxpr._interpret import interpret
from jaxneuron.jaxpr._rules import Rules, linearised


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


def flow(f: Callable[[Array], Array], x: Array, how: Rules) -> Array:
    """Return the changed gradient of the score, shaped like `x`.

    Args:
        f: from values to one score per row.
        x: the values.
        how: what each operation does to the gradient.

    Raises:
        NotImplementedError: `f` has an operation without a rule.
    """
    score, pull = jax.vjp(lambda x: interpret(how, f, Flow(x)).value, x)
    return pull(jnp.ones_like(score))[0]


def rules(dense: Rule | tuple[Rule, ...] = EPSILON, *, attention: bool = True, halves: bool = False) -> Rules:
    """Return what happens to relevance at each kind of operation.

    In all of them a nonlinearity of one value hands its relevance on unchanged, and the scale of a layer norm, or any
    other divisor, is a constant.

    Args:
        dense: for products with weights: one rule for all, or one for each, in the order of the computation.
        attention: relevance goes through attention weights too; otherwise they are constants.
        halves: a gate (a logistic function of something else) takes half of a product with it, as a live value does;
            otherwise the signal takes all.
    """
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
        if not halves and gates[0] != gates[1]:
            return Flow(signal_b if gates[0] else signal_a)
        return Flow((signal_a + signal_b) / 2)

    def quotient(numerator: Flow, denominator: Flow) -> Flow:
        return Flow(numerator.value / stop(denominator.value))

    def softmax(function: Callable[[Array], Array], flow: Flow, kind: str, axes: tuple[int, ...]) -> Flow | Array:
        if kind == "softmax" and not attention:
            return stop(function(flow.value))
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
