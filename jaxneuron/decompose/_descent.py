"""Steps of a dictionary's training, a round of them in one program."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from jaxneuron.decompose._objective import Costs, Measured, objective

EPS = 6.25e-10
"""Adam's, of Gao et al. 2024: the gradients of rare features are small."""


class Recipe(NamedTuple):
    """How long, and in what steps."""

    costs: Costs
    learning_rate: float  # the highest
    steps: int
    warmup: int  # steps in which the rate grows, and what active features cost
    decay: int  # last steps, in which the rate falls to 0
    dead_after: int  # tokens without a feature, after which it counts as dead


class Training(NamedTuple):
    """A training under way."""

    weights: dict[str, Any]  # of the dictionary, of scaled activations, by the names of its fields
    optimizer: Any
    idle: Int[Array, "feature"]  # tokens since each feature was active
    step: Int[Array, ""]


class Progressed(NamedTuple):
    """What a round tells, means over its steps."""

    loss: Float[Array, ""]
    error: Float[Array, ""]
    active: Float[Array, ""]
    dead: Float[Array, ""]  # share of the features


def start(weights: dict[str, Any], recipe: Recipe) -> Training:
    """Return a training that has not begun."""
    features = weights["encoder_bias"].shape[0]
    return Training(weights, _adam(recipe).init(weights), jnp.zeros(features, jnp.int32), jnp.zeros((), jnp.int32))


@functools.partial(jax.jit, static_argnames=("recipe",), donate_argnums=0)
def advance(
    state: Training,
    rows: tuple[Float[Array, "row _unit"], ...],
    index: Int[Array, "step batch"],
    *,
    recipe: Recipe,
) -> tuple[Training, Progressed]:
    """Take the steps of a round.

    Args:
        state: so far.
        rows: of the input, and of the output where that is another table; scaled.
        index: the rows of each step.
        recipe: the recipe.
    """

    def one(state: Training, here: Int[Array, "batch"]) -> tuple[Training, Progressed]:
        read, *others = (table[here] for table in rows)
        return _step(state, read, others[0] if others else read, recipe)

    state, progressed = jax.lax.scan(one, state, index)
    return state, jax.tree.map(jnp.mean, progressed)


def _step(state: Training, read: Array, wanted: Array, recipe: Recipe) -> tuple[Training, Progressed]:
    dead = state.idle > recipe.dead_after
    weight = jnp.minimum((state.step + 1) / max(recipe.warmup, 1), 1.0)
    compute = jax.value_and_grad(objective, has_aux=True)
    (_, found), gradient = compute(state.weights, recipe.costs, read, wanted, dead, weight)
    found: Measured
    decoder = state.weights["decoder"]  # its rows stay of length 1, so what would lengthen them is left out
    along = jnp.sum(gradient["decoder"] * decoder, axis=-1, keepdims=True)
    gradient = gradient | {"decoder": gradient["decoder"] - along * decoder}
    updates, optimizer = _adam(recipe).update(gradient, state.optimizer)
    weights: Any = optax.apply_updates(state.weights, updates)
    length = jnp.linalg.norm(weights["decoder"], axis=-1, keepdims=True)
    weights = weights | {"decoder": weights["decoder"] / jnp.where(length > 0, length, 1)}
    idle = jnp.where(found.fired, 0, jnp.minimum(state.idle + len(read), jnp.int32(2**30)))
    return Training(weights, optimizer, idle, state.step + 1), Progressed(
        found.loss, found.error, found.active, jnp.mean(dead, dtype=jnp.float32)
    )


def _adam(recipe: Recipe) -> optax.GradientTransformation:
    constant = max(recipe.steps - recipe.warmup - recipe.decay, 0)
    schedule = optax.join_schedules(
        [
            lambda step: recipe.learning_rate * (step + 1) / max(recipe.warmup, 1),
            optax.constant_schedule(recipe.learning_rate),
            optax.linear_schedule(recipe.learning_rate, 0.0, max(recipe.decay, 1)),
        ],
        [recipe.warmup, recipe.warmup + constant],
    )
    return optax.adam(schedule, eps=EPS)
