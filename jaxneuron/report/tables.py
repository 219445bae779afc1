"""The study's two main tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from jaxneuron.report import labels, words
from jaxneuron.report.text import p_value

STYLES = {"names": "bold green", "function": "dim italic", "content": ""}


def table1(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the paper's Table 1: the largest differences between corpus search and the best optimiser.

    Words that name what the unit stands for are green, function words are dim.

    Args:
        rows: the list under `"table1"` in `results.json`.
    """
    table = Table(title="Table 1: the largest differences", show_lines=True)
    for heading in ("unit", "method"):
        table.add_column(heading, overflow="fold")
    table.add_column("optimal n-gram", min_width=28, overflow="fold")
    table.add_column("activation", justify="right", no_wrap=True)
    for row in rows:
        found = labels.method(row.get("method") or labels.BEST_OF_PAPER)
        where = f"{row['name']}\n{labels.setting(row['setting']).short}, {row['target']}"
        grams = Text("\n").join(_coloured(row[side], row["name"]) for side in ("crp", "gbl"))
        scores = "\n".join(_number(row[f"{side}_score"]) for side in ("crp", "gbl"))
        table.add_row(Text(where), f"crp\n{found.symbol}", grams, scores)
    return table


def summary(results: Mapping[str, Any]) -> Table:
    """Return how every method did in every setting.

    Args:
        results: setting -> method -> row, the object under `"results"` in `results.json`.

    Raises:
        ValueError: given the whole of `results.json`.
    """
    if "study" in results:
        raise ValueError("expected setting -> method -> row, got a whole results.json; pass its 'results'")
    table = Table(title="Activation reached, and gain over corpus search in standard deviations")
    table.add_column("setting")
    table.add_column("method")
    for heading in ("n", "mean", "median", "gain", "d_z", "p", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for setting in labels.ordered(results, labels.SETTINGS):
        for place, method in enumerate(labels.ordered(results[setting], labels.METHODS)):
            row = results[setting][method]
            first = labels.setting(setting).short if place == 0 else ""
            numbers = [_number(row.get(key), sign=key == "gain") for key in ("mean", "median", "gain", "d_z")]
            seconds = _number(row.get("seconds"), digits=1)
            n = str(row.get("n", "–"))
            table.add_row(first, labels.method(method).symbol, n, *numbers, p_value(row.get("p")), seconds)
        table.add_section()
    return table


def _coloured(ngram: str, name: str) -> Text:
    return Text(" ").join(Text(word, STYLES[kind]) for word, kind in words.marked(ngram, name))


def _number(value: float | None, *, digits: int = 2, sign: bool = False) -> str:
    return "–" if value is None else f"{value:{'+' if sign else ''}.{digits}f}"
