"""The figures of the study for papers: Figure 1 of Poerner et al. 2018, the gains, and the learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.figures import learning_curves, save
from jaxneuron.report.palette import MARKERS
from jaxneuron.report.text import known
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.poerner2018 import labels
from jaxneuron.studies.poerner2018.results import Found, Results


def write(run: Finished, directory: Path) -> None:
    """Draw every figure that a run has numbers for.

    Args:
        run: the run.
        directory: where to write.
    """
    results: Results = run.results
    figure1(run.found, directory / "figure1")
    gains(run.found, directory / "gains")
    if results.model and results.model.curves:
        learning_curves(results.model.curves, directory / "learning_curves")


def figure1(found: Sequence[Found], path: Path) -> list[Path]:
    """Draw the activations that each method reaches: four box-plot panels, as in the paper's Figure 1.

    Boxes are quartiles with the median, whiskers reach 1.5 interquartile ranges, and every target is a dot.

    Args:
        found: the rows of `found.jsonl`; settings outside the four panels are left out.
        path: where to write; its suffix is replaced.

    Returns:
        The PNG and the SVG.

    Source:
        Poerner, Roth, Schütze 2018, Figure 1.
    """
    figure = Figure(figsize=(8, 6.4), layout="constrained")
    for axes, setting in zip(figure.subplots(2, 2).flat, labels.FIGURE1, strict=True):
        scores = _scores([row for row in found if row.setting == setting.key])
        axes.set_title(setting.name, fontsize=10)
        axes.set_ylabel("activation")
        if not scores:
            axes.set(xticks=[], yticks=[])
            axes.text(0.5, 0.5, "not run", ha="center", va="center", transform=axes.transAxes, color="0.4")
        else:
            _boxes(axes, scores)
    return save(figure, path)


def gains(found: Sequence[Found], path: Path) -> list[Path]:
    """Draw each method's mean gain over corpus search in each setting, with 95% confidence intervals.

    Args:
        found: the rows of `found.jsonl`; those without a gain (corpus search) are left out.
        path: where to write; its suffix is replaced.

    Returns:
        The PNG and the SVG.
    """
    rows = [row for row in found if known(row.gain)]
    settings = labels.ordered((row.setting for row in rows), labels.SETTINGS)
    methods = labels.ordered((row.method for row in rows), labels.METHODS)
    figure = Figure(figsize=(8, 1.2 + 0.75 * max(len(settings), 1)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.5", linewidth=1)
    for place, method in enumerate(methods):
        presented = labels.method(method)
        offset = 0.6 * (place - (len(methods) - 1) / 2) / max(len(methods), 1)
        for line, setting in enumerate(settings):
            values = np.array([row.gain for row in rows if (row.setting, row.method) == (setting, method)])
            if values.size:
                half = 1.96 * values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else 0.0
                axes.errorbar(values.mean(), line + offset, xerr=half, color=presented.colour, fmt=MARKERS[place % 5])
        axes.plot([], [], MARKERS[place % 5], color=presented.colour, label=presented.symbol)
    axes.set_yticks(range(len(settings)), [labels.setting(setting).short for setting in settings])
    axes.invert_yaxis()
    axes.set_xlabel("gain over corpus search (standard deviations over the corpus n-grams)")
    if methods:
        figure.legend(loc="outside upper center", ncols=len(methods), frameon=False)
    return save(figure, path)


def _scores(rows: Sequence[Found]) -> dict[str, np.ndarray]:
    methods = labels.ordered((row.method for row in rows), labels.METHODS)
    values = {m: np.array([row.score for row in rows if row.method == m and known(row.score)]) for m in methods}
    return {method: scores for method, scores in values.items() if scores.size}


def _boxes(axes: Axes, scores: Mapping[str, np.ndarray]) -> None:
    presented = [labels.method(method) for method in scores]
    boxes = axes.boxplot(
        list(scores.values()),
        tick_labels=[method.symbol for method in presented],
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        medianprops={"color": "black", "linewidth": 1.6},
    )
    for place, (box, method, values) in enumerate(zip(boxes["boxes"], presented, scores.values(), strict=True), 1):
        box.set(facecolor=method.colour, alpha=0.55)
        spread = 0.2 * (2 * (np.arange(values.size) * 0.618034 % 1) - 1)  # the golden ratio: even, and not random
        axes.plot(place + spread, values, ".", color="black", alpha=0.25, markersize=3)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
