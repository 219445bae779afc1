"""The study's two main tables for a terminal."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from jaxneuron.report.text import number, p_value
from jaxneuron.studies.poerner2018 import labels, words
from jaxneuron.studies.poerner2018.results import Difference, Figures

STYLES = {"names": "bold green", "function": "dim italic", "content": ""}


def table1(rows: Sequence[Difference]) -> Table:
    """Return the paper's Table 1: the largest differences between corpus search and the best optimiser.

    Words that name what the unit stands for are green, function words are dim.

    Args:
        rows: of a run.
    """
    table = Table(title="Table 1: the largest differences", show_lines=True)
    for heading in ("unit", "method"):
        table.add_column(heading, overflow="fold")
    table.add_column("optimal n-gram", min_width=28, overflow="fold")
    table.add_column("activation", justify="right", no_wrap=True)
    for row in rows:
        found = labels.method(row.method)
        where = f"{row.name}\n{labels.setting(row.setting).short}, {row.target}"
        grams = Text("\n").join(_coloured(ngram, row.name) for ngram in (row.crp, row.gbl))
        scores = f"{number(row.crp_score)}\n{number(row.gbl_score)}"
        table.add_row(Text(where), f"crp\n{found.symbol}", grams, scores)
    return table


def summary(results: Mapping[str, Mapping[str, Figures]]) -> Table:
    """Return how every method did in every setting.

    Args:
        results: setting -> method -> figures.
    """
    table = Table(title="Activation reached, and gain over corpus search in standard deviations")
    table.add_column("setting")
    table.add_column("method")
    for heading in ("n", "mean", "median", "gain", "d_z", "p", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for setting in labels.ordered(results, labels.SETTINGS):
        for place, method in enumerate(labels.ordered(results[setting], labels.METHODS)):
            row = results[setting][method]
            first = labels.setting(setting).short if place == 0 else ""
            numbers = number(row.mean), number(row.median), number(row.gain, sign=True), number(row.d_z)
            seconds = number(row.seconds, 1)
            n = "–" if row.n is None else str(row.n)
            table.add_row(first, labels.method(method).symbol, n, *numbers, p_value(row.p), seconds)
        table.add_section()
    return table


def _coloured(ngram: str, name: str) -> Text:
    return Text(" ").join(Text(word, STYLES[kind]) for word, kind in words.marked(ngram, name))
