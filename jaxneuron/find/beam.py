"""Beam search: n-grams grow by a word at a time, and every word of the vocabulary is tried exactly.

From right to left, as the default is, the last word is found first, then what best stands before it: of a target that
is read at the last word, that one matters most. What is scored for one target is scored for all, so that beams of many
targets cost less than each alone.

Cost:
    For each of `time` lengths, every candidate before each of the `targets * beams` texts that grow, all targets
    sharing what they try; a text of half the length counts as half a pass (`Found.work` has the sum).

Fails:
    A vocabulary of tens of thousands of words, each of which is tried at each place, takes as many passes. Words that
    do nothing alone and much together are dropped before they meet; more `beams` help.

Peers:
    None that we know of grows n-grams for a unit with every word tried exactly; generators with a beam, such as that of
    transformers, keep what the model finds likely, not what drives a unit.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import beam, corpus

    found = beam.find(jax.random.key(0), forward, params, units, grams, candidates)
    seen = corpus.find(None, forward, params, units, grams, candidates)
    print(bool((found.score >= seen.score).all()), found.work.shape)
    #: True (2,)
"""

from typing import NamedTuple

from jaxneuron.find import _growth, _search
from jaxneuron.find._search import Given, Quest


class Settings(NamedTuple):
    """What may be chosen of the search."""

    beams: int = 4  # n-grams of each target that go on growing
    direction: str = "right-to-left"  # or left-to-right
    pool: int = 16  # n-grams that are remembered of each target


def run(search: Quest, given: Given) -> Quest:
    """Grow n-grams of all targets; those of full length join the pool."""
    settings = given.settings
    return _growth.grown(search, settings.beams, backwards=_backwards(settings.direction))


def _backwards(direction: str) -> bool:
    known = ("right-to-left", "left-to-right")
    if direction not in known:
        raise ValueError(f"`direction` must be {known[0]!r} or {known[1]!r}, got {direction!r}")
    return direction == known[0]


find = _search.method(
    "Grow n-grams word by word, trying each word exactly, and keep the best of each length.",
    run,
    Settings(),
    steps=lambda settings, size: size.time,
)
