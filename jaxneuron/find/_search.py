"""What the discrete methods share: a search in steps, over all targets of a group, that remembers what it tried."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int, UInt64

from jaxneuron import _keys, batching
from jaxneuron.batching import Progress
from jaxneuron.find import _ascent, _score
from jaxneuron.find._best import marked
from jaxneuron.find._check import check
from jaxneuron.find._score import Pool, Scorer
from jaxneuron.types import Forward, Found, Params, Target, Tokens

GROUP = 512
"""Targets that share what they try; whatever the budget, so that it changes nothing."""


class Quest(NamedTuple):
    """Where a search stands."""

    scorer: Scorer
    keys: Array  # of each target
    pool: Pool
    most: int  # texts that are scored at once, at most
    seen: UInt64[np.ndarray, "text"]  # marks of texts that were tried
    scanned: UInt64[np.ndarray, "text"]  # marks of texts with a gap in which every word was tried
    work: float  # forward passes so far, of whole texts
    trace: tuple[Float[np.ndarray, "target"], ...]  # the best score after each step
    report: Callable[[int], None]  # told how many steps are done

    @property
    def targets(self) -> int:
        """How many targets there are."""
        return len(self.pool.score)

    @property
    def time(self) -> int:
        """How many words a text has."""
        return self.pool.ids.shape[-1]


class Given(NamedTuple):
    """What a method is asked to do."""

    settings: Any
    start: Tokens | None  # [target, k, time]
    ngrams: Tokens


Run = Callable[[Quest, Given], Any]


def method(
    formula: str,
    run: Run,
    published: Any,
    *,
    steps: Callable[[Any, int], int],
    most: Callable[[Any, int], int] = lambda settings, time: 1,
    result: Callable[[Any, int, int], Any] | None = None,
) -> Callable[..., Any]:
    """Return the `find` of a discrete method.

    Args:
        formula: what it does, in a sentence.
        run: from where a search begins to where it ends.
        published: its settings, a NamedTuple with the field `pool`, how many texts of each target are remembered.
        steps: how many steps there are at most, by the settings and the words of a text.
        most: how many texts of a target are scored at once, at most.
        result: from what `run` returned, `k`, and the steps in all, to what is returned; by default `found`.
    """

    def find(
        key: Array,
        forward: Forward,
        params: Params,
        targets: Target,
        ngrams: Tokens,
        candidates: Bool[Any, "vocab"],
        *,
        settings: Any = published,
        start: Tokens | None = None,
        k: int = 1,
        budget: int = batching.BUDGET,
        progress: Progress | None = None,
        mesh: Mesh | None = None,
    ) -> Any:
        counts = {name: value for name, value in settings._asdict().items() if isinstance(value, int)}
        unchecked = ("exact", "width", "random", "cap")
        counts = {name: value for name, value in counts.items() if name not in unchecked}
        total = check(forward, params, targets, ngrams, candidates, **counts, k=k)
        length, group = ngrams.ids.shape[1], min(total, GROUP)
        end = steps(settings, length)
        report = _reported(progress, end, -(-total // group))
        keys, params = batching.fold_targets(_keys.checked(key), targets), batching.replicate(params, mesh)

        def search(keys: Array, targets: Target, start: Tokens | None = None) -> Any:
            scorer = Scorer(forward, params, batching.replicate(targets, mesh), np.asarray(candidates), budget, mesh)
            pool = batching.replicate(_score.empty(group, max(k, settings.pool), length), mesh)
            none = np.zeros(0, np.uint64)
            begun = Quest(scorer, keys, pool, group * most(settings, length), none, none, 0.0, (), report())
            return (result or found)(run(begun, Given(settings, start, ngrams)), k, end)

        begun = () if start is None else (_ascent.fitting(start, total, length),)
        return batching.map_chunks(search, keys, targets, *begun, chunk=group)

    find.__doc__ = f"{formula}\n{_ascent.ARGUMENTS}"
    return find


def _reported(progress: Progress | None, end: int, groups: int) -> Callable[[], Callable[[int], None]]:
    """Return what begins a group, and gives what is told its steps."""
    begun = -1

    def begin() -> Callable[[int], None]:
        nonlocal begun
        begun += 1
        before = begun * end
        return lambda done: progress(before + done, groups * end) if progress else None

    return begin


def found(search: Quest, k: int, end: int) -> Found:
    """Return what was found; the trace of a search that ended early goes on as it is."""
    search.report(end)
    ids, score, step, _ = (leaf[:, :k] for leaf in search.pool)
    trace = np.stack([*search.trace, *[np.asarray(search.pool.score[:, 0])] * (end - len(search.trace))], axis=1)
    work = jnp.full(search.targets, search.work / search.targets)
    tokens, sure = Tokens(jnp.maximum(ids, 0), ids >= 0), certificate(search)[:, :k]
    return marked(Found(tokens, score, step, jnp.ones_like(score), jnp.asarray(trace), sure, work))


def started(search: Quest, given: Given, number: int) -> Int[np.ndarray, "target start time"]:
    """Return texts of each target to start from: those that were given, as far as they are whole, and random ones."""
    drawn = _random(search.keys, number, search.time, len(search.scorer.words))
    texts = search.scorer.words[np.asarray(drawn)]
    if given.start is not None:
        few = min(number, given.start.ids.shape[1])
        ids, mask = (np.asarray(leaf)[:, :few] for leaf in given.start)
        texts[:, :few] = np.where(mask.all(axis=-1, keepdims=True), ids, texts[:, :few])
    return texts


@functools.partial(jax.jit, static_argnums=(1, 2, 3))
def _random(keys: Array, number: int, time: int, words: int) -> Int[Array, "target start time"]:
    """Return numbers below `words`, of each target's own."""
    return jax.vmap(lambda key: jax.random.randint(key, (number, time), 0, words))(keys)


def stepped(search: Quest) -> Quest:
    """Return the search after one more step."""
    search.report(len(search.trace) + 1)
    return search._replace(trace=(*search.trace, np.asarray(search.pool.score[:, 0])))


def tried(search: Quest, rows: Int[np.ndarray, "row time"], *, most: int | None = None) -> Quest:
    """Score those of some texts that were not tried before; `most` is how many at once, where it is not as always."""
    search, rows = untried(search, rows)
    if not len(rows):
        return search
    pool = _score.absorb(search.scorer, search.pool, rows, len(search.trace), most=most or search.most)
    return search._replace(pool=pool)


def untried(search: Quest, rows: Int[np.ndarray, "row time"]) -> tuple[Quest, Int[np.ndarray, "new time"]]:
    """Return those of some texts that were not tried before, each once; from now on they were."""
    rows = np.unique(rows, axis=0)
    marks = marked_texts(rows)
    new = ~np.isin(marks, search.seen, kind="sort")
    seen = np.concatenate([search.seen, marks[new]])
    return search._replace(seen=seen, work=search.work + float(new.sum())), rows[new]


def filled(
    search: Quest, texts: Int[np.ndarray, "text time"], place: int, most: int
) -> tuple[Quest, Float[np.ndarray, "target text"], Int[np.ndarray, "target text"]]:
    """Try every candidate at a place of each text, no two of which are equal but there; see `_score.scan`."""
    pool, score, word = _score.scan(search.scorer, search.pool, texts, place, len(search.trace), most=most)
    scanned = np.concatenate([search.scanned, marked_texts(gap(texts, place))])
    work = search.work + len(texts) * len(search.scorer.words)
    return search._replace(pool=pool, scanned=scanned, work=work), score, word


def gap(texts: Int[np.ndarray, "*text time"], *places: int) -> Int[np.ndarray, "*text time"]:
    """Return texts with -1 at some places."""
    texts = np.array(texts)
    texts[..., list(places)] = -1
    return texts


def marked_texts(texts: Int[np.ndarray, "*text time"]) -> UInt64[np.ndarray, "*text"]:
    """Return a number of 64 bits for each text; two of a billion texts share one with a chance of a few percent.

    Example:
        >>> len(set(marked_texts(np.arange(6).reshape(3, 2)).tolist()))
        3
    """
    marks = np.zeros(texts.shape[:-1], np.uint64)
    with np.errstate(over="ignore"):
        for word in np.moveaxis(texts, -1, 0):
            marks = (marks + word.astype(np.int64).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                marks = (marks ^ (marks >> np.uint64(shift))) * np.uint64(factor)
            marks = marks ^ (marks >> np.uint64(31))
    return marks


def certificate(search: Quest) -> Int[np.ndarray, "target k"]:
    """Return how many words of each text may change at once without a higher score, as far as all were tried."""
    texts, score = np.asarray(search.pool.ids), np.asarray(search.pool.score)
    time = search.time
    found = np.zeros(score.shape, np.int32)
    for words, gaps in ((1, [(place,) for place in range(time)]), (2, _pairs(time))):
        if not gaps:
            found = np.where(found == 1, words, found)  # of one word, two are no more
            continue
        done = np.all([np.isin(marked_texts(gap(texts, *one)), search.scanned, kind="sort") for one in gaps], axis=0)
        near = (texts[:, :, None] != texts[:, None]).sum(-1) <= words
        above = np.tril(np.ones(near.shape[1:], bool), -1)
        beaten = np.any(near & above & (score[:, :, None] < score[:, None]), axis=-1)
        found = np.where(done & ~beaten & np.isfinite(score) & (found == words - 1), words, found)
    return found


def _pairs(time: int) -> list[tuple[int, int]]:
    return [(one, other) for other in range(time) for one in range(other)]


def polished(search: Quest, sweeps: int, exact: int) -> Quest:
    """Try every word at each place of each target's best text, until none is better: as far as that is affordable.

    Where it is, every two words are tried together, too.

    Args:
        search: where it stands.
        sweeps: how often to go through the places, at most.
        exact: how many texts to try for a target, at most, in one sweep.
    """
    words, time = len(search.scorer.words), search.time
    one, two = [(place,) for place in reversed(range(time))], _pairs(time)
    levels = [one] * (time * words <= exact) + [one + two] * bool(two and len(two) * words**2 <= exact)
    for places in levels:
        for _ in range(sweeps):
            before = search.work
            for gaps in places:
                texts = np.unique(gap(np.asarray(search.pool.ids[:, 0]), *gaps), axis=0)
                search = _opened(search, texts[~np.isin(marked_texts(texts), search.scanned, kind="sort")], gaps)
            search = stepped(search)
            if search.work == before:
                break
    return search


def _opened(search: Quest, texts: Int[np.ndarray, "text time"], places: tuple[int, ...]) -> Quest:
    """Try every word at one place, or every two words at two, of texts with gaps there."""
    if not len(texts):
        return search
    if len(places) == 1:
        return filled(search, texts, places[0], search.targets)[0]
    words = search.scorer.words
    many = np.repeat(texts, len(words), axis=0)
    many[:, places[0]] = np.tile(words, len(texts))
    search = filled(search, many, places[1], search.targets)[0]
    return search._replace(scanned=np.concatenate([search.scanned, marked_texts(texts)]))
