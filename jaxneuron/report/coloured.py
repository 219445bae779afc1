"""A text of which each word has a weight, in colour: on a page, or in a notebook, where it shows itself."""

import html
from collections.abc import Sequence
from typing import Any, NamedTuple


class Coloured(NamedTuple):
    """A text of which each piece has a weight: orange above 0, blue below, stronger the farther."""

    title: str
    pieces: Sequence[str]
    weights: Sequence[float]
    before: Sequence[str] | None = None  # what stands before each piece; by default a space
    most: float = 0  # the weight that has the strongest colour; 0: the largest of this text

    def html(self) -> str:
        """Return the pieces as HTML; each tells its weight where one points at it.

        Example:
            >>> Coloured("", ["a", "b"], [0.0, 2.0]).html()[-75:]
            '<span class=piece style="background:rgba(213,94,0,0.75)" title="2">b</span>'
        """
        largest = max((abs(weight) for weight in self.weights if abs(weight) < float("inf")), default=0)
        most = self.most or largest or 1
        spans = []
        before = self.before or [" "] * len(self.pieces)
        for space, piece, weight in zip(before, self.pieces, self.weights, strict=True):
            colour = "213,94,0" if weight > 0 else "0,114,178"
            share = min(abs(weight) / most, 1) * 0.75 if weight == weight else 0
            style = f"background:rgba({colour},{share:.2f})" if share >= 0.01 else ""
            spans.append(f'{space}<span class=piece style="{style}" title="{weight:.4g}">{html.escape(piece)}</span>')
        return "".join(spans).strip()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        title = f"<small>{html.escape(self.title)}</small><br>" if self.title else ""
        return f'<div style="margin:.4em 0;line-height:1.7">{title}{self.html()}</div>'


def before(word: Any, pieces: Sequence[str]) -> list[str]:
    """Return what stands before each piece: nothing within a word, or beside a space, and a space elsewhere.

    Args:
        word: the word of each piece, -1 for a special token.
        pieces: the pieces, of which a space may be one.

    Example:
        >>> before([-1, 0, 1, 1, -1], ["[CLS]", "a", "wa", "ve", "[SEP]"])
        ['', ' ', ' ', '', ' ']
    """
    return [
        "" if not place or (word[place] == word[place - 1] >= 0) or " " in (piece[:1], pieces[place - 1][-1:]) else " "
        for place, piece in enumerate(pieces)
    ]
