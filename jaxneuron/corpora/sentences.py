"""Sentences, one a line, with or without a class: such as reviews, and whether each is a good one.

Texts are split into words at white space, and keep case and punctuation: a tokenizer sees them as they were written.

- JSON lines (`.jsonl`, `.jsonl.gz`): an object with `text` and `label`, or other usual names
- tab-separated (`.tsv`, `.tsv.gz`): columns in any order below a header with the usual names, as in GLUE; without a
  header, the label, a tab and the text, or CoLA's four columns. A quotation mark is a character like any other, and so
  are "NA" and "null" words

The usual names are those of `_header`. Of a pair of texts (`sentence1`, `sentence2`), the first one is read, which a
line of the log says.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.corpora._files import kind_of, split_file
from jaxneuron.corpora._header import by_lines, by_names
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora._lines import lines
from jaxneuron.corpora.labelled import Labelled, build

KINDS = (".jsonl", ".tsv")
"""Endings of such files, each of which may be followed by `.gz`."""


class _Row(NamedTuple):
    line: int
    text: str
    label: str | None


def read(
    path: str | Path, split: str | None = None, *, text: str | int | None = None, label: str | int | None = None
) -> Labelled:
    """Read sentences, with one label each if there are labels, from a file or from the file of a split.

    Args:
        path: a file, or a folder with `train.jsonl.gz`, `dev.tsv` or the like.
        split: which file of the folder; None for a single file.
        text: the name of the text in the file, or the number of its column, from 0; by default the usual name.
        label: the same for the label. A name is that of the layer, too, which otherwise is `"label"`.

    Returns:
        Sentences with one layer of sentences, or none where the file has no labels; whole numbers become strings, true
        becomes "true".

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sentences, not UTF-8, an empty text or label, columns that cannot be told apart or are not there,
            or a malformed line, which is named.
    """
    file = split_file(Path(path), split, KINDS)
    kind = kind_of(file)
    if file.exists() and kind not in KINDS:
        raise ValueError(f"{file}: expected a file that ends in {' or '.join(KINDS)}, perhaps with .gz, got {kind!r}")
    asked = [None if name is None else str(name) for name in (text, label)]
    rows = list((_tsv if kind == ".tsv" else _jsonl)(file, *asked))
    for row in rows:
        for name, given in (("text", row.text), ("label", row.label)):
            if given is not None and not given.strip():
                raise ValueError(f"{file}, line {row.line}: an empty {name!r}; leave the line out")
    layer = label if isinstance(label, str) and not label.lstrip("-").isdecimal() else "label"
    labels = [row.label.strip() for row in rows if row.label is not None]
    return build(
        [row.text.split() for row in rows],
        sentence_labels={layer: labels} if labels else None,
        source=file,
        lines=[row.line for row in rows],
    )


def _jsonl(file: Path, text: str | None, label: str | None) -> Iterator[_Row]:
    rows = list(read_lines(file))
    names = list(dict.fromkeys(name for _, row in rows if isinstance(row, dict) for name in row))
    if not names:
        if rows:
            field(rows[0][1], text or "text", str, f"{file}, line {rows[0][0]}")
        return
    text, label = by_names(names, text, label, str(file))
    for line, row in rows:
        where = f"{file}, line {line}"
        yield _Row(line, field(row, text, str, where), None if label is None else _label(row, label, where))


def _label(row: Any, name: str, where: str) -> str:
    given = field(row, name, (str, int, float), where)
    if isinstance(given, float) and not math.isfinite(given):
        raise ValueError(f"{where}: expected a label under {name!r}, got {given}; fill it, or leave the line out")
    return given if isinstance(given, str) else json.dumps(given)


def _tsv(file: Path, text: str | None, label: str | None) -> Iterator[_Row]:
    rows = [(line, row.split("\t")) for line, row in lines(file) if row.strip()]
    if not rows:
        return
    columns = by_lines([cells for _, cells in rows], text, label, str(file))
    width = len(rows[0][1])
    for line, cells in rows[columns.header :]:
        if len(cells) != width:
            raise ValueError(
                f"{file}, line {line}: expected {width} columns with tabs between them, as in the first line, got "
                f"{len(cells)} in {' '.join(cells)!r:.80}; mend the line, or add a header"
            )
        yield _Row(line, cells[columns.text], None if columns.label is None else cells[columns.label])
