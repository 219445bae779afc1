"""The four settings of the paper, and which units or groups of each are searched for.

Projection layers give single units, drawn at random; hidden layers give groups of correlated units, because single
GRU units saturate easily (section 3.2.2). The paper says "160 randomly selected target neurons"; its code drew
two times 80 of the units 0 to 1,023 of each layer (`draw="original"`). The language projection appears twice: with
words that are frequent, like most words of the original draw, and with an unbiased draw of all words.

All targets are directions of the two hidden layers, so that one search serves all settings of a pathway.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.corpora.vocabulary import SPECIALS
from jaxneuron.decompose import correlation_clusters
from jaxneuron.lowering import lower
from jaxneuron.studies.poerner2018 import material
from jaxneuron.studies.poerner2018.labels import (
    TEXTUAL_ALL,
    TEXTUAL_GRU,
    TEXTUAL_PROJECTION,
    VISUAL_GRU,
    VISUAL_PROJECTION,
    Setting,
)
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Site, Tokens


class Drawn(NamedTuple):
    """The targets of one setting."""

    setting: Setting
    targets: Along  # stacked
    indices: list[int]  # unit of the projection, or rank of the group
    names: list[str]  # what a person calls each target
    sizes: list[int]  # units in each target
    spread: Float[np.ndarray, "target"]  # standard deviation of the score over the sampled n-grams


def build(found: Material, preset: Preset, *, seed: int, draw: str = "unbiased") -> list[Drawn]:
    """Return the settings in the order of the report.

    Args:
        found: the model and its texts.
        preset: the sizes of the run.
        seed: of all that is drawn.
        draw: which words are targets.
    """
    vocabulary, random = found.model.vocabulary, np.random.default_rng(seed)
    features = _names(found)
    words = np.arange(len(SPECIALS), len(vocabulary.words))
    frequent = words[vocabulary.counts[words] >= preset.frequent]
    pick = _original if draw == "original" else lambda units: random.permutation(units)[: preset.units]
    hidden = {one.key: material.activations(found, one.key) for one in (VISUAL_GRU, TEXTUAL_GRU)}
    visual, textual = VISUAL_PROJECTION.key, TEXTUAL_PROJECTION.key  # sites, too
    return [
        _units(found, VISUAL_PROJECTION, visual, pick(np.arange(len(features))), features, hidden),
        _units(found, TEXTUAL_PROJECTION, textual, _first(frequent, preset, random), vocabulary.words, hidden),
        _units(found, TEXTUAL_ALL, textual, pick(words), vocabulary.words, hidden),
        *(_groups(one, hidden[one.key], preset) for one in (VISUAL_GRU, TEXTUAL_GRU)),
    ]


def _names(found: Material) -> tuple[str, ...]:
    width = found.data.train.features.shape[1]
    return found.data.train.names or tuple(f"feature {number}" for number in range(width))


def _first(units: np.ndarray, preset: Preset, random: np.random.Generator) -> np.ndarray:
    return random.permutation(units)[: preset.units]


def _original(units: np.ndarray) -> np.ndarray:
    """Draw as the paper's code: two times 80 of the first 1,024 units, without replacement, always the same."""
    pool = units[units < 1024]
    return np.random.RandomState(123).choice(pool, min(160, len(pool)), replace=False)


def _units(
    found: Material, setting: Setting, site: Site, units: np.ndarray, names: tuple[str, ...], hidden: dict[Site, Array]
) -> Drawn:
    model, indices = found.model, np.sort(units)
    source = model.linear[site]
    targets = lower(model.forward, model.params, Unit(site, jnp.asarray(indices)), source)
    called = [names[index] for index in indices]
    spread = _spread(targets, hidden[source])
    return Drawn(setting, targets, indices.tolist(), called, [1] * len(indices), spread)


def _groups(setting: Setting, activations: Float[Array, "sample unit"], preset: Preset) -> Drawn:
    units = activations.shape[1]
    basis = correlation_clusters.decompose(None, activations, factors=min(preset.groups, units)).basis
    sizes = np.asarray(basis.sum(axis=1), int)
    basis, sizes = basis[sizes >= preset.smallest_group], sizes[sizes >= preset.smallest_group]
    if not len(sizes):
        raise ValueError(
            f"no group of {setting.key!r} has {preset.smallest_group} units or more after clustering {units} units "
            f"to {preset.groups} groups; ask for fewer groups or smaller ones"
        )
    names = [f"group {rank} ({size} units)" for rank, size in enumerate(sizes)]
    means = Along(setting.key, basis / jnp.sum(basis, axis=1, keepdims=True), jnp.zeros(len(sizes)))
    return Drawn(setting, means, list(range(len(sizes))), names, sizes.tolist(), _spread(means, activations))


def _spread(targets: Along, activations: Float[Array, "sample unit"]) -> Float[np.ndarray, "target"]:
    tokens = Tokens(jnp.zeros((len(activations), 1), jnp.int32), jnp.ones((len(activations), 1), bool))
    scores = jax.vmap(lambda target: target(None, {targets.site: activations[:, None]}, tokens))(targets)
    return np.asarray(jnp.std(scores, axis=1))
