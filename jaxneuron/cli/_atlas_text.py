"""The text of `jaxneuron atlas`: which it is, and the labels of its words."""

import json
from typing import Any, NamedTuple

import numpy as np
from xxhash import xxh3_128

from jaxneuron._said import columns
from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli.atlas import Given
from jaxneuron.corpora import scenes, texts
from jaxneuron.corpora.labelled import Labelled


class LabelledText(NamedTuple):
    """A text, and one layer of its labels if it was asked for."""

    text: Labelled
    labels: list[Any] | None  # as `ReadText.labels` has them
    names: tuple[str, ...] | None  # of the classes
    hash: str  # of the words
    asked: list[str] | None  # what workers must have in common: the layer, its names, and a hash of the classes

    @property
    def sentences(self) -> list[list[str]]:
        """The words of each sentence."""
        return self.text.sentences


def read(given: Given) -> LabelledText:
    """Return the text; without one, the captions of the embedded scenes.

    Raises:
        ValueError, FileNotFoundError: no such text, split or layer of labels; columns of a text that has none.
    """
    named = columns(given.text_column, given.label_column)
    if given.data is None and named:
        raise ValueError(f"--{next(iter(named))}-column: the captions of the embedded scenes have none; give --data")
    found = part(given, split(given))
    if given.labels is None:
        return plain(found)
    _, each, classes, label_names = _asked.labels(_inputs.Read(*found, called(given)), given.labels, None)
    labels: list[Any] = list(classes)
    if each == "word":
        labels = np.split(classes, np.cumsum([len(sentence) for sentence in found.sentences])[:-1])
    asked = [given.labels, *label_names, _hash(classes.tolist())]
    return LabelledText(found, labels, tuple(label_names), _hash(found.sentences), asked)


def part(given: Given, split: str | None) -> Labelled:
    """Return a split of the text.

    Raises:
        ValueError, FileNotFoundError: no such text or split.
    """
    if given.data is None:
        return scenes.parsed(split or "")
    return texts.read(given.data, split, **columns(given.text_column, given.label_column))


def plain(text: Labelled) -> LabelledText:
    """Return a text that was read, without a layer of labels."""
    return LabelledText(text, None, None, _hash(text.sentences), None)


def _hash(value: Any) -> str:
    return xxh3_128(json.dumps(value).encode()).hexdigest()


def split(given: Given) -> str | None:
    """Return which split is read; a file has none."""
    return None if given.data is not None and not given.data.is_dir() else given.split or "train"


def called(given: Given) -> str:
    """Return what the text is called."""
    return "the embedded scenes" if given.data is None else given.data.name
