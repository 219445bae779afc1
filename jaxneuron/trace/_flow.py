"""What flows from each place to the score, and straight from one node to the next: gradients, or those of relevance.

    effect of a place     (clean - other) * d score / d place          with all that follows free to move
    edge from s to t      sum over s of (clean - other) * d t.G / d s  with all sites but t held, G = d score / d t

so that the chain rule makes a node's effect the sum of its edges to all nodes and straight to the score. "first" takes
the gradient at the other text; "integrated" its mean over runs between the texts, in which the model's first site
moves from the other to the clean value (EAP-IG's inputs, Hanna et al. 2024, arXiv 2403.17806); "relevance" the changed
gradient of RelP (Jafari et al. 2025, arXiv 2508.21258); "dropped" is AtP*'s GradDrop (Kramar et al. 2024, arXiv
2403.00745): the mean of the absolute effects over gradients in each of which one site's units are held.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxneuron.games import sweep
from jaxneuron.jaxpr import Rules
from jaxneuron.jaxpr.propagation import flow, rules
from jaxneuron.trace._runs import Runs
from jaxneuron.types import Site

ORDERS = ("first", "integrated", "relevance", "dropped")

Starts = tuple[Array, Array]
"""The values of the model's first site in the other text and in the clean one."""


def gradient(f: Callable[[Array], Array], x: Array, how: Rules | None) -> Array:
    """Return the gradient of each row's number, changed by rules if there are any."""
    if how is not None:
        return flow(f, x, how)
    score, pull = jax.vjp(f, x)
    return pull(jnp.ones_like(score))[0]


def shares(order: str, steps: int) -> Array:
    """Return how far from the other text to the clean one gradients are taken.

    Raises:
        ValueError: another order, or no steps.
    """
    if order not in ORDERS:
        raise ValueError(f"the order must be one of {', '.join(ORDERS)}, got {order!r}")
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1, got {steps}")
    return (jnp.arange(steps) + 0.5) / steps if order == "integrated" else jnp.zeros(1)


@functools.partial(jax.jit, static_argnames=("start", "order"))
def total(
    run: Runs, starts: Starts, share: Float[Array, "step"], *, start: Site, order: str
) -> tuple[Float[Array, "step batch place"], Float[Array, "step batch place"]]:
    """Return the values at every place, and the slope of the score there, at each step."""

    def at(share: Array) -> tuple[Array, Array]:
        replaced = _between(starts, start, share, order)
        nothing, free = _nothing(run, starts), _free(run)
        values = run(nothing, free, nothing, replaced)[1]
        return values, gradient(lambda amount: run(amount, free, nothing, replaced)[0], nothing, _rules(order))

    return jax.lax.map(at, share)


@jax.jit
def dropped(
    run: Runs, values: Float[Array, "batch place"], site: Int[Array, "place"], change: Float[Array, "batch place"]
) -> Float[Array, "place"]:
    """Return the mean size of the effect of each place, over gradients in each of which one site is held."""
    nothing = jnp.zeros_like(values)

    def without(number: Array) -> Array:
        slope = gradient(lambda amount: run(amount, site != number, values, {})[0], nothing, None)
        return jnp.mean(jnp.abs(slope * change), axis=0)

    return jnp.mean(jax.lax.map(without, jnp.arange(len(run.sites))), axis=0)


@functools.partial(jax.jit, static_argnames=("start", "order", "count"))
def straight(
    run: Runs,
    starts: Starts,
    share: Float[Array, "step"],
    values: Float[Array, "step batch place"],
    slope: Float[Array, "step batch place"],
    change: Float[Array, "batch place"],
    node: Int[Array, "place"],
    *,
    start: Site,
    order: str,
    count: int,
) -> Float[Array, "reader node"]:
    """Return what passes straight from each node to each other, and in the last row to the score.

    Args:
        run: what reads the other text.
        starts: the values of the model's first site.
        share: where between them gradients are taken.
        values: at each step, where all places are free.
        slope: of the score, at each step.
        change: clean less other.
        node: of each place; `count` where it is of none.
        start: the first site.
        order: which gradient.
        count: how many nodes there are.
    """

    def at(step: tuple[Array, Array, Array]) -> Array:
        share, held, slope = step
        replaced, nothing = _between(starts, start, share, order), jnp.zeros_like(held)

        def read(number: Array) -> Array:
            free = (node == number) & (number < count)
            weight = jnp.where(free[None], slope, 0)

            def told(amount: Array) -> Array:
                score, row = run(amount, free, held, replaced)
                return jnp.where(number < count, jnp.sum(row * weight, axis=1), score)

            passed = (gradient(told, nothing, _rules(order)) - weight) * change
            return jax.ops.segment_sum(jnp.mean(passed, axis=0), node, num_segments=count + 1)[:count]

        return sweep(read, jnp.arange(count + 1))

    return jnp.mean(jax.lax.map(at, (share, values, slope)), axis=0)


def _rules(order: str) -> Rules | None:
    return rules(attention=False, halves=True) if order == "relevance" else None


def _between(starts: Starts, start: Site, share: Array, order: str) -> dict[Site, Array]:
    other, clean = starts
    return {start: other + share * (clean - other)} if order == "integrated" else {}


def _nothing(run: Runs, starts: Starts) -> Array:
    return jnp.zeros((len(starts[0]), sum(length * width for _, length, width in run.sites)), starts[0].dtype)


def _free(run: Runs) -> Array:
    return jnp.ones(sum(length * width for _, length, width in run.sites), bool)
