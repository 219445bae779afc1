"""Units that alone predict a label: a classifier or a line for every unit, tested on tokens that it was not fitted to.

The query of Deep Neural Inspection (Sellam et al. 2018). For classes and concepts, a linear support vector machine with
squared hinge (scikit-learn's `LinearSVC`, C = 1) of one unit and a bias, for each label against the others, or a
logistic regression; for numbers, least squares. The score is that of k-fold cross-validation. A hundred thousand
support vector machines take seconds: see `_margin`. They hold weight and bias small, so a unit is standardised before:
else its scale, and how far from zero it is, would decide how well it may do. Where balanced accuracy is asked for, the
two sides cost the same as a whole: else a machine would say of all tokens that they lack a rare label.

`best` filters any ranking; `lagged` makes inputs of the states at earlier tokens; `linear` with `l1` is the classifier
of all units together.

Cost:
    No pass of the model: the activations are read a few units at a time, with one exact fit for each unit, label and
    fold (20 by default).

Fails:
    A label that few tokens have is hardly ever named by a machine of uniform cost: rank by "balanced". One unit may be
    beaten by two: see `linear`. Neighbouring tokens in different folds flatter.

Peers:
    The authors' code and scikit-learn's LinearSVC in a loop, with the same minimum; here all units are fitted side by
    side.
"""

from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from jaxneuron import _keys, _labels, batching
from jaxneuron.rank import _order
from jaxneuron.rank.single_neuron import _logistic, _margin
from jaxneuron.rank.single_neuron._lags import lagged as lagged
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table, over_units
from jaxneuron.types import Ranking

ClassWeight = Literal["uniform", "balanced"]


class Settings(NamedTuple):
    """How a machine of one unit is fitted.

    Args:
        loss: of classes and concepts: that of scikit-learn's `LinearSVC`, or of its `LogisticRegression`.
        cost: C of that loss, above 0.
        class_weight: what an error costs: `"uniform"` the same for each token; `"balanced"` the cost times `tokens / (2
            * tokens of its side)`, over those that a machine is trained on, as scikit-learn defines it: a label that
            few tokens have then counts as much as the many without it;
            None for `"balanced"` where units are ranked by balanced accuracy, and else for `"uniform"`.
        standardise: shift and scale each unit to a mean of 0 and a deviation of 1 before the machine sees it; without
            it, the penalty means something else for each unit, as in the paper. A line of least squares is the same
            either way.
    """

    loss: Literal["squared_hinge", "logistic"] = "squared_hinge"
    cost: float = 1.0
    class_weight: ClassWeight | None = None
    standardise: bool = True


DEFAULT = Settings()
"""What is done where nothing is said."""


class Scores(NamedTuple):
    """How each unit alone does on tokens that it was not fitted to."""

    accuracy: Float[np.ndarray, "label unit"]
    balanced: Float[np.ndarray, "label unit"]  # mean of the accuracies with and without the label; chance is 0.5
    gain: Float[np.ndarray, "label unit"]  # accuracy less that of always naming the more frequent side
    weight: Float[np.ndarray, "label unit"]  # mean over the folds; its sign is that of the unit
    bias: Float[np.ndarray, "label unit"]  # mean over the folds


class Selection(NamedTuple):
    """The units that a label's query returns, best first."""

    unit: Int[np.ndarray, "label k"]  # -1 where fewer than k reach the minimum
    score: Float[np.ndarray, "label k"]  # nan there
    count: Int[np.ndarray, "label"]  # units that reach it, which may be more than k


LOSSES = {"squared_hinge": _margin, "logistic": _logistic}
"""Which machines minimise a loss."""


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    by: Literal["accuracy", "balanced", "gain"] = "accuracy",
    folds: int | Int[Any, "..."] = 20,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by how well each alone predicts each label.

    Args:
        key: shuffles the tokens before they are dealt to the folds; None deals them in their order.
        activations: of each token, read a few units at a time.
        labels: classes `Int[token]`, concepts `Bool[token]` or `Bool[token label]`, or numbers `Float[token *label]`.
        by: for classes and concepts, which field of `scores`. Where a label is rare, a machine of uniform weight rarely
            names it, so that accuracy and gain tell units apart less than their weights do.
        folds: how many, at least 2 and at most the tokens, or the fold of each token, numbers from 0. Classes are
            dealt evenly.
        settings: of the machines of classes and concepts.
        budget: bytes for a block of units.
        progress: called after each block.

    Returns:
        `score[label, unit]`: 0 to 1 for classes and concepts; for numbers R², which is 0 or a little less for a unit
        that tells nothing.

    Raises:
        TypeError, ValueError: an option out of range; labels of another number than the tokens, or all the same class;
            an activation that is not finite.

    Example:
        >>> activations = np.array([[0.0, 1.0], [9.0, 1.0], [0.0, 1.0], [9.0, 1.0]], np.float32)
        >>> rank(None, activations, np.array([0, 1, 0, 1]), folds=2).score.tolist()
        [[1.0, 0.5], [1.0, 0.5]]
    """
    tokens, _ = Checked(activations).shape
    if np.issubdtype(_labels.checked(labels, tokens).dtype, np.floating):
        score = r_squared(key, activations, labels, folds=folds, budget=budget, progress=progress)
    else:
        if by not in Scores._fields[:3]:
            raise ValueError(f"expected by as one of {', '.join(Scores._fields[:3])}, got by={by!r}")
        if settings.class_weight is None and by == "balanced":
            settings = settings._replace(class_weight="balanced")
        found = scores(key, activations, labels, folds=folds, settings=settings, budget=budget, progress=progress)
        score = getattr(found, by)
    return ranked(score)


def scores(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    folds: int | Int[Any, "..."] = 20,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Scores:
    """Return how well each unit alone tells each class or concept from the rest, over all folds.

    Args:
        key: as in `rank`.
        activations: as in `rank`.
        labels: classes or concepts.
        folds: as in `rank`.
        settings: of the machines; weights and biases are those of the activations as they are, standardised or not.
        budget: bytes for a block of units.
        progress: called after each block.

    Returns:
        A number per label and unit; counts are added up over the folds before they are divided.

    Raises:
        TypeError, ValueError: as in `rank`; numbers.
    """
    loss, cost, class_weight, standardise = settings
    class_weight = class_weight or "uniform"
    if not cost > 0:
        raise ValueError(f"expected a cost above 0, got {cost}")
    if loss not in LOSSES:
        raise ValueError(f"expected loss as one of {', '.join(LOSSES)}, got loss={loss!r}")
    if class_weight not in ("uniform", "balanced"):
        raise ValueError(f"expected class_weight as uniform or balanced, got class_weight={class_weight!r}")
    tokens, _ = Checked(activations).shape
    concepts = _labels.concepts(labels, tokens)
    kind = LOSSES[loss]
    design = kind.design(concepts, _folds(key, folds, labels, tokens))

    def one(values: Float[np.ndarray, "token"]) -> Float[np.ndarray, "field label"]:
        unit, mean, scale = _margin.standard(values) if standardise else (values, 0.0, 1.0)
        machines = kind.machines(unit, design, cost, class_weight == "balanced")
        hits, alarms = machines.hits.sum(axis=1), machines.alarms.sum(axis=1)
        weight = machines.weight.mean(axis=1) / scale
        return np.stack([hits, alarms, weight, machines.bias.mean(axis=1) - weight * mean])

    found = _order.map_units(one, activations, budget=budget, progress=progress)
    hits, alarms, weight, bias = found.transpose(1, 2, 0)
    held = concepts.sum(axis=0)[:, None]
    others = tokens - held
    accuracy = (hits + others - alarms) / tokens
    sides = np.maximum(held > 0, 0) + np.maximum(others > 0, 0)
    balanced = (hits / np.maximum(held, 1) + (others - alarms) / np.maximum(others, 1)) / sides
    return Scores(accuracy, balanced, accuracy - np.maximum(held, others) / tokens, weight, bias)


def r_squared(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    folds: int | Int[Any, "..."] = 20,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Float[np.ndarray, "label unit"]:
    """Return the share of each number's variance that a line through each unit explains, over all folds.

    `R² = 1 - Σ (number - predicted)² / Σ (number - mean)²`, where each token is predicted by the line that least
    squares fit to the other folds.

    Args:
        key: as in `rank`.
        activations: as in `rank`.
        labels: numbers; classes and concepts count as 0 and 1.
        folds: as in `rank`.
        budget: bytes for a block of units.
        progress: called after each block.

    Returns:
        At most 1; 0 for a number that never changes.

    Raises:
        TypeError, ValueError: as in `rank`.
    """
    tokens, _ = Checked(activations).shape
    y = _labels.numbers(labels, tokens).astype(np.float64)
    y -= y.mean(axis=0)
    fold = _folds(key, folds, labels, tokens)
    count = int(fold.max()) + 1
    inside = (fold[:, None] == np.arange(count)).astype(np.float64)
    n, sy, syy = inside.sum(axis=0)[:, None, None], (inside.T @ y)[:, :, None], (inside.T @ y**2)[:, :, None]
    weighted = np.concatenate([inside, (inside[:, :, None] * y[:, None]).reshape(tokens, -1)], axis=1).T
    variance = syy.sum(axis=0)
    parts = []
    for _, block in over_units(activations, budget=budget, copies=5, progress=progress):
        moves = np.ptp(block, axis=0) > 0
        x = block - block.mean(axis=0, dtype=np.float64)
        sums = weighted @ x
        sx, sxy = sums[:count, None], sums[count:].reshape(count, y.shape[1], -1)  # [fold, label, unit]
        sxx = (inside.T @ np.square(x, out=x))[:, None]
        others = [total.sum(axis=0) - total for total in (n, sx, sxx, sy, sxy)]
        slope, bias = _line(others, moves)
        wrong = syy - 2 * bias * sy - 2 * slope * sxy + n * bias**2 + 2 * slope * bias * sx + slope**2 * sxx
        parts.append(1 - np.divide(wrong.sum(axis=0), variance, out=np.ones(wrong.shape[1:]), where=variance > 0))
    return np.concatenate(parts, axis=1)


def best(ranking: Ranking, *, minimum: float = -np.inf, k: int = 10) -> Selection:
    """Return the top k units of each label whose score is at least a minimum.

    Args:
        ranking: of any method.
        minimum: what a score has to reach.
        k: units at most, 1 or more.

    Returns:
        Units and scores of each label of the ranking.

    Raises:
        ValueError: a k below 1.

    Example:
        >>> import jax.numpy as jnp
        >>> best(ranked(jnp.array([[0.6, 0.9, 0.8], [0.5, 0.7, 0.5]])), minimum=0.7, k=2).unit.tolist()
        [[1, 2], [1, -1]]
    """
    if k < 1:
        raise ValueError(f"expected k as 1 or more, got {k}")
    score, order = (np.asarray(leaf).reshape(-1, np.shape(leaf)[-1]) for leaf in ranking)
    unit = order[:, :k]
    value = np.take_along_axis(score, unit, axis=1)
    reached = value >= minimum
    return Selection(np.where(reached, unit, -1), np.where(reached, value, np.nan), np.sum(score >= minimum, axis=1))


def _line(sums: list[np.ndarray], moves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and bias of the line of least squares; a unit that does not move has no slope."""
    n, sx, sxx, sy, sxy = sums
    n = np.maximum(n, 1)
    spread = sxx - sx**2 / n
    across = sxy - sx * sy / n
    where = np.broadcast_to(moves & (spread > 0), across.shape)
    slope = np.divide(across, spread, out=np.zeros_like(across), where=where)
    return slope, (sy - slope * sx) / n


def _folds(key: Array | None, folds: Any, labels: Any, tokens: int) -> Int[np.ndarray, "token"]:
    """Return the fold of each token: those of a class are dealt one after the other."""
    given = np.asarray(folds)
    if given.ndim:
        if given.shape != (tokens,) or given.dtype.kind not in "iu" or given.min() < 0 or given.min() == given.max():
            raise ValueError(
                f"expected a fold for each of the {tokens} tokens, whole numbers from 0 on and at least two of them, "
                f"got {given.dtype} {given.shape} from {given.min()} to {given.max()}"
            )
        return given.astype(np.int64)
    if given.dtype.kind not in "iu" or not 2 <= given <= tokens:
        raise ValueError(f"expected 2 to {tokens} folds, got {folds!r}")
    order = np.arange(tokens) if key is None else np.asarray(jax.random.permutation(_keys.checked(key), tokens))
    labels = np.asarray(labels)
    if labels.ndim == 1 and labels.dtype.kind in "iub":
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(tokens, np.int64)
    fold[order] = np.arange(tokens) % int(given)
    return fold
