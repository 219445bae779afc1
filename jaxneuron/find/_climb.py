"""An epoch of a gradient method: climb a relaxed score, remember the best real n-gram on the way.

Per target and step, as in the code behind Poerner et al. 2018: the relaxed input's mean score gives the gradient
(Adam), and the discrete input that the parameters stand for at that moment is scored on the unrelaxed model.
Only the discrete score decides what is kept. An epoch is one compiled scan over all targets of a chunk.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.find import _best
from jaxneuron.find._best import Words
from jaxneuron.types import Edit, Forward, Params, Site, Target, Tokens


class Values(NamedTuple):
    """Settings that may change without compiling again."""

    candidates: Bool[Any, "vocab"]
    table: Any  # Float[vocab, unit], word vectors for the method that optimises vectors; None for the others
    learning_rate: Float[Array, ""]
    temperature: Float[Array, ""]  # at step 0
    cooling: Float[Array, ""]  # what a step adds to the temperature's logarithm: powers of 0.99995 drift in float32
    coldest: Float[Array, ""]  # the temperature's floor


class Relaxed(NamedTuple):
    """A relaxed input for `restart x sample` rows."""

    tokens: Tokens  # [row, time] or soft words [row, time, vocab]
    edits: Mapping[Site, Edit]
    drawn: Words | None  # discrete inputs that come with the relaxation


Start = Callable[[Array, Tokens, Values], Array]
"""Key, n-grams to start from `[restart, time]` -> `x[restart, ...]`."""

Relax = Callable[[Array, Array, Float[Array, ""], Values, "Shape"], Relaxed]
"""Key, x, temperature, values and shape, of which a drawn relaxation reads `samples` and `harvest`."""

Discretise = Callable[[Array, Values], Words]
"""x -> the n-gram each restart stands for."""


class Method(NamedTuple):
    """What a gradient method is made of; three plain functions, so that equal methods compile once."""

    start: Start
    relax: Relax
    discretise: Discretise


class Shape(NamedTuple):
    """Settings that decide what is compiled."""

    epoch: int  # steps in an epoch
    samples: int  # relaxed inputs per restart and step
    keep: str  # "step": every discrete input competes; "epoch": the last of an epoch, judged by the epoch's mean
    harvest: bool = False


class Climb(NamedTuple):
    """Where one target's search stands."""

    x: Float[Array, "restart ..."]
    adam: Any
    best: _best.Best
    mean: Float[Array, "restart"]  # best epoch-mean of the discrete score so far
    waited: Int[Array, ""]  # epochs since it improved


@functools.partial(jax.jit, static_argnames=("method", "k"))
def begin(keys: Array, start: Tokens, values: Values, *, method: Method, k: int) -> Climb:
    """Return where the search of each target of a chunk begins."""

    def one(key: Array, start: Tokens) -> Climb:
        x = method.start(key, start, values)
        restarts, time = start.ids.shape
        adam = optax.scale_by_adam(eps=1e-7).init(x)
        return Climb(x, adam, _best.none(k, time), jnp.full(restarts, -jnp.inf, jnp.float32), jnp.zeros((), jnp.int32))

    return jax.vmap(one)(keys, start)


@functools.partial(jax.jit, static_argnames=("forward", "method", "shape"))
def advance(
    keys: Array,
    states: Climb,
    targets: Target,
    params: Params,
    values: Values,
    epoch: Int[Array, ""] | int,
    patience: Int[Array, ""] | int | None,
    forward: Forward,
    method: Method,
    shape: Shape,
) -> Climb:
    """Take one epoch of steps for every target of a chunk."""

    def one(key: Array, state: Climb, target: Target) -> Climb:
        def score(tokens: Tokens, edits: Mapping[Site, Edit]) -> Float[Array, "row"]:
            return target(*forward(params, tokens, edits), tokens)

        def step(carry: tuple[Climb, Array], number: Array) -> tuple[tuple[Climb, Array], None]:
            state, discrete_sum = carry
            step_key = jax.random.fold_in(key, number)
            temperature = temperature_at(number, values)

            def objective(x: Array) -> tuple[Float[Array, ""], Words | None]:
                relaxed = method.relax(step_key, x, temperature, values, shape)
                return jnp.sum(score(relaxed.tokens, relaxed.edits)) / shape.samples, relaxed.drawn

            gradient, drawn = jax.grad(objective, has_aux=True)(state.x)
            words = method.discretise(state.x, values)
            words = words if drawn is None else jax.tree.map(lambda *rows: jnp.concatenate(rows), words, drawn)
            discrete = score(Tokens(words.ids, jnp.ones(words.ids.shape, bool)), {})
            best = _best.keep(state.best, words, discrete, number) if shape.keep == "step" else state.best

            climb: Any
            climb, adam = optax.scale_by_adam(eps=1e-7).update(gradient, state.adam)
            x = state.x + values.learning_rate * climb
            restarts = discrete_sum.shape[0]
            return (state._replace(x=x, adam=adam, best=best), discrete_sum + discrete[:restarts]), None

        numbers = epoch * shape.epoch + jnp.arange(shape.epoch)
        (new, discrete_sum), _ = jax.lax.scan(step, (state, jnp.zeros_like(state.mean)), numbers)
        mean = discrete_sum / shape.epoch
        improved = mean > state.mean
        if shape.keep == "epoch":
            words = method.discretise(new.x, values)
            new = new._replace(best=_best.keep(new.best, words, jnp.where(improved, mean, -jnp.inf), numbers[-1]))
        new = new._replace(mean=jnp.maximum(mean, state.mean), waited=jnp.where(jnp.any(improved), 0, state.waited + 1))
        if patience is None:
            return new
        stopped = state.waited >= patience
        return jax.tree.map(lambda old, new: jnp.where(stopped, old, new), state, new)

    return jax.vmap(one)(keys, states, targets)


@functools.partial(jax.jit, static_argnames="forward")
def rescored(targets: Target, params: Params, best: _best.Best, forward: Forward) -> _best.Best:
    """Score what was kept once more, in a batch of its own: the number reported is the unrelaxed model's.

    Where epochs were judged by their mean, the order may change.
    """

    def one(target: Target, best: _best.Best) -> _best.Best:
        tokens = Tokens(best.ids, jnp.ones(best.ids.shape, bool))
        score = jnp.where(jnp.isneginf(best.score), best.score, target(*forward(params, tokens, {}), tokens))
        order = jnp.argsort(-score, stable=True)
        return jax.tree.map(lambda leaf: leaf[order], best._replace(score=score))

    return jax.vmap(one)(targets, best)


def temperature_at(step: Int[Array, ""] | int, values: Values) -> Float[Array, ""]:
    """Return the temperature of a step: it falls by one factor a step until it is at its coldest."""
    return jnp.maximum(values.temperature * jnp.exp(values.cooling * step), values.coldest)
