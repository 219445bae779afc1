"""How many tokens of each label lie above each of some levels of a unit: what overlaps and histograms are made of."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching
from jaxneuron.rank import _order
from jaxneuron.table import Table, over_tokens


class LevelCounts(NamedTuple):
    """What is known of the words so far."""

    level: Float[Any, "level unit"]
    tokens: Int[Any, ""]
    label: Int[Any, "label"]  # tokens with the label
    above: Int[Any, "level unit"]  # tokens whose activation exceeds the level
    both: Int[Any, "level label unit"]  # those among them that have the label


def init(level: Float[Any, "level unit"], labels: int) -> LevelCounts:
    """Return the counts over no words."""
    levels, units = np.shape(level)
    none = functools.partial(jnp.zeros, dtype=jnp.int32)
    return LevelCounts(level, none(()), none(labels), none((levels, units)), none((levels, labels, units)))


def update(
    counts: LevelCounts,
    index: Int[Any, "token"],
    valid: Bool[Any, "token"],
    activations: Float[Any, "token unit"],
    labels: Shaped[Any, "token *label"],
) -> LevelCounts:
    """Add a block of words.

    Args:
        counts: of the words before.
        index: not used.
        valid: false where a row is no word.
        activations: of the block; in float64, on the host, they are compared there, as they are.
        labels: classes `[token]`, or concepts, a column each.

    Returns:
        The counts, whole numbers; exact for up to 2^31 words, in blocks of up to 2^24.
    """
    del index
    if isinstance(activations, np.ndarray) and activations.dtype == np.float64:
        return _on_host(counts, np.asarray(valid), activations, np.asarray(labels))
    return _on_device(counts, valid, activations, labels)


def _on_host(counts: LevelCounts, valid: np.ndarray, activations: np.ndarray, labels: np.ndarray) -> LevelCounts:
    held = labels[:, None] == np.arange(len(counts.label)) if labels.ndim == 1 else labels
    held = (np.concatenate([np.ones((len(held), 1), bool), held], axis=1) & valid[:, None]).astype(np.float32)
    found = np.stack([held.T @ (activations > level).astype(np.float32) for level in np.asarray(counts.level)])
    size, found = held.sum(axis=0).astype(np.int32), found.astype(np.int32)
    return LevelCounts(
        counts.level,
        counts.tokens + size[0],
        counts.label + size[1:],
        counts.above + found[:, 0],
        counts.both + found[:, 1:],
    )


@jax.jit
def _on_device(
    counts: LevelCounts, valid: Bool[Any, "token"], activations: Float[Any, "token unit"], labels: Shaped[Any, "..."]
) -> LevelCounts:
    count = len(counts.label)
    held = jax.nn.one_hot(labels, count, dtype=jnp.float32) if labels.ndim == 1 else labels.astype(jnp.float32)
    held = jnp.concatenate([jnp.ones((len(held), 1), jnp.float32), held], axis=1) * valid[:, None]

    def at(level: Array) -> Array:
        return (held.T @ (activations > level[None]).astype(jnp.float32)).astype(jnp.int32)

    found = jax.lax.map(at, counts.level)
    return LevelCounts(
        counts.level,
        counts.tokens + jnp.sum(valid, dtype=jnp.int32),
        counts.label + jnp.sum(held[:, 1:], axis=0).astype(jnp.int32),
        counts.above + found[:, 0],
        counts.both + found[:, 1:],
    )


def over(
    level: Float[np.ndarray, "level unit"],
    activations: Table,
    rows: Shaped[np.ndarray, "token *label"],
    labels: int,
    *,
    budget: int,
    progress: batching.Progress | None,
) -> LevelCounts:
    """Return the counts over all words, as numpy arrays."""
    counts = over_tokens(update, init(level, labels), activations, rows, budget=budget, progress=progress)
    return jax.tree.map(np.asarray, counts)


def at_places(activations: Table, places: Int[np.ndarray, "level"], *, budget: int) -> Float[np.ndarray, "level unit"]:
    """Return the activation at some places of each unit's ascending order: 0 is the lowest."""
    return _order.map_units(lambda values: np.sort(values)[places], activations, budget=budget).T


def between(all_: Int[np.ndarray, "*#rest"], above: Int[np.ndarray, "level *rest"]) -> Int[np.ndarray, "bin *rest"]:
    """Return how many are between each level and the next, from how many are above each."""
    first = np.broadcast_to(all_, above.shape[1:])[None]
    return -np.diff(np.concatenate([first, above, np.zeros_like(first)]), axis=0)


def overlap(
    active: Int[np.ndarray, "level #label unit"],
    label: Int[np.ndarray, "label"],
    both: Int[np.ndarray, "level label unit"],
) -> Float[np.ndarray, "level label unit"]:
    """Return `|active and label| / |active or label|`; 0 where there is neither."""
    union = active + label[:, None] - both
    return np.divide(both, union, out=np.zeros(both.shape), where=union > 0)
