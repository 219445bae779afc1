"""What a run works on: the model, the n-grams, and a sample of activations."""

import functools
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.corpora import ngrams, vocabulary
from jaxneuron.studies.captioned import Data
from jaxneuron.targets import at_position
from jaxneuron.types import Params, Site, Tokens
from jaxneuron_models.model import Model
from jaxneuron_models.pure import PureForward


class Material(NamedTuple):
    """A trained model and the n-grams it is searched with."""

    model: Model
    data: Data
    train: Tokens  # [sentence, time]
    dev: Tokens
    ngrams: Tokens  # [ngram, time], of all three splits, as in the paper's code
    sample: np.ndarray  # [sample], rows of `ngrams`
    candidates: Bool[np.ndarray, "vocab"]


def prepare(model: Model, data: Data, *, length: int, sample: int, seed: int, in_sentence: bool = False) -> Material:
    """Encode the captions and draw the sample of n-grams (with replacement, as the paper's code).

    Args:
        model: a trained model.
        data: the captions.
        length: words in an n-gram.
        sample: n-grams to draw.
        seed: of the draw.
        in_sentence: let the words that precede an n-gram stand before it (`corpora.ngrams`).

    Raises:
        ValueError: the model's vocabulary has nearly none of the words of the captions.
    """
    splits = [vocabulary.encode(model.vocabulary, split.sentences) for split in data]
    unknown = np.mean(splits[0].ids[splits[0].mask] == vocabulary.UNK)
    if unknown > 0.5:
        raise ValueError(
            f"{unknown:.0%} of the words of these captions are not in the model's vocabulary; "
            "the model was trained on other text: pass its own data, or train a model on these"
        )
    width = max(split.ids.shape[1] for split in splits)
    joined = (np.concatenate([_widen(array, width) for array in arrays]) for arrays in zip(*splits, strict=True))
    grams = ngrams.unique(Tokens(*joined), length, in_sentence=in_sentence)
    rows = np.random.default_rng(seed).integers(0, len(grams.ids), sample)
    return Material(model, data, splits[0], splits[1], grams, rows, vocabulary.candidates(model.vocabulary))


def _widen(array: np.ndarray, width: int) -> np.ndarray:
    return np.pad(array, [(0, 0), (0, width - array.shape[1])])


def activations(material: Material, site: Site, *, chunk: int = 2048) -> Float[Array, "sample unit"]:
    """Return a site's activations at the last word of the sampled n-grams.

    Args:
        material: the model and its texts.
        site: where the units are.
        chunk: texts at a time.
    """
    grams = Tokens(*(array[material.sample] for array in material.ngrams))
    model = material.model

    def last(tokens: Tokens) -> Float[Array, "chunk unit"]:
        return _last(model.params, tokens, forward=model.forward, site=site)

    return batching.map_chunks(last, grams, chunk=min(chunk, len(grams.ids)))


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _last(params: Params, tokens: Tokens, *, forward: PureForward, site: Site) -> Float[Array, "chunk unit"]:
    return at_position(forward(params, tokens, {})[1][site], tokens, -1)
