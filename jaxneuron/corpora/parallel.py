"""A file of words and files of labels that run in parallel, one sentence per line: the layout of NeuroX.

Words, and labels, have single spaces between them. A longer run of spaces or tabs counts as one, and so none is
before the first word or after the last: NeuroX's extractor makes an empty word of a second space, its loader does
not, and then drops the line. Other white space, such as a no-break space, is part of a word. Blank lines at the end
of a file are left out; any other is an error, for it would be an empty sentence. Words alone are running text: blank
lines, and white space that stands for itself, are left out wherever they are.

Source: Dalvi et al. 2019, NeuroX (arXiv 1812.09359).
"""

import gzip
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jaxneuron.corpora._lines import fields, lines
from jaxneuron.corpora.labelled import Labelled, build
from jaxneuron.tap import nearest


def read(path: str | Path, labels: Mapping[str, str | Path]) -> Labelled:
    """Read a file of words and its files of labels, gzipped or not.

    Args:
        path: the words.
        labels: layer -> the file with its labels, as in `{"upos": "train.label"}`; `{}` for words alone.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: no words, the files have unequal numbers of lines, a line has unequal numbers of words and labels,
            a sentence is empty, or a file is not UTF-8; the message names file and line.
    """
    path = Path(path)
    if not labels:
        rows = [(line, [word for word in fields(text) if not word.isspace()]) for line, text in lines(path)]
        rows = [row for row in rows if row[1]]
        return build([words for _, words in rows], source=path, lines=[line for line, _ in rows])
    sentences = _rows(path)
    found = {layer: _labels(path, Path(file), sentences) for layer, file in labels.items()}
    if [] in sentences:
        raise ValueError(
            f"{path}, line {sentences.index([]) + 1}: an empty sentence; leave the line out, here and in the labels"
        )
    return build(sentences, labels=found, source=path, lines=range(1, len(sentences) + 1))


def write(corpus: Labelled, path: str | Path, labels: Mapping[str, str | Path]) -> None:
    """Write a file of words and files of labels, which `read` and NeuroX read back.

    Args:
        corpus: sentences with labels.
        path: where the words go.
        labels: layer -> where its labels go; `{}` for words alone.

    Raises:
        KeyError: no such layer of words.
        ValueError: a word or a label with a space or a line end in it, which would come back as two.
    """
    rows: dict[Path, list[list[str]]] = {Path(path): corpus.sentences}
    for layer, file in labels.items():
        if layer not in corpus.labels:
            raise KeyError(
                f"no layer {layer!r} of words in this corpus{nearest(layer, corpus.labels)}; "
                f"it has {', '.join(corpus.labels) or 'none'}"
            )
        rows[Path(file)] = corpus.labels[layer]
    if len(rows) != 1 + len(labels):
        raise ValueError(f"{1 + len(labels)} files are to be written under {len(rows)} names; give each its own")
    for row, words in ((row, words) for sentences in rows.values() for row, words in enumerate(sentences)):
        for word in words:
            if word.split() != [word]:
                raise ValueError(f"sentence {row} (from 0): {word!r} has white space in it; replace it, as by '_'")
    for file, sentences in rows.items():
        _write(file, sentences)


def _rows(file: Path) -> list[list[str]]:
    rows = [fields(text) for _, text in lines(file)]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _labels(path: Path, file: Path, sentences: list[list[str]]) -> list[list[str]]:
    """Read a file of labels, and say where it parts from the words."""
    rows = _rows(file)
    for line, (words, row) in enumerate(zip(sentences, rows, strict=False), start=1):
        if len(words) != len(row):
            raise ValueError(
                f"{file}, line {line}: {len(row)} labels for the {len(words)} words {' '.join(words)!r:.80} of {path}; "
                "give each word one label"
            )
    if len(rows) != len(sentences):
        longer, shorter = (file, path) if len(rows) > len(sentences) else (path, file)
        raise ValueError(
            f"{longer}, line {min(len(rows), len(sentences)) + 1}: {shorter} has no such line ({path} has "
            f"{len(sentences)} lines, {file} has {len(rows)}); give each sentence one line in both"
        )
    return rows


def _write(file: Path, sentences: Iterable[list[str]]) -> None:
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with (gzip.open if file.suffix == ".gz" else open)(beside, "wt", encoding="utf-8", newline="\n") as target:
            target.writelines(" ".join(words) + "\n" for words in sentences)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
