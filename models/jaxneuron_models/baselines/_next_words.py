"""The words that a language model must predict, and how well they were."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.evaluate.word_counts import checked
from jaxneuron.types import Tokens


class Perplexity(NamedTuple):
    """How well a language model predicts a text."""

    perplexity: float  # exp(cross_entropy); nan where nothing is predicted
    cross_entropy: float  # mean of -log p, nats a word
    n: int  # words predicted, `<END>` included


def perplexity(probability: Float[np.ndarray, "prediction"]) -> Perplexity:
    """Summarise the probabilities that a model gave to the words that came."""
    if not len(probability):
        return Perplexity(np.nan, np.nan, 0)
    with np.errstate(divide="ignore"):
        cross_entropy = -float(np.mean(np.log(probability)))
    return Perplexity(float(np.exp(cross_entropy)), cross_entropy, len(probability))


def next_words(
    tokens: Tokens, *, vocabulary_size: int, begin: int, end: int, first: bool, order: int
) -> Int[np.ndarray, "prediction order"]:
    """Return each word to predict, behind the `order - 1` words before it.

    After w1 … wn a model predicts w2 … wn and then `end`; `first` adds w1. Before w1 stands `begin`.
    """
    ids, mask = checked(tokens, vocabulary_size)
    for name, special in (("end", end), ("begin", begin)):
        if not 0 <= special < vocabulary_size:
            raise ValueError(f"expected {name} to be a word id from 0 to {vocabulary_size - 1}, got {special}")
    length = mask.sum(axis=1, keepdims=True)
    time = np.arange(ids.shape[1] + 1)
    text = np.where(time < length, np.pad(ids, [(0, 0), (0, 1)]), end)
    text = np.pad(text, [(0, 0), (order - 1, 0)], constant_values=begin)
    windows = np.lib.stride_tricks.sliding_window_view(text, order, axis=1)
    return windows[(time <= length) & (time >= (0 if first else 1))]
