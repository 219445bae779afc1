"""Rows on a terminal: a table as wide as it, in which no name is broken."""

from collections.abc import Sequence
from typing import Any

from jaxneuron.cli._shared import console, say

NARROW = 16
"""Characters that a column of several words needs; where there are fewer, these words stand under their row."""


def rows(columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    """Print rows under the names of their columns.

    Args:
        columns: the names.
        cells: rows of what is to be read.
        right: which columns are numbers.
    """
    words = [any(" " in row[number] for row in cells) for number in range(len(columns))]
    wide = [max(len(name), *(len(row[number]) for row in cells)) for number, name in enumerate(columns)]
    needed = sum(min(NARROW, width) if many else width for many, width in zip(words, wide, strict=True))
    if needed + 2 * (len(columns) - 1) <= console.width or not any(words) or all(words):
        return _table(columns, cells, words, right)
    names = [number for number, many in enumerate(words) if not many]

    def line(row: Sequence[str]) -> str:
        padded = (row[n].rjust(wide[n]) if right[n] else row[n].ljust(wide[n]) for n in names)
        return "  ".join(padded).rstrip()

    say(line(columns))
    for row in cells:
        said = [f"{columns[n]}: {row[n]}" for n, many in enumerate(words) if many and row[n]]
        say("\n    ".join([line(row), *said]))


def _table(columns: Sequence[str], cells: Any, words: Sequence[bool], right: Sequence[bool]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name, many, number in zip(columns, words, right, strict=True):
        side = "right" if number else "left"
        table.add_column(escape(name), justify=side, overflow="fold", no_wrap=not many and any(words))
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)
