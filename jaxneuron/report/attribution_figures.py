"""The figures of the study `attribution` for papers, each as PNG and SVG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from jaxneuron.report.attribution_charts import DIVERGING
from jaxneuron.report.concept_charts import CHANCE, COLOURS
from jaxneuron.report.figures import save

Row = Mapping[str, Any]


def write(results: Row, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for.

    Args:
        results: the object under `"results"` in `results.json`.
        directory: where to write.

    Returns:
        The files.
    """
    paths = []
    models = (results.get("labels") or {}).get("models") or {}
    if models:
        paths += save(_concepts(models), directory / "tcav")
    spans = (results.get("spans") or {}).get("explained") or {}
    if spans.get("examples"):
        paths += save(_heat(spans["examples"][0]), directory / "heat")
        paths += save(_boxes(spans["examples"][0]), directory / "distribution")
    if spans.get("layers"):
        paths += save(_entropy(spans["layers"]), directory / "entropy")
    return paths


def _concepts(models: Mapping[str, Row]) -> Figure:
    """Return TCAV scores by layer, with bars of two bootstrap deviations; filled where significant."""
    figure = Figure(figsize=(5.4 * len(models), 4.2), layout="constrained")
    for axes, (name, one) in zip(figure.subplots(1, len(models), squeeze=False).flat, models.items(), strict=True):
        rows = one["concepts"]["rows"]
        sites, names = (list(dict.fromkeys(row[key] for row in rows)) for key in ("site", "concept"))
        for place, concept in enumerate(names):
            own = [row for row in rows if row["concept"] == concept]
            colour = CHANCE if "control" in concept else COLOURS[place % len(COLOURS)]
            at = np.arange(len(own)) + 0.12 * (place - (len(names) - 1) / 2)
            score, bars = ([row[key] for row in own] for key in ("score", "deviation"))
            bars = 2 * np.array(bars, float)
            axes.errorbar(at, score, bars, fmt="none", ecolor=colour, capsize=2)
            fill = [colour if (row["holm"] or 0) < 0.05 and row["holm"] is not None else "white" for row in own]
            axes.scatter(at, score, c=fill, edgecolors=colour, label=concept, zorder=3, marker="os^Dv"[place % 5])
        axes.set_xticks(range(len(sites)), sites, rotation=30, ha="right")
        axes.set(title=name, ylabel=f"TCAV score, {one['concepts']['label']}", ylim=(-0.05, 1.05))
        axes.axhline(0.5, color="0.8", linewidth=0.8)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return figure


def _heat(row: Row) -> Figure:
    """Return the tokens' scores at every layer, for start and end."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("for and against", list(DIVERGING))
    figure = Figure(figsize=(0.42 * len(row["pieces"]) + 2.5, 5.6), layout="constrained")
    for axes, role in zip(figure.subplots(2, 1), ("start", "end"), strict=True):
        told = row[f"{role}_told"]
        table = np.array(list(told["heat"].values()), float)
        limit = max(np.abs(table).max(), 1e-30)
        drawn = axes.imshow(table[::-1], cmap=colours, vmin=-limit, vmax=limit, aspect="auto")
        axes.set_yticks(range(len(table)), list(told["heat"])[::-1], fontsize=7)
        pieces = [piece.replace("$", r"\$") for piece in row["pieces"]]
        axes.set_xticks(range(len(pieces)), pieces, rotation=60, ha="right", fontsize=7)
        axes.set_title(f"{role}: P = {told['probability']:.2f}", fontsize=9)
        figure.colorbar(drawn, ax=axes)
    return figure


def _boxes(row: Row) -> Figure:
    """Return the distribution of the predicted tokens' attributions over the units of each layer."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, role in zip(figure.subplots(1, 2), ("start", "end"), strict=True):
        layers = row[f"{role}_told"]["distribution"]["layers"]
        stats = [
            {"label": one["site"], "whislo": one["low"], "q1": one["first"], "med": one["median"]}
            | {"q3": one["third"], "whishi": one["high"]}
            for one in layers
        ]
        axes.bxp(stats, showfliers=False)
        axes.tick_params(axis="x", rotation=30)
        axes.set_title(f"the predicted {role}", fontsize=9)
        axes.set_ylabel("attribution of a unit")
    return figure


def _entropy(layers: Mapping[str, Any]) -> Figure:
    """Return the entropy of the attributions by layer, by bins that all share and without bins."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    titles = {"entropy": "bits, bins that all layers share", "spread": "bits of |a| / sum |a|"}
    for axes, (measure, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for (role, rows), colour in zip(layers.items(), (COLOURS[1], COLOURS[0]), strict=False):
            value = np.array([row[measure] for row in rows], float)
            spread = np.array([row["deviation"][measure] for row in rows], float)
            sites = [row["site"] for row in rows]
            axes.plot(sites, value, "o-", color=colour, label=role)
            axes.fill_between(sites, value - spread, value + spread, color=colour, alpha=0.15, linewidth=0)
        axes.tick_params(axis="x", rotation=30)
        axes.set_ylabel(title)
    figure.axes[0].legend(frameon=False)
    return figure
