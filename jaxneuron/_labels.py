"""Labels as the methods need them: classes, concepts (one column each), or numbers; with every fault named."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

MOST = 2**24
"""Classes are numbers from 0 on, and each has a row in the answer; more than this are numbers for names."""


def classes(labels: Any, tokens: int) -> tuple[Int[np.ndarray, "token"], int]:
    """Return labels as classes, and how many there are: a concept has the classes 0 and 1.

    Args:
        labels: `Int[token]`, or `Bool[token]`.
        tokens: how many are expected.

    Raises:
        TypeError, ValueError: see `checked`; several concepts or numbers, which are no classes; a single class.
    """
    labels = checked(labels, tokens)
    if labels.ndim != 1 or np.issubdtype(labels.dtype, np.floating):
        raise ValueError(
            f"expected one property, whole numbers or booleans [token], got {labels.dtype} {labels.shape}; "
            "rank several concepts one by one"
        )
    ids = labels.astype(np.int32)
    if len(np.unique(ids)) < 2:
        raise ValueError(f"all {tokens} tokens have the label {ids[0]}; expected at least two labels to tell apart")
    return ids, int(ids.max()) + 1


def concepts(labels: Any, tokens: int) -> Bool[np.ndarray, "token label"]:
    """Return a column for each class or concept, true where it holds.

    Raises:
        TypeError, ValueError: see `checked`; numbers; a single class.
    """
    labels = checked(labels, tokens)
    if np.issubdtype(labels.dtype, np.floating):
        raise ValueError(f"expected classes or concepts, got numbers ({labels.dtype}); compare them with a threshold")
    if labels.dtype == bool:
        return labels.reshape(tokens, -1)
    ids, count = classes(labels, tokens)
    return ids[:, None] == np.arange(count)


def numbers(labels: Any, tokens: int) -> Float[np.ndarray, "token label"]:
    """Return a column for each class, concept or kind of number.

    Raises:
        TypeError, ValueError: see `checked`; a single class.
    """
    labels = checked(labels, tokens)
    if np.issubdtype(labels.dtype, np.floating):
        return labels.reshape(tokens, -1).astype(np.float64)
    return concepts(labels, tokens).astype(np.float32)


def checked(labels: Any, tokens: int) -> Shaped[np.ndarray, "token *label"]:
    """Return labels as an array of classes, booleans or numbers.

    Raises:
        TypeError: labels of another kind, such as strings.
        ValueError: their number is not that of the tokens, no tokens, classes below 0 or beyond `MOST`, a table of
            classes, or numbers that are not finite.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf":
        raise TypeError(
            f"expected labels as whole numbers, booleans or real numbers, got {labels.dtype}; "
            "`corpora.labelled.classes` makes whole numbers of strings"
        )
    if not tokens:
        raise ValueError("there are no tokens; expected an activation and a label of at least one")
    if labels.ndim not in (1, 2) or len(labels) != tokens:
        raise ValueError(f"expected a label for each of the {tokens} tokens, got labels of the shape {labels.shape}")
    if labels.dtype.kind in "iu":
        if labels.ndim == 2:
            raise ValueError(f"expected whole numbers [token], got {labels.shape}; concepts that overlap are booleans")
        if labels.min() < 0:
            raise ValueError(f"expected classes from 0 on, got {labels.min()}; leave out tokens that have no label")
        if labels.max() >= MOST:
            raise ValueError(
                f"expected classes numbered from 0 on, below {MOST}, got {labels.max()}; "
                "`corpora.labelled.classes` numbers any names"
            )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{(~np.isfinite(labels)).sum()} labels are not finite; leave out tokens that have no label")
    return labels
