"""Many linear probes to convergence: OWL-QN, which is L-BFGS where there is no L1 penalty, for all of them in step.

Andrew and Gao 2007, "Scalable training of L1-regularized log-linear models" (ICML). We differ in this: each turn looks
at all the data once and tries one point for every probe, so that none waits until another has found its step; and each
concept or number is a search of its own. A search ends by itself, when its steps no longer lower the objective.

Arrays that have a number per search are `[row, probe]`: one row for classes, whose labels belong together, and else a
row per label.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.rank import _losses
from jaxneuron.rank._blocks import Kind
from jaxneuron.rank._losses import Linear
from jaxneuron.rank._proximal import Given

LOOK_BACK = 10
"""Over how many steps the objective must have fallen by less than the tolerance: single steps may be poor."""

FLAT = 1e-3
"""A search ends as well where no derivative exceeds this times the tolerance: of 0, nothing is a share."""

ENOUGH = 1e-4
"""The share of the fall that the slope promises with which a step is taken (Armijo)."""

SMALLEST = 1e-6
"""Below this size no step is tried; what a direction promises is then lost in rounding."""


class Problem(NamedTuple):
    """What is minimised beside the loss, and where."""

    l1: Float[Array, "row probe unit"]  # its axes may have length 1, as those of l2
    l2: Float[Array, "row probe unit"]
    mask: Float[Array, "1 probe unit"]  # units that a probe may use
    unseen: Float[Array, "label probe"]  # see `_unseen`
    curvature: Float[Array, "label probe"]  # what the first direction is divided by


class Search(NamedTuple):
    """Where the searches stand."""

    here: Linear  # the last point that was taken
    gradient: Linear  # there, without L1
    direction: Linear
    moves: Linear  # [memory, ...]: the last moves, the newest first
    changes: Linear  # [memory, ...]: how the gradient changed with each
    past: Float[Array, "look_back row probe"]  # the objective at the points before, the newest first
    value: Float[Array, "row probe"]  # the objective here
    size: Float[Array, "row probe"]  # of the step that is tried next
    flatness: Float[Array, "row probe"]  # the largest derivative here
    converged: Bool[Array, "row probe"]
    turn: Int[Array, ""]


@partial(jax.jit, static_argnames=("units", "memory", "kind"))
def begin(bias: Float[Array, "label probe"], units: int, memory: int, kind: Kind) -> Search:
    """Return searches that start without weights, so that the first point to be tried is the start itself."""
    zero = Linear(jnp.zeros((*bias.shape, units), bias.dtype), jnp.zeros_like(bias))
    many = jax.tree.map(lambda leaf: jnp.zeros((memory, *leaf.shape), bias.dtype), zero)
    row = jnp.zeros(bias.shape if kind.loss != "softmax" else (1, bias.shape[1]), bias.dtype)
    return Search(
        zero._replace(bias=bias),
        zero,
        jax.tree.map(jnp.zeros_like, zero),
        many,
        jax.tree.map(jnp.zeros_like, many),
        jnp.full((LOOK_BACK, *row.shape), jnp.inf, bias.dtype),
        row + jnp.inf,
        row + 1,
        row + jnp.inf,
        row > 0,
        jnp.int32(0),
    )


def ahead(search: Search, problem: Problem) -> Linear:
    """Return the point that each search tries; weights with an L1 penalty stop at zero, they don't cross it."""
    size = search.size
    weights = search.here.weights + size[..., None] * search.direction.weights
    steep = _steepest(search.here.weights, search.gradient.weights, problem.l1)
    side = jnp.where(search.here.weights != 0, jnp.sign(search.here.weights), -jnp.sign(steep))
    crosses = (problem.l1 > 0) & (jnp.sign(weights) != side)
    return Linear(jnp.where(crosses, 0, weights), search.here.bias + size * search.direction.bias)


def advance(search: Search, problem: Problem, loss: Array, slope: Linear, tolerance: Array, kind: Kind) -> Search:
    """Take the points that were tried where they are lower, and try a shorter step elsewhere.

    Args:
        search: where the searches stand.
        problem: what they minimise.
        loss: of the points `ahead`, `[row probe]`.
        slope: its gradient.
        tolerance: the relative fall of the objective that is too small to go on for.
        kind: of the loss.
    """
    within = partial(_within, kind=kind)
    tried = ahead(search, problem)
    extra, pull = _unseen(tried.bias, problem.unseen, kind)
    gradient = Linear((slope.weights + 2 * problem.l2 * tried.weights) * problem.mask, slope.bias + pull)
    cost = jnp.sum(problem.l1 * jnp.abs(tried.weights) + problem.l2 * tried.weights**2, axis=-1)
    value = loss + _rows(cost + (extra if kind.loss != "softmax" else 0), kind)
    value = value + (extra if kind.loss == "softmax" else 0)

    going = ~search.converged
    move = jax.tree.map(jnp.subtract, tried, search.here)
    before = Linear(_steepest(search.here.weights, search.gradient.weights, problem.l1), search.gradient.bias)
    promise = within(before, move)
    rounding = 4 * jnp.finfo(value.dtype).eps * jnp.abs(search.value)
    first = jnp.isinf(search.value)
    taken = going & (first | (value <= search.value + ENOUGH * promise + rounding))

    change = jax.tree.map(jnp.subtract, gradient, search.gradient)
    bend = within(move, change)
    told = taken & ~first & (bend > 1e-7 * jnp.sqrt(within(move, move) * within(change, change)))
    moves, changes = _pushed(told, move, search.moves), _pushed(told, change, search.changes)
    here, gradient = _where(taken, tried, search.here), _where(taken, gradient, search.gradient)
    now = jnp.where(taken, value, search.value)

    # the parabola through the value here, its slope and the value there has its lowest point at this share of the step
    over = value - search.value - promise
    share = jnp.where(jnp.isfinite(over) & (over > 0), -promise / (2 * over), 0.5)
    size = jnp.where(taken, 1, search.size * jnp.clip(share, 0.1, 0.5))
    lost = going & ~taken & (size < SMALLEST)
    blind = lost & (within(_newest(moves), _newest(changes)) == 0)
    moves, changes = (_where(_each(lost), jax.tree.map(jnp.zeros_like, old), old) for old in (moves, changes))

    steep = Linear(_steepest(here.weights, gradient.weights, problem.l1), gradient.bias)
    direction = _direction(steep, moves, changes, problem, kind)
    direction = _where(taken | lost, direction, search.direction)
    flatness = jnp.maximum(jnp.max(jnp.abs(steep.weights), axis=-1), jnp.abs(steep.bias))
    flatness = _rows(flatness, kind, jnp.max)
    past = jnp.where(taken[None], jnp.concatenate([search.value[None], search.past[:-1]]), search.past)
    still = (past[-1] - now <= tolerance * jnp.abs(now)) | (flatness <= FLAT * tolerance)
    return Search(
        here,
        gradient,
        direction,
        moves,
        changes,
        past,
        now,
        jnp.where(lost, 1, size),
        flatness,
        search.converged | (taken & still) | blind,
        search.turn + 1,
    )


@partial(jax.jit, static_argnames="kind", donate_argnums=0)
def descend(
    search: Search, problem: Problem, block: Given, weight: Array, until: Array, tolerance: Array, *, kind: Kind
) -> Search:
    """Go on until a turn, or until all have converged, with all tokens in one block; `weight[probe or 1, token]`."""
    activations, labels, count, mean, scale = block
    x, y = _losses.standardised(activations, mean, scale), _losses.table(labels, kind)
    share = weight * ((jnp.arange(len(x)) < count) / count)[None]

    def turn(search: Search) -> Search:
        return advance(search, problem, *_measure(ahead(search, problem), x, y, share, kind), tolerance, kind)

    return jax.lax.while_loop(lambda now: (now.turn < until) & ~jnp.all(now.converged), turn, search)


@partial(jax.jit, static_argnames="kind")
def part(
    search: Search, problem: Problem, total: Any, block: Given, weight: Array, tokens: Array, *, kind: Kind
) -> tuple[Array, Linear]:
    """Add a block's share of the loss and its gradient to those of the blocks before, if there are any."""
    activations, labels, count, mean, scale = block
    x, y = _losses.standardised(activations, mean, scale), _losses.table(labels, kind)
    share = weight * ((jnp.arange(len(x)) < count) / tokens)[None]
    found = _measure(ahead(search, problem), x, y, share, kind)
    return found if total is None else jax.tree.map(jnp.add, total, found)


step = partial(jax.jit, static_argnames="kind", donate_argnums=0)(advance)
"""`advance`, compiled."""


def _measure(linear: Linear, x: Array, y: Array, share: Array, kind: Kind) -> tuple[Array, Linear]:
    loss, residual = _losses.measured(_losses.scores(linear, x), y, kind)
    return jnp.sum(loss * share[None], axis=-1), _losses.towards(residual * share[None], x)


def _unseen(bias: Array, unseen: Array, kind: Kind) -> tuple[Array, Array]:
    """Return what labels cost that none of a probe's tokens has, and the derivative by the bias.

    Their bias would fall without end. Each counts as half a token, at the mean of all units; of a concept, 0.5 stands
    for one that never holds and -0.5 for one that always does, over the number of tokens.
    """
    if kind.loss == "softmax":
        total = jnp.sum(unseen, axis=0, keepdims=True)
        cost = total * jax.nn.logsumexp(bias, axis=0, keepdims=True) - jnp.sum(unseen * bias, axis=0, keepdims=True)
        return cost, total * jax.nn.softmax(bias, axis=0) - unseen
    away = -jnp.sign(unseen)
    return jnp.abs(unseen) * jax.nn.softplus(away * bias), -unseen * jax.nn.sigmoid(away * bias)


def _steepest(weights: Array, gradient: Array, l1: Array) -> Array:
    """Return the slope with the L1 penalty; at zero, of the side where it falls, if there is one."""
    at_zero = gradient - jnp.clip(gradient, -l1, l1)
    return jnp.where(weights != 0, gradient + l1 * jnp.sign(weights), at_zero)


def _direction(steep: Linear, moves: Linear, changes: Linear, problem: Problem, kind: Kind) -> Linear:
    """Return where to go: the slope times the inverse Hessian that the moves tell of, by the two-loop recursion."""
    within = partial(_within, kind=kind)
    plain = partial(_plain, problem=problem, kind=kind)
    bend = within(_newest(moves), _newest(changes))

    def back(now: Linear, pair: tuple[Linear, Linear]) -> tuple[Linear, tuple[Array, Array]]:
        move, change = pair
        bend = within(move, change)
        share = _ratio(within(move, now), bend)
        return _plus(now, -share, change), (share, bend)

    def forth(now: Linear, pair: tuple[Linear, Linear, Array, Array]) -> tuple[Linear, None]:
        move, change, share, bend = pair
        return _plus(now, share - _ratio(within(change, now), bend), move), None

    now, told = jax.lax.scan(back, steep, (moves, changes))
    scale = jnp.where(bend > 0, _ratio(bend, within(_newest(changes), plain(_newest(changes)))), 1)
    now = jax.tree.map(jnp.multiply, _spread(scale), plain(now))
    now, _ = jax.lax.scan(forth, now, (moves, changes, *told), reverse=True)
    # of the weights that L1 holds, only those that it agrees with the slope about; the slope itself if it leads upwards
    agrees = (problem.l1 == 0) | (now.weights * steep.weights > 0)
    now = now._replace(weights=jnp.where(agrees, now.weights, 0))
    down = within(now, steep) > 0
    return jax.tree.map(jnp.negative, _where(down, now, plain(steep)))


def _plain(slope: Linear, *, problem: Problem, kind: Kind) -> Linear:
    """Return the slope divided by the curvature at the start.

    What all classes have in common does not change a softmax: it is left out, where L1 does not tell it apart either.
    """
    curvature = Linear(problem.curvature[..., None] + 2 * problem.l2, problem.curvature)
    divided = jax.tree.map(jnp.divide, slope, curvature)
    if kind.loss != "softmax":
        return divided
    common = Linear(jnp.mean(divided.weights, axis=0, keepdims=True), jnp.mean(divided.bias, axis=0, keepdims=True))
    common = common._replace(weights=jnp.where(problem.l1 > 0, 0, common.weights))
    return jax.tree.map(jnp.subtract, divided, common)


def _within(a: Linear, b: Linear, *, kind: Kind) -> Array:
    """Return the inner product of each search, `[row, probe]`."""
    return _rows(jnp.sum(a.weights * b.weights, axis=-1) + a.bias * b.bias, kind)


def _rows(each: Array, kind: Kind, reduce: Any = jnp.sum) -> Array:
    return reduce(each, axis=0, keepdims=True) if kind.loss == "softmax" else each


def _spread(number: Array) -> Linear:
    """Return a number of each search as it broadcasts over weights and bias."""
    return Linear(number[..., None], number)


def _each(number: Array) -> Linear:
    """Return a number of each search as it broadcasts over a memory of them."""
    return _spread(number[None])


def _where(flag: Array | Linear, new: Linear, old: Linear) -> Linear:
    return jax.tree.map(jnp.where, flag if isinstance(flag, Linear) else _spread(flag), new, old)


def _plus(a: Linear, by: Array, b: Linear) -> Linear:
    return jax.tree.map(lambda by, a, b: a + by * b, _spread(by), a, b)


def _ratio(a: Array, b: Array) -> Array:
    """Return `a / b`, and 0 where there is nothing to divide by."""
    return jnp.where(b > 0, a / jnp.where(b > 0, b, 1), 0)


def _newest(memory: Linear) -> Linear:
    return jax.tree.map(lambda leaf: leaf[0], memory)


def _pushed(told: Array, new: Linear, memory: Linear) -> Linear:
    """Put the newest first, and the oldest out, where there is something to tell."""
    moved = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b[:-1]]), new, memory)
    return _where(_each(told), moved, memory)
