"""How good is the model that is interpreted? Bits per symbol against counting n-grams, and digits that are known."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jaxneuron.corpora import vocabulary
from jaxneuron.corpora.parses import Parsed
from jaxneuron.corpora.vocabulary import BEG, END, UNK
from jaxneuron.studies.dni2018 import material
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.results import Quality
from jaxneuron.studies.dni2018.texts import Texts
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models import lstm_training
from jaxneuron_models.baselines import kneser_ney
from jaxneuron_models.model import Model

ORDER, SHORT = 5, 1000
"""Symbols in the longest n-gram, and in the longest text that is worth a row of its own."""


def quality(
    model: Model,
    texts: Texts,
    preset: Preset,
    *,
    trained: bool = True,
    curves: Sequence[dict[str, Any]] = (),
) -> Quality:
    """Measure the model and a 5-gram model on test texts: of each, the second to the last symbol, then the end.

    Args:
        model: the LSTM.
        texts: to train the 5-gram model on, and to measure.
        preset: how many symbols are measured.
        trained: whether the LSTM was trained on these texts, too.
        curves: of its training.
    """
    test = material.take(texts.test, preset.quality)
    measured = lstm_training.measure(model, [parsed.text for parsed in test])
    return Quality(
        bits=measured.bits,
        accuracy=measured.accuracy,
        symbols=measured.count,
        n_gram=n_gram(model.vocabulary, texts.train, test),
        vocabulary=len(model.vocabulary.words),
        parameters=int(sum(np.size(leaf) for leaf in jax.tree.leaves(model.params))),
        trained_on=sum(len(parsed.text) for parsed in texts.train) if trained else None,
        curves=list(curves),
    )


def n_gram(words: Vocabulary, train: Sequence[Parsed], test: Sequence[Parsed]) -> float:
    """Return the bits per symbol of interpolated Kneser-Ney on the same symbols as `lstm_training.measure`.

    Long texts are one row, each behind the end of the one before: padded, they would be mostly padding.

    Args:
        words: the vocabulary.
        train: texts to learn from.
        test: what is predicted.
    """
    size = len(words.words)
    given: dict[str, Any] = {"vocabulary_size": size, "end": END, "begin": BEG, "order": ORDER}
    strings, held_out = ([parsed.text for parsed in texts] for texts in (train, test))
    if max(map(len, strings)) <= SHORT:
        encoded = (vocabulary.encode(words, texts) for texts in (strings, held_out))
        return kneser_ney.perplexity(*encoded, **given).cross_entropy / math.log(2)
    index = {word: number for number, word in enumerate(words.words)}
    row = np.concatenate([_ids(text, index) for text in strings])
    counted = kneser_ney.fit(Tokens(row[None], np.ones((1, len(row)), bool)), **given)
    nats, symbols = 0.0, 0
    for text in held_out:
        before = np.concatenate([[BEG] * (ORDER - 3), [END], _ids(text, index)])
        grams = np.lib.stride_tricks.sliding_window_view(before, ORDER)
        nats -= float(np.log(kneser_ney.probability(counted, grams)).sum())
        symbols += len(grams)
    return nats / symbols / math.log(2)


def _ids(text: str, index: dict[str, int]) -> np.ndarray:
    return np.array([*(index.get(symbol, UNK) for symbol in text), END], np.int32)
