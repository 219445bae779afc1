"""CoNLL columns: a word per line with its labels beside it, and a blank line between sentences.

Named entities and chunks come like this (CoNLL-2000 and 2003, WNUT-17, Universal NER, GermEval). Columns are divided
by tabs if the first line with words has one, else by any run of spaces. Lines with nothing but white space, and the
line `-DOCSTART-` of CoNLL-2003, end a sentence and are no part of one. Labels are returned as they stand (`B-PER`,
`I-PER`); `spans` puts them together.

A line that begins with "#" may be a comment, or the word "#" with its labels. In files with tabs, "# " begins a
comment, and "#" with a tab (GermEval's sources) does where the line has other columns than those with words.

Source: Tjong Kim Sang and De Meulder 2003, the CoNLL-2003 shared task (arXiv cs/0306050).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jaxneuron.corpora._files import split_file
from jaxneuron.corpora._lines import fields, lines
from jaxneuron.corpora.labelled import Labelled, build

KINDS = (".conll", ".iob2", ".iob", ".bio", ".tsv", ".txt")
"""Endings of such files in a folder."""

_TOKEN = re.compile(r"[0-9]+[-.][0-9]+")

DOCUMENT = "-DOCSTART-"


def read(
    path: str | Path,
    split: str | None = None,
    *,
    word: int | None = None,
    labels: Mapping[str, int] | None = None,
    comments: bool | None = None,
) -> Labelled:
    """Read a file of columns, gzipped or not, or the file of a split.

    Args:
        path: a file, or a folder with `train.conll`, `dev.iob2.gz` or the like (see `KINDS`).
        split: which file of the folder; None for a single file.
        word: the column of the words, from 0; negative from the right. By default the first one, or the second where
            the first counts the words, 1, 2, 3, ... (Universal NER, GermEval). Multi-word tokens (`1-2`) and empty
            nodes (`8.1`) are then left out, as by `conllu`.
        labels: layer -> its column; by default `{"label": -1}`, the last one, or `{"label": 2}` where words are
            counted. CoNLL-2003 is `labels={"xpos": 1, "chunk": 2, "ner": 3}`.
        comments: whether every line that begins with "# " or "#" and a tab is a comment; by default, see above; False:
            none is.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sentences, not UTF-8, no such column, or a malformed line, which is named.
    """
    file = split_file(Path(path), split, KINDS)
    blocks = list(_blocks(file, comments))
    words = [[(line, row) for line, row in block if not _TOKEN.fullmatch(row[0])] for block in blocks]
    counted = bool(words) and all(
        block and all(len(row) > 2 and row[0] == str(place) for place, (_, row) in enumerate(block, start=1))
        for block in words
    )
    blocks = words if counted else blocks
    if counted and word == 0:
        raise ValueError(
            f"column 0 of {file} counts the words, 1, 2, 3, ...; name the column that holds them, such as word=1"
        )
    word = int(counted) if word is None else word
    columns = {"label": 2 if counted else -1} if labels is None else dict(labels)
    for name, column in {"words": word, **columns}.items():
        for line, row in (line for block in blocks for line in block):
            if not -len(row) <= column < len(row):
                raise ValueError(
                    f"no column {column} for {name!r} in {file}, line {line}: it has {len(row)} columns, "
                    f"from 0 to {len(row) - 1}"
                )
            if not row[column]:
                raise ValueError(f"{file}, line {line}: column {column} ({name!r}) is empty; mend the line")
    return build(
        [[row[word] for _, row in block] for block in blocks],
        labels={layer: [[row[column] for _, row in block] for block in blocks] for layer, column in columns.items()},
        source=file,
        lines=[block[0][0] for block in blocks],
    )


def _blocks(file: Path, comments: bool | None) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the (line number, columns) of each sentence; all rows of a file have the same number of columns."""
    first = next((text for _, text in lines(file) if text.strip() and not _hash(text) and not _document(text)), "")
    tabs = "\t" in first
    width = len(_row(first, tabs))
    block: list[tuple[int, list[str]]] = []
    for line, text in lines(file):
        row = _row(text, tabs)
        width = width or len(row)
        if not text.strip() or _document(text):
            if block:
                yield block
            block = []
        elif not (_hash(text) and _comment(text, len(row) == width, tabs, comments)):
            if len(row) != width:
                hint = "if it is a comment, pass comments=True" if _hash(text) else "mend the line"
                raise ValueError(
                    f"{file}, line {line}: expected {width} columns with {'tabs' if tabs else 'spaces'} between them, "
                    f"as above, got {len(row)} in {text!r:.80}; {hint}"
                )
            block.append((line, row))
    if block:
        yield block


def _row(text: str, tabs: bool) -> list[str]:
    return [column.strip(" ") for column in text.split("\t")] if tabs and text else fields(text)


def _hash(text: str) -> bool:
    return text.startswith(("# ", "#\t"))


def _document(text: str) -> bool:
    return text.split(maxsplit=1)[:1] == [DOCUMENT]


def _comment(text: str, fits: bool, tabs: bool, comments: bool | None) -> bool:
    """Return whether a line that begins with "#" is a comment; `fits`: it has the columns of a word."""
    if comments is not None:
        return comments
    return tabs and (text.startswith("# ") or not fits)
