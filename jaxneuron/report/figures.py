"""Figures for papers, each as PNG and SVG: Figure 1 of Poerner et al. 2018, the gains, and the learning curves.

Drawn on matplotlib's object interface, without pyplot: no display, no global state, the same bytes every time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.files import beside
from jaxneuron.report import labels

Row = Mapping[str, Any]


def figure1(found: Sequence[Row], path: Path) -> list[Path]:
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
        scores = _by_method([row for row in found if row["setting"] == setting], "score")
        axes.set_title(labels.setting(setting).name, fontsize=10)
        axes.set_ylabel("activation")
        if not scores:
            axes.set(xticks=[], yticks=[])
            axes.text(0.5, 0.5, "not run", ha="center", va="center", transform=axes.transAxes, color="0.4")
        else:
            _boxes(axes, scores)
    return save(figure, path)


def gains(found: Sequence[Row], path: Path) -> list[Path]:
    """Draw each method's mean gain over corpus search in each setting, with 95% confidence intervals.

    Args:
        found: the rows of `found.jsonl`; those without a gain (corpus search) are left out.
        path: where to write; its suffix is replaced.

    Returns:
        The PNG and the SVG.
    """
    rows = [row for row in found if row.get("gain") is not None]
    settings = labels.ordered((row["setting"] for row in rows), labels.SETTINGS)
    methods = labels.ordered((row["method"] for row in rows), labels.METHODS)
    figure = Figure(figsize=(8, 1.2 + 0.75 * max(len(settings), 1)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.5", linewidth=1)
    for place, method in enumerate(methods):
        presented = labels.method(method)
        offset = 0.6 * (place - (len(methods) - 1) / 2) / max(len(methods), 1)
        for line, setting in enumerate(settings):
            values = np.array([r["gain"] for r in rows if r["setting"] == setting and r["method"] == method])
            if values.size:
                half = 1.96 * values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else 0.0
                axes.errorbar(values.mean(), line + offset, xerr=half, color=presented.colour, fmt="os^Dv"[place % 5])
        axes.plot([], [], "os^Dv"[place % 5], color=presented.colour, label=presented.symbol)
    axes.set_yticks(range(len(settings)), [labels.setting(setting).short for setting in settings])
    axes.invert_yaxis()
    axes.set_xlabel("gain over corpus search (standard deviations over the corpus n-grams)")
    if methods:
        figure.legend(loc="outside upper center", ncols=len(methods), frameon=False)
    return save(figure, path)


def learning_curves(curves: Sequence[Row], path: Path) -> list[Path]:
    """Draw every loss of a training run over its steps.

    Args:
        curves: rows with `step` and any number of keys that end in `loss`.
        path: where to write; its suffix is replaced.

    Returns:
        The PNG and the SVG.
    """
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(losses(curves)):
        points = [(row["step"], row[name]) for row in curves if row.get(name) is not None]
        colour = list(labels.METHODS.values())[-1 - place % len(labels.METHODS)].colour
        axes.plot(*zip(*points, strict=True), marker="os^Dv"[place % 5], color=colour, label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss")
    if losses(curves):
        axes.legend(frameon=False)
    return save(figure, path)


def losses(curves: Sequence[Row]) -> list[str]:
    """Return the names of the losses that a training run recorded.

    Example:
        >>> losses([{"step": 1, "train_loss": 2.0, "dev_loss": None}])
        ['train_loss']
    """
    names = dict.fromkeys(name for row in curves for name in row if name.endswith("loss"))
    return [name for name in names if any(row.get(name) is not None for row in curves)]


def _by_method(rows: Sequence[Row], value: str) -> dict[str, np.ndarray]:
    methods = labels.ordered((row["method"] for row in rows), labels.METHODS)
    values = {m: np.array([r[value] for r in rows if r["method"] == m and r[value] is not None]) for m in methods}
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


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes every time."""
    paths = [Path(path).with_suffix(suffix) for suffix in (".png", ".svg")]
    for target in paths:
        with beside(target) as temporary, matplotlib.rc_context({"svg.hashsalt": "jaxneuron"}):
            metadata = {"Date": None} if target.suffix == ".svg" else {"Software": None}
            figure.savefig(temporary, format=target.suffix[1:], dpi=200, metadata=metadata)
    return paths
