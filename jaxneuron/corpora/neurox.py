"""Activation files of NeuroX, in and out: HDF5 (`.hdf5`, `.h5`) and JSON lines (`.json`, `.jsonl`).

NeuroX (Dalvi et al. 2023, NeuroX Library for Neuron Analysis of Deep NLP Models, arXiv 2305.17073) keeps one array
`[layer, word, unit]` per sentence. In HDF5, each is a data set named by its number, and `sentence_to_index` maps the
words, joined by blanks, to that number; a repeated sentence gets " (Occurrence 2)". In JSON lines, an object per
sentence has `linex_index` and, under `features`, each word's `token` and `layers`; numbers have 8 decimals.

NeuroX reads sentences in the order of that map; here they are in the order of their numbers, and a file of which words
and activations differ in number is an error, not a sentence less. To and from a store of layers of equal width:

    write("acts.hdf5", ((words, np.stack(list(rows.values()))) for words, rows in store.by_sentence()))

    sentences = [words for words, _ in read("acts.hdf5")]  # to create the store
    first = 0
    for words, layers in read("acts.hdf5"):
        writer.write(first, dict(zip(sites, layers)))
        first += len(words)
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from jaxtyping import Float

from jaxneuron import files
from jaxneuron.corpora._files import listing
from jaxneuron.corpora._json import field, read_lines

_INDEX = "sentence_to_index"
_REPEATED = re.compile(r" \(Occurrence \d+\)$")
_DECIMALS = 8


class Sentence(NamedTuple):
    """One sentence of a file."""

    words: list[str]
    activations: Float[np.ndarray, "layer word unit"]


def read(path: str | Path) -> Iterator[Sentence]:
    """Read a file sentence by sentence, in memory for one of them.

    Args:
        path: what NeuroX or `write` wrote.

    Returns:
        The sentences by their numbers; an array has the dtype of the file, float64 for JSON lines.

    Raises:
        FileNotFoundError: no such file.
        ValueError: neither HDF5 nor JSON lines by its name, damaged, or a sentence (which is named) with more or fewer
            activations than words, or another number of layers or units than the first.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file {path}; its folder has {listing(path.parent)}")
    sentences = _read_hdf5(path) if _is_hdf5(path) else _read_json(path)
    return _alike(sentences)


def write(path: str | Path, sentences: Iterable[tuple[Sequence[str], np.ndarray]], *, dtype: Any = "float32") -> None:
    """Write a file that NeuroX loads, with one sentence in memory.

    Args:
        path: the name decides the format; NeuroX knows `.hdf5` and `.json`. An old file is replaced.
        sentences: words, and activations `[layer, word, unit]`.
        dtype: of the HDF5 data sets, float32 or float16 (HDF5 has no bfloat16).

    Raises:
        ValueError: no sentences, one (which is named) with more or fewer activations than words, values beyond the
            range of the dtype, or a word that cannot be told apart in HDF5, because it is empty or has a blank in it.
    """
    path = Path(path)
    if np.dtype(dtype).name not in ("float32", "float16"):
        raise ValueError(f"cannot write the dtype {np.dtype(dtype).name}; expected float32 or float16")
    writer = _write_hdf5 if _is_hdf5(path) else _write_json
    with files.beside(path) as temporary:
        if not writer(temporary, _alike((f"sentence {i}", *sentence) for i, sentence in enumerate(sentences)), dtype):
            raise ValueError(f"no sentences to write to {path}; expected at least one")


def _is_hdf5(path: Path) -> bool:
    if path.suffix not in (".hdf5", ".h5", ".json", ".jsonl"):
        raise ValueError(f"{path}: expected a name that ends with .hdf5, .h5, .json or .jsonl, got {path.suffix!r}")
    return path.suffix in (".hdf5", ".h5")


def _alike(sentences: Iterable[tuple[str, Sequence[str], Any]]) -> Iterator[Sentence]:
    """Pass on (where, words, activations) without `where`, if all that have words have the same layers and units."""
    alike: tuple[int, int] | None = None
    for where, words, activations in sentences:
        array = np.asarray(activations)
        if array.ndim != 3 or array.shape[1] != len(words):
            raise ValueError(f"{where}: expected [layer, word, unit] for {len(words)} words, got {array.shape}")
        if words:
            shape = (array.shape[0], array.shape[2])
            alike = alike or shape
            if shape != alike:
                raise ValueError(
                    f"{where}: expected the layers and units of the sentences before, {alike}, got {shape}"
                )
        yield Sentence(list(words), array)


def _read_hdf5(path: Path) -> Iterator[tuple[str, list[str], np.ndarray]]:
    try:
        with h5py.File(path) as opened:
            file: Any = opened  # its type allows for groups, which NeuroX does not write
            if _INDEX not in file:
                raise ValueError(f"it has no data set {_INDEX!r}; is it one of NeuroX?")
            index = json.loads(file[_INDEX][0])
            texts = sorted((int(number), text) for text, number in index.items())
            if extra := set(file) - {_INDEX} - {str(number) for number, _ in texts}:
                raise ValueError(f"{_INDEX} does not have the data set {min(extra)!r}")
            for number, text in texts:
                if str(number) not in file:
                    raise ValueError(f"it has no data set {str(number)!r}, but {_INDEX} does")
                array = file[str(number)][()]
                yield f"{path}, sentence {number}", _split(text, array.shape[1] if array.ndim == 3 else -1), array
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"cannot read {path} as HDF5 of NeuroX: {error}") from error


def _split(text: str, count: int) -> list[str]:
    """Return the words, without the mark of a repeated sentence: it is one if the number of words says so."""
    words = text.split(" ") if text else []
    if len(words) != count and _REPEATED.search(text):
        text = _REPEATED.sub("", text)
        words = text.split(" ") if text else []
    return words


def _write_hdf5(path: Path, sentences: Iterator[Sentence], dtype: Any) -> int:
    index: dict[str, str] = {}
    seen: dict[str, int] = {}
    number = 0
    with h5py.File(path, "w") as file:
        for number, (words, activations) in enumerate(sentences, start=1):
            for word in words:
                if not word or " " in word:
                    raise ValueError(
                        f"sentence {number - 1}: NeuroX's HDF5 splits sentences at blanks, so it cannot hold the word "
                        f"{word!r}; replace it, or write JSON lines"
                    )
            text = " ".join(words)
            key = text
            while key in index:
                seen[text] = seen.get(text, 1) + 1
                key = f"{text} (Occurrence {seen[text]})"
            index[key] = str(number - 1)
            try:
                with np.errstate(over="raise"):
                    held = activations.astype(dtype)
            except FloatingPointError as error:
                raise ValueError(
                    f"sentence {number - 1}: there are values beyond the range of {np.dtype(dtype).name}; "
                    "write float32, or divide them"
                ) from error
            file.create_dataset(str(number - 1), data=held)
        file.create_dataset(_INDEX, (1,), dtype=h5py.string_dtype())[0] = json.dumps(index)
    return number


def _read_json(path: Path) -> Iterator[tuple[str, list[str], Any]]:
    for line, row in read_lines(path):
        where = f"{path}, line {line}"
        features = field(row, "features", list, where)
        words = [field(feature, "token", str, where) for feature in features]
        layers = [field(feature, "layers", list, where) for feature in features]
        try:
            values = np.array([[layer["values"] for layer in word] for word in layers], np.float64)
            values = values.transpose(1, 0, 2) if words else np.zeros((0, 0, 0))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"{where}: expected every word to have the same 'layers', each with as many numbers in 'values' "
                f"({error}); mend the line"
            ) from error
        yield where, words, values


def _write_json(path: Path, sentences: Iterator[Sentence], dtype: Any) -> int:
    number = 0
    with path.open("w", encoding="utf-8") as file:
        for number, (words, activations) in enumerate(sentences, start=1):
            values = np.round(activations.astype(np.float64), _DECIMALS).transpose(1, 0, 2).tolist()
            features = [
                {"token": word, "layers": [{"index": i, "values": layer} for i, layer in enumerate(layers)]}
                for word, layers in zip(words, values, strict=True)
            ]
            file.write(json.dumps({"linex_index": number - 1, "features": features}) + "\n")
    return number
