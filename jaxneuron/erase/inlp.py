"""Take out what one linear probe after another finds of a concept, until they find no more: INLP.

Ravfogel, Elazar, Gonen, Twiton, Goldberg 2020, "Null it out: Guarding protected attributes by iterative nullspace
projection" (arXiv 2004.07667). Each round fits a probe to what is left and projects onto the nullspace of its weights:

    P_0 = 1,  W_i = probe of the labels on P_(i-1) x,  P_i = projection onto what is at right angles to W_1 ... W_i

The authors' probes are support vector machines or logistic regressions on the activations themselves. Here a probe is
a ridge regression of the labels, for which the sums of products suffice: the activations are read once, however many
rounds there are. Units are scaled to a deviation of 1, and what is projected is the distance to the mean, so that the
mean stays where it was. More directions go than LEACE needs, and what goes with them is not only the concept.

Cost:
    No pass of the model beyond the extraction: the activations are read once; a ridge regression in each of up to 30
    rounds.

Fails:
    Takes out more than the concept: each probe's directions carry other things, too. What is not linear stays, and a
    probe of another kind may still find it.

Peers:
    The authors' code with support vector machines, on all activations in each round; here one reading and ridge
    regressions.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Shaped

from jaxneuron import batching
from jaxneuron.comoments import Comoments
from jaxneuron.directions import span
from jaxneuron.edits import Project
from jaxneuron.erase import _sums
from jaxneuron.erase._sums import init as init
from jaxneuron.erase._sums import merge as merge
from jaxneuron.erase._sums import update as update
from jaxneuron.table import Table

ROUNDS, LEAST, L2 = 30, 1e-3, 1e-4
"""Probes at most, the share of the labels' variance that the last one explains, and the ridge of each."""


def erase(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "token *label"],
    *,
    rounds: int = ROUNDS,
    least: float = LEAST,
    l2: float = L2,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Project:
    """Return the edit that takes out the directions of one probe after another.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read once.
        labels: see `leace.erase`.
        rounds: probes at most.
        least: rounds end before, when a probe explains no more than this share of the variance of any label.
        l2: the ridge of a probe, as a share of a unit's variance.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        An edit along orthonormal directions of the scaled units, those of the first probe first.

    Raises:
        TypeError, ValueError: as `leace.erase`; an option out of range.

    Source:
        Ravfogel et al. 2020, algorithm 1.

    Example:
        >>> x = np.array([[1.0, 0.0], [1.0, 4.0], [3.0, 0.0], [3.0, 4.0]])
        >>> np.abs(erase(None, x, np.array([False, False, True, True])).read).round(6).tolist()
        [[1.0, 0.0]]
    """
    del key
    _check(rounds, least, l2)
    sums = _sums.over(activations, labels, budget=budget, progress=progress)
    return finish(sums, rounds=rounds, least=least, l2=l2)


def finish(sums: Comoments, *, rounds: int = ROUNDS, least: float = LEAST, l2: float = L2) -> Project:
    """Return the erasure after the last token; options as for `erase`.

    Args:
        sums: over all tokens, with the products of the units.
        rounds: probes at most.
        least: the share of the labels' variance below which a probe ends the rounds.
        l2: the ridge of a probe.

    Raises:
        ValueError: an option out of range, or sums that do not suffice.
    """
    _check(rounds, least, l2)
    found = _sums.scaled(sums)
    together, cross = _sums.correlations(sums), found.cross
    units = len(together)
    gone = np.zeros((0, units))
    for _ in range(rounds):
        left = np.eye(units) - gone.T @ gone
        seen = left @ cross
        weights = left @ np.linalg.solve(left @ together @ left + l2 * np.eye(units), seen)
        if (seen * weights).sum(axis=0).max() <= least:
            break
        gone = np.concatenate([gone, span(weights.T)])
    return found.edit(gone, gone)


def _check(rounds: int, least: float, l2: float) -> None:
    if rounds < 1 or not 0 <= least < 1 or not l2 > 0:
        raise ValueError(
            f"expected at least one round, a share from 0 to 1 and a ridge above 0; got {rounds}, {least} and {l2}"
        )
