"""The figures of the study for papers, each as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.charts import FEW
from jaxneuron.report.figures import save
from jaxneuron.report.palette import COLOURS
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.concepts.charts import Dot, axis, colours_of, dots
from jaxneuron.studies.concepts.methods import described
from jaxneuron.studies.concepts.results import Direction, Extent, Layer, Place, Reader, Results, of

LINES = {Direction.TOP: "-", Direction.BOTTOM: "--", Direction.RANDOM: ":"}

Panel = tuple[str, str, list[Dot]]
"""A title, what is measured, and the values."""


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for, and return the files."""
    results: Results = run.results
    paths, colours = [], colours_of(results)
    if panels := _curves(results):
        paths += save(_drawn(panels, colours), directory / "curves")
    if results.layers:
        paths += save(_layers(results.layers), directory / "layers")
    if panels := _lost(results):
        paths += save(_drawn(panels, colours), directory / "ablation")
    return paths


def _curves(results: Results) -> list[Panel]:
    places = {Extent.ALL: "all layers", Extent.LAYER: results.layer or "one layer"}
    return [
        (f"{where}: {probe} probe", "test accuracy", dots(points, "accuracy"))
        for extent, where in places.items()
        for probe in Reader
        if (points := of(results.curves, extent, probe))
    ]


def _lost(results: Results) -> list[Panel]:
    rows = [row for row in results.ablation if row.place is Place.MODEL and row.count]
    measures = {"property": "accuracy after the last layer", "perplexity": "perplexity"}
    return [("", label, found) for measure, label in measures.items() if (found := dots(rows, measure))]


def _layers(rows: Sequence[Layer]) -> Figure:
    figure = Figure(figsize=(6, 3.8), layout="constrained")
    axes, sites = figure.subplots(), [row.site for row in rows]
    axes.plot(sites, [row.accuracy for row in rows], "o-", color=COLOURS[1], label="property")
    axes.plot(sites, [row.control for row in rows], "o-", color=COLOURS[0], label="control task")
    axes.set_ylabel("test accuracy")
    axes.tick_params(axis="x", rotation=30)
    axes.legend(frameon=False)
    return figure


def _drawn(panels: Sequence[Panel], colours: Mapping[str, str]) -> Figure:
    figure = Figure(figsize=(5.2 * len(panels), 4.4), layout="constrained")
    for axes, (title, label, found) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels, strict=True):
        axes.set_title(title, fontsize=10)
        _lines(axes, found, label, colours)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    return figure


def _lines(axes: Axes, found: Sequence[Dot], label: str, colours: Mapping[str, str]) -> None:
    counts = sorted({dot.count for dot in found})
    marker = "o" if len(counts) <= FEW else ""
    for name, colour in colours.items():
        for direction, style in LINES.items():
            own = sorted((dot.count, dot.value) for dot in found if dot.ranking == name and dot.direction is direction)
            if own:
                shown = described(name).name if direction is not Direction.BOTTOM else None
                drawn = {"color": colour, "label": shown, "linewidth": 1.4, "marker": marker, "markersize": 3}
                axes.plot(*zip(*own, strict=True), style, **drawn)
    axes.set(xlabel="units", ylabel=label, xscale=axis(counts))
    axes.grid(color="0.9")
