"""What becomes of a direction of the stream on its way to the scores, where norms hold their scale.

A norm divides by the length of what it gets. That length is a number for each word that no direction decides alone, so
it is held at what it is, as the field does where it folds a norm's weights into the matrix after it. Then a norm and
a linear head are one linear map, and what a direction does to the scores does not depend on what else is written.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.edits import Replace
from jaxneuron.jaxpr import Rules, interpret, linearised
from jaxneuron.types import Forward, Params, Site, Text
from jaxneuron.writes._course import Stream, scored


class Held(NamedTuple):
    """A value whose derivative takes the scale of norms for constant."""

    value: Array


def rules(*, bends: bool = True) -> Rules:
    """Return the rules by which norms hold their scale.

    Args:
        bends: a nonlinearity has its derivative; otherwise it hands on what it reads, so that what comes out is the
            direction that a unit reads, whether it is on or off.
    """
    stop = jax.lax.stop_gradient

    def whole(function: Callable[..., Array], *held: Held) -> Held:
        return Held(function(*(one.value for one in held)))

    def entrywise(function: Callable[[Array], Array], held: Held, name: str) -> Held | Array:
        # one number for a whole vector that is a power or a quotient is a scale
        if name == "rsqrt" or (held.value.shape[-1:] == (1,) and name in ("div", "pow", "integer_pow", "sqrt")):
            return stop(function(held.value))
        value = function(held.value)
        return Held(value if bends else linearised(value, jnp.ones_like(value), held.value))

    def product(function: Callable[[Array, Array], Array], a: Held, b: Held, gates: tuple[bool, bool]) -> Held:
        return Held(function(a.value, b.value))

    def quotient(numerator: Held, denominator: Held) -> Held:
        return Held(numerator.value / stop(denominator.value))

    def softmax(function: Callable[[Array], Array], held: Held, kind: str, axes: tuple[int, ...]) -> Held:
        return Held(function(held.value))

    return Rules(Held, Held, whole, entrywise, product, quotient, whole, softmax)


def after(
    forward: Forward, params: Params, text: Text, source: Site, end: Site | None
) -> Callable[[Float[Array, "word unit"]], Float[Array, "word output"]]:
    """Return the map from the states of single words at a cut to a later site, or, if none is named, to the scores."""

    def found(states: Array) -> Array:
        many = jax.tree.map(lambda leaf: jnp.repeat(jnp.asarray(leaf)[:1, :1], len(states), axis=0), text)
        output, activations = forward(params, many, {source: Replace(states[:, None])})
        value = scored(output) if end is None else activations[end]
        assert value is not None
        return value[:, 0]

    return found


def moved(
    stream: Stream,
    forward: Forward,
    params: Params,
    text: Text,
    states: Float[Array, "word unit"],
    rows: Float[Array, "row unit"],
    *,
    source: Site,
    head: Float[Array, "unit output"] | None = None,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "row output"]:
    """Return how much the scores rise by each row, the mean over the states at which the way is linear.

    Args:
        stream: of the model.
        forward: the model.
        params: its weights.
        text: a short text.
        states: of words at the source.
        rows: directions there.
        source: the stream, or a cut after it.
        head: from the last site to the outputs, for a model that has none.
        budget: bytes for what is computed at a time.
    """
    basis = len(rows) > rows.shape[1]
    found = jnp.asarray(np.eye(rows.shape[1], dtype=rows.dtype)) if basis else rows
    run = functools.partial(_moved, forward, params, text)
    straight = head is not None or not bool(bends(forward, params, text, source=stream.tail))
    if source == stream.site != stream.tail and straight:
        # a mean over the words up to the site from which the rest is linear, and that but once
        size = batching.chunk_size(16 * states.size, len(found), budget)
        found, source = run(states, found, source=source, end=stream.tail, together=size), stream.tail
    if head is not None:
        found = found @ head
    else:
        states = states[:1] if straight else states
        outputs = jax.eval_shape(after(forward, params, text, source, None), states[:1]).shape[-1]
        size = batching.chunk_size(16 * len(states) * outputs, len(found), budget)
        found = run(states, found, source=source, end=None, together=size)
    return np.asarray(rows @ found if basis else found)


@functools.partial(jax.jit, static_argnames=("forward", "source", "end", "together"))
def _moved(
    forward: Forward,
    params: Params,
    text: Text,
    states: Float[Array, "word unit"],
    rows: Float[Array, "row unit"],
    *,
    source: Site,
    end: Site | None,
    together: int,
) -> Float[Array, "row output"]:
    move = held(forward, params, text, states, source=source, end=end)
    return jax.lax.map(
        lambda row: jnp.mean(move(jnp.broadcast_to(row, states.shape)), axis=0), rows, batch_size=together
    )


def held(
    forward: Forward, params: Params, text: Text, states: Float[Array, "word unit"], *, source: Site, end: Site | None
) -> Callable[[Float[Array, "word unit"]], Float[Array, "word output"]]:
    """Return the linear map from changes of the states at a cut to those of what comes after, with norms held."""
    f = after(forward, params, text, source, end)
    return jax.linearize(lambda value: interpret(rules(), f, Held(value)).value, states)[1]


@functools.partial(jax.jit, static_argnames=("forward", "source"))
def bends(forward: Forward, params: Params, text: Text, *, source: Site) -> Bool[Array, ""]:
    """Return whether the scores are no linear function of a site."""
    value = forward(params, text, {})[1][source]
    drawn = np.random.default_rng(0).normal(size=(2, value.shape[-1])).astype(value.dtype)
    given = drawn * jnp.maximum(jnp.std(value), 1e-3)
    states = jnp.stack([given[0], given[1], given[0] + given[1], jnp.zeros_like(given[0])])
    one, other, both, none = after(forward, params, text, source, None)(states)
    largest = jnp.max(jnp.abs(jnp.stack([one, other, both]) - none[None]))
    return jnp.max(jnp.abs(both - one - other + none)) > 1e-3 * largest
