"""The figures of the study for papers: scores by part of speech and by relation, and what units tell."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.kadar2017.charts import NETWORKS
from jaxneuron.studies.kadar2017.results import TEXTUAL, VISUAL, Quartiles, Results

HEIGHT = 0.32
"""Inches of a row of boxes."""


def write(run: Finished, directory: Path) -> None:
    """Draw every figure.

    Args:
        run: the run.
        directory: where to write.
    """
    results: Results = run.results
    for layer, rows in results.categories.items():
        figure = Figure(figsize=(9, 1.2 + HEIGHT * max(len(rows), 1)), layout="constrained")
        left, right = figure.subplots(1, 2)
        labels = [row.label for row in rows]
        for place, network in enumerate((VISUAL, TEXTUAL)):
            _boxes(left, [row.scores[network] for row in rows], labels, NETWORKS[network], place, 2)
        left.set_xlabel("omission score")
        ordered = sorted(rows, key=lambda row: -row.log_ratio.median)
        _boxes(right, [row.log_ratio for row in ordered], [row.label for row in ordered], "0.4", 0, 1)
        right.axvline(0, color="0.5", linewidth=1)
        right.set_xlabel("log(visual / textual)")
        _legend(figure)
        save(figure, directory / f"omission_{layer}")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    rows = [row for row in results.information if row.network == VISUAL]
    labels = [f"{row.order} × {row.kind}" for row in rows]
    for place, network in enumerate((VISUAL, TEXTUAL)):
        own = [row.units for row in results.information if row.network == network]
        _boxes(axes, own, labels, NETWORKS[network], place, 2)
    axes.set_xlabel("mutual information (bits), by unit")
    _legend(figure)
    save(figure, directory / "information")


def _boxes(axes: Axes, rows: Sequence[Quartiles], labels: Sequence[str], colour: str, place: int, of: int) -> None:
    """Draw a column of box plots whose quartiles are known, one of several side by side."""
    where = [at + 0.8 * (place - (of - 1) / 2) / of for at in range(len(rows))]
    lower, upper = [row.lower for row in rows], [row.upper for row in rows]
    axes.hlines(where, [row.low for row in rows], [row.high for row in rows], color=colour, linewidth=1)
    axes.barh(where, [b - a for a, b in zip(lower, upper, strict=True)], 0.6 / of, lower, color=colour, alpha=0.65)
    axes.plot([row.median for row in rows], where, "|", color="black", markersize=7)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _legend(figure: Figure) -> None:
    axes = figure.axes[0]
    for network in (VISUAL, TEXTUAL):
        axes.plot([], [], "s", color=NETWORKS[network], label=network)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
