"""Take out all that a linear probe could find of a concept, and change as little as that takes: LEACE.

Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff, Biderman 2023, "LEACE: Perfect linear concept erasure in closed
form" (arXiv 2306.03819). If no unit covaries with the labels, no linear probe does better than the best constant,
by any convex loss; LEACE makes all these covariances 0, and no affine map that does so moves activations by less.

    r(x) = x - W^-1 U U' W (x - mean),  U an orthonormal basis of the columns of W Sxz,  W = Sxx^(-1/2)

Only `Sxz` must be exact for the covariances to become 0, so it is summed in double precision. We differ where units
hardly vary along some direction (fewer tokens than units, copies of a unit): the authors take the pseudo-inverse, which
leaves alone what lies in the directions that it cuts off; here no eigenvalue is smaller than `FLOOR`, so that nothing
is left whatever the spectrum.

Cost:
    No pass of the model beyond the extraction: the activations are read once; one eigendecomposition of `units^2`.

Fails:
    Only what is linear goes: a network may still find the concept, and so may the model's later layers. Learnt on one
    text, something may be left on another: hold text out.

Peers:
    The authors' `concept-erasure`, whose pseudo-inverse leaves alone what lies in the directions that it cuts off; here
    nothing is left.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Shaped

from jaxneuron import batching
from jaxneuron.comoments import Comoments
from jaxneuron.edits import Project
from jaxneuron.erase import _sums
from jaxneuron.erase._sums import init as init
from jaxneuron.erase._sums import merge as merge
from jaxneuron.erase._sums import update as update
from jaxneuron.table import Table

FLOOR = 1e-6
"""The least variance of a direction, in those of units; products in single precision know no less."""

LEAST = 1e-8
"""The correlation of a direction with the labels below which it is rounding."""


def erase(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "token *label"],
    *,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Project:
    """Return the edit after which no linear probe finds the labels in these activations.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read once.
        labels: classes `Int[token]`, concepts `Bool[token]` or `Bool[token label]`, or numbers `Float[token label]`;
            of several concepts or numbers, all are taken out together.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        An edit of as many directions as needed: at most one less than there are classes, one for each concept.

    Raises:
        TypeError, ValueError: labels of another kind or number, or all the same; an activation that is not finite.

    Source:
        Belrose et al. 2023, theorem 4.3.

    Example:
        >>> x = np.array([[1.0, 0.0], [1.0, 4.0], [3.0, 0.0], [3.0, 4.0]])
        >>> found = erase(None, x, np.array([False, False, True, True]))
        >>> found.point.tolist(), np.abs(found.read.T @ found.write).round(6).tolist()
        ([2.0, 2.0], [[1.0, 0.0], [0.0, 0.0]])
    """
    del key
    return finish(_sums.over(activations, labels, budget=budget, progress=progress))


def finish(sums: Comoments) -> Project:
    """Return the erasure after the last token.

    Raises:
        ValueError: sums over fewer than two tokens, or of labels that are all the same.
    """
    found = _sums.scaled(sums)
    variance, basis = np.linalg.eigh(_sums.correlations(sums))
    deviation = np.sqrt(np.maximum(variance, FLOOR))
    whiten = (basis / deviation) @ basis.T
    directions, correlation, _ = np.linalg.svd(whiten @ found.cross, full_matrices=False)
    u = directions[:, correlation > LEAST]
    return found.edit(u.T @ whiten, u.T @ ((basis * deviation) @ basis.T))
