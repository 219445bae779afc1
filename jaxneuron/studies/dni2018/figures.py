"""The figures of the study for papers, each as PNG and SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.report.palette import COLOURS
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.dni2018.charts import PAINTS, Point, panels, removed, written
from jaxneuron.studies.dni2018.options import Subject
from jaxneuron.studies.dni2018.results import Removal, Results, Told, Units, Written


class Names(NamedTuple):
    """What the file of each figure is called: as in the paper, where the paper has it."""

    relevance: str = "relevance"
    written: str = "written"
    removal: str = "removal"


NAMES = {
    Subject.PARENS: Names("figure2", "figure4", "figure5"),
    Subject.ARITHMETIC: Names("figure3", "figure4", "figure5"),
    Subject.C: Names(written="figure6"),
    Subject.PYTHON: Names(written="figure6"),
}

TEXT = 48
"""Symbols of a text that a figure shows."""


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for, and return the files."""
    results: Results = run.results
    names, paths, features = NAMES[results.language], [], results.features
    if shown := panels(results.relevance):
        paths += save(_relevance(shown), directory / names.relevance)
    if results.removal and results.removal.rows and features:
        paths += save(_removed(results.removal, features), directory / names.removal)
    if results.writing and features:
        paths += save(_written(results.writing, features), directory / names.written)
    return paths


def _relevance(shown: Sequence[tuple[str, Sequence[Told]]]) -> Figure:
    figure = Figure(figsize=(5.2 * len(shown), 4.4), layout="constrained")
    for axes, (title, rows) in zip(figure.subplots(1, len(shown), squeeze=False).flat, shown, strict=True):
        for place, row in enumerate(rows):
            axes.plot(range(1, len(row.sorted) + 1), row.sorted, color=COLOURS[place % 10], label=row.line)
        axes.set(xlabel="units, from the best to the worst", ylabel="balanced accuracy")
        axes.set_title(title, fontsize=10)
        axes.legend(frameon=False, fontsize=8)
        axes.grid(color="0.9")
    return figure


def _removed(removal: Removal, features: Sequence[str]) -> Figure:
    figure = Figure(figsize=(4.2 * len(features), 4.2), layout="constrained")
    for axes, feature in zip(figure.subplots(1, len(features), squeeze=False).flat, features, strict=True):
        _lines(axes, removed(removal, feature), "accuracy")
        axes.axhline(removal.intact.accuracy, color="0.5", linestyle=":")
        axes.set_title(feature, fontsize=10)
    _legend(figure)
    return figure


def _written(held: Sequence[Written], features: Sequence[str]) -> Figure:
    """Draw rates above, and beginnings of the texts below."""
    of = {feature: [row for row in held if row.feature == feature] for feature in features}
    tall = 0.14 * (2 + len(of[features[0]]))
    figure = Figure(figsize=(4.6 * len(features), 3.6 + tall), layout="constrained")
    grid = figure.add_gridspec(2, len(features), height_ratios=(3.4, tall))
    for place, (feature, rows) in enumerate(of.items()):
        axes = figure.add_subplot(grid[0, place])
        free = next(row for row in rows if row.units is Units.NONE)
        _lines(axes, written(rows), f"{free.what} per 100 symbols")
        axes.axhline(free.rate, color="0.5", linestyle=":")
        axes.set_title(feature, fontsize=10)
        below = figure.add_subplot(grid[1, place])
        below.axis("off")
        text = "\n".join(map(_text, rows))
        below.text(0, 1, text, family="monospace", fontsize=6, va="top", transform=below.transAxes, parse_math=False)
    _legend(figure)
    return figure


def _text(row: Written) -> str:
    held = f"{row.units} {row.count or ''} {'=' + row.held if row.held else ''}"
    return f"{held:16} {_plain(row.example)[:TEXT]}"


def _plain(text: str) -> str:
    return "".join(symbol if symbol.isprintable() else "¶" if symbol == "\n" else "·" for symbol in text)


def _lines(axes: Axes, points: Sequence[Point], label: str) -> None:
    for way in dict.fromkeys(point.way for point in points):
        own = sorted((point for point in points if point.way == way), key=lambda point: point.count)
        counts = [point.count for point in own]
        axes.plot(counts, [point.value for point in own], "o-", color=PAINTS[way], label=way, linewidth=1.4)
        bounds = [(point.low, point.high) for point in own if point.low is not None and point.high is not None]
        if bounds:
            low, high = zip(*bounds, strict=True)
            axes.fill_between(counts, low, high, color=PAINTS[way], alpha=0.3)
    axes.set(xlabel="units", ylabel=label)
    axes.grid(color="0.9")


def _legend(figure: Figure) -> None:
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
