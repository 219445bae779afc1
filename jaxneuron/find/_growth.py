"""N-grams that grow by a word at a time, every word tried exactly: what the beam is, and a stage of the best search."""

import numpy as np
from jaxtyping import Int

from jaxneuron.find import _scan, _score, _search
from jaxneuron.find._search import Quest


def grown(search: Quest, beams: int, *, backwards: bool = True) -> Quest:
    """Return the search after the n-grams of all targets have grown to their full length."""
    parts = np.zeros((1, 0), np.int32)
    for length in range(1, search.time + 1):
        blank = np.zeros((len(parts), 1), np.int32)
        texts = np.concatenate([blank, parts] if backwards else [parts, blank], axis=1)
        whole = length == search.time
        pool = search.pool if whole else _score.empty(search.targets, beams, length)
        most = 1 if length == 1 else search.targets * beams
        place = 0 if backwards else length - 1
        found = _scan.scan(search.scorer, pool, texts, place, len(search.trace), most=most)
        pool, work = found.pool, search.work + found.work * length / search.time
        search = _search.stepped(search._replace(work=work, pool=pool if whole else search.pool))
        parts = _kept(pool, search.scorer.words)
    return search


def _kept(pool: _score.Pool, words: Int[np.ndarray, "candidate"]) -> Int[np.ndarray, "text time"]:
    """Return what goes on growing; of a target that cannot be read yet, any words do."""
    some = np.resize(words, pool.ids.shape[1])[None, :, None]
    ids = np.where(np.isneginf(np.asarray(pool.score))[..., None], some, np.asarray(pool.ids))
    return np.unique(ids.reshape(-1, ids.shape[-1]), axis=0)
