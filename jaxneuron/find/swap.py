"""Swap words: a gradient ranks all swaps, the best ranks are scored exactly, and the best texts go on.

HotFlip (Ebrahimi et al. 2018, arXiv 1712.06751) takes the first rank; GCG (Zou et al. 2023, arXiv 2307.15043) scores
some that are drawn from the first ranks, and keeps the best. Here each target has a pool of its best texts. In a step,
the best of them that was not used yet is used: of its swaps some of the first ranks are tried, some that are drawn from
a depth that grows with the steps, pairs of swaps, words that are deleted and others inserted (as in FLRT, Thompson and
Sklar 2024, arXiv 2407.17447), and random words. A text is never scored twice, and what is scored for one target is
scored for all.

Cost:
    32 texts and a gradient (three passes) in each of 60 steps for each target; texts are shared by all targets and none
    is scored twice.

Fails:
    Where the unit is off for every text in the pool (behind a ReLU) its gradient is zero, and the ranks of swaps say
    nothing: random texts and moves are what is left.

Peers:
    HotFlip, GCG (nanoGCG), FLRT: for a model's loss, on a GPU, one target at a time. Here each target keeps a pool, and
    what is scored for one counts for all.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import corpus, swap

    settings = swap.Settings(steps=8)
    found = swap.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    seen = corpus.find(None, forward, params, units, grams, candidates)
    print(bool((found.score >= seen.score).all()))
    #: True
"""

from jaxneuron.find import _search, _swapping
from jaxneuron.find._search import Given, Quest
from jaxneuron.find._swapping import Settings as Settings


def run(search: Quest, given: Given) -> Quest:
    """Swap words of all targets' texts, beginning from those to start from."""
    texts = _search.started(search, given, given.settings.restarts)
    return _swapping.swapped(_search.tried(search, texts.reshape(-1, search.time)), given.settings)


find = _search.method(
    "Score some of the swaps that a gradient ranks first, and go on from the best.",
    run,
    Settings(),
    steps=lambda settings, size: settings.steps,
    most=lambda settings: settings.parents * settings.tries,
)
