"""The captions that `find` and `decompose` search: read, and checked against the model and the length asked for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxneuron.corpora import vocabulary
from jaxneuron.studies.poerner2018 import material
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron_models.model import Model

UNKNOWN = 0.03
"""The share of unknown words that is worth a line."""


def prepare(
    model: Model,
    data: Path | None,
    *,
    length: int,
    sample: int,
    seed: int,
    in_sentence: bool = False,
    notice: Callable[[str], None] | None = None,
) -> Material:
    """Read captions and collect their n-grams; the arguments are those of `material.prepare`.

    Args:
        model: a trained model.
        data: a folder of captions; None takes the embedded scenes.
        length: words in an n-gram.
        sample: n-grams to draw.
        seed: of the draw.
        in_sentence: let the words that precede an n-gram stand before it.
        notice: called with the share of words that the model does not know, if it is more than a few percent.

    Raises:
        ValueError: n-grams longer than all captions, a model without words to search with, or captions of other words
            than the model's.
    """
    if not vocabulary.candidates(model.vocabulary).any():
        raise ValueError(
            "no word of this model's vocabulary has a count, so there is none to search with; expected a model of "
            "whole words, as `jaxneuron train` writes (a tokenizer's pieces are no words)"
        )
    texts = material.read(data)
    longest = max(len(sentence) for split in texts for sentence in split.sentences)
    if length > longest:
        raise ValueError(
            f"n-grams of {length} words were asked for, but the longest caption has {longest}; give {longest} at most"
        )
    found = material.prepare(model, texts, length=length, sample=sample, seed=seed, in_sentence=in_sentence)
    unknown = float(np.mean(found.train.ids[found.train.mask] == vocabulary.UNK))
    if notice and unknown > UNKNOWN:
        notice(
            f"{unknown:.0%} of the words of these captions are unknown to the model and are read as one and the same; "
            "give the captions that it was trained on, or train a model on these"
        )
    return found
