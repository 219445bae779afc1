"""The figure of the study for papers, as PNG and SVG."""

from pathlib import Path

from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.report.palette import COLOURS, MARKERS
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.search.results import KINDS, Results


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw scores over forward passes, a panel for each model, and return the files."""
    results: Results = run.results
    panels = results.asked
    figure = Figure(figsize=(4.6 * len(panels), 3.8), layout="constrained")
    for axes, asked in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels, strict=True):
        own = [point for point in results.points if point.model == asked.model and point.kind == KINDS[0]]
        for place, name in enumerate(dict.fromkeys(point.method for point in own)):
            style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)], "ms": 4}
            for seed in sorted({point.seed for point in own if point.method == name}):
                line = [point for point in own if point.method == name and point.seed == seed]
                label = name if seed == own[0].seed else None
                axes.plot([point.passes for point in line], [point.ratio for point in line], label=label, **style)
        axes.set(title=f"{asked.model}, {asked.site}", xscale="log", xlabel="forward passes for each target")
        axes.set_ylabel("of the way to the highest score known")
        axes.grid(color="0.9")
        axes.legend(frameon=False, fontsize=7)
    return save(figure, directory / "passes")
