"""Any text by its ending (`corpora.texts`), and two parts of one: sentences to train on, and sentences to stop by."""

from pathlib import Path

from jaxneuron.corpora import scenes
from jaxneuron.corpora.texts import read

__all__ = ["read", "train_and_dev"]


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
