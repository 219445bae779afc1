"""Any labelled text by its ending: what `--data` of the command line may name."""

from pathlib import Path

from jaxneuron.corpora import columns, conllu, parallel, scenes, sentences
from jaxneuron.corpora.labelled import Labelled

READERS = {
    ".conllu": conllu.read,
    ".conll": columns.read,
    ".iob2": columns.read,
    ".jsonl": sentences.read,
    ".tsv": sentences.read,
}


def read(path: Path, split: str | None = None) -> Labelled:
    """Read a file of text, or the file of a split in a folder.

    Args:
        path: `.conllu`, `.conll` or `.iob2` columns, `.jsonl` or `.tsv` with a text and a label per line, or `.txt`
            with a sentence of space-separated words per line; each may end in `.gz`; or a folder of such files.
        split: train, dev or test, for a folder.

    Raises:
        FileNotFoundError: no such file.
        ValueError: an ending that is not known, or what the readers find wrong.
    """
    if not path.exists():
        raise FileNotFoundError(f"no file or folder {path}")
    names = [entry.name for entry in path.iterdir()] if path.is_dir() else [path.name]
    for ending, reader in READERS.items():
        if any(name.removesuffix(".gz").endswith(ending) for name in names):
            return reader(path, split)
    if path.is_dir():
        raise FileNotFoundError(
            f"no text in {path}, it has {', '.join(sorted(names)) or 'nothing'}; expected one of {', '.join(READERS)}"
        )
    if path.name.removesuffix(".gz").endswith(".txt"):
        return parallel.read(path, {})
    raise ValueError(f"{path}: expected the ending {', '.join(READERS)} or .txt, perhaps with .gz")


def train_and_dev(path: Path | None) -> tuple[list[list[str]], list[list[str]]]:
    """Return sentences to train on, and sentences to stop by.

    Args:
        path: a folder with the splits train and dev, one file (its last twentieth is dev), or None for the captions of
            the embedded scenes.

    Raises:
        FileNotFoundError, ValueError: see `read`; or a file of one sentence.
    """
    if path is None:
        made = scenes.read("train"), scenes.read("dev")
        return made[0].sentences, made[1].sentences
    if path.is_dir():
        return read(path, "train").sentences, read(path, "dev").sentences
    sentences = read(path).sentences
    held_out = max(1, len(sentences) // 20)
    if len(sentences) < 2:
        raise ValueError(f"{path} has one sentence; training needs at least two, the last to stop by")
    return sentences[:-held_out], sentences[-held_out:]
