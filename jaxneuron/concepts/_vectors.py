"""One site's concepts: their vectors, the derivatives along them, and the same for labels that mean nothing.

Examples are `[example, token, unit]`, with one token where a sentence is one vector: labels are shuffled among whole
examples, because the tokens of one sentence are not independent.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron.concepts import _cav


class Sensitivity(NamedTuple):
    """How a target changes along concept vectors, over inputs."""

    count: Float[Any, "*cav"]  # the share of inputs with a derivative above 0: TCAV's score
    magnitude: Float[Any, "*cav"]  # the share of the derivatives' absolute sum that is above 0
    mean: Float[Any, "*cav"]  # the mean derivative, per unit of the classifier's weights


class Vectors(NamedTuple):
    """Concepts of one site; the axes before the last are concept, and null or resample."""

    direction: Float[Array, "concept unit"]
    bias: Float[Array, "concept"]
    score: Sensitivity  # [concept]
    null: Sensitivity  # [concept permutation], of labels shuffled among the examples
    resampled: Sensitivity  # [concept resample], of examples with random weights (Bayesian bootstrap)
    accuracy: Float[Array, "concept"]  # on examples that were held out; the mean of both sides' accuracies


def derivatives(direction: Float[Array, "*cav unit"], gradient: Float[Array, "input unit"]) -> Sensitivity:
    """Return the scores of directions: `derivative[input] = gradient[input] . direction`."""
    derivative = direction @ gradient.T
    size = jnp.sum(jnp.abs(derivative), axis=-1)
    upward = jnp.sum(jnp.maximum(derivative, 0), axis=-1)
    magnitude = jnp.where(size > 0, upward / jnp.where(size > 0, size, 1), 0)
    return Sensitivity(jnp.mean(derivative > 0, axis=-1), magnitude, jnp.mean(derivative, axis=-1))


@functools.partial(jax.jit, static_argnames=("classifier", "permutations", "resamples", "chunk"))
def vectors(
    keys: Array,
    gradient: Float[Array, "input unit"],
    concepts: tuple[Float[Array, "concept example token unit"], Bool[Array, "concept example token"]],
    random: tuple[Float[Array, "other token unit"], Bool[Array, "other token"]],
    train: tuple[Bool[Array, "concept example"], Bool[Array, "other"]],
    l2: Float[Array, ""],
    *,
    classifier: _cav.Classifier,
    permutations: int,
    resamples: int,
    chunk: int,
) -> Vectors:
    """Fit and score the vectors of each concept, one concept after another.

    Args:
        keys: `[concept]`.
        gradient: of the target, at each input.
        concepts: activations, and where there is a token; concepts with fewer examples are padded.
        random: the other side of every classifier.
        train: which examples the vectors are fitted on; the others measure the accuracy.
        l2: the penalty, see `_cav`.
        classifier: one of `_cav.CLASSIFIERS`.
        permutations: vectors of shuffled labels.
        resamples: vectors of examples with random weights.
        chunk: vectors at a time.
    """

    def concept(now: tuple) -> Vectors:
        key, value, mask, chosen = now
        shuffle, draw = jax.random.split(key)
        x = jnp.concatenate([value, random[0]])
        real = jnp.concatenate([mask, random[1]])
        positive = jnp.arange(len(x)) < len(value)
        chosen = jnp.concatenate([chosen, train[1]])
        rows = x.reshape(-1, x.shape[-1])

        def spread(example: Array) -> Array:  # [..., example] -> [..., row], with 0 where there is no token
            return jnp.where(real, example[..., None], 0).reshape(*example.shape[:-1], -1).astype(x.dtype)

        members = jnp.sum(chosen & positive)

        def shuffled(key: Array) -> Array:
            place = jnp.where(chosen, jax.random.uniform(key, chosen.shape), jnp.inf)
            return place <= jnp.sort(place)[members - 1]

        labels = jax.vmap(shuffled)(jax.random.split(shuffle, permutations))
        labels = jnp.concatenate([positive[None], labels])
        one = functools.partial(_cav.CLASSIFIERS[classifier], rows, weight=spread(chosen), l2=l2)
        direction, bias = _cav.mapped(one, spread(labels), chunk)
        scores = derivatives(direction, gradient)

        def resampled(key: Array) -> Array:
            weight = jnp.where(chosen, jax.random.exponential(key, chosen.shape, x.dtype), 0)
            return _cav.CLASSIFIERS[classifier](rows, spread(positive), spread(weight), l2)[0]

        again = jnp.zeros((0, x.shape[-1]), x.dtype)
        if resamples:
            again = _cav.mapped(resampled, jax.random.split(draw, resamples), chunk)
        held = spread(~chosen)
        sides = jnp.stack([held * spread(positive), held * (1 - spread(positive))])
        right = ((rows @ direction[0] + bias[0] > 0) == (spread(positive) > 0)).astype(x.dtype)
        accuracy = jnp.mean((sides @ right) / jnp.sum(sides, axis=1))
        first, rest = (jax.tree.map(lambda leaf: leaf[part], scores) for part in (0, slice(1, None)))  # noqa: B023
        return Vectors(direction[0], bias[0], first, rest, derivatives(again, gradient), accuracy)

    return jax.lax.map(concept, (keys, *concepts, train[0]))
