"""Sentence classification: a text and its class on each line, such as a review and whether it is a good one.

Texts are split into words at white space, and keep case and punctuation: a tokenizer sees them as they were written.

- JSON lines (`.jsonl`, `.jsonl.gz`): an object with `text` and `label`, under these or other names
- tab-separated (`.tsv`, `.tsv.gz`): the label, a tab and the text; or columns in any order below a header that has
  the names of both, as in GLUE. A quotation mark is a character like any other
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxneuron.corpora._files import field
from jaxneuron.corpora._lines import lines, split_file
from jaxneuron.corpora.labelled import Labelled, build

KINDS = (".jsonl", ".tsv")
"""Endings of such files, each of which may be followed by `.gz`."""


def read(path: str | Path, split: str | None = None, *, text: str = "text", label: str = "label") -> Labelled:
    """Read sentences with one label each, from a file or from the file of a split.

    Args:
        path: a file, or a folder with `train.jsonl.gz`, `dev.tsv` or the like.
        split: which file of the folder; None for a single file.
        text: the name of the text in the file.
        label: the name of the label in the file, and of the layer.

    Returns:
        Sentences with the layer of sentences `label`; whole numbers become strings, true becomes "true".

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sentences, not UTF-8, an empty text or label, or a malformed line, which is named.
    """
    file = split_file(Path(path), split, KINDS)
    kind = Path(file.name.removesuffix(".gz")).suffix
    if file.exists() and kind not in KINDS:
        raise ValueError(f"{file}: expected a file that ends in {' or '.join(KINDS)}, perhaps with .gz, got {kind!r}")
    sentences, labels, numbers = [], [], []
    for line, sentence, value in (_tsv if kind == ".tsv" else _jsonl)(file, text, label):
        for name, given in ((text, sentence), (label, value)):
            if not given.strip():
                raise ValueError(f"{file}, line {line}: an empty {name!r}; leave the line out")
        sentences.append(sentence.split())
        labels.append(value.strip())
        numbers.append(line)
    return build(sentences, sentence_labels={label: labels}, source=file, lines=numbers)


def _jsonl(file: Path, text: str, label: str) -> Iterator[tuple[int, str, str]]:
    for line, row in lines(file):
        where = f"{file}, line {line}"
        if row.strip():
            try:
                value: Any = json.loads(row)
            except json.JSONDecodeError as error:
                raise ValueError(f"{where}: expected a JSON object ({error}); mend the line") from error
            given = field(value, label, (str, int, float), where)
            yield line, field(value, text, str, where), given if isinstance(given, str) else json.dumps(given)


def _tsv(file: Path, text: str, label: str) -> Iterator[tuple[int, str, str]]:
    width, columns = 2, {label: 0, text: 1}
    for line, row in lines(file):
        cells = row.split("\t")
        if line == 1 and {text, label} <= set(cells):
            width, columns = len(cells), {name: cells.index(name) for name in (text, label)}
        elif row.strip():
            if len(cells) != width:
                raise ValueError(
                    f"{file}, line {line}: expected {width} columns with tabs between them ({label}, {text}, or as the "
                    f"header has them), got {len(cells)} in {row!r:.80}; mend the line, or add a header"
                )
            yield line, cells[columns[text]], cells[columns[label]]
