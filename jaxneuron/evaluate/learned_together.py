"""Do the units that tell a label tell it together? Clusters of units that learned one feature.

Units that carry a label are correlated because they carry it. What is left when the label is known says more: units
that also err together are one detector, spread over several units; those that do not, found the feature by themselves.
So the correlation is that of the residuals, `activation - mean of its label` (for numbers: from the line of least
squares), and its sign does not count, for a unit may say the same by going down. Clusters have complete linkage on
`1 - |correlation|`: no two units of one are less correlated than asked for.

Sellam et al. 2018, Deep Neural Inspection, ask what such a cluster does; `intervene.oracle` takes `mask` and puts the
hypothesis itself in the place of each.

Cost:
    No pass of the model: the residuals' correlations from one reading, and a tree of the units that reach the minimum.

Fails:
    Few tokens correlate by chance. Units that say nothing but the label are one cluster by convention.

Peers:
    None that we know of: Deep Neural Inspection asks what such clusters do.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from jaxneuron import batching
from jaxneuron.table import Checked, Table, spans


class Clusters(NamedTuple):
    """Units that tell one label, in groups that err together."""

    mask: Bool[np.ndarray, "cluster unit"]  # true for members; the largest first, and of equals that of the best unit
    best: Int[np.ndarray, "cluster"]  # the member of the highest score
    correlation: Float[np.ndarray, "member member"]  # given the label, with the sign
    member: Int[np.ndarray, "member"]  # units that reach the minimum, from the highest score down


def learned_together(
    activations: Table,
    label: Shaped[Any, "token"],
    score: Float[Any, "unit"],
    *,
    minimum: float,
    least: float = 0.5,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Clusters:
    """Cluster the units whose score for a label reaches a minimum.

    Args:
        activations: of each token.
        label: of each token: a concept, classes, or a number.
        score: of each unit for this label, such as a row of `rank.single_neuron.rank(...).score`.
        minimum: score of a unit that counts as having learned the label.
        least: correlation, without its sign, of any two units of one cluster; 0 to 1.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        The clusters; none where no unit reaches the minimum. A unit that only ever says the label, and nothing else, is
        a cluster with the others that do: they err together, namely never.

    Raises:
        TypeError, ValueError: shapes that disagree, a label that is no number, `least` out of range, or a value that
            is not finite.

    Example:
        >>> label = np.array([0, 0, 1, 1, 0, 1]) == 1
        >>> error, other = np.array([1.0, -1.0, 1.0, -1.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0, -2.0, -2.0])
        >>> activations = np.stack([label + error, label - error, label + other, error], axis=1)
        >>> learned_together(activations, label, np.array([0.9, 0.8, 0.7, 0.5]), minimum=0.6).mask.astype(int).tolist()
        [[1, 1, 0, 0], [0, 0, 1, 0]]
    """
    tokens, units = activations.shape
    score, given = np.asarray(score), np.asarray(label)
    if given.shape != (tokens,) or score.shape != (units,) or not tokens:
        raise ValueError(
            f"expected a label for each of the {tokens} tokens and a score for each of the {units} units, "
            f"got the shapes {given.shape} and {score.shape}; cluster several labels one by one"
        )
    if given.dtype.kind not in "biuf":
        raise TypeError(f"expected the label as booleans, whole numbers or numbers, got {given.dtype}")
    if not 0 <= least <= 1 or not np.isfinite(given).all():
        raise ValueError(f"expected finite labels and a correlation between 0 and 1, got least={least}")
    member = np.argsort(-score, kind="stable")
    member = member[score[member] >= minimum]
    if not member.size:
        return Clusters(np.zeros((0, units), bool), member, np.zeros((0, 0)), member)
    correlation = _given(activations, _columns(given), member, budget, progress)
    group = np.ones(1, int)
    if len(member) > 1:
        distance = squareform(np.maximum(1 - np.abs(correlation), 0), checks=False)
        group = fcluster(linkage(distance, method="complete"), 1 - least + 1e-9, criterion="distance")
    names, first, sizes = np.unique(group, return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    mask = np.zeros((len(names), units), bool)
    mask[:, member] = group == names[order, None]
    return Clusters(mask, member[first[order]], correlation, member)


def _columns(label: np.ndarray) -> Float[np.ndarray, "token column"]:
    """Return what the label says as columns, of which the first is 1: a class is a column, a number one."""
    one = np.ones((len(label), 1))
    if label.dtype.kind == "f":
        return np.concatenate([one, (label - label.mean())[:, None]], axis=1)
    return np.concatenate([one, label[:, None] == np.unique(label)[1:]], axis=1)


def _given(
    activations: Table, columns: np.ndarray, member: np.ndarray, budget: int, progress: batching.Progress | None
) -> Float[np.ndarray, "member member"]:
    """Return the correlation of what the columns do not explain: `X'X - X'Y (Y'Y)⁻¹ Y'X`, scaled."""
    tokens, units = activations.shape
    chunk = batching.chunk_size(4 * (3 * units + 4 * len(member)), tokens, budget)
    square, product = np.zeros((len(member),) * 2), np.zeros((columns.shape[1], len(member)))
    checked = Checked(activations, exact=True)
    shift = checked[:1, member].astype(np.float64)
    for here in spans(tokens, chunk, progress):
        x = checked[here, member] - shift
        square += x.T @ x
        product += columns[here].T @ x
    left = square - product.T @ np.linalg.solve(columns.T @ columns, product)
    total = np.maximum(np.diag(square) - product[0] ** 2 / tokens, 0)
    spread = np.sqrt(np.maximum(np.diag(left), 0))
    never = spread <= 1e-6 * np.sqrt(total)  # says the label only; what is left is rounding
    scale = np.outer(spread, spread)
    found = np.divide(left, scale, out=np.zeros_like(left), where=~(never[:, None] | never) & (scale > 0))
    found[np.ix_(never, never)] = 1
    np.fill_diagonal(found, 1)
    return np.clip(found, -1, 1)
