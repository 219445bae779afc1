"""Groups of words that a model represents alike, and which of the labels that people use they have: latent concepts.

Dalvi et al. 2022, "Discovering latent concepts learned in BERT" (arXiv:2205.07237) and ConceptX (Alam et al. 2022,
arXiv:2206.13289): words in context are clustered by the representation that a layer gives them, bottom up, with Ward's
linkage; a cluster is a label's if nearly all of its words have it. One tree is cut to any number of clusters, where
ConceptX fits it again for each.

Cost:
    No pass of the model: all pairs of tokens are compared, twelve bytes each: ten thousand tokens take a gigabyte.

Fails:
    More tokens than some twenty thousand do not fit. Ward's linkage likes balls of one size; clusters by layer 0 are of
    word forms.

Peers:
    ConceptX, which fits the tree again for each number of clusters; here it is cut.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int
from scipy.cluster import hierarchy

from jaxneuron.decompose._clusters import of_tokens
from jaxneuron.decompose._moments import Products
from jaxneuron.decompose._near import Near, check, near
from jaxneuron.decompose._tree import Tree, cut
from jaxneuron.table import Table
from jaxneuron.types import Factors

__all__ = ["Concepts", "Tree", "align", "cut", "decompose", "tree"]


class Concepts(NamedTuple):
    """Which label each cluster has."""

    label: Int[np.ndarray, "factor"]  # the most frequent one of its tokens
    share: Float[np.ndarray, "factor"]  # of its tokens that have it
    size: Int[np.ndarray, "factor"]  # tokens
    aligned: Any  # Bool[factor], whether the share is enough


def tree(activations: Float[Any, "token unit"] | Table) -> Tree:
    """Join tokens, step by step, such that the squared distances to the means grow least (Ward).

    Args:
        activations: of each token; all of them are held, and twelve bytes for each pair of tokens.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: fewer than two tokens, or an activation that is not finite.

    Example:
        >>> cut(tree(np.array([[0.0, 1.0], [5.0, 5.0], [0.0, 1.5]])), groups=2).tolist()
        [0, 1, 0]
    """
    check(activations, 1, what="clusters")
    return _joined(near(activations, centred=True))


def decompose(key: Array | None, activations: Float[Any, "token unit"] | Table, *, factors: int) -> Factors:
    """Cluster tokens by their activations, bottom up.

    Args:
        key: not used: nothing is random here.
        activations: of each token; see `tree`.
        factors: clusters, at most as many as tokens; the papers have 600 of some ten thousand words.

    Returns:
        `codes` have a 1 for each token's cluster, the largest first; `basis` are the clusters' mean activations.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: more clusters than tokens, or an activation that is not finite.

    Example:
        >>> decompose(None, np.array([[0.0, 1.0], [5.0, 5.0], [0.0, 2.0]]), factors=2).codes.tolist()
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    del key
    check(activations, factors, what="clusters")
    found = near(activations, centred=True)
    return of_tokens(found, cut(_joined(found), groups=factors), factors)


def align(codes: Float[Any, "token factor"], labels: Int[Any, "token"], *, least: float = 0.95) -> Concepts:
    """Find the label that each cluster has, if there is one.

    Args:
        codes: a 1 for each token's cluster.
        labels: of each token, from 0; -1 where it has none.
        least: share of a cluster's tokens that must have the label; 0.95 in the paper, 0.9 in ConceptX's code.

    Raises:
        ValueError: another number of labels than of tokens, no labels, or a share that is none.

    Example:
        >>> found = align(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]), np.array([3, 0, 3, 1]))
        >>> found.label.tolist(), found.share.tolist(), found.aligned.tolist()
        ([3, 0], [1.0, 0.5], [True, False])
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    if labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu" or not len(labels) or labels.max() < 0:
        raise ValueError(
            f"expected a label, a whole number, of each of the {len(codes)} tokens, got {labels.dtype}{labels.shape}"
        )
    if not 0 < least <= 1:
        raise ValueError(f"expected a share above 0 and up to 1, got {least}")
    counts = codes.T @ (labels[:, None] == np.arange(labels.max() + 1))
    size = codes.sum(axis=0).astype(int)
    share = counts.max(axis=1) / np.maximum(size, 1)
    return Concepts(counts.argmax(axis=1), share.astype(np.float64), size, share >= least)


def _joined(found: Near) -> Tree:
    values = np.asarray(found.values, np.float32)
    tokens = len(values)
    products = Products(tokens)
    products.add(np.ascontiguousarray(values.T))
    products = products.upper()
    square = products.diagonal().astype(np.float64)
    pairs = np.empty(tokens * (tokens - 1) // 2)
    first = 0
    for token in range(tokens - 1):
        row = pairs[first : first + tokens - 1 - token]
        np.multiply(products[token, token + 1 :], -2, out=row)
        row += square[token + 1 :]
        row += square[token]
        first += len(row)
    np.sqrt(np.maximum(pairs, 0, out=pairs), out=pairs)
    return Tree(hierarchy.linkage(pairs, method="ward"))
