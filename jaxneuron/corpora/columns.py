"""CoNLL columns: a word per line with its labels beside it, and a blank line between sentences.

Named entities and chunks come like this (CoNLL-2000 and 2003, WNUT-17, Universal NER). Columns are divided by tabs if
the first line with words has one, else by any run of spaces. Lines with nothing but white space, and the line
`-DOCSTART-` of CoNLL-2003, end a sentence and are no part of one. Labels are returned as they stand (`B-PER`, `I-PER`).

Source: Tjong Kim Sang and De Meulder 2003, the CoNLL-2003 shared task (arXiv cs/0306050).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jaxneuron.corpora._lines import fields, lines, split_file
from jaxneuron.corpora.labelled import Labelled, build

KINDS = (".conll", ".iob2", ".iob", ".bio", ".tsv", ".txt")
"""Endings of such files in a folder."""

DOCUMENT = "-DOCSTART-"


def read(
    path: str | Path,
    split: str | None = None,
    *,
    word: int = 0,
    labels: Mapping[str, int] | None = None,
    comments: bool | None = None,
) -> Labelled:
    """Read a file of columns, gzipped or not, or the file of a split.

    Args:
        path: a file, or a folder with `train.conll`, `dev.iob2.gz` or the like (see `KINDS`).
        split: which file of the folder; None for a single file.
        word: the column of the words, from 0; negative from the right.
        labels: layer -> its column; by default `{"label": -1}`, the last one. Universal NER is
            `word=1, labels={"ner": 2}`, CoNLL-2003 `labels={"xpos": 1, "chunk": 2, "ner": 3}`.
        comments: whether a line that begins with "# " is a comment rather than the word "#"; by default, in files
            with tabs only.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sentences, not UTF-8, no such column, or a malformed line, which is named.
    """
    columns = {"label": -1} if labels is None else dict(labels)
    file = split_file(Path(path), split, KINDS)
    starts: list[int] = []
    sentences: list[list[str]] = []
    found: dict[str, list[list[str]]] = {layer: [] for layer in columns}
    for block in _blocks(file, comments):
        start, first = block[0]
        for name, column in {"words": word, **columns}.items():
            if not -len(first) <= column < len(first):
                raise ValueError(
                    f"no column {column} for {name!r} in {file}, line {start}: it has {len(first)} columns, "
                    f"from 0 to {len(first) - 1}"
                )
            for line, row in block:
                if not row[column]:
                    raise ValueError(f"{file}, line {line}: column {column} ({name!r}) is empty; mend the line")
        starts.append(start)
        sentences.append([row[word] for _, row in block])
        for layer, column in columns.items():
            found[layer].append([row[column] for _, row in block])
    if sentences and all(words == [str(i) for i in range(1, len(words) + 1)] for words in sentences):
        raise ValueError(
            f"column {word} of {file} counts the words, 1, 2, 3, ...; name the column that holds them, such as word=1"
        )
    return build(sentences, labels=found, source=file, lines=starts)


def _blocks(file: Path, comments: bool | None) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the (line number, columns) of each sentence; all rows of a file have the same number of columns."""
    tabs = _has_tabs(file)
    comments = tabs if comments is None else comments
    width = 0
    block: list[tuple[int, list[str]]] = []
    for line, text in lines(file):
        if not text.strip() or text.split(maxsplit=1)[0] == DOCUMENT:
            if block:
                yield block
            block = []
        elif not (comments and text.startswith("# ")):
            row = [column.strip(" ") for column in text.split("\t")] if tabs else fields(text)
            width = width or len(row)
            if len(row) != width:
                hint = "if it is a comment, pass comments=True" if text.startswith("# ") else "mend the line"
                raise ValueError(
                    f"{file}, line {line}: expected {width} columns with {'tabs' if tabs else 'spaces'} between them, "
                    f"as above, got {len(row)} in {text!r:.80}; {hint}"
                )
            block.append((line, row))
    if block:
        yield block


def _has_tabs(file: Path) -> bool:
    return next(("\t" in text for _, text in lines(file) if text.strip() and not text.startswith("# ")), False)
