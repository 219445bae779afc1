"""Fluent texts: for each level of cross-entropy the strongest text that is no less likely, as far as a search finds it.

Thompson, Straznickas, Sklar 2024 (EPO, arXiv 2402.01702) evolve some prompts of one unit, each for another price of
cross-entropy, by swaps that a gradient ranks. Here all units evolve at once, and one forward pass gives the scores of
all and, of a language model, the cross-entropy too. What is kept are the best texts *at* each level, not at each price:
prices find only the convex part of a front. A text that is made for one unit, or at one level, counts for all. Texts
may grow and shrink (FLRT, Thompson and Sklar 2024, arXiv 2407.17447), and some of their words are what the language
itself would say there.

`find` returns the best at the cap, by default the mean cross-entropy of the corpus's n-grams; `front` all levels.

Cost:
    32 texts and a gradient (three passes) for each of 2 texts of each target, in each of 120 steps; texts are shared by
    all targets, and a language model's cross-entropy comes from the same pass.

Fails:
    A model that is no language model has no say of its own: pairs of words in the n-grams stand in, which know no
    grammar beyond two words. What is likely for a small model may be no text for a person.

Peers:
    EPO's code (dreamy): one unit at a time, on prices of cross-entropy, which leave the concave parts of a front out.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import fluent

    settings = fluent.Settings(steps=4)
    found = fluent.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    said = fluent.cross_entropy(forward, params, grams, grams, candidates)
    print(said.by, found.score.shape)
    #: own (2, 1)
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron import batching
from jaxneuron.find import _front, _language, _search, _wording
from jaxneuron.find._front import Judge
from jaxneuron.find._score import Pool
from jaxneuron.find._search import Given, Quest
from jaxneuron.types import Forward, Found, Params, Tokens


class Settings(NamedTuple):
    """What may be chosen of the search."""

    steps: int = 120  # of some texts used, of each target
    tries: int = 32  # texts made of each that is used
    parents: int = 2  # texts of each target used in a step: one at the cap, the others at the other levels in turn
    restarts: int = 2  # random texts of each target, beside the corpus
    depth: int = 512  # ranks that swaps are drawn from, in the end
    pool: int = 4  # texts that are remembered of each target, at each level
    shortest: int | None = None  # words of a text, at least; None: all texts are as long as the n-grams
    cap: float | None = None  # nats for each word that the chosen texts may have; None: the n-grams' mean
    levels: tuple[float, ...] = (0.5, 0.7, 0.85, 1.15, 1.4, 1.8, 2.5)  # of the front, as multiples of the cap; beside
    # them, the cap and no cap at all
    repetition: float = 0.0  # penalty in nats, times the share of words that the text had before
    language: str | tuple[Forward, Params] = "auto"  # what says how likely words are: own (the model, which predicts
    # the next word), corpus (pairs of words in the n-grams) or auto; or another language model and its weights


class Front(NamedTuple):
    """The strongest texts at each level of cross-entropy, the most likely first; the last level has no cap."""

    tokens: Tokens  # [target, level, time]
    score: Float[Any, "target level"]  # -inf where no text is so likely; it grows along the levels
    cross_entropy: Float[Any, "target level"]  # of the text, nats for each word
    level: Float[Any, "target level"]  # the most it may be, with its penalty
    cap: Float[Any, "target"]  # that level at which texts are chosen
    chosen: Found  # what `find` returns


class CrossEntropy(NamedTuple):
    """How likely texts are."""

    by: str  # what said so: own, corpus or other
    cross_entropy: Float[np.ndarray, "text"]  # nats for each word


class _State(NamedTuple):
    """Where the search stands."""

    search: Quest  # its pool has the texts at the cap
    judge: Judge
    fronts: Pool  # [level, target, k]
    levels: Float[np.ndarray, "level"]  # ascending, the last infinite
    cap: int  # which of them is the cap
    scale: Float[np.ndarray, "target"]  # standard deviation of each target over the texts that it began with


def run(search: Quest, given: Given) -> _State:
    """Read the corpus, then make texts of the best."""
    settings: Settings = given.settings
    shortest = _checked(settings, search.time)
    state = _begun(search, given, settings)
    for step in range(settings.steps):
        state, ids, used = _parents(state, settings.parents, step)
        rows = _made(state, settings, shortest, ids, used, step)
        state = _tried(state, rows, state.search.most)
    return state


def _checked(settings: Settings, time: int) -> int:
    """Return how short a text may be.

    Raises:
        ValueError: settings that cannot be.
    """
    shortest = time if settings.shortest is None else settings.shortest
    if shortest > time:
        raise ValueError(f"`shortest` is {shortest}, but the n-grams have {time} words, the most a text may have")
    if settings.cap is not None and not settings.cap > 0:
        raise ValueError(f"`cap` must be above 0 nats, got {settings.cap}")
    if not settings.repetition >= 0:
        raise ValueError(f"`repetition` must be at least 0 nats, got {settings.repetition}")
    if not all(one > 0 and one != 1 for one in settings.levels):
        raise ValueError(f"`levels` must be multiples of the cap, above 0 and not 1, got {settings.levels}")
    return shortest


def _begun(search: Quest, given: Given, settings: Settings) -> _State:
    """Return the search after the corpus and the texts to start from."""
    scorer, ngrams = search.scorer, Tokens(*map(np.asarray, given.ngrams))
    params = batching.replicate(scorer.params, scorer.mesh)
    spoken = _language.language(settings.language, scorer.forward, params, ngrams, scorer.allowed, scorer.budget)
    judge = Judge(scorer, batching.replicate(spoken, scorer.mesh), jnp.float32(settings.repetition))
    ids = np.where(ngrams.mask, ngrams.ids, -1).astype(np.int32)
    ids = ids[ngrams.mask.any(axis=1)]
    starts = _search.started(search, given, settings.restarts).reshape(-1, search.time)
    corpus = _front.measured(judge, np.concatenate([ids, starts]).astype(np.int32))
    cap = float(corpus.cost[: len(ids)].mean()) if settings.cap is None else settings.cap
    levels = np.array(sorted((*settings.levels, 1.0)) + [np.inf], np.float32) * np.float32(cap)
    fronts, at = _front.empty(len(levels), search.pool), int(np.argmin(np.abs(levels - cap)))
    state = _State(search, judge, fronts, levels, at, corpus.scale)
    whole = (scorer.allowed[np.maximum(ids, 0)] | (ids < 0)).all(axis=1)
    rows = np.concatenate([ids[whole], starts]).astype(np.int32)
    return _tried(state, rows, len(ids) + len(starts))


def _tried(state: _State, rows: Int[np.ndarray, "row time"], most: int) -> _State:
    """Score those of some texts that were not tried before."""
    search, rows = _search.untried(state.search, rows)
    fronts = _front.absorb(state.judge, state.fronts, jnp.asarray(state.levels), rows, len(search.trace), most)
    pool = jax.tree.map(lambda leaf: leaf[state.cap], fronts)
    return state._replace(search=_search.stepped(search._replace(pool=pool)), fronts=fronts)


def _parents(state: _State, number: int, step: int) -> tuple[_State, np.ndarray, np.ndarray]:
    """Return the texts of each target that were used least, at the cap and at other levels; count one more use."""
    score, used, ids = (np.array(leaf) for leaf in (state.fronts.score, state.fronts.used, state.fronts.ids))
    none, size, target = np.isneginf(score), score.shape[2], np.arange(score.shape[1])
    others = [level for level in range(len(state.levels)) if level != state.cap]
    places = [state.cap, *(others[(step * (number - 1) + place) % len(others)] for place in range(number - 1))]
    parents, before = [], []
    for place in places:
        there = ~none[place:, :, 0]  # where nothing is so likely, the next level
        level = np.where(there.any(axis=0), place + there.argmax(axis=0), len(state.levels) - 1)
        own = np.where(none[level, target], np.iinfo(np.int32).max, used[level, target] * size + np.arange(size)[None])
        chosen = own.argmin(axis=1)
        parents.append(ids[level, target, chosen])
        before.append(used[level, target, chosen])
        used[level, target, chosen] += 1
    fronts = state.fronts._replace(used=jnp.asarray(used))
    search = state.search._replace(work=state.search.work + 3 * len(places) * len(target))  # their gradients
    return state._replace(search=search, fronts=fronts), np.stack(parents, axis=1), np.stack(before, axis=1)


def _made(
    state: _State, settings: Settings, shortest: int, ids: np.ndarray, used: np.ndarray, step: int
) -> Int[np.ndarray, "row time"]:
    """Return texts made of those of each target."""
    scorer, (targets, parents, time) = state.judge.scorer, ids.shape
    given = scorer.params, state.judge.language, jnp.asarray(scorer.allowed), jnp.float32((step + 1) / settings.steps)
    sizes = {"tries": _wording.kinds(settings.tries), "depth": settings.depth, "shortest": shortest}
    made = functools.partial(_wording.proposed, *given, forward=scorer.forward, **sizes)
    each = np.repeat(np.arange(targets), parents)
    own = jax.tree.map(lambda leaf: jnp.asarray(leaf)[each], (state.search.keys, scorer.targets, state.scale))
    numbers = np.tile(step * parents + np.arange(parents), targets)
    texts = _wording.Origins(*own, *map(jnp.asarray, (ids.reshape(-1, time), used.reshape(-1), numbers)))
    # soft words and what is said at each place, with their gradients, and what the model makes of them
    chunk = batching.chunk_size(4 * time * len(scorer.allowed) * 12, len(each), scorer.budget, scorer.mesh)
    return np.asarray(batching.map_chunks(made, texts, chunk=chunk, mesh=scorer.mesh)).reshape(-1, time)


def _chosen(state: _State, k: int, end: int) -> Found:
    """Return the texts at the cap."""
    return _search.found(state.search, k, end)._replace(optimal=None)


def _fronts(state: _State, k: int, end: int) -> Front:
    """Return the texts at all levels."""
    ids, score = (np.moveaxis(np.asarray(leaf), 0, 1)[:, :, 0] for leaf in (state.fronts.ids, state.fronts.score))
    ids = np.where(np.isneginf(score)[..., None], -1, ids)
    level = np.broadcast_to(state.levels, score.shape)
    scorer, spoken = state.judge.scorer, state.judge.language
    price = _front.costs(scorer.forward, scorer.params, spoken, ids, scorer.budget)
    price = np.where(np.isneginf(score), np.nan, price)
    return Front(_front.text(jnp.asarray(ids)), score, price, level, level[:, state.cap], _chosen(state, k, end))


_SIZE = {
    "steps": lambda settings, size: 1 + settings.steps,
    "most": lambda settings: settings.parents * settings.tries,
}
_FIND = "Find the strongest texts that are no less likely than the corpus's n-grams are on average."
_FRONT = "Find the strongest texts at each level of cross-entropy; returns a `Front`."

find = _search.method(_FIND, run, Settings(), result=_chosen, **_SIZE)

front = _search.method(_FRONT, run, Settings(), result=_fronts, **_SIZE)


def cross_entropy(
    forward: Forward,
    params: Params,
    texts: Tokens,
    ngrams: Tokens,
    candidates: Bool[Any, "vocab"],
    *,
    language: str | tuple[Forward, Params] = "auto",
    budget: int = batching.BUDGET,
) -> CrossEntropy:
    """Return how likely texts are, as `find` counts it: the mean over their words of `-log p(word | those before it)`.

    Args:
        forward: the model.
        params: its weights.
        texts: host arrays `[text, time]`.
        ngrams: of the corpus.
        candidates: the words that an n-gram may be made of.
        language: see `Settings`.
        budget: bytes of working memory.

    Raises:
        ValueError: a model that does not predict the next word, where it is asked to.
    """
    allowed = np.asarray(candidates)
    spoken = _language.language(language, forward, params, Tokens(*map(np.asarray, ngrams)), allowed, budget)
    return CrossEntropy(spoken.kind, _front.costs(forward, params, spoken, np.where(texts.mask, texts.ids, -1), budget))
