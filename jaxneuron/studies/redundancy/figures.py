"""The figures of the study for papers, each as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.redundancy.results import General, Gone, Results, Task, Whence

Line = Sequence[tuple[float, float]]


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for, and return the files."""
    results: Results = run.results
    paths = []
    if results.general is not None:
        paths += save(_redundant(results.general, results.sites), directory / "redundant")
    if results.tasks:
        paths += save(_curves(results.tasks), directory / "units")
    panels = {whence.value: rows for whence in Whence if (rows := _missed(results, whence))}
    if panels:
        paths += save(_panels(panels, "units taken away"), directory / "missed")
    return paths


def _redundant(own: General, sites: Sequence[str]) -> Figure:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    found = {"all layers": [(row.distance, row.share) for row in own.thresholds]} | {
        site: [(row.distance, row.within[place]) for row in own.thresholds] for place, site in enumerate(sites)
    }
    _lines(axes, found)
    axes.set(xlabel="distance 1 − |r|", ylabel="share of units that is redundant")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _curves(tasks: Sequence[Task]) -> Figure:
    orders = list(dict.fromkeys(row.order for task in tasks for row in task.curve))
    panels = {
        task.name: {
            order.value: [(row.count, row.accuracy) for row in task.curve if row.order is order] for order in orders
        }
        for task in tasks
    }
    return _panels(panels, "units")


def _missed(results: Results, whence: Whence) -> dict[str, Line]:
    found = {
        gone.value: [
            (row.count, row.accuracy)
            for row in results.missed
            if row.whence is whence and row.gone is gone and row.count
        ]
        for gone in Gone
    }
    return {name: line for name, line in found.items() if line}


def _panels(panels: Mapping[str, Mapping[str, Line]], across: str) -> Figure:
    figure = Figure(figsize=(4.6 * len(panels), 3.8), layout="constrained")
    for axes, (title, found) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True):
        _lines(axes, found)
        axes.set(title=title, xlabel=across, ylabel="accuracy", xscale="log")
        axes.legend(frameon=False, fontsize=8)
    return figure


def _lines(axes: Axes, found: Mapping[str, Line]) -> None:
    for place, (name, line) in enumerate(found.items()):
        colour = CHANCE if name == "random" else COLOURS[place % len(COLOURS)]
        axes.plot(*zip(*line, strict=True), "o-", color=colour, label=name, linewidth=1.4, markersize=3)
    axes.grid(color="0.9")
