"""How omission scores are distributed over the labels of words, and how the two pathways compare."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from jaxneuron.studies.kadar2017.results import TEXTUAL, VISUAL, Category, Quartiles


def quartiles(values: Float[np.ndarray, "value"]) -> Quartiles:
    """Return the box plot of numbers, those that are none aside.

    Example:
        >>> quartiles(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 50.0]))[:5]
        (6, 1.0, 2.25, 3.5, 4.75)
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return Quartiles(0, *[float("nan")] * 5)
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75))
    reach = 1.5 * (upper - lower)
    within = values[(values >= lower - reach) & (values <= upper + reach)]
    return Quartiles(len(values), *map(float, (within.min(), lower, median, upper, within.max())))


def distribution(
    labels: Sequence[Sequence[str]],
    scored: Mapping[str, Float[np.ndarray, "sentence time"]],
    mask: Bool[np.ndarray, "sentence time"],
    *,
    least: int,
) -> list[Category]:
    """Return the scores of each label that enough words have, those the visual pathway minds most first.

    Args:
        labels: of each word.
        scored: network -> scores.
        mask: where there is a word.
        least: words with a label, for it to be shown.
    """
    flat = np.concatenate([np.asarray(row) for row in labels])
    score = {name: values[mask] for name, values in scored.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(score[VISUAL] / score[TEXTUAL])
    names, counts = np.unique(flat, return_counts=True)
    rows = [
        Category(
            str(name),
            {network: quartiles(values[flat == name]) for network, values in score.items()},
            quartiles(ratio[flat == name]),
        )
        for name in names[counts >= least]
    ]
    return sorted(rows, key=lambda row: -row.scores[VISUAL].median)
