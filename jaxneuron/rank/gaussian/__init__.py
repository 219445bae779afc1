"""Which few units say most about a label together? One Gaussian per class, and units chosen greedily.

Torroba Hennigen, Williams and Cotterell 2020, "Intrinsic Probing through Dimension Selection" (arXiv:2010.02812). A
Gaussian of all units has those of every subset in it, so that a subset is probed without another fit. Where we differ:

- The covariance is the posterior mean `(Lambda + S) / (n + 1)` of a normal-inverse-Wishart prior with `units + 2`
  degrees of freedom, not the mode `(Lambda + S) / (2 units + n + 4)`, which depends on how many units there are: it
  makes variances too small, and a subset's is not what the subset alone would have given.
- `Lambda` holds the variances within classes, not those within the one class: a label that occurs once has none.
- Each covariance is drawn to that of all classes by a share, `shrinkage`, chosen on dev data.

Selection: `_forward_selection`.

Cost:
    No pass of the model: the activations are read twice for the covariances, which are held (`classes * units^2`); each
    choice reads the dev data.

Fails:
    Thousands of units: memory grows with their square. Units that are far from normal, or labels with few tokens, are
    described badly; shrinkage helps. Greedy: two units that tell only together are missed.

Peers:
    NeuroX's gaussian_probe and the authors' code; the prior does not depend on how many units there are here, and a
    label of one token has no variance of 0.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _labels, batching
from jaxneuron.rank.gaussian import _forward_selection
from jaxneuron.rank.gaussian._densities import densities
from jaxneuron.rank.gaussian._gaussians import Gaussians as Gaussians
from jaxneuron.rank.gaussian._scatter import Moments, block_size, scatter, shrunk
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.tap import nearest
from jaxneuron.types import Ranking

SHRINKAGE = 0.2
"""The share of the common covariance where it is not chosen on dev data, and while units are selected.

Of 0.1, 0.2, 0.3 and more, the best on dev data for 50 of 384 units of MiniLM and UPOS, whether these were selected with
0.1 or 0.3."""

GRID = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
"""The shares that are tried on dev data."""

CRITERIA = ("log_likelihood", "mutual_information", "accuracy")
"""What a choice can go by: log p(label | units), mean over tokens or weighted by the classes' shares, or accuracy."""

_TUNING = 50  # units that `fit` chooses the shrinkage with: as many as the paper selects
_BUDGET = 4 * batching.BUDGET  # held for 25,000 tokens of 5,000 units


def fit(
    key: Array | None,
    activations: Table,
    labels: Int[Any, "token"] | Bool[Any, "token"],
    *,
    shrinkage: float | None = None,
    dev: tuple[Any, Any] | None = None,
    budget: int = _BUDGET,
) -> Gaussians:
    """Fit one Gaussian to each class.

    `covariance[c] = (1 - shrinkage) (Lambda + S[c]) / (n[c] + 1) + shrinkage (Lambda + S) / (n + 1)`, where S is the
    scatter around the classes' means and Lambda the diagonal of S / n. A unit that never changes is independent of the
    others and tells nothing. A class that does not occur has the common mean and covariance, and is never predicted.

    Args:
        key: not used: nothing is random here.
        activations: of each token, which is read twice.
        labels: the classes of one property, or one concept.
        shrinkage: 0 to 1. None is the one of `GRID` with which the 50 units that are best alone get most labels of the
            dev data right, or 0.2 without dev data.
        dev: activations and labels to choose the shrinkage on; tokens of a class that did not occur are left out.
        budget: bytes for a block of activations; the covariances are held whole.

    Raises:
        TypeError, ValueError: labels as in `rank._labels`, activations as in `table.Checked`, or a shrinkage that is no
            share.

    Source:
        Torroba Hennigen et al. 2020, section 4.

    Example:
        >>> a = np.array([[0.0], [2.0], [10.0], [14.0]])
        >>> fitted = fit(None, a, np.array([0, 0, 1, 1]), shrinkage=0.0)
        >>> fitted.mean.ravel().tolist(), fitted.covariance.ravel().round(2).tolist()
        ([1.0, 12.0], [1.5, 3.5])
    """
    del key
    _check(shrinkage)
    moments = scatter(activations, labels, budget)
    if shrinkage is None:
        shrinkage = SHRINKAGE if dev is None else _tune(moments, *dev, _alone(moments, *dev, budget), budget)
    return _gaussians(moments, shrinkage)


def rank(
    key: Array | None,
    activations: Table,
    labels: Int[Any, "token"] | Bool[Any, "token"],
    *,
    dev: tuple[Any, Any] | None = None,
    select: int = 50,
    by: str = "log_likelihood",
    shrinkage: float | None = None,
    budget: int = _BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Ranking, Gaussians]:
    """Choose units one by one, each the one that says most about the label beside those before it.

    Args:
        key: not used: nothing is random here.
        activations: of each token.
        labels: the classes of one property, or one concept.
        dev: activations and labels to choose on; the training data, if none. Tokens of a class that did not occur in
            training are left out.
        select: how many units; all, if there are fewer.
        by: one of `CRITERIA`. `"mutual_information"` weighs classes by their share in the training data.
        shrinkage: as in `fit`. None selects with 0.2, and then takes the one of `GRID` with which the units selected
            get most labels of the dev data right.
        budget: bytes for activations. Those of the dev data are read again for each choice where twice as many do not
            fit; 4 (select + classes) bytes per token and the covariances are held beside them.
        progress: called after each choice.

    Returns:
        `score[1, unit]`: `select` for the first choice, 1 for the last; below 1 come the units not chosen, in the order
        of the same criterion for each alone. And the Gaussians, for `logits` and `prefix_logits`.

    Raises:
        TypeError, ValueError: as `fit`; an unknown criterion, `select` below 1, or dev data without a known class.

    Source:
        Torroba Hennigen et al. 2020, section 3, greedy selection.

    Example:
        >>> a = np.array([[0.0, 0.1], [0.0, 1.0], [0.0, 0.2], [0.0, 1.1]])
        >>> rank(None, a, np.array([0, 1, 0, 1]), select=1)[0].order.tolist()
        [[1, 0]]
    """
    if by not in CRITERIA:
        raise ValueError(f"no criterion {by!r}{nearest(by, CRITERIA)}; there are {', '.join(CRITERIA)}")
    if select < 1:
        raise ValueError(f"expected at least one unit to select, got {select}")
    del key
    _check(shrinkage)
    moments = scatter(activations, labels, budget)
    units = len(moments.constant)
    judged = (activations, labels) if dev is None else dev
    ids, weight = _judges(moments.prior, *judged, units, by)
    gaussians = _gaussians(moments, SHRINKAGE if shrinkage is None else shrinkage)
    chosen = _forward_selection.select(
        gaussians,
        judged[0],
        ids,
        weight,
        count=min(select, units),
        accuracy=by == "accuracy",
        budget=budget,
        progress=progress,
    )
    if shrinkage is None and dev is not None:
        gaussians = _gaussians(moments, _tune(moments, *dev, chosen.order, budget))
    score = np.empty(units, np.float32)
    score[np.argsort(-chosen.single, stable=True)] = 1 - np.arange(1, units + 1) / (units + 1)
    score[chosen.order] = len(chosen.order) - np.arange(len(chosen.order))
    return ranked(jnp.asarray(score)[None]), gaussians


def logits(
    gaussians: Gaussians,
    activations: Table,
    units: Sequence[int] | Int[Any, "subset"],
    *,
    budget: int = batching.BUDGET,
) -> Float[Array, "token label"]:
    """Return log p(label, activations of some units) in nats: the softmax over labels is what these units say.

    Args:
        gaussians: as `fit` and `rank` return them.
        activations: of all units.
        units: which of them to look at, each once, in any order.
        budget: bytes of working memory.

    Raises:
        ValueError: a unit that is not there or is given twice, another number of units than the Gaussians have, or a
            covariance that is singular.

    Example:
        >>> a = np.array([[0.0, 5.0], [1.0, 6.0], [9.0, 5.0], [8.0, 6.0]])
        >>> fitted = fit(None, a, np.array([0, 0, 1, 1]))
        >>> jnp.argmax(logits(fitted, a, [0]), axis=1).tolist()
        [0, 0, 1, 1]
    """
    return densities(gaussians, activations, units, prefixes=False, budget=budget)


def prefix_logits(
    gaussians: Gaussians,
    activations: Table,
    order: Sequence[int] | Int[Any, "subset"],
    *,
    budget: int = batching.BUDGET,
) -> Float[Array, "subset token label"]:
    """Return `logits` for the first unit, the first two, and so on, at the cost of the last alone.

    Args:
        gaussians: as `fit` and `rank` return them.
        activations: of all units.
        order: units, such as `ranking.order[0, :50]`.
        budget: bytes of working memory; the result is held beside it, 4 bytes per number.

    Raises:
        ValueError: as `logits`.
    """
    return densities(gaussians, activations, order, prefixes=True, budget=budget)


def _check(shrinkage: float | None) -> None:
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"expected a shrinkage from 0 (each class by itself) to 1 (all share one), got {shrinkage}")


def _gaussians(moments: Moments, share: float) -> Gaussians:
    return Gaussians(moments.mean, shrunk(moments, share), moments.prior, moments.scale, float(share))


def _alone(moments: Moments, activations: Table, labels: Any, budget: int) -> Int[np.ndarray, "subset"]:
    """Return the units that say most about the labels of dev data, each alone."""
    rough = _gaussians(moments, SHRINKAGE)
    ids, weight = _judges(rough.prior, activations, labels, len(moments.constant), CRITERIA[0])
    chosen = _forward_selection.select(rough, activations, ids, weight, count=1, accuracy=False, budget=budget)
    return np.argsort(-chosen.single, stable=True)[:_TUNING]


def _tune(moments: Moments, activations: Table, labels: Any, units: Int[np.ndarray, "subset"], budget: int) -> float:
    """Return the share of `GRID` with which some units get most labels of dev data right.

    The tails of activations are heavier than a Gaussian's, and what a few errors cost in log-likelihood asks for more
    shrinkage than the labels do: 0.1 bit more for 0.6 percent fewer right ones, UPOS from 50 of 384 units.
    """
    ids, weight = _judges(moments.prior, activations, labels, len(moments.constant), CRITERIA[0])
    checked, few = Checked(activations, exact=True), moments.of(units)
    part = np.concatenate([block[:, units] for _, block in checked.blocks(block_size(checked, budget))])

    def says(share: float) -> tuple[float, float]:
        density = np.asarray(logits(_gaussians(few, share), part, np.arange(len(units)), budget=budget))
        own = np.asarray(jax.nn.log_softmax(density))[np.arange(len(ids)), ids]
        return float(weight @ (density.argmax(axis=1) == ids)), float(weight @ own)

    return max(GRID, key=says)


def _judges(
    prior: np.ndarray, activations: Table, labels: Any, units: int, by: str
) -> tuple[Int[np.ndarray, "token"], Float[np.ndarray, "token"]]:
    """Return the classes of the data that choices are made on, and the weight of each token."""
    checked = Checked(activations)
    if checked.shape[1] != units:
        raise ValueError(f"the dev data have {checked.shape[1]} units and the training data {units}")
    ids = _labels.checked(labels, len(checked))
    if ids.ndim != 1 or ids.dtype.kind == "f":
        raise ValueError(f"expected the dev labels as classes or as one concept [token], got {ids.dtype} {ids.shape}")
    ids = ids.astype(np.int32)
    known = (ids < len(prior)) & (prior[np.minimum(ids, len(prior) - 1)] > 0)
    if not known.any():
        raise ValueError("no label of the dev data occurs in the training data; number both with the same names")
    ids = np.where(known, ids, np.argmax(prior))
    count = np.bincount(ids[known], minlength=len(prior))
    if by == "mutual_information":
        weight = np.divide(prior, count, out=np.zeros(len(prior)), where=count > 0)[ids]
    else:
        weight = np.full(len(ids), 1 / count.sum())
    return ids, np.where(known, weight, 0.0).astype(np.float32)
