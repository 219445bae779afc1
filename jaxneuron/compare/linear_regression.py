"""How well all units of another model together predict each unit: does the other model know it, in whatever units?

Bau, Belinkov, Sajjad, Durrani, Dalvi, Glass 2019 (arXiv 1811.01157), section 3.1: LinReg, ordinary least squares from
all units of another model, and the best of several models. A rotation of the other model changes nothing. More units
fit any unit better, also by chance, which the adjusted R2 takes off (Wherry 1931).

Cost:
    No pass of the models beyond the extraction of both: the tables are read once; one Cholesky factor of the other
    model's units.

Fails:
    Fewer tokens than units of the other model fit anything, and are an error. Units of the other that nearly repeat
    each other share what they explain.

Peers:
    The authors' code in NeuroX's predecessor; here the ridge keeps copies apart and R2 is adjusted.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.linalg import LinAlgError, cho_solve, cholesky, get_lapack_funcs

from jaxneuron import batching, comoments
from jaxneuron.comoments import Comoments
from jaxneuron.compare import _over
from jaxneuron.table import Table
from jaxneuron.types import Matches

SUMS = "model"

RIDGE = 1e-5
"""Of each unit's variance: below what the other units vary, above the error of sums in single precision. Of the
correlation with a direction that has the share `s` of a unit's variance, `ridge / s` is lost, squared."""


def compare(
    a: Table,
    b: Table | Sequence[Table],
    *,
    ridge: float = RIDGE,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Matches:
    """Return the multiple correlation of each unit with all units of the best other model.

    Args:
        a: activations of the model whose units are asked for.
        b: activations of another model at the same words, or of several models.
        ridge: added to the variance of each unit of the others, which is 1 here: units that are nearly sums of others
            share what they explain.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        The score is the multiple correlation R, from 0 to 1, the root of R2 adjusted to how many directions predict.
        `table` is what each other unit has of the R2 of its model: its weight times its correlation. The partner has
        the most of it, in the best model. A unit that never changes has the score 0 and no partner.

    Raises:
        TypeError, ValueError: activations that are not finite, or of different texts; no more tokens than units of
            another model, which then fit anything; a ridge that is no number above 0, or too small.

    Example:
        >>> b = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 5.0]])
        >>> found = compare(b @ np.array([[1.0, 3.0], [1.0, -0.5]]), b)
        >>> found.score.round(3).tolist(), found.partner.tolist()
        ([1.0, 1.0], [1, 0])
    """
    return finish(*_over.over(a, b, sums=SUMS, budget=budget, progress=progress), ridge=ridge)


def finish(*sums: Comoments, ridge: float = RIDGE) -> Matches:
    """Return the same of sums with each other model, all of whose units are one layer.

    Args:
        *sums: with each other model, with the products of its units.
        ridge: as in `compare`.

    Raises:
        ValueError: a ridge that is not above 0 or too small, or sums that do not fit, as `compare`.
    """
    _over.given(sums)
    if not 0 < ridge < np.inf:
        raise ValueError(f"expected a ridge above 0, such as {RIDGE:g}, got {ridge}")
    found = [_fitted(one, ridge) for one in sums]
    score = np.stack([_adjusted(*one, tokens=sums[0].tokens) for one in found])
    starts = np.cumsum([0, *(shares.shape[1] for shares, _ in found)])
    partners = np.stack([shares.argmax(axis=1) + start for (shares, _), start in zip(found, starts, strict=False)])
    best = score.max(axis=0)
    partner = np.take_along_axis(partners, score.argmax(axis=0)[None], axis=0)[0]
    return Matches(best, np.where(best > 0, partner, -1), np.concatenate([shares for shares, _ in found], axis=1))


def _fitted(sums: Comoments, ridge: float) -> tuple[Float[np.ndarray, "unit other"], float]:
    """Return each unit's shares of R2, and how many directions predict."""
    others = sums.cross.shape[1]
    if [len(one) for one in sums.b.products] != [others]:
        raise ValueError("these sums are without the products of all units of the other; begin with one layer of it")
    changes = sums.b.square > 0
    count, shares = int(changes.sum()), np.zeros_like(sums.cross)
    if sums.tokens - 1 <= count:
        raise ValueError(
            f"{sums.tokens:,.0f} tokens for {count:,} units to predict from, which fit anything; give more tokens than "
            "units, a few times as many, or compare fewer units"
        )
    if not count:
        return shares, 0.0
    norm = np.sqrt(sums.b.square[changes])
    within = sums.b.products[0][np.ix_(changes, changes)] / np.outer(norm, norm)
    np.fill_diagonal(within, 1 + ridge)
    try:
        factor = cholesky(within, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError as error:
        raise ValueError(
            f"ridge={ridge:g} is less than the rounding of these {count:,} units; give a larger one, such as "
            f"{ridge * 10:g}"
        ) from error
    across = comoments.correlation(sums)[:, changes].T
    weights = cho_solve((factor, True), across, check_finite=False)
    shares[:, changes] = (weights * across + ridge * weights**2).T
    (invert,) = get_lapack_funcs(("trtri",), (factor,))
    inverse, _ = invert(factor, lower=1, overwrite_c=1)
    return shares, count - ridge * float(np.sum(inverse**2))


def _adjusted(shares: Float[np.ndarray, "unit other"], directions: float, *, tokens: float) -> np.ndarray:
    left = (1 - shares.sum(axis=1)).clip(0)
    return np.sqrt((1 - left * (tokens - 1) / (tokens - 1 - directions)).clip(0, 1))
