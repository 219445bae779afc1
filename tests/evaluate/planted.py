"""A property that a few units carry, for the evaluations that fit probes."""

from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.ranking import ranked
from jaxneuron.types import Ranking

UNITS, CARRIERS, LABELS = 12, (3, 7, 10), 3


class Planted(NamedTuple):
    """Activations and labels of two parts, and the true ranking."""

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    ranking: Ranking


def classes(tokens: int = 240, noise: float = 0.1, seed: int = 0) -> Planted:
    """Return classes of which each has a unit that fires for it alone; the other units are noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(LABELS, size=2 * tokens).astype(np.int32)
    labels[:LABELS] = labels[tokens : tokens + LABELS] = np.arange(LABELS)
    x = rng.normal(size=(2 * tokens, UNITS)).astype(np.float32)
    x[:, CARRIERS] = (labels[:, None] == np.arange(LABELS)) + noise * x[:, CARRIERS]
    score = np.zeros(UNITS, np.float32)
    score[list(CARRIERS)] = 1
    score[0] = -1
    return Planted((x[:tokens], labels[:tokens]), (x[tokens:], labels[tokens:]), ranked(jax.numpy.asarray(score)))
