"""From the directions that units write to the outputs that they speak for and against."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.targets import text_at
from jaxneuron.types import Forward, Params, Site, Text
from jaxneuron.writes import Promoted, _head
from jaxneuron.writes._course import Course, Stream, short, stream

PLACES = 32
"""Words at whose states the way to the scores is made linear, where the text has so many."""

SETTLED = 0.1
"""The relative error up to which a mean over texts counts as settled."""


def effect(
    course: Course,
    forward: Forward,
    params: Params,
    tokens: Text | None,
    rows: Float[Array, "row unit"],
    *,
    into: Site,
    head: Float[Any, "width output"] | None = None,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "row output"]:
    """Return how much the scores rise by each row that is written into a site.

    Args:
        course: of the model.
        forward: the model.
        params: its weights.
        tokens: text at whose words the norms hold their scale; None: the first word of the vocabulary, alone.
        rows: what is written.
        into: where.
        head: from the last site to the outputs, for a model that has none.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: see `entrance`; or a head that needs a text.
    """
    way, source, matrix = entrance(course, forward, params, short(tokens), into, rows.shape[1], head)
    if source == course.scores:
        return np.asarray(rows)
    if tokens is None and head is None and _head.bends(forward, params, short(None), source=way.tail):
        raise ValueError("the model's head is no linear function, so what it makes of a direction changes; give a text")
    text, states = short(tokens), reference(forward, params, tokens, source)
    return _head.moved(way, forward, params, text, states, rows, source=source, head=matrix, budget=budget)


def entrance(
    course: Course,
    forward: Forward,
    params: Params,
    text: Text,
    into: Site,
    width: int,
    head: Float[Any, "width output"] | None,
) -> tuple[Stream, Site, Float[Array, "width output"] | None]:
    """Return where what is written enters the way to the scores, and the head that was given.

    Args:
        course: of the model.
        forward: the model.
        params: its weights.
        text: a short text.
        into: where it is written.
        width: units of what is written.
        head: from the last site to the outputs, for a model that has none.

    Raises:
        ValueError: no head; a head of another width; or what is written does not go into the stream.
    """
    if head is None and not course.head:
        raise ValueError(NO_HEAD)
    if into == course.scores and head is None:
        return Stream(into, into), into, None
    if into not in course.towards:
        raise ValueError(f"nothing that is written at {into!r} reaches the scores; choose a site on the way to them")
    way = stream(course, forward, params, text, width)
    if into not in course.reached[way.site] and into != way.site and way.site not in course.reached[into]:
        raise ValueError(
            f"nothing that is written at {into!r} reaches the stream at {way.site!r}; choose a site before it"
        )
    source = into if into in course.reached[way.site] else way.site
    return way, source, None if head is None else _matrix(course, way.tail, head)


def end(
    course: Course, forward: Forward, params: Params, text: Text, site: Site, head: Float[Any, "width output"] | None
) -> Stream | None:
    """Return the stream of which the scores are a linear function, None where there is none: then read the scores.

    Raises:
        ValueError: no head, or a head of another width; or nothing at `site` reaches the scores.
    """
    if head is None and not course.head:
        raise ValueError(NO_HEAD)
    way = stream(course, forward, params, text)
    late = site == course.scores or site in course.reached[way.tail]
    if (late and head is not None) or not (late or site == way.tail or way.tail in course.reached[site]):
        raise ValueError(
            f"nothing at {site!r} reaches {way.tail!r}, from which scores are read; choose a site before it"
        )
    if head is not None:
        _matrix(course, way.tail, head)
        return way
    return None if late or _head.bends(forward, params, text, source=way.tail) else way


def last(
    way: Stream,
    forward: Forward,
    params: Params,
    text: Text,
    rows: Float[Array, "row unit"],
    head: Float[Any, "width output"] | None,
    *,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "row output"]:
    """Return what changes of the tail of what `end` returned do to the scores."""
    states, source = jnp.asarray(np.zeros((1, rows.shape[1]), rows.dtype)), way.tail
    matrix = None if head is None else jnp.asarray(head)
    return _head.moved(way, forward, params, text, states, rows, source=source, head=matrix, budget=budget)


NO_HEAD = (
    "this model has no head, so it has no scores; load it with its head, or give `head`, a matrix from its last site "
    "to outputs, such as the words' vectors (`vocabulary.embedding`)"
)


def _matrix(course: Course, tail: Site, head: Float[Any, "width output"]) -> Float[Array, "width output"]:
    """Return the head that was given.

    Raises:
        ValueError: it is of another width than the site that it reads.
    """
    width = course.shapes[tail].shape[-1]
    if np.ndim(head) != 2 or np.shape(head)[0] != width:
        raise ValueError(
            f"expected `head` as [{width} output], from {tail!r} to outputs, got the shape {np.shape(head)}"
        )
    return jnp.asarray(head)


def reference(forward: Forward, params: Params, tokens: Text | None, site: Site) -> Float[Array, "word unit"]:
    """Return the states of a few words of a text, evenly spaced, at a site."""
    if tokens is None:
        return jnp.asarray(np.asarray(_states(forward, params, short(None, 1, 1), site=site))[:, 0])
    few = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[:PLACES]), tokens)
    states = np.asarray(_states(forward, params, few, site=site))
    row, word = np.nonzero(real(few, site, states.shape[1]))
    at = np.unique(np.linspace(0, len(row) - 1, PLACES).round().astype(int))
    return jnp.asarray(states[row[at], word[at]])


def real(tokens: Text, site: Site, time: int) -> Bool[Array, "text time"]:
    """Return at which places of a site a text has a word; one that is of a whole text has it."""
    mask = jnp.asarray(text_at(site, tokens).mask)
    return mask if time == mask.shape[1] else jnp.ones((mask.shape[0], time), bool)


def promoted(found: Float[Any, "unit output"], error: Any = 0.0) -> Promoted:
    """Return effects with their moments over the outputs; they are settled up to the error `SETTLED`."""
    variance, skewness, kurtosis = (np.asarray(part) for part in _moments(jnp.asarray(found, jnp.float32)))
    errors = np.broadcast_to(np.asarray(error, np.float32), variance.shape)
    settled = bool(np.all(errors <= SETTLED))
    return Promoted(np.asarray(found, np.float32), variance, skewness, kurtosis, errors, settled)


@jax.jit
def _moments(found: Float[Array, "unit output"]) -> tuple[Array, Array, Array]:
    """Return variance, skewness and kurtosis over the outputs."""
    centred = found - jnp.mean(found, axis=1, keepdims=True)
    variance = jnp.mean(centred**2, axis=1)
    # of what is the same for all outputs, up to rounding, there are no higher moments
    varies = jnp.sqrt(variance) > 1e-6 * jnp.max(jnp.abs(found), axis=1)
    scaled = centred / jnp.where(varies, jnp.sqrt(variance), 1)[:, None]
    third, fourth = (jnp.mean(scaled**power, axis=1) * varies for power in (3, 4))
    return variance, third, fourth


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _states(forward: Forward, params: Params, tokens: Text, *, site: Site) -> Float[Array, "batch time unit"]:
    return forward(params, tokens, {})[1][site]
