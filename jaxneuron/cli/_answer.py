"""An answer: sentences and a table on the terminal, JSON lines for programs, and a page with the text in colour."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jaxneuron
from jaxneuron.cli import _out, _pictures, _printed
from jaxneuron.cli._pictures import Drawing, Heat, Spread
from jaxneuron.cli._shared import say
from jaxneuron.report.coloured import Coloured

SHOWN = 30
"""Rows that are printed, unless an answer says otherwise; the files have all."""

SAID = 8
"""Sentences that are printed; the page has all."""

DRAWN, TEXTS = 1000, 200
"""Rows and texts of a page, which says so if there are more."""

LONG = 24
"""Characters from which on a cell is prose: such a table stands as a list on a narrow screen."""

FILES = ("answer.jsonl",)
"""By which a folder is known to be what such a command wrote."""

COMMAND: ContextVar[str] = ContextVar("command", default="")
"""What was asked, as it was typed: a page says by what it was made."""


class Chart(NamedTuple):
    """An interactive chart."""

    title: str
    spec: Mapping[str, Any]  # Vega-Lite, as `report.charts.specification` returns it
    note: str = ""


class Answer(NamedTuple):
    """What a command found."""

    title: str  # the question, with its names
    sentences: Sequence[str]  # the answer in words
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    texts: Sequence[Coloured] = ()
    spread: Sequence[Spread] = ()
    heat: Sequence[Heat] = ()
    note: str = ""  # how to read the colours or the columns
    shown: int = SHOWN  # rows that are printed
    charts: Sequence[Chart] = ()
    drawings: Sequence[Drawing] = ()
    files: Mapping[str, str] = MappingProxyType({})  # what else is written beside the page, name -> content


def check(out: Path | None) -> None:
    """Check that the folder can be written, before the work."""
    if out is not None:
        _out.folder(out, FILES)


def give(answer: Answer, out: Path | None, as_json: bool) -> None:
    """Print an answer, and write it."""
    lines = [json.dumps(dict(zip(answer.columns, map(_plain, row), strict=True))) for row in answer.rows]
    if as_json:
        for line in lines:
            say(line)
    else:
        _print(answer)
    if out is None:
        return
    from jaxneuron.files import beside

    written = {FILES[0]: "".join(f"{line}\n" for line in lines), "answer.html": page(answer), **answer.files}
    for name, content in written.items():
        with beside(out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    if not as_json:
        say(f"The page: {out / 'answer.html'}")


def _print(answer: Answer) -> None:
    for sentence in answer.sentences[:SAID]:
        say(sentence)
    if len(answer.sentences) > SAID:
        say(f"... and {len(answer.sentences) - SAID:,} more sentences (--out)")
    if answer.rows:
        told = [number for number, name in enumerate(answer.columns) if not _same(answer, number, name)]
        cells = [[shown(row[number]) for number in told] for row in answer.rows[: answer.shown]]
        right = [isinstance(answer.rows[0][number], int | float) for number in told]
        _printed.rows([answer.columns[number] for number in told], cells, right)
    if len(answer.rows) > answer.shown:
        say(f"... and {len(answer.rows) - answer.shown:,} more rows (--json, or --out)")


def _same(answer: Answer, number: int, name: str) -> bool:
    """Tell whether a column says nothing, or in every row what the title or the column before it says already."""
    values = [_plain(row[number]) for row in answer.rows]
    if all(value in (None, "") for value in values):
        return True
    if name in ("site", "unit", "other") and len(set(values)) == 1:
        return re.search(rf"(?<![\w/]){re.escape(str(values[0]))}(?![\w/])", answer.title) is not None
    return name == "word" and all(row[number] == row[number - 1] for row in answer.rows)


def shown(value: Any) -> str:
    """Return a value as a person reads it.

    Example:
        >>> shown(0.123456), shown(7), shown(["a", "b"]), shown(" "), shown(None)
        ('0.1235', '7', 'a b', "' '", '')
    """
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, str) and value.isspace():
        return repr(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what is no finite number is none."""
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def page(answer: Answer) -> str:
    """Return the page: one file, nothing outside it."""
    css = files("jaxneuron.report").joinpath("templates", "page.css").read_text(encoding="utf-8")
    told = [number for number, name in enumerate(answer.columns) if not _same(answer, number, name)]
    first = answer.rows[0] if answer.rows else ()
    head = "".join(f"<th scope=col{_side(first[n])}>{html.escape(answer.columns[n])}</th>" for n in told if answer.rows)
    rows = "".join(f"<tr>{_cells(answer, row, told)}</tr>\n" for row in answer.rows[:DRAWN])
    prose = any(len(shown(row[number])) > LONG for row in answer.rows[:DRAWN] for number in told)
    table = "<table class=stack>" if prose else "<table>"
    texts = "".join(
        f"<h3>{html.escape(text.title)}</h3>\n<p class=words>{text.html()}</p>\n" for text in answer.texts[:TEXTS]
    )
    texts += _left(len(answer.texts) - TEXTS, "texts")
    spread = "".join(map(_pictures.histogram, answer.spread))
    heat = "".join(map(_pictures.coloured_table, answer.heat))
    charts, policy, scripts = _drawn(answer.charts)
    said = "".join(f"<li>{html.escape(one)}</li>" for one in answer.sentences)
    parts = [
        f"<section class=findings><ul>{said}</ul></section>",
        f"<p class=note>{html.escape(answer.note)}</p>" if answer.note else "",
        "".join(map(_pictures.drawn, answer.drawings)),
        charts,
        f"<h2>The text</h2>{texts}" if texts else "",
        f"<h2>How the values are spread</h2>{spread}" if spread else "",
        f"<h2>Layer by layer</h2>{heat}" if heat else "",
        f"<h2>The table</h2><div class=scroll tabindex=0>{table}<thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody>"
        f"</table></div>{_left(len(answer.rows) - DRAWN, 'rows')}"
        if rows
        else "",
    ]
    by = f"Written by jaxneuron {jaxneuron.__version__}"
    by += f": <code>{html.escape(COMMAND.get())}</code>" if COMMAND.get() else "."
    whole = {"body": "\n".join(parts), "by": by, "policy": policy, "scripts": scripts}
    return _PAGE.format(title=html.escape(answer.title), css=css.replace("</", "<\\/"), **whole)


def _cells(answer: Answer, row: Sequence[Any], told: Sequence[int]) -> str:
    """Return the cells of a row; each knows its column's name, for screens on which they stand one under the other."""
    first = answer.rows[0]
    return "".join(
        f'<td{_side(first[n] if row[n] is None else row[n])} data-label="{html.escape(answer.columns[n])}">'
        f"{html.escape(shown(row[n]))}</td>"
        for n in told
    )


def _left(count: int, what: str) -> str:
    return f"<p class=note>… and {count:,} more {what}, in {FILES[0]} beside this page.</p>" if count > 0 else ""


def _drawn(charts: Sequence[Chart]) -> tuple[str, str, str]:
    """Return the places of charts, what the page allows itself, and what draws them."""
    if not charts:
        return "", "default-src 'none'; style-src 'unsafe-inline'", ""
    from jaxneuron.report import embedded
    from jaxneuron.report.html import POLICY

    places = "".join(
        f"<h2>{html.escape(chart.title)}</h2>\n<p class=note>{html.escape(chart.note)}</p>\n"
        f'<figure><div class=chart id="chart{number}"></div></figure>\n'
        for number, chart in enumerate(charts)
    )
    specs = {f"chart{number}": dict(chart.spec) for number, chart in enumerate(charts)}
    return places, POLICY, embedded.scripts(specs)


def _side(value: Any) -> str:
    return " class=n" if isinstance(_plain(value), int | float) else ""


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{css}
.piece {{ padding: .1em 0; border-radius: .2em; }}
h1, .words, code {{ overflow-wrap: anywhere; }}
td {{ overflow-wrap: break-word; }}
.bars {{ width: 100%; max-width: 44rem; }}
.bars td:last-child {{ width: 100%; }}
.heat {{ width: auto; }}
.heat td {{ padding: .2rem .3rem; text-align: center; font-size: .8rem; min-width: 2.2rem; }}
.heat thead th, .heat tr:first-child th {{ vertical-align: bottom; }}
.heat tr:first-child span {{ writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }}
.bar {{ display: block; height: .8rem; background: #0072b2; border-radius: .15rem; }}
.beside {{ height: .3rem; background: #7f7f7f; }}
</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
{body}
</main>
<footer><p>{by}</p></footer>
{scripts}</body>
</html>
"""
