"""The figures of the study `dni2018` for papers, each as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxneuron.report.dni2018 import panels
from jaxneuron.report.dni2018_charts import HELD, PAINTS, WAYS
from jaxneuron.report.figures import save
from jaxneuron.report.palette import COLOURS

Row = Mapping[str, Any]

NAMES = {"relevance": "relevance", "removal": "removal", "written": "written"}
"""What each figure is called where the paper has no number for it."""

TEXT = 48
"""Symbols of a text that a figure shows."""


def write(results: Row, directory: Path, *, names: Mapping[str, str] = NAMES) -> list[Path]:
    """Draw every figure that a run has numbers for.

    Args:
        results: the object under `"results"` in `results.json`.
        directory: where to write.
        names: relevance, removal and written -> the name of the file.

    Returns:
        The files.
    """
    paths = []
    shown = panels(results.get("relevance") or [])
    if shown:
        figure = Figure(figsize=(5.2 * len(shown), 4.4), layout="constrained")
        for axes, (title, rows) in zip(figure.subplots(1, len(shown), squeeze=False).flat, shown, strict=True):
            for place, row in enumerate(rows):
                axes.plot(range(1, len(row["sorted"]) + 1), row["sorted"], color=COLOURS[place % 10], label=row["line"])
            axes.set(xlabel="units, from the best to the worst", ylabel="balanced accuracy")
            axes.set_title(title, fontsize=10)
            axes.legend(frameon=False, fontsize=8)
            axes.grid(color="0.9")
        paths += save(figure, directory / names["relevance"])
    features = results.get("features") or []
    removed = (results.get("removal") or {}).get("rows") or []
    if removed and features:
        figure = Figure(figsize=(4.2 * len(features), 4.2), layout="constrained")
        for axes, feature in zip(figure.subplots(1, len(features), squeeze=False).flat, features, strict=True):
            rows = [row for row in removed if row["feature"] in (feature, None)]
            _lines(axes, rows, {WAYS[row["way"], row["units"]]: None for row in rows}, _way, "accuracy")
            axes.axhline(results["removal"]["intact"]["accuracy"], color="0.5", linestyle=":")
            axes.set_title(feature, fontsize=10)
        _legend(figure)
        paths += save(figure, directory / names["removal"])
    held = results.get("writing") or []
    if held and features:
        paths += save(_written(held, features), directory / names["written"])
    return paths


def _written(held: Sequence[Row], features: Sequence[str]) -> Figure:
    """Draw rates above, and beginnings of the texts below."""
    tall = 0.14 * (2 + len(_texts(held, features[0])))
    figure = Figure(figsize=(4.6 * len(features), 3.6 + tall), layout="constrained")
    grid = figure.add_gridspec(2, len(features), height_ratios=(3.4, tall))
    for place, feature in enumerate(features):
        axes = figure.add_subplot(grid[0, place])
        rows = [row for row in held if row["feature"] == feature and row["units"] != "none"]
        none = next(row for row in held if row["feature"] == feature and row["units"] == "none")
        _lines(axes, rows, {HELD[row["units"], row["held"]]: None for row in rows}, _how, "rate")
        axes.axhline(none["rate"], color="0.5", linestyle=":")
        axes.set_title(feature, fontsize=10)
        axes.set_ylabel(f"{none['what']} per 100 symbols")
        below = figure.add_subplot(grid[1, place])
        below.axis("off")
        text = "\n".join(_texts(held, feature))
        below.text(0, 1, text, family="monospace", fontsize=6, va="top", transform=below.transAxes, parse_math=False)
    _legend(figure)
    return figure


def _texts(held: Sequence[Row], feature: str) -> list[str]:
    rows = [row for row in held if row["feature"] == feature]
    named = [(f"{row['units']} {row['count'] or ''} {'=' + row['held'] if row['held'] else ''}", row) for row in rows]
    return [f"{name:16} {_plain(row['example'])[:TEXT]}" for name, row in named]


def _plain(text: str) -> str:
    return "".join(symbol if symbol.isprintable() else "¶" if symbol == "\n" else "·" for symbol in text)


def _lines(axes: Axes, rows: Sequence[Row], names: Mapping[str, None], name: Any, key: str) -> None:
    for called in names:
        own = sorted((row for row in rows if name(row) == called), key=lambda row: row["count"])
        counts, values = [row["count"] for row in own], [row[key] for row in own]
        axes.plot(counts, values, "o-", color=PAINTS[called], label=called, linewidth=1.4)
        if "low" in own[0]:
            low, high = ([row[bound] for row in own] for bound in ("low", "high"))
            axes.fill_between(counts, low, high, color=PAINTS[called], alpha=0.3)
    axes.set(xlabel="units", ylabel=key)
    axes.grid(color="0.9")


def _way(row: Row) -> str:
    return WAYS[row["way"], row["units"]]


def _how(row: Row) -> str:
    return HELD[row["units"], row["held"]]


def _legend(figure: Figure) -> None:
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
