"""From a model and a text to statistics of all units, in one pass, of which nothing grows with the text.

The text is cut into blocks of whole sentences, numbered through, so that several workers can each take some of them
and merge what they know. A block's windows are packed into rows, as in `to_store`. On an accelerator the model and all
statistics are one compiled step, and nothing leaves the device but their state. On a CPU, where compiled code is slow
to count and to sort, they are two steps: the model reads a batch while the statistics of the one before it are brought
up to date, in numpy where a statistic has its `Beside`. What is computed depends neither on where a run was stopped nor
on how many workers there are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from jaxneuron.atlas import Beside, Places, Statistic
from jaxneuron.corpora import subwords
from jaxneuron.extract._batches import Reading, ahead, begun, packed_lengths, padded_lengths
from jaxneuron.extract._source import Source, layers, shapes_of
from jaxneuron.extract._spare import Spare
from jaxneuron.extract.placing import Batch, ReadText, placed
from jaxneuron.tap import check_site
from jaxneuron.types import Activations, Forward, Params, Site

State = dict[str, dict[Site, Any]]
"""Statistic -> its state."""


class Asked(NamedTuple):
    """What is computed of which vectors."""

    statistics: Mapping[str, Statistic]
    sites: tuple[Site, ...]
    widths: Mapping[Site, int]
    how: str = "last"  # a word's vector: that of the first or the last of its sub-words
    tokens: int = 2048  # sub-words of a batch


def asked(
    model: Source,
    statistics: Mapping[str, Statistic],
    sites: Sequence[Site] | None = None,
    *,
    how: str = "last",
    tokens: int | None = None,
) -> Asked:
    """Return what is to be computed, checked.

    Args:
        model: whose sites.
        statistics: name -> statistic.
        sites: by default what enters the first block and what leaves each (see `to_store.extract`).
        how: a word's vector from those of its sub-words: first or last.
        tokens: sub-words of a batch; by default 2,048 on a CPU, 16,384 elsewhere.

    Raises:
        KeyError: the model has no such site.
        ValueError: another `how`.
    """
    if how not in ("first", "last"):
        raise ValueError(f"a word's vector is that of its first or last sub-word, got how={how!r}")
    shapes = shapes_of(model)
    chosen = tuple(sites or layers(shapes, model.linear))
    for site in chosen:
        check_site(site, shapes)
    widths = {site: int(shapes[site].shape[-1]) for site in chosen}
    return Asked(statistics, chosen, widths, how, tokens or (2048 if jax.default_backend() == "cpu" else 16_384))


def init(wanted: Asked) -> State:
    """Return the states of nothing read."""
    return {name: one.init(wanted.widths) for name, one in wanted.statistics.items()}


def read(
    model: Source,
    corpus: ReadText,
    wanted: Asked,
    parts: Sequence[range],
    state: State,
    *,
    progress: Callable[[int], None] | None = None,
) -> Iterator[State]:
    """Yield the states after each of some blocks of a text.

    Args:
        model: what reads.
        corpus: the whole text.
        wanted: of `asked`.
        parts: blocks, of `blocks`.
        state: before the first of them; it is used up.
        progress: called with the words of each batch that is done.

    Raises:
        ValueError: a sentence that is no text; an activation that is not finite, named with its site, unit, sentence
            and word.
    """
    cpu = jax.default_backend() == "cpu"
    besides = {name: one.beside for name, one in wanted.statistics.items() if cpu and one.beside is not None}
    held = {name: jax.tree.map(np.asarray if name in besides else jnp.array, one) for name, one in state.items()}
    step = partial(_overlapped, beside=tuple(besides.items())) if cpu else _fused
    laid = ahead(_laid(model, corpus, reading_of(model, corpus, wanted), parts))
    yield from step(model, wanted, laid, held, _Reporter(wanted.sites, corpus, progress))


def _laid(model: Source, corpus: ReadText, reading: Reading, parts: Sequence[range]) -> Iterator[tuple[Batch, bool]]:
    """Yield the batches of some blocks, and whether each is the last of its block."""
    for part in parts:
        subwords.check([corpus.sentences[number] for number in part])
        *before, last = placed(model, corpus, reading, part)
        for batch in before:
            yield batch, False
        yield last, True


def reading_of(model: Source, corpus: ReadText, wanted: Asked) -> Reading:
    """Return how a text is read: in rows of which lengths.

    Args:
        model: which reads.
        corpus: the text.
        wanted: what is asked.
    """
    shapes = shapes_of(model)
    packed = model.packed and all(shapes[site].shape[-2] > 1 for site in wanted.sites)
    lengths = packed_lengths(model.window) if packed and model.window else padded_lengths(model, corpus.sentences)
    lengths = sorted({max(length, 2) for length in lengths})  # so that one vector for a text is not one for its word
    return Reading(
        model.forward, model.params, dict(wanted.widths), wanted.how, None, lengths, packed, wanted.tokens, None
    )


class _Reporter(NamedTuple):
    sites: tuple[Site, ...]  # in the order in which they are looked through
    corpus: ReadText
    progress: Callable[[int], None] | None

    def done(self, batch: Batch) -> None:
        if self.progress:
            self.progress(int((np.asarray(batch.places.words.text) >= 0).sum()))

    def check(self, finite: Mapping[Site, Any], batch: Batch, activations: Callable[[], Activations]) -> None:
        """Name what is not finite.

        Raises:
            ValueError: something is not.
        """
        if all(bool(one) for one in finite.values()):
            return
        found = activations()
        for site in self.sites:
            value = found[site]
            rows = batch.places.of(value)
            text, word = (np.asarray(one).reshape(-1) for one in (rows.text, rows.word))
            plain = np.asarray(value).reshape(len(text), -1)
            wrong = np.argwhere(~np.isfinite(plain) & (text >= 0)[:, None])
            if len(wrong):
                numbers = np.asarray(batch.places.sentence)[text]
                first = np.lexsort((wrong[:, 1], word[wrong[:, 0]], numbers[wrong[:, 0]]))[0]
                row, unit = wrong[first].tolist()
                sentence = int(numbers[row])
                shown = self.corpus.sentences[sentence][int(word[row])]
                raise ValueError(
                    f"the activation of unit {unit} at {site!r} is {plain[row, unit]} at word {int(word[row])}, "
                    f"{shown!r:.60}, of sentence {sentence} (both from 0); look for NaN in the model's weights, or for "
                    "what overflows in it"
                )


AHEAD = 2
"""Batches that are read while one is counted: what XLA computes on one core of one fills the gaps of the other."""

Besides = tuple[tuple[str, Beside], ...]
"""Of statistics that have one."""


def _overlapped(
    model: Source,
    wanted: Asked,
    laid: Iterator[tuple[Batch, bool]],
    state: State,
    reporter: _Reporter,
    *,
    beside: Besides,
) -> Iterator[State]:
    """Bring the statistics up to date while the model reads the next batch."""
    spare = Spare()

    def looked() -> Iterator[tuple[Batch, bool, _Looked]]:
        for batch, last in laid:
            given = model.forward, model.params, beside, batch, wanted.sites
            yield batch, last, _look(spare.take(_looked.eval_shape(*given)), *given)

    for batch, last, found in begun(looked(), AHEAD):
        reporter.check(found.finite, batch, lambda: found.activations)  # noqa: B023
        state = _with(state, wanted.statistics, dict(beside), found, batch.places)
        spare.give(found)
        reporter.done(batch)
        if last:
            state = state | {name: one.settle(state[name]) for name, one in beside}
            yield state


def _with(
    state: State, statistics: Mapping[str, Statistic], halves: Mapping[str, Beside], found: "_Looked", places: Places
) -> State:
    """Return the states with a batch, of which nothing is looked at afterwards."""
    plain, state = {site: np.asarray(value) for site, value in found.activations.items()}, dict(state)
    for name, statistic in statistics.items():
        if name in halves:
            state[name] = halves[name].add(state[name], jax.tree.map(np.asarray, found.seen[name]), plain, places)
        elif statistic.apart:  # sites of one width are computed by one program
            alone = {
                site: _update(statistic, {"": one}, {"": found.activations[site]}, places)[""]
                for site, one in state[name].items()
            }
            state[name] = alone
        else:
            state[name] = _update(statistic, state[name], found.activations, places)
    jax.block_until_ready({name: one for name, one in state.items() if name not in halves})
    return state


def _fused(
    model: Source, wanted: Asked, laid: Iterator[tuple[Batch, bool]], state: State, reporter: _Reporter
) -> Iterator[State]:
    """Read batches and bring the statistics up to date, in one step."""
    statistics = tuple(wanted.statistics.items())
    for batch, last in laid:
        given = jax.tree.map(jnp.asarray, batch)
        state, finite = _step(model.forward, model.params, statistics, state, given, wanted.sites)
        reporter.check(finite, batch, lambda: vectors(model.forward, model.params, given, wanted.sites))  # noqa: B023
        reporter.done(batch)
        if last:
            yield state


class _Looked(NamedTuple):
    activations: Activations
    finite: dict[Site, Bool[Array, ""]]
    seen: dict[str, Any]  # of each statistic that has a half beside


@partial(jax.jit, static_argnames=("forward", "beside", "sites"))
def _looked(forward: Forward, params: Params, beside: Besides, batch: Batch, sites: tuple[Site, ...]) -> _Looked:
    activations = vectors(forward, params, batch, sites)
    seen = {name: one.look(activations, batch.places) for name, one in beside}
    told = (one.finite(seen[name]) for name, one in beside if one.finite is not None)
    return _Looked(activations, next(told, None) or _finite(activations, batch.places), seen)


@partial(jax.jit, static_argnames=("forward", "beside", "sites"), donate_argnames="spent", keep_unused=True)
def _look(
    spent: _Looked, forward: Forward, params: Params, beside: Besides, batch: Batch, sites: tuple[Site, ...]
) -> _Looked:
    del spent  # its memory is what the results are written to
    return _looked(forward, params, beside, batch, sites)


@partial(jax.jit, static_argnames="statistic", donate_argnames="state")
def _update(statistic: Statistic, state: Any, activations: Activations, places: Places) -> Any:
    return statistic.update(state, activations, places)


@partial(jax.jit, static_argnames=("forward", "statistics", "sites"), donate_argnames="state")
def _step(
    forward: Forward, params: Params, statistics: Any, state: State, batch: Batch, sites: tuple[Site, ...]
) -> tuple[State, dict[Site, Bool[Array, ""]]]:
    activations = vectors(forward, params, batch, sites)
    known = {name: one.update(state[name], activations, batch.places) for name, one in statistics}
    return known, _finite(activations, batch.places)


def _finite(activations: Activations, places: Places) -> dict[Site, Bool[Array, ""]]:
    """Tell of each site whether what is counted is finite."""
    counted = {site: (places.of(value).text >= 0)[..., None] for site, value in activations.items()}
    return {site: jnp.all(jnp.isfinite(jnp.where(counted[site], one, 0))) for site, one in activations.items()}


@partial(jax.jit, static_argnames=("forward", "sites"))
def vectors(forward: Forward, params: Params, batch: Batch, sites: tuple[Site, ...]) -> Activations:
    """Return what is looked at: `[1, vector, unit]`, or `[text, 1, unit]` of a site with one vector for a text.

    Args:
        forward: the model.
        params: its weights.
        batch: texts in rows.
        sites: whose activations.
    """
    activations, time = forward(params, batch.tokens, {})[1], batch.tokens.ids.shape[-1]

    def looked_at(value: Array) -> Array:
        return value[batch.texts] if value.shape[-2] == 1 < time else value.reshape(1, -1, value.shape[-1])

    return {site: looked_at(activations[site]).astype(jnp.float32) for site in sites}
