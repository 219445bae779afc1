"""Which units does a random forest look at? Importance counts how much a unit's splits clear up the labels.

Breiman 2001, "Random Forests"; the forest and its Gini importance are scikit-learn's. Unlike a linear probe, a forest
finds units that matter within a range or only beside others; it halves the importance of a unit that has a duplicate.

A split is between two neighbours in a unit's order, so the forest is grown on ranks: scikit-learn reads float32 and
takes numbers less than 1e-7 apart for equal.

Cost:
    No pass of the model: the activations, or a sample of the tokens, are held; 100 trees are grown, on the processor.

Fails:
    A duplicate halves a unit's importance. Slow with many units and tokens. Importance is of the training tokens: a
    deep tree has learnt some by heart.

Peers:
    scikit-learn's RandomForestClassifier, which is inside; grown on ranks here.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from jaxneuron import _keys, _labels, batching
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Ranking


def rank(
    key: Array | None,
    activations: Table,
    labels: Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"],
    *,
    trees: int = 100,
    depth: int | None = None,
    least: int = 1,
    jobs: int | None = -1,
    budget: int = 8 * batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Return the importance of each unit in a random forest: how much its splits reduce impurity, in shares of all.

    Args:
        key: must be given: draws the forest, and the tokens where not all fit the budget.
        activations: of each token.
        labels: classes: one forest for the whole property; concepts or numbers: one for each column, for numbers a
            forest of regression trees, whose impurity is the variance.
        trees: in each forest.
        depth: of each tree at most; None grows each until its leaves are pure.
        least: tokens in a leaf at least.
        jobs: trees to grow at a time; -1 is one for each core, 1 leaves the others alone.
        budget: bytes for the activations and a copy; of more tokens, a random sample is read.
        progress: called after each forest.

    Returns:
        `score[label, unit]`, one row for classes; each row sums to 1, or is 0 where no split helps, as for a concept
        that holds nowhere.

    Raises:
        TypeError, ValueError: labels as in `rank._labels`, activations as in `table.Checked`, no key, or no tree.

    Source:
        Breiman 2001; Louppe et al. 2013, "Understanding variable importances in forests of randomized trees".

    Example:
        >>> a = np.array([[0.0, 0.1], [0.0, 1.0], [0.0, 0.2], [0.0, 1.1]])
        >>> rank(jax.random.key(0), a, np.array([0, 1, 0, 1]), jobs=1).order.tolist()
        [[1, 0]]
    """
    if key is None:
        raise ValueError("a random forest needs a key, got None; give jax.random.key(0), for one")
    if trees < 1:
        raise ValueError(f"expected at least one tree, got {trees}")
    draw, grow = jax.random.split(_keys.checked(key))
    checked = Checked(activations, exact=True)
    labels = _labels.checked(labels, len(checked))
    if labels.dtype.kind in "iu" or labels.shape == (len(checked),) and labels.dtype == bool:
        labels = _labels.classes(labels, len(checked))[0]
    rows, values = _read(draw, checked, budget)
    inputs = np.stack([np.unique(unit, return_inverse=True)[1] for unit in values.T], axis=1).astype(np.float32)
    columns = labels[rows].reshape(len(rows), -1).T
    seeds = np.asarray(jax.random.randint(grow, (len(columns),), 0, np.iinfo(np.int32).max, np.int32))
    kind = RandomForestRegressor if labels.dtype.kind == "f" else RandomForestClassifier
    score = []
    for column, seed in zip(columns, seeds, strict=True):
        forest = kind(trees, max_depth=depth, min_samples_leaf=least, n_jobs=jobs, random_state=int(seed))
        score.append(forest.fit(inputs, column).feature_importances_)
        if progress:
            progress(len(score), len(columns))
    return ranked(np.array(score))


def _read(
    key: Array, checked: Checked, budget: int
) -> tuple[Int[np.ndarray, "token"], Float[np.ndarray, "token unit"]]:
    """Read all tokens, or as many, drawn at random, as fit; a block at a time."""
    tokens, units = checked.shape
    fits = max(2, int(budget // ((1 + checked.dtype.itemsize // 4) * 4 * units)))
    if fits >= tokens:
        return np.arange(tokens), checked[:]
    rows = np.sort(np.asarray(jax.random.choice(key, tokens, (fits,), replace=False)))
    parts = [
        block[rows[(rows >= here.start) & (rows < here.stop)] - here.start]
        for here, block in checked.blocks(max(1, fits // 4))
    ]
    return rows, np.concatenate(parts)
