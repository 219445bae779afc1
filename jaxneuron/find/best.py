"""The strongest search: the corpus, a beam, swaps, then an exact polish with a certificate.

Each stage goes on from the pool of the one before, and none can lose what was found. A corpus has texts that fire for
many targets; a beam tries every word exactly, where the vocabulary is small enough to; swaps cover most ground for what
they cost; and the polish tries every word at each place of the best text: `Found.optimal` says that no single word (1),
or no two words at once (2), could be replaced to raise the score, because all were tried. What is not affordable is
left out.

Cost:
    One pass for each n-gram of the corpus; a beam, where `words * beams * time` is at most `exact`; 60 steps of 32
    texts and a gradient for each target; up to four sweeps of the polish, `words * time` passes each (two words at
    once: their square). `Found.work` has the sum.

Fails:
    Beyond `exact` (a large vocabulary, long texts) the exact stages are left out and nothing is certified:
    `Found.optimal` is 0. A certificate of two words says nothing of three.

Peers:
    GCG and its kin (nanoGCG) swap words for a model's loss, one target at a time; here many units share what is tried,
    and the result says in which sense it is the best.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import best

    settings = best.Settings(steps=4, restarts=2)
    found = best.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    print(found.optimal[:, 0].tolist())  # no two words could be replaced for a higher score
    #: [2, 2]
"""

from typing import NamedTuple

import numpy as np

from jaxneuron.find import _growth, _search, _swapping
from jaxneuron.find._search import Given, Quest


class Settings(NamedTuple):
    """What may be chosen of the search."""

    beams: int = 1  # n-grams of each target that grow in the beam
    steps: int = 60  # of swaps
    tries: int = 32  # texts made of each that is used
    parents: int = 1  # texts of each target used in a step of swaps
    restarts: int = 8  # random n-grams of each target, beside the corpus
    depth: int = 512  # ranks that swaps are drawn from, in the end
    sweeps: int = 4  # of the polish, at most
    exact: int = 2**16  # n-grams that an exact stage (beam, polish) may try for a target; 0 leaves these stages out
    pool: int = 16  # n-grams that are remembered of each target


def run(search: Quest, given: Given) -> Quest:
    """Take each stage that is affordable."""
    settings = given.settings
    whole = np.asarray(given.ngrams.mask).all(axis=1)
    ids = np.asarray(given.ngrams.ids)[whole]
    ids = ids[search.scorer.allowed[ids].all(axis=1)]
    starts = _search.started(search, given, settings.restarts).reshape(-1, search.time)
    rows = np.concatenate([ids, starts]).astype(np.int32)
    search = _search.stepped(_search.tried(search, rows, most=len(rows)))
    if len(search.scorer.words) * settings.beams * search.time <= settings.exact:
        search = _growth.grown(search, settings.beams)
    own = {name: value for name, value in settings._asdict().items() if name in _swapping.Settings._fields}
    search = _swapping.swapped(search, _swapping.Settings(**own))
    return _search.polished(search, settings.sweeps, settings.exact)


find = _search.method(
    "Search a corpus, grow a beam, swap words, and try every word at each place of the best.",
    run,
    Settings(),
    steps=lambda settings, time: 1 + time + settings.steps + 2 * settings.sweeps,
    most=lambda settings, time: settings.parents * settings.tries,
)
