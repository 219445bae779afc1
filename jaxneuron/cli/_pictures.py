"""Pictures of an answer that need no program: how values are spread, layers by colour, and drawings."""

import html
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """A distribution: how many values lie in each range."""

    title: str
    bars: Sequence[tuple[str, float]]
    columns: tuple[str, ...] = ("value", "places")  # a third names what lies beside
    beside: Sequence[float] = ()  # as many values that lie there for comparison, in grey


class Heat(NamedTuple):
    """A table of values from 0 to 1, each in a colour as strong as it is high."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]


class Drawing(NamedTuple):
    """A picture that is part of the page."""

    title: str
    svg: str
    note: str = ""


def drawn(drawing: Drawing) -> str:
    """Return a drawing under its title."""
    note = f"<p class=note>{html.escape(drawing.note)}</p>\n" if drawing.note else ""
    return f"<h2>{html.escape(drawing.title)}</h2>\n{note}<div class=scroll tabindex=0>{drawing.svg}</div>\n"


def histogram(spread: Spread) -> str:
    """Return bars, one below the other."""
    most = max((*(size for _, size in spread.bars), *spread.beside), default=0) or 1
    beside = spread.beside or [None] * len(spread.bars)
    bars = "".join(
        f"<tr><td class=n>{html.escape(name)}</td><td class=n>{size:,.0f}</td>"
        + ("" if other is None else f"<td class=n>{other:,.0f}</td>")
        + "<td>"
        + "".join(
            f'<span class="bar {kind}" style="width:{100 * value / most:.1f}%"></span>'
            for kind, value in (("", size), ("beside", other))
            if value is not None
        )
        + "</td></tr>"
        for (name, size), other in zip(spread.bars, beside, strict=True)
    )
    title = f"<h3>{html.escape(spread.title)}</h3>\n"
    head = "".join(f"<th scope=col class=n>{html.escape(name)}</th>" for name in spread.columns)
    bars = f"<thead><tr>{head}<th></th></tr></thead><tbody>{bars}</tbody>"
    return f"{title}<div class=scroll tabindex=0><table class=bars>{bars}</table></div>\n"


def coloured_table(heat: Heat) -> str:
    """Return a table of which each cell has a colour and its number."""
    head = "".join(f"<th scope=col><span>{html.escape(name)}</span></th>" for name in heat.columns)
    rows = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th>"
        + "".join(
            f'<td style="background:rgba(0,114,178,{0.85 * min(max(value, 0), 1):.3f})" '
            f'title="{html.escape(f"{name}, {column}: {value:.4g}")}">{value:.2f}</td>'
            for column, value in zip(heat.columns, values, strict=True)
        )
        + "</tr>\n"
        for name, values in zip(heat.rows, heat.values, strict=True)
    )
    title = f"<h3>{html.escape(heat.title)}</h3>\n"
    return f"{title}<div class=scroll tabindex=0><table class=heat><tr><th></th>{head}</tr>\n{rows}</table></div>\n"
