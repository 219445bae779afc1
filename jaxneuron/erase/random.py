"""Take out as many directions as a concept has, at random: the control of every erasure.

Elazar, Ravfogel, Jacovi, Goldberg 2021, "Amnesic probing" (arXiv 2006.00995), compare with it: what a model loses when
as many directions go that have nothing to do with the concept. Units are scaled to a deviation of 1, so that a unit of
large numbers is not part of every direction.

Cost:
    No pass of the model beyond the extraction: the activations are read once.

Fails:
    One draw is one number: take several keys. Directions among few units may hit the concept by chance.

Peers:
    The control of amnesic probing; the authors draw them in the units as they are, here scaled to a deviation of 1.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Shaped

from jaxneuron import _keys, batching
from jaxneuron.comoments import Comoments
from jaxneuron.directions import orthonormal, span
from jaxneuron.edits import Project
from jaxneuron.erase import _sums
from jaxneuron.erase._sums import init as init
from jaxneuron.erase._sums import merge as merge
from jaxneuron.erase._sums import update as update
from jaxneuron.table import Table


def erase(
    key: Array,
    activations: Table,
    labels: Shaped[Any, "token *label"],
    *,
    rank: int | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Project:
    """Return the edit that takes out directions at random.

    Args:
        key: draws them.
        activations: of each token, read once, for the mean and the deviation of each unit.
        labels: see `leace.erase`; they say how many directions go where `rank` does not.
        rank: how many directions; by default as many as LEACE would take out, no more than there are units.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Raises:
        TypeError, ValueError: as `leace.erase`; no key, or more directions than units that change.

    Example:
        >>> import jax
        >>> x = np.array([[1.0, 0.0], [1.0, 4.0], [3.0, 0.0], [3.0, 4.0]])
        >>> erase(jax.random.key(0), x, np.array([0, 0, 1, 2])).read.shape
        (2, 2)
    """
    _keys.checked(key)
    return finish(key, _sums.over(activations, labels, products=False, budget=budget, progress=progress), rank=rank)


def finish(key: Array, sums: Comoments, *, rank: int | None = None) -> Project:
    """Return the erasure after the last token; options as for `erase`.

    Args:
        key: draws the directions.
        sums: over all tokens.
        rank: how many directions; by default as many as the labels have.

    Raises:
        ValueError: more directions than units that change.
    """
    found = _sums.scaled(sums)
    rank = len(span(found.cross.T)) if rank is None else rank
    changes = sums.a.square > 0
    basis = np.zeros((rank, len(changes)))
    basis[:, changes] = orthonormal(key, rank, int(changes.sum()))
    return found.edit(basis, basis)
