"""What figures for papers share, each as PNG and SVG.

Drawn on matplotlib's object interface, without pyplot: no display, no global state, the same bytes every time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from jaxneuron.files import beside
from jaxneuron.report.palette import LINES, MARKERS


def learning_curves(curves: Sequence[Mapping[str, Any]], path: Path) -> list[Path]:
    """Draw every loss of a training run over its steps.

    Args:
        curves: rows with `step` and any number of keys that end in `loss`.
        path: where to write; its suffix is replaced.

    Returns:
        The PNG and the SVG.
    """
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(losses(curves)):
        points = [(row["step"], row[name]) for row in curves if row.get(name) is not None]
        colour, marker = LINES[place % len(LINES)], MARKERS[place % len(MARKERS)]
        axes.plot(*zip(*points, strict=True), marker=marker, color=colour, label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss")
    if losses(curves):
        axes.legend(frameon=False)
    return save(figure, path)


def losses(curves: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the losses that a training run recorded.

    Example:
        >>> losses([{"step": 1, "train_loss": 2.0, "dev_loss": None}])
        ['train_loss']
    """
    names = dict.fromkeys(name for row in curves for name in row if name.endswith("loss"))
    return [name for name in names if any(row.get(name) is not None for row in curves)]


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes every time."""
    paths = [Path(path).with_suffix(suffix) for suffix in (".png", ".svg")]
    for target in paths:
        with beside(target) as temporary, matplotlib.rc_context({"svg.hashsalt": "jaxneuron"}):
            metadata = {"Date": None} if target.suffix == ".svg" else {"Software": None}
            figure.savefig(temporary, format=target.suffix[1:], dpi=200, metadata=metadata)
    return paths
