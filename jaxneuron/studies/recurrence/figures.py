"""The figures of the study for papers, each as PNG and SVG."""

from pathlib import Path

from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.recurrence.charts import BINS, ENDS, SIDES, mean_table
from jaxneuron.studies.recurrence.results import End, Ranking, Results


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure, and return the files."""
    paths = save(_spread(run), directory / "correlations")
    paths += save(_similarity(run.results), directory / "layers")
    return paths + save(_erased(run.results), directory / "erased")


def _spread(run: Finished) -> Figure:
    sites = run.results.sites
    figure = Figure(figsize=(3.6 * len(sites), 3.2), layout="constrained")
    for axes, site in zip(figure.subplots(1, len(sites), squeeze=False).flat, sites, strict=True):
        rows = [row for row in run.found if row.site == site]
        for name, scores in (("units", [row.mean for row in rows]), ("rotated", [row.rotated for row in rows])):
            axes.hist(scores, BINS, range=(0, 1), color=SIDES[name], alpha=0.6, label=name)
        axes.set(xlabel="correlation with the best of another model", ylabel="units")
        axes.set_title(site, fontsize=10)
        axes.legend(frameon=False, fontsize=8)
    return figure


def _similarity(results: Results) -> Figure:
    measures = list(dict.fromkeys(row.measure for row in results.alike))
    figure = Figure(figsize=(3.4 * len(measures), 3.2), layout="constrained")
    for axes, measure in zip(figure.subplots(1, len(measures), squeeze=False).flat, measures, strict=True):
        table = mean_table(results.alike, measure)
        axes.imshow(table, vmin=0, vmax=1, cmap="Blues")
        for (row, column), value in zip(
            [(i, j) for i in range(len(table)) for j in range(len(table))], table.flat, strict=True
        ):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if value > 0.6 else "k")
        axes.set_xticks(range(len(table)), results.sites, fontsize=7)
        axes.set_yticks(range(len(table)), results.sites, fontsize=7)
        axes.set_title(measure, fontsize=10)
    return figure


def _erased(results: Results) -> Figure:
    sites = list(dict.fromkeys(row.site for row in results.erased))
    shape = len(sites), len(Ranking)
    figure = Figure(figsize=(3 * shape[1], 2.6 * shape[0]), layout="constrained")
    for line, site in zip(figure.subplots(*shape, squeeze=False), sites, strict=True):
        for axes, ranking in zip(line, Ranking, strict=True):
            for end in End:
                wanted = "none" if end is End.RANDOM else ranking
                own = [row for row in results.erased if (row.site, row.end) == (site, end) and row.ranking == wanted]
                axes.plot([row.share for row in own], [row.nats for row in own], "o-", color=ENDS[end], label=end)
            axes.set_title(f"{site}, {ranking}", fontsize=8)
            axes.set(xlabel="share of units", ylabel="nats per word")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure
