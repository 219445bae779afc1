"""Learn directions whose interchange makes the answer follow: an orthonormal basis by gradient descent."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from jaxneuron import _keys, batching
from jaxneuron.edits import Project
from jaxneuron.intervene import _run
from jaxneuron.intervene._pairs import Counterfactuals, Lent, check_answers, lent, preference
from jaxneuron.targets import Logit, at_word, scores
from jaxneuron.types import Forward, Params, Site, Tokens


class Settings(NamedTuple):
    """How directions are learnt."""

    dimensions: int = 1  # directions that are interchanged together
    steps: int = 400  # of gradient descent
    batch: int = 64  # pairs in a step
    position: int = -1  # the word at which the output is read
    rate: float = 0.02  # the step of Adam at the beginning; it falls to 0 as a cosine


DEFAULTS = Settings()


class Subspace(NamedTuple):
    """Directions that were learnt."""

    directions: Float[np.ndarray, "direction unit"]  # orthonormal; only what they span is meant
    loss: Float[np.ndarray, "step"]  # nats, of the answers that must come, in the pairs of each step


def fit(
    key: Array,
    forward: Forward,
    params: Params,
    pairs: Counterfactuals,
    *,
    site: Site,
    settings: Settings = DEFAULTS,
    budget: int = batching.BUDGET,
) -> Subspace:
    """Learn directions whose interchange makes the answers come.

    `mean over pairs of -log p(answer)`, among both answers where there are two, by Adam in one compiled loop.

    Args:
        key: for the first directions and the order of the pairs.
        forward: the model.
        params: its weights.
        pairs: texts, their sources, the answers, and which word gets the activation of which.
        site: where.
        settings: how many directions, and how they are learnt.
        budget: bytes for the activations of the sources that are computed at a time.

    Raises:
        KeyError: the model has no such site.
        ValueError: a model without a head; a site that the output does not depend on; answers that it cannot give,
            texts and sources that do not go together, or a setting out of range.

    Source:
        Geiger et al. 2023, section 3.
    """
    tokens = Tokens(*map(jnp.asarray, pairs.tokens))
    units = _run.units(forward, params, tokens, Logit(0, settings.position), site, None).shape[-1]
    check_answers(pairs, classes(forward, params, tokens))
    if not 1 <= settings.dimensions <= units or min(settings.steps, settings.batch) < 1 or not settings.rate > 0:
        raise ValueError(
            f"expected 1 to {units} dimensions, as many as {site!r} has units, and steps, a batch and a rate above 0; "
            f"got {settings}"
        )
    given = lent(forward, params, tokens, pairs.source, site=site, places=pairs.places, budget=budget)
    begin, order = jax.random.split(_keys.checked(key))
    rows = jax.random.randint(order, (settings.steps, min(settings.batch, len(given.where))), 0, len(given.where))
    first = jax.random.normal(begin, (units, settings.dimensions))
    data = (tokens, jnp.asarray(pairs.answers), Lent(*map(jnp.asarray, given)))
    directions, loss = _descend(
        forward, params, data, first, rows, jnp.float32(settings.rate), site=site, position=settings.position
    )
    return Subspace(np.asarray(directions), np.asarray(loss))


def along(flat: Float[Array, "numbers"], rows: tuple[Array, Array]) -> Project:
    """Return the edit that goes to what is lent along some directions."""
    values, where = rows
    directions = flat.reshape(-1, values.shape[-1])
    return Project(values, directions, directions, where[..., None])


def classes(forward: Forward, params: Params, tokens: Tokens) -> int:
    """Return how many outputs a model has.

    Raises:
        ValueError: it has no head.
    """
    one = Tokens(*(jnp.asarray(leaf[:1]) for leaf in tokens))
    return jax.eval_shape(lambda: scores(forward(params, one, {})[0])).shape[-1]


@partial(jax.jit, static_argnames=("forward", "site", "position"))
def _descend(
    forward: Forward,
    params: Params,
    data: tuple[Tokens, Int[Array, "pair 2"], Lent],
    first: Float[Array, "unit direction"],
    rows: Int[Array, "step batch"],
    rate: Float[Array, ""],
    *,
    site: Site,
    position: int,
) -> tuple[Float[Array, "direction unit"], Float[Array, "step"]]:
    def orthonormal_rows(free: Float[Array, "unit direction"]) -> Float[Array, "direction unit"]:
        return jnp.linalg.qr(free)[0].T

    def loss(free: Array, here: Int[Array, "batch"]) -> Float[Array, ""]:
        tokens, answers, given = jax.tree.map(lambda leaf: leaf[here], data)
        output, _ = forward(params, tokens, {site: along(orthonormal_rows(free).ravel(), tuple(given))})
        score = at_word(scores(output), tokens, position)
        return jnp.mean(jax.nn.softplus(-preference(score, answers, jax.nn.logsumexp)))

    adam = optax.scale_by_adam()

    def step(state: Any, now: tuple[Array, Array]) -> tuple[Any, Array]:
        (free, moments), (here, share) = state, now
        value, slope = jax.value_and_grad(loss)(free, here)
        change, moments = adam.update(slope, moments)
        return (optax.apply_updates(free, -share * jnp.asarray(change)), moments), value

    steps = rate * (1 + jnp.cos(jnp.pi * jnp.arange(len(rows)) / len(rows))) / 2
    (free, _), losses = jax.lax.scan(step, (first, adam.init(first)), (rows, steps))
    return orthonormal_rows(free), losses
