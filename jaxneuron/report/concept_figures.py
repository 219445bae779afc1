"""The figures of the study `concepts` for papers, each as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.charts import FEW
from jaxneuron.report.concept_charts import axis
from jaxneuron.report.concepts import NAMES, colours_of
from jaxneuron.report.figures import save
from jaxneuron.report.palette import COLOURS

Row = Mapping[str, Any]

LINES = {"top": "-", "bottom": "--", "random": ":"}


def write(results: Row, directory: Path) -> list[Path]:
    """Draw every figure that a run has numbers for.

    Args:
        results: the object under `"results"` in `results.json`.
        directory: where to write.

    Returns:
        The files.
    """
    paths = []
    rows, colours = results.get("curves") or [], colours_of(results)
    panels = [
        (scope, probe) for scope in ("all", "layer") for probe in ("linear", "gaussian") if _of(rows, scope, probe)
    ]
    if panels:
        figure = Figure(figsize=(5.2 * len(panels), 4.4), layout="constrained")
        for axes, (scope, probe) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels, strict=True):
            where = "all layers" if scope == "all" else results.get("layer", "one layer")
            axes.set_title(f"{where}: {probe} probe", fontsize=10)
            _lines(axes, _of(rows, scope, probe), "accuracy", "test accuracy", colours)
        _legend(figure)
        paths += save(figure, directory / "curves")
    if results.get("layers"):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axes, sites = figure.subplots(), [row["site"] for row in results["layers"]]
        for key, label, colour in (("accuracy", "property", COLOURS[1]), ("control", "control task", COLOURS[0])):
            axes.plot(sites, [row[key] for row in results["layers"]], "o-", color=colour, label=label)
        axes.set_ylabel("test accuracy")
        axes.tick_params(axis="x", rotation=30)
        axes.legend(frameon=False)
        paths += save(figure, directory / "layers")
    lost = [row for row in results.get("ablation") or [] if row["place"] == "model" and row["count"]]
    if lost:
        keys = {"property": "accuracy after the last layer", "perplexity": "perplexity"}
        keys = {key: label for key, label in keys.items() if key in lost[0]}
        figure = Figure(figsize=(5.2 * len(keys), 4.4), layout="constrained")
        for axes, (key, label) in zip(figure.subplots(1, len(keys), squeeze=False).flat, keys.items(), strict=True):
            _lines(axes, lost, key, label, colours)
        _legend(figure)
        paths += save(figure, directory / "ablation")
    return paths


def _of(rows: Sequence[Row], scope: str, probe: str) -> list[Row]:
    return [row for row in rows if row["scope"] == scope and row["probe"] == probe]


def _lines(axes: Axes, rows: Sequence[Row], key: str, label: str, colours: Mapping[str, str]) -> None:
    marker = "o" if len({row["count"] for row in rows}) <= FEW else ""
    for name, colour in colours.items():
        for direction, style in LINES.items():
            own = sorted(
                (row["count"], row[key]) for row in rows if row["ranking"] == name and row["direction"] == direction
            )
            if own:
                shown = NAMES.get(name, name) if direction != "bottom" else None
                axes.plot(
                    *zip(*own, strict=True),
                    style,
                    color=colour,
                    label=shown,
                    linewidth=1.4,
                    marker=marker,
                    markersize=3,
                )
    axes.set(xlabel="units", ylabel=label, xscale=axis([row["count"] for row in rows]))
    axes.grid(color="0.9")


def _legend(figure: Figure) -> None:
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
