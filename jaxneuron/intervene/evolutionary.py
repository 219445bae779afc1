"""Which units are missed most together? Sets of units that are bred: the best live on, and their halves are joined.

Sajjad, Durrani, Dalvi 2022, "Neuron-level interpretation of deep NLP models: a survey" (arXiv 2108.13138), propose it
among the future directions, because methods that look at one unit at a time miss what units do together: two units that
only matter together, such as one that stands in for the other, are never taken by `greedy`.

A generation is a population of sets of one size, scored in one call; the `elite` of those before live on beside it. A
child takes what both parents have, then of what one has, at random; then some of its units are exchanged for others
(mutation). Parents are the better of two drawn at random (tournament). A set that is there already is changed further.

Cost:
    At most `population * generations` passes of what is above the site over all texts: 12,800 by default, fewer where
    nothing better comes for 30 generations.

Fails:
    It may not find the best set, and says so only by `settled`; another key may find a better one. Slow where a greedy
    choice would do.

Peers:
    None that we know of: a survey proposes it.

Example:
    import jax
    from docs.tiny import forward, params, texts
    from jaxneuron.intervene import Taking, evolutionary
    from jaxneuron.targets import Logit

    settings = evolutionary.Settings(population=16, generations=5, elite=4)
    asked = {"site": "mlp/hidden", "taking": Taking(count=2), "settings": settings}
    found = evolutionary.intervene(jax.random.key(0), forward, params, texts, Logit(2), **asked)
    print(len(found.units), bool(found.score <= found.unedited))
    #: 2 True
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, batching
from jaxneuron.intervene import Answered, Comparison, Effect, Taking, _search
from jaxneuron.types import Forward, Params, Site, Target, Tokens


class Settings(NamedTuple):
    """How sets are bred."""

    population: int = 128  # sets that are bred in a generation
    generations: int = 100  # at most
    elite: int = 16  # the best so far, which live on unchanged
    mutation: float = 0.1  # the share of a child's units that are exchanged, at random
    patience: int = 30  # generations without a better set after which the search ends


SETTINGS = Settings()


class Evolved(NamedTuple):
    """The best set, and how it came about."""

    units: Int[np.ndarray, "count"]  # the lowest number first
    score: float  # without them
    best: Float[np.ndarray, "generation"]  # the best score so far
    unedited: float  # with all units
    settled: bool  # the search ended because nothing better came, not because its generations ran out
    effect: Effect  # what the target reads: edited [1 batch ...]


def intervene(
    key: Array,
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    candidates: Bool[Any, "unit"] | None = None,
    *,
    site: Site,
    taking: Taking,
    settings: Settings = SETTINGS,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Evolved:
    """Search for the units without which the score is lowest.

    Args:
        key: one key, for all that is drawn.
        forward: as in `greedy`.
        params: as in `greedy`.
        tokens: as in `greedy`.
        target: as in `greedy`.
        candidates: as in `greedy`.
        site: where the units are.
        taking: how many, what they are set to, and what should fall.
        settings: how sets are bred.
        budget: bytes for what is computed at a time.
        progress: called after each generation.

    Returns:
        The best set that was met. It may not be the best there is: the number of sets is beyond any search.

    Raises:
        KeyError, ValueError: as `greedy`, and settings out of range.

    Source:
        arXiv 2108.13138, "Open issues and future directions"; for the tournament and the elite Goldberg 1989, "Genetic
        Algorithms in Search, Optimization and Machine Learning".
    """
    size, elite = settings.population, settings.elite
    if not 1 <= elite <= size or settings.generations < 1 or settings.patience < 1 or not 0 <= settings.mutation <= 1:
        raise ValueError(
            "expected at least one generation, an elite from 1 to the population, a patience of at "
            f"least 1 and a mutation from 0 to 1, got {settings}"
        )
    ask = _search.search(forward, params, tokens, target, candidates, site=site, taking=taking, budget=budget)
    draw = np.random.default_rng(np.asarray(jax.random.key_data(_keys.checked(key))).tolist())
    rows = [_first(draw.random(len(ask.places)), taking.count) for _ in range(size)]
    sets, left = np.zeros((0, len(ask.places)), bool), np.zeros(0)
    best, edited, unedited, since = [], None, None, 0
    while True:
        scores, found = ask(_over(np.stack(rows), ask))
        if not best or scores.min() < best[-1]:
            winner, since = int(scores.argmin()), 0
            edited = jax.tree.map(lambda leaf, winner=winner: leaf[winner, None], found.edited)
        else:
            since += 1
        best.append(min(float(scores.min()), best[-1]) if best else float(scores.min()))
        unedited = found.unedited
        if progress:
            progress(len(best), settings.generations)
        order = np.argsort(np.concatenate([left, scores]), kind="stable")
        sets, left = np.concatenate([sets, np.stack(rows)])[order], np.concatenate([left, scores])[order]
        if len(best) == settings.generations or since == settings.patience:
            break
        rows = _bred(draw, sets, taking.count, settings)
        sets, left = sets[:elite], left[:elite]
    effect = Effect(edited, unedited)
    settled = since == settings.patience
    return Evolved(ask.places[sets[0]], float(left[0]), np.array(best), ask.whole(effect), settled, effect)


def _bred(
    draw: np.random.Generator, sets: Bool[np.ndarray, "set candidate"], count: int, settings: Settings
) -> list[Bool[np.ndarray, "candidate"]]:
    """Return a generation of children of sets that are sorted, the best first; none is one of the elite, or twice."""
    known = {row.tobytes() for row in sets[: settings.elite]}
    children = []
    for _ in range(settings.population):
        mother, father = (sets[draw.integers(len(sets), size=2).min()] for _ in range(2))
        # what both have first, then what one has
        child = _first(draw.random(len(mother)) - mother.astype(int) - father.astype(int), count)
        child = _mutated(draw, child, int(draw.binomial(count, settings.mutation)))
        for _ in range(count):
            if child.tobytes() not in known:
                break
            child = _mutated(draw, child, 1)
        known.add(child.tobytes())
        children.append(child)
    return children


def _first(by: Float[np.ndarray, "candidate"], count: int) -> Bool[np.ndarray, "candidate"]:
    """Return the set of those that come first."""
    return np.argsort(np.argsort(by, kind="stable")) < count


def _over(sets: Bool[np.ndarray, "set candidate"], ask: _search.Sought) -> Bool[np.ndarray, "set unit"]:
    """Return sets of candidates as sets of units."""
    found = np.zeros((len(sets), ask.units), bool)
    found[:, ask.places] = sets
    return found


def _mutated(draw: np.random.Generator, child: Any, exchanged: int) -> Any:
    """Return a set of which some units are exchanged for others."""
    exchanged = min(exchanged, int(child.sum()), int((~child).sum()))
    child = child.copy()
    goes = draw.permutation(np.flatnonzero(child))[:exchanged]
    comes = draw.permutation(np.flatnonzero(~child))[:exchanged]
    child[goes], child[comes] = False, True
    return child
