"""A model with random weights over a few scenes: enough to search in, at no cost."""

import functools

import jax

from jaxneuron.corpora import scenes, vocabulary
from jaxneuron.studies.captioned import Data
from jaxneuron_models import checkpoints, imaginet
from jaxneuron_models.model import Model

SCENES = {"train": 120, "dev": 40, "test": 20}


@functools.cache
def data() -> Data:
    """Return captions of a few embedded scenes, of two lengths: a length is a compilation."""
    return Data(*(_only(scenes.generate(seed, count), (5, 8)) for seed, count in enumerate(SCENES.values())))


def _only(captions, lengths):
    rows = [row for row, sentence in enumerate(captions.sentences) if len(sentence) in lengths]
    return captions._replace(sentences=[captions.sentences[row] for row in rows], image=captions.image[rows])


@functools.cache
def model(units: int = 10) -> Model:
    """Return an untrained Imaginet for these scenes, its weights large enough to differ."""
    words = vocabulary.build(data().train.sentences)
    config = imaginet.ImaginetConfig(len(words.words), data().train.features.shape[1], embedding=8, units=units)
    forward, init = imaginet.build(config)
    params = jax.tree.map(lambda leaf: 4 * leaf, jax.jit(init)(jax.random.key(0)))
    return Model(forward, params, words, imaginet.LINEAR, config)


def store(directory):
    """Leave that model as a checkpoint."""
    stored = model()
    checkpoints.write_header(directory, "imaginet", stored.config.__dict__, stored.vocabulary)
    checkpoints.save(directory / "best", stored.params)
    return directory
