"""Steps of swaps: the best text of each target that was least used has texts made of it, and they are scored."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import batching
from jaxneuron.find import _search
from jaxneuron.find._gradient import Parents, Tries, proposed
from jaxneuron.find._search import Quest


class Settings(NamedTuple):
    """What may be chosen of the search."""

    steps: int = 60  # of one text used, or a few, of each target
    tries: int = 32  # texts made of each that is used
    parents: int = 1  # texts of each target used in a step
    restarts: int = 8  # n-grams of each target to start from
    depth: int = 512  # ranks that swaps are drawn from, in the end
    pool: int = 16  # n-grams that are remembered of each target
    patience: int = 40  # steps in which no target gets better, after which the search stops


def swapped(search: Quest, settings: Settings) -> Quest:
    """Return the search after all steps, from whatever its pool holds, or after some in which no target got better."""
    waited = 0
    for step in range(settings.steps):
        before = np.asarray(search.pool.score[:, 0])
        search, ids, used = _parents(search, settings.parents)
        rows = _made(search, settings, ids, used, step)
        search = search._replace(work=search.work + 3 * ids.shape[0] * ids.shape[1])
        search = _search.stepped(_search.tried(search, rows))
        waited = 0 if np.any(np.asarray(search.pool.score[:, 0]) > before) else waited + 1
        if waited == settings.patience:
            break
    return search


def kinds(tries: int) -> Tries:
    """Return how many texts of each kind are tried.

    Example:
        >>> kinds(32)
        Tries(best=8, drawn=7, pairs=8, moves=3, crossed=4, random=2)
    """
    pairs, moves, crossed, random = tries // 4, tries // 10, tries // 8, tries // 16
    single = tries - pairs - moves - crossed - random
    return Tries(-(-single // 2), single // 2, pairs, moves, crossed, random)


def _parents(search: Quest, number: int) -> tuple[Quest, np.ndarray, np.ndarray]:
    """Return the texts of each target that were used least, the best of them first, and count one more use of each."""
    score, used = np.asarray(search.pool.score), np.array(search.pool.used)
    none, size = np.isneginf(score), score.shape[1]
    order = np.where(none, np.iinfo(np.int32).max, used * size + np.arange(size)[None])
    chosen = np.argsort(order, axis=1, kind="stable")[:, : min(number, size)]
    before = np.take_along_axis(used, chosen, axis=1)
    np.put_along_axis(used, chosen, before + 1, axis=1)
    parents = np.take_along_axis(_remembered(search), chosen[..., None], axis=1)
    return search._replace(pool=search.pool._replace(used=jnp.asarray(used))), parents, before


def _remembered(search: Quest) -> np.ndarray:
    """Return the texts of each target's pool; where there is none yet, its best again, or any."""
    none, ids = np.isneginf(np.asarray(search.pool.score)), np.asarray(search.pool.ids)
    return np.where(none[..., None], np.where(none[:, :1, None], search.scorer.words[0], ids[:, :1]), ids)


def _made(search: Quest, settings: Settings, ids: np.ndarray, used: np.ndarray, step: int) -> np.ndarray:
    """Return texts made of those of each target."""
    scorer, (targets, parents, time) = search.scorer, ids.shape
    each = np.repeat(np.arange(targets), parents)
    numbers = np.tile(step * parents + np.arange(parents), targets)
    made = functools.partial(
        *(proposed, scorer.params, jnp.asarray(scorer.allowed), jnp.float32((step + 1) / settings.steps)),
        **{"forward": scorer.forward, "tries": kinds(settings.tries), "depth": settings.depth},
    )
    # soft words with their gradient, and what the model makes of them
    item_bytes = 4 * time * len(scorer.allowed) * 8
    chunk = batching.chunk_size(item_bytes, targets * parents, scorer.budget, scorer.mesh)
    keys, own = jax.tree.map(lambda leaf: jnp.asarray(leaf)[each], (search.keys, scorer.targets))
    rest = (ids.reshape(-1, time), _remembered(search)[each], used.reshape(-1), numbers)
    texts = Parents(keys, own, *map(jnp.asarray, rest))
    rows = batching.map_chunks(made, texts, chunk=chunk, mesh=scorer.mesh)
    return np.asarray(rows).reshape(-1, time)
