"""What the gradient methods share: a search in epochs, over all targets of a chunk; `_climb` is one epoch of it."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array, Bool

from jaxneuron import _keys, batching
from jaxneuron.batching import Progress
from jaxneuron.find import _best, _climb
from jaxneuron.find._check import check
from jaxneuron.find._climb import Discretise, Method, Relax, Shape, Start, Values
from jaxneuron.types import Forward, Found, Params, Target, Tokens

ROWS = 64
"""Relaxed inputs in the smallest chunk: products of fewer rows are summed in another order, and a hundred steps of Adam
make a target searched alone go another way than in a batch."""


class Settings(NamedTuple):
    """What may be chosen of a search without noise."""

    steps: int = 200_000  # of Adam, rounded up to whole epochs
    restarts: int = 1  # independent searches per target
    learning_rate: float = 1e-3  # Adam's
    epoch: int = 200  # steps between two looks at `patience` and two calls of `progress`
    patience: int | None = 100  # epochs without a better epoch-mean of the discrete score before a target stops; None
    # never stops
    keep: str = "epoch"  # "step" keeps the best discrete inputs of all steps, "epoch" those at the end of the epochs
    # with the best mean (the paper's code)


class Noise(NamedTuple):
    """How a relaxation is drawn; this is one that is not."""

    samples: int = 1  # relaxed inputs per restart and step
    harvest: bool = False  # whether what is drawn competes as a discrete input, too
    temperature: float = 1.0  # at step 0
    cooling: float = 0.0  # what a step adds to its logarithm
    coldest: float = 1.0


def method(
    formula: str,
    start: Start,
    relax: Relax,
    discretise: Discretise,
    published: Any,
    *,
    noise: Callable[[Any], Noise] = lambda settings: Noise(),
    table: Callable[[Forward, Params, int], Array] | None = None,
) -> Callable[..., Found]:
    """Return the `find` of a gradient method.

    Args:
        formula: what it does, in a sentence.
        start: where a search begins.
        relax: the relaxed input.
        discretise: the n-gram that it stands for.
        published: the paper's settings: a NamedTuple with the fields of `Settings`, and what `noise` reads.
        noise: from settings to how a relaxation is drawn; it raises a ValueError for what cannot be.
        table: from a model and its number of words to the word vectors, for a method that optimises vectors.
    """
    made = Method(start, relax, discretise)

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
    ) -> Found:
        drawn = noise(settings)
        shape = Shape(min(settings.epoch, settings.steps), drawn.samples, settings.keep, drawn.harvest)
        counts = {"k": k, "steps": settings.steps, "restarts": settings.restarts, "epoch": settings.epoch}
        total = check(forward, params, targets, ngrams, candidates, **counts, samples=drawn.samples)
        _check(settings)
        vectors = None if table is None else table(forward, params, len(candidates))
        rates = map(jnp.float32, (settings.learning_rate, *drawn[2:]))
        length, width = ngrams.ids.shape[1], len(candidates) if vectors is None else vectors.shape[1]
        begun = _starts(start, total, settings.restarts, length)
        rows = settings.restarts * shape.samples
        # parameters with both Adam moments, and about six copies of the relaxed rows in flight
        item_bytes = 4 * length * width * (4 * settings.restarts + 6 * rows)
        chunk = batching.chunk_size(item_bytes, total, budget, mesh, math.ceil(ROWS / rows))
        params, values = batching.replicate((params, Values(jnp.asarray(candidates), vectors, *rates)), mesh)
        search = _search(
            forward, params, made, values, shape, settings, k, _counted(progress, math.ceil(total / chunk))
        )
        keys = batching.fold_targets(_keys.checked(key), targets)
        return _best.marked(batching.map_chunks(search, keys, targets, begun, chunk=chunk, mesh=mesh))

    find.__doc__ = f"{formula}\n{ARGUMENTS}"
    return find


ARGUMENTS = """
        Args:
            key: the random key.
            forward: the model.
            params: its weights.
            targets: stacked targets.
            ngrams: `[ngram, time]`; only their width matters here.
            candidates: the words an n-gram may be made of.
            settings: of the search; the default is the paper's.
            start: n-grams to start from, `[target, k, time]`, one per restart; restarts beyond them start at random.
            k: how many n-grams to keep per target.
            budget: bytes of working memory.
            progress: called with (epochs done, epochs in all).
            mesh: devices that share the targets.

        Returns:
            The best n-grams, best first.

        Raises:
            KeyError, ValueError: an unknown site, a unit out of range, no candidates, starts that do not fit, or
                settings out of range.
        """


def _check(settings: Any) -> None:
    if settings.keep not in ("step", "epoch"):
        raise ValueError(f"`keep` must be 'step' or 'epoch', got {settings.keep!r}")
    if not (math.isfinite(settings.learning_rate) and settings.learning_rate >= 0):
        raise ValueError(f"`learning_rate` must be a number of at least 0, got {float(settings.learning_rate)}")


def _counted(progress: Progress | None, chunks: int) -> Callable[[int, int], None]:
    """Return what counts epochs done, of so many in each chunk, and reports them."""
    done = 0

    def count(epochs: int, each: int) -> None:
        nonlocal done
        done += epochs
        if progress:
            progress(done, each * chunks)

    return count


def _search(
    forward: Forward,
    params: Params,
    method: Method,
    values: Values,
    shape: Shape,
    settings: Any,
    k: int,
    count: Callable[[int, int], None],
) -> Callable[[Array, Target, Tokens], Found]:
    """Return the search of a chunk of targets."""
    epochs, patience = math.ceil(settings.steps / shape.epoch), settings.patience
    each = shape.epoch * settings.restarts * (3 * shape.samples + 1 + shape.samples * shape.harvest)  # forward passes

    def search(keys: Array, targets: Target, start: Tokens) -> Found:
        state = _climb.begin(keys, start, values, method=method, k=k)
        trace, work = [], 0.0
        for epoch in range(epochs):
            work += each
            state = _climb.advance(keys, state, targets, params, values, epoch, patience, forward, method, shape)
            trace.append(state.best.score[:, 0])
            count(1, epochs)
            if patience is not None and bool(jnp.all(state.waited >= patience)):
                trace += trace[-1:] * (epochs - epoch - 1)
                count(epochs - epoch - 1, epochs)
                break
        best = _climb.rescored(targets, params, state.best, forward)
        tokens = Tokens(best.ids, jnp.ones(best.ids.shape, bool))
        taken = jnp.full(len(best.score), work)
        return Found(tokens, best.score, best.step, best.proximity, jnp.stack(trace, 1), work=taken)

    return search


def _starts(start: Tokens | None, total: int, restarts: int, length: int) -> Tokens:
    """Return an n-gram to start from per target and restart; where there is none, its mask is false."""
    ids, mask = jnp.zeros((total, restarts, length), jnp.int32), jnp.zeros((total, restarts, length), bool)
    if start is None:
        return Tokens(ids, mask)
    start = fitting(start, total, length)
    given = min(start.ids.shape[1], restarts)
    return Tokens(ids.at[:, :given].set(start.ids[:, :given]), mask.at[:, :given].set(start.mask[:, :given]))


def fitting(start: Tokens, total: int, length: int) -> Tokens:
    """Return n-grams to start from, if they fit the targets.

    Raises:
        ValueError: they do not.
    """
    if start.ids.shape[0] != total or start.ids.shape[-1] != length:
        raise ValueError(
            f"`start` must be [target, k, time] with {total} targets and {length} words, got {start.ids.shape}; "
            "pass the tokens that another `find` returned for the same targets"
        )
    return start
