"""Any text by its ending: what `--data` may name, whole or in parts to train on and to stop by."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from jaxneuron.corpora import captions, columns, conllu, labelled, parallel, scenes, sentences
from jaxneuron.corpora._files import listing, split_file, split_files
from jaxneuron.corpora.labelled import Labelled


def read(
    path: Path, split: str | None = None, *, text: str | int | None = None, label: str | int | None = None
) -> Labelled:
    """Read a file of text, or the file of a split in a folder.

    Args:
        path: `.conllu` or `.conllulex` treebanks; `.conll`, `.iob2`, `.iob` or `.bio` columns; `.jsonl` or `.tsv` with
            a text per line, and a label if there is one; or `.txt` with a sentence of space-separated words per line,
            of which blank lines are left out. Each may end in `.gz`; or a folder with a file for each split, or with
            captions of images (`corpora.captions`).
        split: train, dev or test, for a folder.
        text: which column has the text: a name in `.jsonl` and `.tsv`, a number from 0 in `.tsv` and in columns; by
            default see `corpora.sentences` and `corpora.columns`.
        label: which one has the label, likewise.

    Raises:
        FileNotFoundError: no such file.
        ValueError: an ending that is not known, a column for a text that has no choice of them, or what the readers
            find wrong.
    """
    if not path.exists():
        raise FileNotFoundError(f"no file or folder {path}; its folder has {listing(path.parent)}")
    if path.is_dir() and captions.holds(path):
        return _fixed(partial(_captions, split=split or ""), path, text=text, label=label)
    for ending, reader in READERS.items():
        if path.is_dir():
            if split_files(path, split, (ending,)):
                return reader(split_file(path, split, (ending,)), text=text, label=label)
        elif path.name.removesuffix(".gz").endswith(ending):
            return reader(split_file(path, split, (ending,)), text=text, label=label)
    if path.is_dir():
        raise FileNotFoundError(
            f"no text for {split!r} in {path}, it has {listing(path)}; expected a name such as {split}.jsonl, with one "
            f"of {', '.join(READERS)}, perhaps with .gz"
        )
    raise ValueError(f"{path}: expected the ending {', '.join(READERS)}, perhaps with .gz")


def train_and_dev(
    path: Path | None, *, text: str | int | None = None, label: str | int | None = None
) -> tuple[list[list[str]], list[list[str]]]:
    """Return sentences to train on, and sentences to stop by.

    Args:
        path: a folder with the splits train and dev, one file (its last twentieth is dev), or None for the captions of
            the embedded scenes.
        text: see `read`.
        label: see `read`.

    Raises:
        FileNotFoundError, ValueError: see `read`; or a file of one sentence.
    """
    if path is None:
        made = scenes.read("train"), scenes.read("dev")
        return made[0].sentences, made[1].sentences
    if path.is_dir():
        train, dev = (read(path, split, text=text, label=label).sentences for split in ("train", "dev"))
        return train, dev
    sentences = read(path, text=text, label=label).sentences
    held_out = max(1, len(sentences) // 20)
    if len(sentences) < 2:
        raise ValueError(f"{path} has one sentence; training needs at least two, the last to stop by")
    return sentences[:-held_out], sentences[-held_out:]


def _fixed(reader: Callable[[Path], Labelled], path: Path, **asked: str | int | None) -> Labelled:
    """Read a text whose columns are what they are."""
    if named := [name for name, value in asked.items() if value is not None]:
        raise ValueError(f"{path}: such a file has no choice of columns; leave out {named[0]}= (--{named[0]}-column)")
    return reader(path)


def _captions(path: Path, *, split: str) -> Labelled:
    """Read the captions of images."""
    return labelled.build(captions.read(path, split).sentences, source=path)


def _numbered(path: Path, *, text: str | int | None, label: str | int | None) -> Labelled:
    """Read columns, whose names are numbers."""
    try:
        word, place = (None if asked is None else int(asked) for asked in (text, label))
    except ValueError as error:
        raise ValueError(
            f"{path}: its columns have numbers from 0 and no names, got {text!r} and {label!r}; give numbers to text= "
            "and label= (--text-column, --label-column)"
        ) from error
    return columns.read(path, word=word, labels=None if place is None else {"label": place})


READERS: dict[str, Callable[..., Labelled]] = {
    ".conllu": partial(_fixed, conllu.read),
    ".conllulex": partial(_fixed, conllu.read),
    ".conll": _numbered,
    ".iob2": _numbered,
    ".iob": _numbered,
    ".bio": _numbered,
    ".jsonl": sentences.read,
    ".tsv": sentences.read,
    ".txt": partial(_fixed, partial(parallel.read, labels={})),
}
"""The reader of each ending; of a folder with several for a split, the first one here is read."""
