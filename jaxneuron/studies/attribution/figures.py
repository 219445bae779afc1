"""The figures of the study `attribution` for papers, each as PNG and SVG."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from jaxneuron.report.figures import save
from jaxneuron.report.palette import CHANCE, COLOURS, DIVERGING
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.attribution.charts import ENTROPY, SPREAD
from jaxneuron.studies.attribution.extraction import Example, Layer
from jaxneuron.studies.attribution.results import Classifier, Results


def write(run: Finished, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for.

    Args:
        run: the run.
        directory: where to write.

    Returns:
        The files.
    """
    results: Results = run.results
    paths = []
    if results.labels and results.labels.models:
        paths += save(_concepts(results.labels.models), directory / "tcav")
    if results.spans:
        for row in results.spans.explained.examples[:1]:
            paths += save(_heat(row), directory / "heat")
            paths += save(_boxes(row), directory / "distribution")
        paths += save(_entropy(results.spans.explained.layers), directory / "entropy")
    return paths


def _concepts(models: Mapping[str, Classifier]) -> Figure:
    """Return TCAV scores by layer, with bars of two bootstrap deviations; filled where significant."""
    figure = Figure(figsize=(5.4 * len(models), 4.2), layout="constrained")
    for axes, (name, one) in zip(figure.subplots(1, len(models), squeeze=False).flat, models.items(), strict=True):
        rows = one.concepts.rows
        sites, names = (
            list(dict.fromkeys(column)) for column in zip(*((row.site, row.concept) for row in rows), strict=True)
        )
        for place, concept in enumerate(names):
            own = [row for row in rows if row.concept == concept]
            colour = CHANCE if "control" in concept else COLOURS[place % len(COLOURS)]
            at = np.arange(len(own)) + 0.12 * (place - (len(names) - 1) / 2)
            score, bars = [row.score for row in own], [2 * row.deviation for row in own]
            axes.errorbar(at, score, bars, fmt="none", ecolor=colour, capsize=2)
            fill = [colour if row.holm < 0.05 else "white" for row in own]
            axes.scatter(at, score, c=fill, edgecolors=colour, label=concept, zorder=3, marker="os^Dv"[place % 5])
        axes.set_xticks(range(len(sites)), sites, rotation=30, ha="right")
        axes.set(title=name, ylabel=f"TCAV score, {one.concepts.label}", ylim=(-0.05, 1.05))
        axes.axhline(0.5, color="0.8", linewidth=0.8)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return figure


def _heat(row: Example) -> Figure:
    """Return the tokens' scores at every layer, for start and end."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("for and against", list(DIVERGING))
    figure = Figure(figsize=(0.42 * len(row.pieces) + 2.5, 5.6), layout="constrained")
    for axes, (role, (_, told)) in zip(figure.subplots(2, 1), row.roles().items(), strict=True):
        table = np.array(list(told.heat.values()), float)
        limit = max(np.abs(table).max(), 1e-30)
        drawn = axes.imshow(table[::-1], cmap=colours, vmin=-limit, vmax=limit, aspect="auto")
        axes.set_yticks(range(len(table)), list(told.heat)[::-1], fontsize=7)
        pieces = [piece.replace("$", r"\$") for piece in row.pieces]
        axes.set_xticks(range(len(pieces)), pieces, rotation=60, ha="right", fontsize=7)
        axes.set_title(f"{role}: P = {told.probability:.2f}", fontsize=9)
        figure.colorbar(drawn, ax=axes)
    return figure


def _boxes(row: Example) -> Figure:
    """Return the distribution of the predicted tokens' attributions over the units of each layer."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, (role, (_, told)) in zip(figure.subplots(1, 2), row.roles().items(), strict=True):
        stats = [
            {"label": one.site, "whislo": one.low, "q1": one.first, "med": one.median}
            | {"q3": one.third, "whishi": one.high}
            for one in told.distribution.layers
        ]
        axes.bxp(stats, showfliers=False)
        axes.tick_params(axis="x", rotation=30)
        axes.set_title(f"the predicted {role}", fontsize=9)
        axes.set_ylabel("attribution of a unit")
    return figure


def _entropy(layers: Mapping[str, list[Layer]]) -> Figure:
    """Return the entropy of the attributions by layer, by bins that all share and without bins."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    titles = ((ENTROPY, "bits, bins that all layers share"), (SPREAD, "bits of |a| / sum |a|"))
    for axes, (measure, title) in zip(figure.subplots(1, 2), titles, strict=True):
        for (role, rows), colour in zip(layers.items(), (COLOURS[1], COLOURS[0]), strict=False):
            value = np.array([measure.value(row) for row in rows])
            spread = np.array([measure.deviation(row) for row in rows])
            sites = [row.site for row in rows]
            axes.plot(sites, value, "o-", color=colour, label=role)
            axes.fill_between(sites, value - spread, value + spread, color=colour, alpha=0.15, linewidth=0)
        axes.tick_params(axis="x", rotation=30)
        axes.set_ylabel(title)
    figure.axes[0].legend(frameon=False)
    return figure
