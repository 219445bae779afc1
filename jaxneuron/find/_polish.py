"""What is tried exactly, so that an answer has a certificate: all texts that are near it, or all there are."""

import itertools

import numpy as np
from jaxtyping import Int

from jaxneuron.find import _marks, _search
from jaxneuron.find._search import Quest


def polished(search: Quest, sweeps: int, exact: float) -> Quest:
    """Try every word at each place of each target's best text, until none is better: as far as that is affordable.

    Where it is, every two words are tried together, too.

    Args:
        search: where it stands.
        sweeps: how often to go through the places, at most.
        exact: how many texts to try for a target, at most, in one sweep.
    """
    words, time = len(search.scorer.words), search.time
    one, two = _marks.gaps(time, 1), _marks.gaps(time, 2)
    levels = [one] * (time * words <= exact) + [one + two] * bool(two and len(two) * words**2 <= exact)
    for places in levels:
        for _ in range(sweeps):
            before = search.work
            for gaps in places:
                texts = _marks.new(_marks.gap(np.asarray(search.pool.ids[:, 0]), *gaps), search.scanned)
                search = _opened(search, texts, gaps)
            search = _search.stepped(search)
            if search.work == before:
                break
    return search


def exhausted(search: Quest) -> Quest:
    """Try every text there is."""
    words, time = search.scorer.words, search.time
    chunk = max(1, 2**16 // len(words))
    beginnings = itertools.product(words.tolist(), repeat=time - 1)
    while part := list(itertools.islice(beginnings, chunk)):
        texts = np.pad(np.array(part, np.int32).reshape(len(part), -1), ((0, 0), (0, 1)))
        search = _search.filled(search, texts, time - 1, chunk)[0]
    texts, every = np.asarray(search.pool.ids).reshape(-1, time), range(1, time + 1)
    gaps = np.concatenate([_marks.gap(texts, *places) for few in every for places in _marks.gaps(time, few)])
    marks = np.unique(_marks.marks(gaps))
    return _search.stepped(search._replace(scanned=np.concatenate([search.scanned, marks])))


def _opened(search: Quest, texts: Int[np.ndarray, "text time"], places: tuple[int, ...]) -> Quest:
    """Try every word at one place, or every two words at two, of texts with gaps there."""
    if not len(texts):
        return search
    if len(places) == 1:
        return _search.filled(search, texts, places[0], search.targets)[0]
    words = search.scorer.words
    many = np.repeat(texts, len(words), axis=0)
    many[:, places[1]] = np.tile(words, len(texts))
    search = _search.filled(search, many, places[0], search.targets)[0]  # the later one, so that more is shared
    return search._replace(scanned=np.concatenate([search.scanned, _marks.marks(texts)]))
