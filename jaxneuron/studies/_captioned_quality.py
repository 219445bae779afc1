"""How real is the model that is interpreted? Both pathways against baselines on the same split."""

import functools
from math import nan as NAN
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxneuron.corpora.vocabulary import BEG, END
from jaxneuron.evaluate.average_precision import mean_average_precision
from jaxneuron.studies.captioned import Data
from jaxneuron.types import Params, Tokens
from jaxneuron_models.baselines import kneser_ney, unigram, word_count_ridge
from jaxneuron_models.imaginet import losses
from jaxneuron_models.model import Model
from jaxneuron_models.pure import PureForward


class Perplexity(NamedTuple):
    """Of the next word, on dev."""

    imaginet: float = NAN
    unigram: float = NAN
    kneser_ney: float = NAN


class Precision(NamedTuple):
    """Mean average precision of the labels of the pictures, on dev."""

    imaginet: float = NAN
    ridge: float = NAN  # regression on word counts
    random: float = NAN


class Quality(NamedTuple):
    """How well both pathways do, and what else does."""

    perplexity: Perplexity
    words: int  # that are predicted
    average_precision: Precision | None  # where features are labels


def quality(model: Model, texts: Data, train: Tokens, dev: Tokens, *, chunk: int = 256) -> Quality:
    """Measure on dev: perplexity against n-gram models, label mean average precision against ridge regression.

    Every model predicts the same words: the second to the last, then <END>.

    Args:
        model: an Imaginet.
        texts: the captions.
        train: those of train as the model reads them.
        dev: those of dev.
        chunk: captions at a time.
    """
    forward, params = model.forward, model.params
    size = len(model.vocabulary.words)
    data = texts.dev
    images = np.asarray(data.features, np.float32)[data.image]

    nats, words = 0.0, 0
    predicted = []
    for start in range(0, len(dev.ids), chunk):
        part = Tokens(*(_rows(array, start, chunk) for array in dev))
        loss, visual = _read(params, part, _rows(images, start, chunk), forward=forward)
        nats, words = nats + float(loss) * int(part.mask.sum()), words + int(part.mask.sum())
        predicted.append(np.asarray(visual))
    one = unigram.perplexity(train, dev, end=END, vocabulary_size=size)
    three = kneser_ney.perplexity(train, dev, end=END, begin=BEG, vocabulary_size=size)
    perplexity = Perplexity(float(np.exp(nats / words)), float(one.perplexity), float(three.perplexity))
    precision = None
    truth = images > 0
    if np.isin(np.unique(images), (0, 1)).all() and truth.any():
        ridge = word_count_ridge.predict(train, texts.train.image, texts.train.features, dev, vocabulary_size=size)
        visual = np.concatenate(predicted)[: len(images)]
        precision = Precision(
            imaginet=float(mean_average_precision(visual, truth).mean),
            ridge=float(mean_average_precision(ridge.features, truth).mean),
            random=float(truth.mean(axis=0)[truth.any(axis=0)].mean()),
        )
    return Quality(perplexity, words, precision)


def _rows(array: np.ndarray, start: int, chunk: int) -> np.ndarray:
    part = np.asarray(array)[start : start + chunk]
    return np.pad(part, [(0, chunk - len(part))] + [(0, 0)] * (part.ndim - 1))


@functools.partial(jax.jit, static_argnames="forward")
def _read(params: Params, tokens: Tokens, features: Any, *, forward: PureForward) -> tuple[Any, Any]:
    return losses(forward, params, tokens, features).textual, forward(params, tokens, {})[0].visual[:, 0]
