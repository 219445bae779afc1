"""The formulas that explain units, and what those units do to the classes of a classifier."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.rank.compositional._formulas import text


class Explanations(NamedTuple):
    """The best formula of each unit with at most 1, 2, ... terms; `text` says one in words."""

    leaf: Int[
        np.ndarray, "unit length term"
    ]  # concepts; -1 where there is no term, all of them for a unit never active
    operator: Int[np.ndarray, "unit length term"]  # 0 OR, 1 AND, 2 AND NOT, read from the left
    iou: Float[np.ndarray, "unit length"]  # on the tokens of the search
    threshold: Float[np.ndarray, "unit"]  # a unit is active above it
    active: Int[np.ndarray, "unit"]  # tokens at which it is


class WeightedExplanation(NamedTuple):
    """A unit's explanation beside what it does to the classes."""

    unit: int
    formula: str
    iou: float
    weight: dict[str, float]  # class -> the unit's weight in it


def effect(
    explanations: Explanations,
    weights: Float[Any, "label unit"],
    *,
    names: Sequence[str],
    labels: Sequence[str],
) -> list[WeightedExplanation]:
    """Set each unit's formula beside its weights in a linear classifier that reads the units.

    A unit for "nobody in the hypothesis" with a weight towards *contradiction* is a shortcut of the classifier.

    Args:
        explanations: of the units.
        weights: of the classifier, a row per class.
        names: of the concepts.
        labels: names of the classes.

    Returns:
        Units from the best explained to the worst.

    Raises:
        ValueError: weights of other units, or another number of names.
    """
    weights = np.asarray(weights)
    units = len(explanations.iou)
    if weights.shape != (len(labels), units) or explanations.leaf.max() >= len(names):
        raise ValueError(
            f"expected weights [{len(labels)} labels, {units} units] and at least {explanations.leaf.max() + 1} names, "
            f"got {weights.shape} and {len(names)}"
        )
    order = np.argsort(-explanations.iou[:, -1], kind="stable").tolist()
    return [
        WeightedExplanation(
            unit,
            text(explanations.leaf[unit, -1], explanations.operator[unit, -1], names),
            float(explanations.iou[unit, -1]),
            dict(zip(labels, weights[:, unit].tolist(), strict=True)),
        )
        for unit in order
    ]
