"""The small text notation of grammars, read into rules. `grammars.parse_notation` says what it looks like."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""\s+ | \#.* | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*') | (?P<set>\[(?:[^\]\\\n]|\\.)+\])
    | \{(?P<weight>[^}\n]*)\} | (?P<arrow>->|→|::=) | (?P<bar>\|) | (?P<name>[^\W\d]\w*) | (?P<wrong>.)""",
    re.VERBOSE,
)
_MEMBER = re.compile(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Piece(NamedTuple):
    """A word of the notation."""

    kind: str
    text: str
    line: int  # from 1


Alternative = tuple[list[str | tuple[str, ...]], float]
"""Its symbols, and its weight."""


def read(text: str) -> list[tuple[str, list[Alternative]]]:
    """Return the nonterminals in their order, each with its alternatives.

    Raises:
        ValueError: what the notation does not know, with its line.
    """
    pieces = list(_pieces(text))
    found: list[tuple[str, list[Alternative]]] = []
    for i, piece in enumerate(pieces):
        follows = pieces[i + 1].kind if i + 1 < len(pieces) else ""
        if piece.kind == "name" and follows == "arrow":
            found.append((piece.text, [([], 1.0)]))
        elif not found:
            raise _error(piece, "expected a rule to begin with a name and an arrow, as in e -> [0-9]")
        elif piece.kind == "arrow":
            if pieces[i - 1].kind != "name":
                raise _error(piece, "expected a name before the arrow")
        elif piece.kind == "bar":
            found[-1][1].append(([], 1.0))
        else:
            symbols, weight = found[-1][1][-1]
            if piece.kind == "weight":
                after = pieces[i + 2].kind if i + 2 < len(pieces) else ""
                if follows not in ("bar", "") and (follows, after) != ("name", "arrow"):
                    raise _error(piece, "expected a weight at the end of its alternative, as in [0-9] {3} | e e")
                found[-1][1][-1] = (symbols, _weight(piece))
            elif piece.kind == "name":
                symbols.append(piece.text)
            elif terminal := _terminal(piece):
                symbols.append(terminal)
    if not found:
        raise ValueError("no rules in the grammar; expected at least one, as in e -> [0-9] | '(' e ')'")
    return found


def _pieces(text: str) -> Iterator[Piece]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup:
            piece = Piece(match.lastgroup, match[match.lastgroup], text.count("\n", 0, match.start()) + 1)
            if piece.kind == "wrong":
                raise _error(piece, "expected a name, a string in quotes, a set such as [0-9], | or ->")
            yield piece


def _weight(piece: Piece) -> float:
    try:
        weight = float(piece.text)
    except ValueError:
        weight = -1.0
    if not 0 < weight < float("inf"):
        raise _error(piece, "expected a weight above 0 in braces, as in {3}")
    return weight


def _terminal(piece: Piece) -> tuple[str, ...]:
    """Return the strings that a terminal stands for; none for the empty string."""
    if piece.kind == "string":
        try:
            value = ast.literal_eval(piece.text)
        except (SyntaxError, ValueError) as error:
            raise _error(piece, f"no such string ({error})") from error
        return (value,) if value else ()
    members: dict[str, None] = {}
    for match in _MEMBER.finditer(piece.text[1:-1]):
        first, last = (_character(part) for part in (match[1], match[2] or match[1]))
        if last < first:
            raise _error(piece, f"expected a range from a lower to a higher symbol, got {first}-{last}")
        members |= dict.fromkeys(map(chr, range(ord(first), ord(last) + 1)))
    return tuple(members)


def _character(part: str) -> str:
    return _ESCAPES.get(part[1], part[1]) if len(part) == 2 else part


def _error(piece: Piece, expected: str) -> ValueError:
    return ValueError(f"the grammar, line {piece.line}: {expected}; got {piece.text!r}")
