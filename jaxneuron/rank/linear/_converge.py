"""Linear probes to convergence: what is minimised and from where, and the turns over data in memory or on disk."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.rank import _proximal
from jaxneuron.rank._blocks import Blocks, Kind
from jaxneuron.rank._losses import Linear
from jaxneuron.rank.linear import _quasi_newton
from jaxneuron.rank.linear._choice import Choice
from jaxneuron.rank.linear._plan import Plan
from jaxneuron.rank.linear._settings import Settings

AT_ONCE = 20
"""Turns between two looks at whether all is done, where the data is in one block."""

MEMORY = 10
"""Moves that a search remembers, where the budget allows it; at least 3."""


class Converged(NamedTuple):
    """Probes, and how near they are to the lowest point."""

    linear: Linear  # [label, probe, unit]
    converged: Bool[np.ndarray, "probe"]
    gradient: Float[np.ndarray, "probe"]  # the largest derivative
    turns: int


class Scales(NamedTuple):
    """What units and numbers are measured in."""

    moments: tuple[Array, Array]  # mean and deviation of the units
    numbers: tuple[np.ndarray, np.ndarray]  # centre and spread; the labels are `(number - centre) / spread`
    penalty: Float[np.ndarray, "unit"]  # what a weight is divided by to be of the units that penalties are meant for


def converge(
    plan: Plan,
    data: Blocks,
    choice: Choice | None,
    kind: Kind,
    scales: Scales,
    settings: Settings,
    *,
    budget: int,
    progress: batching.Progress | None,
) -> Converged:
    """Minimise until each probe has converged, dev data have seen enough, or a number of turns has passed.

    Args:
        plan: the probes, all in one group.
        data: what they are fitted on.
        choice: by dev data, after each turn.
        kind: of the loss.
        scales: of units and numbers; the result is of the numbers as they were.
        settings: when to stop.
        budget: bytes, of which the moves that are remembered may take a part.
        progress: called now and then with the turns.
    """
    moments, numbers, scale = scales
    bias, unseen, curvature = start(data.labels, plan.weight[0], plan.effective[0], kind)
    probes, dtype = plan.table.shape[1], jnp.float32
    bias, unseen, curvature = (
        jnp.asarray(np.broadcast_to(x, (kind.count, probes)), dtype) for x in (bias, unseen, curvature)
    )
    l1 = _each(plan.penalty.l1[0], 1 / numbers[1], 1 / scale)
    l2 = _each(plan.penalty.l2[0], np.ones(1), 1 / np.asarray(scale, np.float64) ** 2)
    problem = _quasi_newton.Problem(
        jnp.asarray(l1, dtype), jnp.asarray(l2, dtype), plan.penalty.mask.astype(dtype), unseen, curvature
    )
    weights = kind.count * probes * data.units
    memory = int(np.clip(budget // (4 * 8 * weights), 3, MEMORY))
    search = _quasi_newton.begin(bias, data.units, memory, kind)
    most = int(200 + 10 * (kind.count * data.units) ** 0.5) if settings.epochs is None else settings.epochs
    limit, weight = jnp.asarray(settings.tolerance, dtype), jnp.asarray(plan.weight[0], dtype)
    turn, going = 0, True
    while turn < most and going:
        turn = min(most, turn + (1 if choice or len(data) > 1 else AT_ONCE))
        total = None
        for block in data.shuffled(None):
            now = _proximal.on_device(block, *moments)
            if len(data) == 1:
                search = _quasi_newton.descend(search, problem, now, weight, jnp.int32(turn), limit, kind=kind)
                continue
            share = weight[:, block.first : block.first + block.count]
            share = jnp.pad(share, [(0, 0), (0, data.size - block.count)])
            total = _quasi_newton.part(search, problem, total, now, share, jnp.asarray(data.tokens, dtype), kind=kind)
        if total is not None:
            search = _quasi_newton.step(search, problem, *total, limit, kind=kind)
        if choice:
            going = choice.look(jax.tree.map(lambda leaf: leaf[None], _expressed(search.here, numbers, kind)))
        going = going and not bool(search.converged.all())
        if progress:
            progress(turn if going else most, most)
    linear = _expressed(search.here, numbers, kind)
    if choice and choice.best:
        linear = jax.tree.map(lambda leaf: leaf[0], choice.best)
    converged = np.all(np.asarray(search.converged), axis=0, keepdims=True)[0]
    return Converged(linear, converged, np.asarray(search.flatness).max(axis=0), int(search.turn))


def _expressed(linear: Linear, numbers: tuple[np.ndarray, np.ndarray], kind: Kind) -> Linear:
    """Return probes of the numbers as they are."""
    if kind.loss == "squares":
        centre, spread = (jnp.asarray(x, linear.bias.dtype)[:, None] for x in numbers)
        return Linear(linear.weights * spread[..., None], linear.bias * spread + centre)
    return linear


def _each(penalty: Array, per_label: np.ndarray, per_unit: np.ndarray) -> np.ndarray:
    """Return a penalty of each probe as `[label or 1, probe, unit or 1]`."""
    each = np.asarray(penalty, np.float64)[None, :, None] * per_label[:, None, None] * per_unit
    return np.minimum(each, 1e30)  # of a unit that is nearly constant


def start(
    labels: np.ndarray, weight: np.ndarray, effective: np.ndarray, kind: Kind
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where the biases start, at the labels' own shares; what counts for unseen labels; and the curvature there.

    Args:
        labels: classes, or a table of numbers.
        weight: of the tokens `[probe or 1, token]`, of mean 1.
        effective: how many tokens that is, `[probe or 1]`.
        kind: of the loss.
    """
    if kind.loss == "softmax":
        share = np.stack([np.bincount(labels, row, kind.count) for row in weight.astype(np.float64)], axis=1)
    else:
        share = labels.T.astype(np.float64) @ weight.T.astype(np.float64)
    share = share / weight.sum(axis=1, dtype=np.float64)  # [label, probe or 1]
    if kind.loss == "squares":
        return share, np.zeros_like(share), np.full_like(share, 2)
    half = np.broadcast_to(0.5 / effective, share.shape)
    if kind.loss == "sigmoid":
        share = share.clip(0, 1)
        unseen = half * ((share == 0).astype(float) - (share == 1))
        odds = (share + unseen.clip(0)) / (1 - share - unseen.clip(None, 0))
        return np.log(odds), unseen, np.maximum(share * (1 - share), half)
    unseen = half * (share == 0)
    bias = np.log(share + unseen)
    return bias - bias.mean(axis=0), unseen, np.maximum(share * (1 - share), half)
