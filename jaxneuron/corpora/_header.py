"""Which column is the text and which the label: by the names that data sets use, or by what the lines look like.

What cannot be told is refused rather than guessed, with what to say instead.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jaxneuron.tap import nearest

TEXTS = (
    *("text", "sentence", "sentence1", "premise", "question", "question1", "#1 string", "text1", "text_a", "source1"),
    *("review", "reviews", "comment", "content", "body", "document", "tweet", "message", "utterance", "string", "post"),
    *("review_text", "comment_text", "tweet_text", "phrase", "sms", "article", "abstract", "description", "title"),
)
"""Names of the text, in small letters; of several, the first of these is it."""

SECONDS = ("sentence2", "hypothesis", "question2", "#2 string", "text2", "text_b", "source2", "passage", "context")
"""Names of the second text of a pair; so is "sentence" beside "question", as in QNLI."""

LABELS = (
    *("label", "labels", "gold_label", "class", "category", "sentiment", "target", "quality", "is_duplicate", "score"),
    *("stars", "rating", "polarity", "emotion", "intent", "topic", "tag", "gold", "coarse_label", "fine_label"),
    *("airline_sentiment", "star_rating", "review_sentiment", "judgment", "acceptability", "stance"),
)
"""Names of the label."""

REST = ("index", "idx", "id", "guid", "uid", "pairid", "qid", "genre", "source", "split")
"""Names of what is neither, beside which a text without a label is recognised."""

ADVICE = "name the columns with text= and label= (--text-column, --label-column): by the first line, or numbers from 0"

_LOG = logging.getLogger(__name__)


class Columns(NamedTuple):
    """Where the text and the label are."""

    text: int
    label: int | None  # None: there is none
    header: bool  # whether the first line holds their names


def by_names(names: Sequence[str], text: str | None, label: str | None, where: str) -> tuple[str, str | None]:
    """Return the names of the text and of the label, None where there is none.

    Args:
        names: what the columns or fields are called.
        text: the text's name, if it was said.
        label: the label's, if it was said.
        where: the place, for error messages.

    Raises:
        ValueError: a name that was said is not there, or no name of a text is known.
    """
    for asked in (text, label):
        if asked is not None and asked not in names:
            got = ", ".join(map(repr, names)) or "none"
            raise ValueError(f"{where}: no column or field {asked!r}{nearest(asked, names)}; its names are {got}")
    known = {_plain(name): name for name in reversed(names)}
    pair = {"question", "sentence"} <= known.keys()
    texts = [known[name] for name in map(_plain, (("question",) if pair else ()) + TEXTS) if name in known]
    if text is None and not texts:
        got = ", ".join(map(repr, names)) or "none"
        raise ValueError(f"{where}: expected a text, under a name such as {', '.join(TEXTS[:4])}; got {got}; {ADVICE}")
    found = texts[0] if text is None else text
    seconds = [known[name] for name in map(_plain, SECONDS + (("sentence",) if pair else ())) if name in known]
    if text is None and seconds:
        told = "%s: of two texts, %r is read, and %r is not; to read that, name it with text=%r (--text-column %s)"
        _LOG.warning(told, where, found, seconds[0], seconds[0], seconds[0])
    labels = [known[name] for name in map(_plain, LABELS) if name in known and known[name] != found]
    return found, label or next(iter(labels), None)


def by_lines(rows: Sequence[Sequence[str]], text: str | None, label: str | None, file: str) -> Columns:
    """Return the columns of a table, whose first line may be a header.

    Without one it has two columns, the label and the text, or the four of CoLA (source, label, mark and text).

    Args:
        rows: the cells of each line; at least one line.
        text: the text's column, if it was said: its name, or its number from 0.
        label: the label's, likewise.
        file: for error messages.

    Raises:
        ValueError: a column that was said is not there, or it can't be told which columns these are.
    """
    first, where = [cell.strip() for cell in rows[0]], f"{file}, line 1"
    asked = [name for name in (text, label) if name is not None]
    numbers = [name for name in asked if re.fullmatch("-?[0-9]+", name)]
    header = _is_header(first)
    if numbers and (text is None or len(numbers) < len(asked)):
        raise ValueError(f"{where}: expected numbers for the text and the label, or names, got {text!r} and {label!r}")
    if numbers:
        places = [int(number) for number in numbers]
        for place in places:
            if not -len(first) <= place < len(first):
                raise ValueError(f"{where}: no column {place}; it has {len(first)}, from 0 to {len(first) - 1}")
        return Columns(places[0], places[1] if len(places) == 2 else None, header)
    if asked or header:
        names = by_names(first, text, label, where)
        return Columns(first.index(names[0]), None if names[1] is None else first.index(names[1]), True)
    if len(first) == 4 and all(len(row) == 4 and row[1] in ("0", "1") and row[2] in ("", "*") for row in rows):
        return Columns(3, 1, False)  # CoLA
    if len(first) != 2:
        raise ValueError(
            f"{where}: expected 2 columns with tabs between them (label, text), or a header, got {len(first)} in "
            f"{', '.join(map(repr, first)):.100}; {ADVICE}. A word per line with its labels is read from .conll"
        )
    _check_order([row for row in rows if len(row) == 2], where)
    return Columns(1, 0, False)


def _is_header(first: Sequence[str]) -> bool:
    """Return whether a line names a text, and a label or nothing but what is neither."""
    cells = {_plain(cell) for cell in first}
    texts, rest = {_plain(name) for name in TEXTS + SECONDS}, {_plain(name) for name in REST}
    return len(first) > 1 and bool(cells & texts) and bool(cells & set(map(_plain, LABELS)) or cells <= texts | rest)


def _check_order(rows: Sequence[Sequence[str]], where: str) -> None:
    """Fail unless rows of two columns look like a label and a text each."""
    (name, other), labels = rows[0], [label for label, _ in rows[1:]]
    if name not in labels and name and not _spaced(rows[0]):
        repeated = 0 < 2 * len(set(labels)) <= len(labels) and name.isidentifier()
        numbers = bool(labels) and all(re.fullmatch(r"[-+]?[0-9.]+", label) for label in labels) and name.isidentifier()
        if repeated or numbers or {_plain(name), _plain(other)} & {_plain(known) for known in TEXTS + LABELS}:
            raise ValueError(
                f"{where}: {name!r}, {other!r} looks like a header, and not all of its names are known; {ADVICE}"
            )
    if not any(_spaced([text]) for _, text in rows) and 2 * sum(_spaced([label]) for label, _ in rows) > len(rows):
        raise ValueError(
            f"{where}: expected the label, a tab and the text on each line, and the text seems to stand first in "
            f"{name!r:.60}, {other!r:.60}; {ADVICE}"
        )


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", "", name.casefold())


def _spaced(cells: Iterable[str]) -> bool:
    return any(len(cell.split()) > 1 for cell in cells)
