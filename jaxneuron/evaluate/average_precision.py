"""Do scores put the right rows first? Average precision, label by label, and its mean.

`AP = Σ_k (R_k - R_{k-1}) P_k` over the distinct scores k, from the highest down: rows with equal scores
enter together, so their order in the file cannot help (as in scikit-learn's `average_precision_score`).

Cost:
    None: scores are sorted once for each label.

Fails:
    A label without a positive row has none (NaN). Compare with the share of positive rows, which is what chance
    reaches.

Peers:
    scikit-learn's average_precision_score, with the same numbers for each label.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped


class AveragePrecision(NamedTuple):
    """How well the scores of each label rank its rows."""

    mean: float  # over the labels that have a positive row; nan if none has
    per_label: Float[np.ndarray, "label"]  # 0 to 1, 1 is perfect; nan for a label without a positive row
    positives: Int[np.ndarray, "label"]  # rows where the label is true; their share is what chance reaches


def mean_average_precision(score: Shaped[Any, "row label"], truth: Shaped[Any, "row label"]) -> AveragePrecision:
    """Average the precision at each positive row, per label and over labels.

    A label without a positive row has no average precision: its entry is nan and the mean leaves it out. A label
    with a nan among its scores is nan, and so is the mean, which hides nothing.

    Args:
        score: predictions, higher is more likely; any scale.
        truth: true, or 1, where the label holds.

    Returns:
        The mean, and what it is made of.

    Raises:
        ValueError: the shapes differ, or the truth is neither 0 nor 1 somewhere.

    Example:
        >>> mean_average_precision(np.array([[0.9], [0.8], [0.1]]), np.array([[1], [0], [1]])).mean  # (1/1 + 2/3) / 2
        0.8333333333333333
    """
    score, truth = np.asarray(score), np.asarray(truth)
    if score.ndim != 2 or score.shape != truth.shape:
        raise ValueError(f"expected score and truth of one shape [row, label], got {score.shape} and {truth.shape}")
    if not np.all((truth == 0) | (truth == 1)):
        raise ValueError(
            "expected a truth of 0 and 1 (or false and true), got other values; put a threshold on it first"
        )
    score = score.astype(np.float64)  # whole numbers without a sign have no negative
    rows, labels = score.shape
    positives = np.asarray(np.sum(truth, axis=0, dtype=np.int64))
    if not rows or not labels:
        return AveragePrecision(np.nan, np.full(labels, np.nan), positives)
    order = np.argsort(-score, axis=0)
    score = np.take_along_axis(score, order, axis=0)
    truth = np.take_along_axis(truth, order, axis=0).astype(np.float64)
    ends = np.full(score.shape, rows - 1)  # for each row, the last one that shares its score
    row = np.arange(rows - 1)[:, None]
    ends[:-1] = np.where(score[:-1] != score[1:], row, rows - 1)
    ends = np.minimum.accumulate(ends[::-1], axis=0)[::-1]
    precision = np.take_along_axis(np.cumsum(truth, axis=0), ends, axis=0) / (ends + 1)
    per_label = np.full(labels, np.nan)
    np.divide(np.sum(truth * precision, axis=0), positives, out=per_label, where=positives > 0)
    per_label[np.any(np.isnan(score), axis=0)] = np.nan
    mean = float(np.mean(per_label[positives > 0])) if np.any(positives) else np.nan
    return AveragePrecision(mean, per_label, positives)
