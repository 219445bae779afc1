"""The strongest search: the corpus, a beam, swaps, then an exact polish with a certificate.

Each stage goes on from the pool of the one before, and none can lose what was found. A corpus has texts that fire for
many targets; a beam tries every word exactly, where the vocabulary is small enough to; swaps cover most ground for what
they cost; and the polish tries every word at each place of the best text: `Found.optimal` says that no single word (1),
or no two words at once (2), could be replaced to raise the score, because all were tried. What would take too much of
the passes that a search has is left out, and where they suffice for every text there is, every text is tried instead.

Cost:
    One pass for each n-gram of the corpus, which all targets share, and about `passes` for each target; all n-grams
    there are where `words ** time` is no more than that for all targets together. `Found.work` has the sum.

Fails:
    Where a sweep of the polish, `words * time` passes, is more than a third of `passes` (a large vocabulary, long
    texts), it is left out and nothing is certified: `Found.optimal` is 0. A certificate of two words says nothing of
    three.

Peers:
    GCG and its kin (nanoGCG) swap words for a model's loss, one target at a time; here many units share what is tried,
    and the result says in which sense it is the best.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import best

    found = best.find(jax.random.key(0), forward, params, units, grams, candidates)
    print(found.optimal[:, 0].tolist())  # no three words could be replaced for a higher score: all were tried
    #: [3, 3]
"""

from typing import NamedTuple

import numpy as np

from jaxneuron.find import _growth, _polish, _search, _swapping
from jaxneuron.find._search import Given, Quest, Size


class Settings(NamedTuple):
    """What may be chosen of the search."""

    passes: int = 4096  # texts to read for each target, beside the corpus's; a gradient counts as three
    least: int = 2**15  # that may be read for all targets together, where they are so few that little is shared
    beams: int = 1  # n-grams of each target that grow in the beam
    tries: int = 32  # texts made of each that is used
    parents: int = 1  # texts of each target used in a step of swaps
    restarts: int = 8  # random n-grams of each target, beside the corpus
    depth: int = 512  # ranks that swaps are drawn from, in the end
    sweeps: int = 4  # of the polish, at most
    pool: int = 16  # n-grams that are remembered of each target
    patience: int = 40  # steps of swaps in which no target gets better, after which they end


class Stages(NamedTuple):
    """What the passes are used for."""

    all: bool  # every text is tried, and nothing else is needed
    beam: bool
    steps: int  # of swaps
    exact: float  # texts to try for a target in a sweep of the polish, at most


def plan(settings: Settings, size: Size) -> Stages:
    """Return what is affordable.

    Example:
        >>> plan(Settings(), Size(targets=200, words=250, time=2)).all, plan(Settings(), Size(200, 250, 5))
        (True, Stages(all=False, beam=False, steps=63, exact=1365.3333333333333))
    """
    passes = max(settings.passes, settings.least / size.targets)
    if size.words**size.time <= passes * size.targets:
        return Stages(True, False, 0, 0)
    half = (1 + 1 / size.time) / 2  # of a text's words, on average, stand from one of them on
    share = half if size.shared else 1
    sweep, exact = size.words * size.time, passes / 3 / share
    grown = sweep * settings.beams * half
    beam = grown <= passes / 8  # on stories260K, swaps of random texts get further for as much
    left = passes - grown * beam - 1.5 * sweep * share * (sweep <= exact)
    return Stages(False, beam, max(1, int(left / settings.parents / (3 + settings.tries * share))), exact)


def run(search: Quest, given: Given) -> Quest:
    """Take each stage that is affordable."""
    settings, scorer = given.settings, search.scorer
    whole = np.asarray(given.ngrams.mask).all(axis=1)
    ids = np.asarray(given.ngrams.ids)[whole]
    ids = ids[scorer.allowed[ids].all(axis=1)]
    starts = _search.started(search, given, settings.restarts).reshape(-1, search.time)
    rows = np.concatenate([ids, starts]).astype(np.int32)
    search = _search.stepped(_search.tried(search, rows, most=len(rows)))
    does = plan(settings, Size(search.targets, len(scorer.words), search.time, scorer.onward is not None))
    if does.all:
        return _polish.exhausted(search)
    if does.beam:
        search = _growth.grown(search, settings.beams)
    own = {name: value for name, value in settings._asdict().items() if name in _swapping.Settings._fields}
    search = _swapping.swapped(search, _swapping.Settings(steps=does.steps, **own))
    return _polish.polished(search, settings.sweeps, does.exact)


def _steps(settings: Settings, size: Size) -> int:
    does = plan(settings, size)
    return 2 if does.all else 1 + size.time * does.beam + does.steps + 2 * settings.sweeps


find = _search.method(
    "Search a corpus, grow a beam, swap words, and try every word at each place of the best.",
    run,
    Settings(),
    steps=_steps,
    most=lambda settings: settings.parents * settings.tries,
)
