"""Exact coordinate ascent: place by place, take the best word of the whole vocabulary, until none is better.

What it ends at has a certificate: no other word at any one place gives a higher score (`Found.optimal` is 1), because
all were tried. From several starts, and all targets side by side: a text that one target scans is scanned for all.

Cost:
    Up to `8 * time` scans of the vocabulary from each of four starts, where a context that several targets or starts
    share is scanned once, and as many again as the certificate takes.

Fails:
    Ends where no single word is better: of two words that must change together it sees nothing, unless the vocabulary
    is so small that pairs are tried (`Found.optimal` is then 2). Costly with tens of thousands of words.

Peers:
    None that we know of; it is what HotFlip approximates by a gradient.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import coordinate

    found = coordinate.find(jax.random.key(0), forward, params, units, grams, candidates)
    print(bool((found.optimal[:, 0] >= 1).all()))  # no single word could be replaced for a higher score
    #: True
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron.find import _marks, _polish, _search
from jaxneuron.find._search import Given, Quest


class Settings(NamedTuple):
    """What may be chosen of the search."""

    restarts: int = 4  # n-grams of each target to start from
    sweeps: int = 8  # times to go through the places, at most
    exact: int = 2**18  # n-grams tried in a sweep, at most, for the certificate of one target's best
    pool: int = 16  # n-grams that are remembered of each target


def run(search: Quest, given: Given) -> Quest:
    """Climb from each start, then make sure of the best of each target."""
    settings = given.settings
    search = climbed(search, _search.started(search, given, settings.restarts), settings.sweeps)
    return _polish.polished(search, settings.sweeps, settings.exact)


def climbed(search: Quest, texts: Int[np.ndarray, "target restart time"], sweeps: int) -> Quest:
    """Return the search after coordinate ascent from these texts.

    Args:
        search: where it stands.
        texts: to climb from; they are changed.
        sweeps: times to go through the places, at most.
    """
    time = search.time
    still = np.zeros(texts.shape[:2], int)  # places in a row at which a text kept its word
    target = np.arange(len(texts))[:, None]
    for step in range(sweeps * time):
        place = time - 1 - step % time
        active = still < time
        if active.any():
            around = _marks.gap(texts, place)
            gaps, which = np.unique(around[active], axis=0, return_inverse=True)
            search, score, word = _search.filled(search, gaps, place, texts.shape[0] * texts.shape[1])
            number = np.zeros(texts.shape[:2], int)
            number[active] = which.ravel()
            better = active & np.isfinite(score[target, number]) & (word[target, number] != texts[..., place])
            texts[..., place] = np.where(better, word[target, number], texts[..., place])
            still = np.where(active, np.where(better, 0, still + 1), still)
        if place == 0:
            search = _search.stepped(search)
    return search


find = _search.method(
    "Take the best word of all at each place in turn, until no other is better.",
    run,
    Settings(),
    steps=lambda settings, size: 3 * settings.sweeps,
)
