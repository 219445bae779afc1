"""Captions, and the Imaginet that a study reads them with: the one that is given, or one that is trained on them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax

from jaxneuron.batching import Progress
from jaxneuron.corpora import captions, scenes
from jaxneuron.corpora.captions import Captions
from jaxneuron_models import imaginet, imaginet_training
from jaxneuron_models.model import Model
from jaxneuron_models.train import apart


class Data(NamedTuple):
    """The captions of a run."""

    train: Captions
    dev: Captions
    test: Captions


def read(path: Path | None) -> Data:
    """Read the captions in a folder, or generate the embedded scenes if there is none."""
    if path is None:
        return Data(*(scenes.read(split) for split in ("train", "dev", "test")))
    return Data(*(captions.read(path, split) for split in ("train", "dev", "test")))


def trained(
    directory: Path, texts: Data, options: Mapping[str, Any], *, seed: int, progress: Progress | None = None
) -> Model:
    """Train an Imaginet, or go on where a stopped run was, and load it.

    Args:
        directory: where the checkpoint goes.
        texts: captions to train on, and to stop by.
        options: fields of `train.Schedule` and of `imaginet.ImaginetConfig`.
        seed: of the weights and of the order of the batches.
        progress: called after each batch.
    """
    schedule, architecture = apart(imaginet_training.SCHEDULE, options)
    key = jax.random.key(seed)
    imaginet_training.fit(key, texts.train, texts.dev, directory, schedule=schedule, progress=progress, **architecture)
    return imaginet.load(directory)


def curves(directory: Path) -> list[dict[str, Any]]:
    """Return the losses of the training that left a model in a folder, a row each; none where nobody wrote them."""
    path = directory / "curves.json"
    return json.loads(path.read_text()) if path.exists() else []
