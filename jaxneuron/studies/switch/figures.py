"""The figures of the study for papers, each as PNG and SVG."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.switch.results import Forced, Forcing, Picked, Results


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for, and return the files."""
    results: Results = run.results
    paths = []
    if results.switched:
        paths += save(_flips(results), directory / "flips")
    if results.forced:
        paths += save(_induced(results.forced), directory / "induced")
    return paths


def _flips(results: Results) -> Figure:
    panels = results.switched
    figure = Figure(figsize=(4 * len(panels), 3.4), layout="constrained")
    for axes, row in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels, strict=True):
        for by, colour in zip(Picked, (COLOURS[0], COLOURS[1], CHANCE), strict=True):
            where = row.model, row.of, row.site, row.beyond, by
            own = [one for one in results.turned if (one.model, one.of, one.site, one.beyond, one.by) == where]
            axes.plot([one.count for one in own], [one.held_out for one in own], "o-", color=colour, label=by)
        axes.set_title(f"{row.model}, {row.of}, {row.site}", fontsize=9)
        _finish(axes, "units turned", "held-out pairs that flip")
        axes.set_xscale("log", base=2)
        axes.set_ylim(-0.02, 1.02)
    return figure


def _induced(rows: Sequence[Forced]) -> Figure:
    models = list(dict.fromkeys(row.model for row in rows))
    figure = Figure(figsize=(4.6 * len(models), 3.6), layout="constrained")
    for axes, model in zip(figure.subplots(1, len(models), squeeze=False).flat, models, strict=True):
        for place, name in enumerate(dict.fromkeys(row.concept for row in rows if row.model == model)):
            for forcing, colour in ((Forcing.RANDOM, "0.85"), (Forcing.EXPERTS, COLOURS[place % len(COLOURS)])):
                own = [row for row in rows if (row.model, row.concept, row.forcing) == (model, name, forcing)]
                label = name if forcing is Forcing.EXPERTS else None
                axes.plot([row.count for row in own], [row.share for row in own], "o-", color=colour, label=label)
        axes.set_title(model, fontsize=9)
        _finish(axes, "units forced (grey: random ones)", "words of the concept")
        axes.set_xscale("symlog")
    return figure


def _finish(axes: Axes, across: str, up: str) -> None:
    axes.set(xlabel=across, ylabel=up)
    axes.grid(color="0.9")
    axes.legend(frameon=False, fontsize=7)
