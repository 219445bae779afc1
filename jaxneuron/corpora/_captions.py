"""What the layouts of captioned images share: the noun that they return, and how it is put together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxneuron.corpora.text import words

SPLITS = ("train", "dev", "test")


class Captions(NamedTuple):
    """Captions, and what is known about the image that each describes. Lives on the host."""

    sentences: list[list[str]]  # one caption each, as words
    image: np.ndarray  # [sentence], the row of `features` that the caption describes
    features: np.ndarray  # [image, feature], float32; a large .npy stays on disk (memory-mapped)
    names: tuple[str, ...]  # [feature], or () where features have no names


def assemble(captions: Sequence[Sequence[str | list[str]]], features: np.ndarray, names: Sequence[str]) -> Captions:
    """Flatten the captions of each image; raw ones are split into words, and those without a word are left out."""
    sentences, image = [], []
    for row, group in enumerate(captions):
        for caption in group:
            sentence = words(caption) if isinstance(caption, str) else caption
            if sentence:
                sentences.append(sentence)
                image.append(row)
    return Captions(sentences, np.array(image, np.int32), features, tuple(names))


def multi_hot(members: Sequence[Sequence[int]], width: int) -> np.ndarray:
    """Return `[row, width]` with a one for each member of the row."""
    features = np.zeros((len(members), width), np.float32)
    for row, indices in enumerate(members):
        features[row, list(indices)] = 1
    return features
