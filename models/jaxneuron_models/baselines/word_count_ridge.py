"""What can be predicted about a scene from which words are in its caption, without their order?

Ridge regression from word counts to features: the baseline that a visual pathway has to stand against
(Hoerl, Kennard 1970, "Ridge regression"). Solved in closed form from the normal equations in float64; the counts stay
sparse and the features are read once per image, however many captions it has.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy import linalg, sparse

from jaxneuron.evaluate.word_counts import checked_image, sum_by_image, word_counts
from jaxneuron.types import Tokens

ALPHAS = tuple(10.0**power for power in range(-2, 5))
"""The strengths of the penalty that are tried: 0.01 to 10,000."""

BLOCK = 8192
"""Images whose features are in memory at once, in float64."""


class RidgePrediction(NamedTuple):
    """What the baseline predicts, and how its one setting was chosen."""

    features: Float[np.ndarray, "sentence feature"]  # for the dev sentences
    alpha: float  # the penalty with the least held-out error
    error: Float[np.ndarray, "alpha"]  # mean squared error on the held-out images, per penalty tried


class _Moments(NamedTuple):
    xx: Float[np.ndarray, "word word"]  # X^T X
    xy: Float[np.ndarray, "word feature"]  # X^T Y
    yy: float  # sum of Y^2
    n: int  # sentences


def predict(
    train: Tokens,
    image: Int[Any, "sentence"],
    features: Shaped[Any, "image feature"],
    dev: Tokens,
    *,
    vocabulary_size: int,
    alphas: Sequence[float] = ALPHAS,
    one_in: int = 10,
) -> RidgePrediction:
    """Fit word counts to features on `train`, and predict the features of `dev`.

    Minimises `|X W + b - Y|² + α |W|²`. α is chosen on every `one_in`-th image of train (all captions of an image stay
    together; dev is never looked at), then all of train is used.

    Args:
        train: host arrays `[sentence, time]`.
        image: which row of `features` each training sentence describes.
        features: multi-hot labels or real numbers.
        dev: the sentences to predict for.
        vocabulary_size: word ids are below it; memory grows with its square, time with its cube.
        alphas: penalties to try, positive.
        one_in: one image in so many is held out for the choice.

    Returns:
        Predictions in the unit of the features, the penalty chosen, and the errors it was chosen by.

    Raises:
        ValueError: the images do not fit the sentences or the features, fewer than two images, features that are not
            finite, or a setting out of range.
    """
    image = checked_image(image, train, len(features))
    if not len(alphas) or min(alphas) <= 0 or one_in < 2:
        raise ValueError(f"expected positive alphas and one_in of at least 2, got {tuple(alphas)} and {one_in}")
    distinct, rank = np.unique(image, return_inverse=True)
    if len(distinct) < 2:
        raise ValueError(f"expected at least two images, to hold one out for the choice of alpha; got {len(distinct)}")
    held = rank % one_in == 0
    counts = _with_constant(train, vocabulary_size)
    fitted = _moments(counts[~held], image[~held], features)
    judged = _moments(counts[held], image[held], features)
    if not np.isfinite(fitted.yy + judged.yy):
        raise ValueError("expected finite features, got nan or infinity; leave those images out")
    error = np.array([_error(_solve(fitted, alpha), judged) for alpha in alphas])
    alpha = float(alphas[int(np.argmin(error))])
    whole = _Moments(fitted.xx + judged.xx, fitted.xy + judged.xy, fitted.yy + judged.yy, fitted.n + judged.n)
    return RidgePrediction(_with_constant(dev, vocabulary_size) @ _solve(whole, alpha), alpha, error)


def _with_constant(tokens: Tokens, vocabulary_size: int) -> Any:
    """Return the counts, `csr_array[sentence, word]`, with a last column of ones."""
    return sparse.hstack([word_counts(tokens, vocabulary_size), np.ones((len(tokens.ids), 1))], format="csr")


def _moments(counts: Any, image: np.ndarray, features: np.ndarray) -> _Moments:
    """Return the moments of the counts and `features[image]`, which is never built."""
    captions = np.bincount(image, minlength=len(features))
    by_image = sum_by_image(counts, image, len(features))
    xy, yy = np.zeros((counts.shape[1], features.shape[1])), 0.0
    for start in range(0, len(features), BLOCK):  # features may be a file larger than memory
        block = np.asarray(features[start : start + BLOCK], np.float64)
        xy += by_image[start : start + BLOCK].T @ block
        yy += float(captions[start : start + BLOCK] @ np.einsum("if,if->i", block, block))
    return _Moments((counts.T @ counts).toarray(), xy, yy, len(image))


def _solve(moments: _Moments, alpha: float) -> Float[np.ndarray, "word feature"]:
    """Return W, whose last row is the intercept, which is not penalised."""
    penalised = moments.xx.copy()
    penalised.flat[: -1 : len(penalised) + 1] += alpha
    # The transpose of a symmetric matrix is itself, in the memory order in which LAPACK need not copy it.
    factor = linalg.cho_factor(penalised.T, overwrite_a=True, check_finite=False)
    return linalg.cho_solve(factor, moments.xy, check_finite=False)


def _error(weights: Float[np.ndarray, "word feature"], moments: _Moments) -> float:
    """Return the mean of `(X W - Y)²`, expanded so that only the moments are needed."""
    total = moments.yy - 2 * np.vdot(weights, moments.xy) + np.vdot(weights, moments.xx @ weights)
    return float(total / (moments.n * weights.shape[1]))
