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
from jaxneuron.find import Onward, _ascent, _marks, _scan, _score, _trie
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


class Size(NamedTuple):
    """How much there is to search."""

    targets: int  # that share what they try
    words: int  # that a text may be made of
    time: int  # words of a text
    shared: bool = False  # whether what texts have in common at their beginning is read once


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
    steps: Callable[[Any, Size], int],
    most: Callable[[Any], int] = lambda settings: 1,
    result: Callable[[Any, int, int], Any] | None = None,
) -> Callable[..., Any]:
    """Return the `find` of a discrete method.

    Args:
        formula: what it does, in a sentence.
        run: from where a search begins to where it ends.
        published: its settings, a NamedTuple with the field `pool`, how many texts of each target are remembered.
        steps: how many steps there are at most, by the settings and the size.
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
        onward: Onward | None = None,
        k: int = 1,
        budget: int = batching.BUDGET,
        progress: Progress | None = None,
        mesh: Mesh | None = None,
    ) -> Any:
        counts = {name: value for name, value in settings._asdict().items() if isinstance(value, int)}
        counts.pop("cap", None)  # nats
        total = check(forward, params, targets, ngrams, candidates, **counts, k=k)
        if onward is not None:
            _scan.check_onward(onward, forward, params, targets, candidates, ngrams.ids.shape[1])
        length, group = ngrams.ids.shape[1], min(total, GROUP)
        end = steps(settings, Size(group, int(np.sum(candidates)), length, onward is not None))
        report = _reported(progress, end, -(-total // group))
        keys, params = batching.fold_targets(_keys.checked(key), targets), batching.replicate(params, mesh)

        def search(keys: Array, targets: Target, start: Tokens | None = None) -> Any:
            shared = batching.replicate(targets, mesh)
            scorer = Scorer(forward, params, shared, np.asarray(candidates), budget, mesh, onward)
            pool = batching.replicate(_score.empty(group, max(k, settings.pool), length), mesh)
            none = np.zeros(0, np.uint64)
            begun = Quest(scorer, keys, pool, group * most(settings), none, none, 0.0, (), report())
            return (result or found)(run(begun, Given(settings, start, ngrams)), k, end)

        begun = () if start is None else (_ascent.fitting(start, total, length),)
        return batching.map_chunks(search, keys, targets, *begun, chunk=group)

    find.__doc__ = f"{formula}\n{ARGUMENTS}"
    return find


ARGUMENTS = _ascent.ARGUMENTS.replace(
    "            k: how many",
    "            onward: of a model that reads on from where it stopped: what n-grams have in common at their\n"
    "                beginning is then read once. Without it, each is read as a whole.\n"
    "            k: how many",
)


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
    tokens, sure = Tokens(jnp.maximum(ids, 0), ids >= 0), _marks.certificate(search.pool, search.scanned)[:, :k]
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
    before, (search, rows) = search.work, untried(search, rows)
    if not len(rows):
        return search
    scorer, most = search.scorer, most or search.most
    if scorer.onward is None:
        return search._replace(pool=_score.absorb(scorer, search.pool, rows, len(search.trace), most=most))
    pool, work = _trie.absorb(scorer, scorer.onward, search.pool, rows, len(search.trace), most=most)
    return search._replace(pool=pool, work=before + work)


def untried(search: Quest, rows: Int[np.ndarray, "row time"]) -> tuple[Quest, Int[np.ndarray, "new time"]]:
    """Return those of some texts that were not tried before, each once; from now on they were."""
    rows = _marks.new(rows, search.seen)
    seen = np.concatenate([search.seen, _marks.marks(rows)])
    return search._replace(seen=seen, work=search.work + len(rows)), rows


def filled(
    search: Quest, texts: Int[np.ndarray, "text time"], place: int, most: int
) -> tuple[Quest, Float[np.ndarray, "target text"], Int[np.ndarray, "target text"]]:
    """Try every candidate at a place of each text, no two of which are equal but there; see `_scan.scan`."""
    found = _scan.scan(search.scorer, search.pool, texts, place, len(search.trace), most=most)
    scanned = np.concatenate([search.scanned, _marks.marks(_marks.gap(texts, place))])
    return search._replace(pool=found.pool, scanned=scanned, work=search.work + found.work), found.score, found.word
