"""Are these concepts enough to explain a model, and how much does each of them add? ConceptSHAP, with completeness.

Yeh, Kim, Arik, Li, Pfister, Ravikumar 2020, "On completeness-aware concept-based explanations in deep neural networks"
(arXiv:1910.07969). The completeness of some concepts is how much of the model's accuracy is left when its activations
are recovered from the concepts' scores alone; a concept's ConceptSHAP is its Shapley value in that game. The authors
train a network to recover the activations, again for every subset, and fit the Shapley values by weighted regression.
Here the recovery is least squares in closed form, all 2^m subsets at once, and the Shapley values are exact.

Cost:
    No pass of the model: the head is run on all examples for each of `2^m` subsets of up to 16 concepts.

Fails:
    Concepts that only together span what the head reads get their completeness from the span, not from what they mean;
    random directions in large numbers are complete, too.

Peers:
    The authors' code, which trains a network for each subset and samples; here least squares and exact values.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron import _numbers, batching, games
from jaxneuron.concepts._range import held, ranged
from jaxneuron.games import sweep
from jaxneuron.split import traceable


class Completeness(NamedTuple):
    """How much concepts explain, together and each; `subset` counts in binary, concept i is bit i."""

    score: Float[np.ndarray, "concept"]  # ConceptSHAP; the sum is complete[all] - complete[none]
    by_class: Float[np.ndarray, "class concept"]  # the same for the examples of each class; nan without one
    complete: Float[np.ndarray, "subset"]  # completeness of each subset
    accuracy: Float[np.ndarray, "subset"]  # of the head on recovered activations
    full: float  # accuracy on the activations themselves
    chance: float  # the accuracy that counts as no explanation


def explain(
    head: Callable[[Float[Array, "example unit"]], Float[Array, "example class"]],
    activations: Float[Any, "example unit"],
    labels: Int[Any, "example"],
    directions: Float[Any, "concept unit"],
    *,
    test: tuple[Float[Any, "other unit"], Int[Any, "other"]] | None = None,
    chance: float | None = None,
    l2: float = 1e-4,
    budget: int = batching.BUDGET,
) -> Completeness:
    """Share the completeness of concepts out among them.

    `scores = (x - mean) . concepts[S]`, `recovered = mean + scores @ W[S]` with W by least squares, and
    `complete(S) = (accuracy(head(recovered)) - chance) / (full - chance)`; `score` is the Shapley value of `complete`.

    Args:
        head: what follows the site, from activations to logits; one function is compiled once.
        activations: of the examples that the recovery is fitted on.
        labels: their classes, or what the model predicts of them (then `full` is 1).
        directions: of the concepts, such as the weights of concept vectors; only the span of a subset matters.
        test: other examples to measure the accuracy on; without, the same.
        chance: accuracy that counts as 0; by default that of the empty subset, which recovers the mean.
        l2: the ridge of the least squares, as a share of a concept's variance.
        budget: bytes of working memory.

    Raises:
        ValueError: shapes that disagree, more than 16 concepts, labels out of range, or a head that is no better on the
            activations than chance.

    Source:
        Yeh et al. 2020, definitions 3.1 and 4.1.

    Example:
        >>> x = np.array([[2.0, 0.1], [-2.0, 0.1], [2.0, -0.1], [-2.0, -0.1]])
        >>> found = explain(lambda x: x * jnp.array([[1.0, 0.0]]), x, np.array([0, 1, 0, 1]), np.eye(2))
        >>> found.score.round(2).tolist()
        [1.0, 0.0]
    """
    x = _numbers.floating(_numbers.array(activations, "activations"))
    directions = held(directions, "the concepts")
    size = np.abs(directions).max(axis=1, initial=0, keepdims=True)
    directions = jnp.asarray(directions / np.where(size > 0, size, 1), jnp.float32)
    seen, wanted = (x, labels) if test is None else test
    y, seen = np.asarray(wanted), _numbers.floating(_numbers.array(seen, "test activations"))
    m = len(directions)
    if not 1 <= m <= games.EXACT:
        raise ValueError(f"expected 1 to {games.EXACT} concepts (2^m subsets are tried), got {m}; leave some out")
    if not x.shape[1] == directions.shape[1] == seen.shape[1] or len(y) != len(seen):
        raise ValueError(
            f"expected activations and concepts of the same units and a label each; got {x.shape}, "
            f"{directions.shape}, and {len(y)} labels for {seen.shape}"
        )
    classes = jax.eval_shape(head, seen).shape[-1]
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"expected labels from 0 to {classes - 1}, as the head has {classes} classes; got {y.max()}")
    scale = jnp.asarray(ranged(np.asarray(x)).scale, x.dtype)
    right, correct = _right(traceable(head), x, seen, jnp.asarray(y), directions, scale, jnp.float32(l2), budget=budget)
    right, correct = np.asarray(right, np.float64), np.asarray(correct, np.float64)  # [subset example], [example]

    member = np.eye(classes)[y]  # [example class]
    with np.errstate(invalid="ignore"):
        by_class = (right @ member / member.sum(axis=0)).T  # [class subset]
        full_by_class = correct @ member / member.sum(axis=0)
    accuracy, full = right.mean(axis=1), float(correct.mean())
    floor = float(accuracy[0]) if chance is None else chance
    if not full > floor:
        raise ValueError(f"the head is right for {full:.3f} of the examples, no more than chance ({floor:.3f})")
    floors = by_class[:, :1] if chance is None else np.full((classes, 1), chance)
    scale = full_by_class[:, None] - floors
    parts = np.divide(by_class - floors, scale, out=np.full(by_class.shape, np.nan), where=scale > 0)
    complete = (accuracy - floor) / (full - floor)
    return Completeness(shapley(complete), shapley(parts), complete, accuracy, full, floor)


def shapley(game: Float[Any, "*games subset"]) -> Float[np.ndarray, "*games player"]:
    """Return the exact Shapley values of a table of all subsets, player i being bit i of the index.

    `value_i = sum over S without i of |S|! (m - |S| - 1)! / m! * (game(S + i) - game(S))`.

    Raises:
        ValueError: the number of subsets is no power of two.

    Example:
        >>> shapley(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
        [2.0, 3.0]
    """
    game = np.asarray(game, np.float64)
    m = int(game.shape[-1]).bit_length() - 1
    if m < 1 or 2**m != game.shape[-1]:
        raise ValueError(f"expected a value for each of 2^m subsets, got {game.shape[-1]} values")
    weight = [math.factorial(size) * math.factorial(m - size - 1) / math.factorial(m) for size in range(m)]
    table = jnp.asarray(game.reshape(-1, 2**m).T, jnp.float32)
    found = games.index(table, np.eye(m, dtype=bool), np.tile(weight, (m, 1)))
    return np.asarray(found, np.float64).reshape(*game.shape[:-1], m)


@functools.partial(jax.jit, static_argnames="budget")
def _right(
    head: Any, x: Array, seen: Array, y: Array, concepts: Array, scale: Array, l2: Array, *, budget: int
) -> tuple[Array, Array]:
    """Return whether the head is right about each example, for each subset, and for the activations themselves."""
    first = x[:1]
    mean = first + jnp.mean(x - first, axis=0, keepdims=True)  # near the first example, no digits are lost
    away = (x - mean) / scale  # so that products stay in range
    scores = away @ concepts.T
    gram, cross = scores.T @ scores / len(x), scores.T @ away / len(x)
    ridge = jnp.maximum(l2 * jnp.diag(gram), 1e-30)
    found = (seen - mean) / scale @ concepts.T

    def subset(mask: Array) -> Array:
        """Solve the normal equations of the concepts in the subset; the others get a coefficient of 0."""
        both = mask[:, None] & mask[None]
        system = jnp.where(both, gram, 0) + jnp.diag(jnp.where(mask, ridge, 1))
        recover = jax.scipy.linalg.solve(system, jnp.where(mask[:, None], cross, 0), assume_a="pos")
        return jnp.argmax(head(mean + scale * ((found * mask[None]) @ recover)), axis=-1) == y

    return sweep(subset, games.coalitions(len(concepts)), budget=budget), jnp.argmax(head(seen), axis=-1) == y
