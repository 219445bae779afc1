"""Any data set of the `datasets` library: from the hub, or from local files.

In CSV and TSV, "NA", "None" and "null" are words like any other; in TSV, as in GLUE, so is a quotation mark.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxneuron.corpora._files import NAMES, kind_of, listing
from jaxneuron.corpora.text import words
from jaxneuron.tap import nearest
from jaxneuron.types import Corpus

BUILDERS = {
    **{".json": "json", ".jsonl": "json", ".csv": "csv", ".tsv": "csv"},
    **{".parquet": "parquet", ".arrow": "arrow", ".txt": "text"},
}
"""What reads which suffix; each may be followed by `.gz`."""

PADDING = -1
"""Fills the labels of words beyond the end of a sentence."""


def read(
    name_or_path: str | Path,
    split: str,
    *,
    text: str = "text",
    labels: Sequence[str] = (),
    configuration: str | None = None,
) -> Corpus:
    """Read one split of a data set.

    Args:
        name_or_path: a name on the hub; a local file (JSON, JSON lines, CSV, TSV, parquet, arrow, text); a folder of
            such files, named by split; or a folder written by `save_to_disk`.
        split: `"train"`, or a part of it as in `"train[:1000]"`; for a single file, any name.
        text: the column with the sentences, as strings (then split by `text.words`) or as lists of words.
        labels: the columns to keep: one value per sentence, or a list with one value per word.
        configuration: which configuration of a data set on the hub.

    Returns:
        The sentences with labels `[sentence]`, or `[sentence, time]` padded with -1 (strings with ""). Rows without a
        word are left out.

    Raises:
        FileNotFoundError: no such file or data set.
        ValueError: no such split or column, malformed files, or labels that do not fit the words.
    """
    table = _load(name_or_path, split, configuration)
    for column in (text, *labels):
        if column not in table.column_names:
            raise ValueError(
                f"no column {column!r} in {name_or_path}{nearest(column, table.column_names)}; "
                f"its columns are {', '.join(table.column_names)}"
            )
    sentences = [
        _sentence(value, f"{name_or_path}, row {row} (from 0), column {text!r}")
        for row, value in enumerate(table[text])
    ]
    kept = [row for row, sentence in enumerate(sentences) if sentence]
    if not kept:
        raise ValueError(f"no text in the column {text!r} of {name_or_path}, split {split!r}")
    found = {}
    for label in labels:
        values = list(table[label])
        where = [f"{name_or_path}, row {row} (from 0)" for row in kept]
        found[label] = _label([values[row] for row in kept], [sentences[row] for row in kept], label, where)
    return Corpus([sentences[row] for row in kept], found)


def _sentence(value: Any, where: str) -> list[str]:
    if isinstance(value, str):
        return words(value)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise ValueError(f"{where}: expected a string or a list of words, got {value!r:.80}; fill or drop such rows")


def _label(values: list[Any], sentences: list[list[str]], name: str, where: list[str]) -> np.ndarray:
    """Return one value per sentence as `[sentence]`, or one per word as `[sentence, time]`."""
    missing = next((i for i, value in enumerate(values) if _absent(value)), None)
    if missing is not None:
        raise ValueError(
            f"{where[missing]}: the label {name!r} of {' '.join(sentences[missing])!r:.80} is missing; "
            "fill or drop such rows"
        )
    if not isinstance(values[0], list):
        return np.array(values)
    for place, value, sentence in zip(where, values, sentences, strict=True):
        if len(value) != len(sentence):
            raise ValueError(
                f"{place}: the label {name!r} has {len(value)} values for the {len(sentence)} words "
                f"{' '.join(sentence)!r:.80}; labels per word need a text column with lists of words"
            )
    flat = np.array([value for row in values for value in row])
    mask = np.arange(max(map(len, values))) < np.array([len(value) for value in values])[:, None]
    padded = np.full(mask.shape, "" if flat.dtype.kind == "U" else PADDING, flat.dtype)
    padded[mask] = flat
    return padded


def _absent(value: Any) -> bool:
    """Return whether a label is missing: null, blank or not a number, or a list that has such a label."""
    if isinstance(value, list):
        return any(map(_absent, value))
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _load(name_or_path: str | Path, split: str, configuration: str | None) -> Any:
    # The import takes seconds, and most corpora do without.
    import datasets
    from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

    path = Path(name_or_path)
    quiet = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
            return _saved(datasets.load_from_disk(str(path)), path, split)
        if path.exists():
            builder, files = _files(path, split)
            options: dict[str, Any] = {"keep_default_na": False} if builder == "csv" else {}
            if kind_of(files[0]) == ".tsv":
                options |= {"sep": "\t", "quoting": csv.QUOTE_NONE}
            data = {_base(split): [str(file) for file in files]}
            return datasets.load_dataset(builder, data_files=data, split=split, **options)
        if isinstance(name_or_path, Path) or str(name_or_path).startswith((".", "/", "~")) or kind_of(path) in BUILDERS:
            raise FileNotFoundError(f"no file or folder {path}; {path.parent} has {listing(path.parent)}")
        return datasets.load_dataset(str(name_or_path), configuration, split=split)
    except (DatasetNotFoundError, ConnectionError) as error:
        raise FileNotFoundError(
            f"no data set {str(name_or_path)!r} here, and none could be had from the hub ({error}); "
            "check the name and the network, or give the path of a local file"
        ) from error
    except DatasetGenerationError as error:
        raise ValueError(f"cannot read {name_or_path} ({error.__cause__ or error}); mend the file") from error
    finally:
        if not quiet:
            datasets.enable_progress_bars()


def _saved(found: Any, path: Path, split: str) -> Any:
    """Return the split of what `save_to_disk` wrote, which may be one split or several."""
    if not isinstance(found, dict):
        return found
    if split not in found:
        raise ValueError(f"no split {split!r} in {path}{nearest(split, found)}; its splits are {', '.join(found)}")
    return found[split]


def _files(path: Path, split: str) -> tuple[str, list[Path]]:
    """Return the builder for a local file, or for the files of the split in a folder."""
    files = [path]
    if path.is_dir():
        names = "|".join(NAMES.get(_base(split), (_base(split),)))
        pattern = re.compile(rf"({names})([-_.].*)?")
        files = sorted(file for file in path.iterdir() if pattern.fullmatch(file.name) and kind_of(file) in BUILDERS)
        if not files:
            raise FileNotFoundError(f"no file for the split {split!r} in {path}; it has {listing(path)}")
    suffixes = {kind_of(file) for file in files}
    if len(suffixes) != 1 or not suffixes <= BUILDERS.keys():
        raise ValueError(
            f"{path}: expected files of one kind of {', '.join(BUILDERS)}, got {', '.join(sorted(suffixes))}"
        )
    return BUILDERS[suffixes.pop()], files


def _base(split: str) -> str:
    """The name of the split without its slice, `"train"` of `"train[:10]"`."""
    return split.partition("[")[0]
