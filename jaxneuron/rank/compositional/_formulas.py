"""Logical formulas of concepts as arrays: where they hold, and how to say them.

A formula of up to `term` terms is a row of concepts and a row of operators, read from the left: `a OR b AND NOT c` is
`(a OR b) AND NOT c`. The first operator says whether the formula begins with nothing (`OR a`) or everything (`AND a`);
both mean `a`. The concept -1 is no term.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

OR, AND, AND_NOT = 0, 1, 2
NAMES = ("OR", "AND", "AND NOT")


def holds(
    leaf: Int[Any, "formula term"], operator: Int[Any, "formula term"], columns: Bool[Any, "label token"]
) -> Bool[np.ndarray, "formula token"]:
    """Return where each formula holds; one without a term holds nowhere.

    Args:
        leaf: concepts, -1 where there is no term.
        operator: `OR`, `AND` or `AND_NOT`.
        columns: where each concept holds, a row each.
    """
    leaf, operator = np.asarray(leaf), np.asarray(operator)
    begun = np.zeros(len(leaf), bool)
    found = np.zeros((len(leaf), columns.shape[1]), bool)
    for concept, how in zip(leaf.T, operator.T, strict=True):
        used = concept >= 0
        found[used & ~begun & (how != OR)] = True
        for rows, combine in (
            (used & (how == OR), np.logical_or),
            (used & (how == AND), np.logical_and),
            (used & (how == AND_NOT), np.greater),
        ):
            found[rows] = combine(found[rows], columns[concept[rows]])
        begun |= used
    return found


def overlap(
    found: Bool[np.ndarray, "formula token"], active: Bool[np.ndarray, "formula token"]
) -> Float[Any, "formula"]:
    """Return |found and active| / |found or active|, 0 where both are empty."""
    either = np.count_nonzero(found | active, axis=1)
    return (np.count_nonzero(found & active, axis=1) / np.maximum(either, 1)).astype(np.float32)


def text(leaf: Int[Any, "term"], operator: Int[Any, "term"], names: Sequence[str]) -> str:
    """Say a formula, with parentheses where OR and AND meet.

    Args:
        leaf: concepts, -1 where there is no term.
        operator: of each term; that of the first is left out, but for a NOT.
        names: of the concepts.

    Returns:
        Such as `"(noun OR verb) AND NOT plural"`; `""` without a term.

    Example:
        >>> text(np.array([0, 1, 2, -1]), np.array([OR, OR, AND_NOT, OR]), ["noun", "verb", "plural"])
        '(noun OR verb) AND NOT plural'
    """
    said = ""
    either = None
    for concept, how in zip(np.asarray(leaf).tolist(), np.asarray(operator).tolist(), strict=True):
        if concept < 0:
            continue
        if not said:
            said = f"NOT {names[concept]}" if how == AND_NOT else f"{names[concept]}"
            continue
        if either is not None and either != (how == OR):
            said = f"({said})"
        either = how == OR
        said = f"{said} {NAMES[how]} {names[concept]}"
    return said
