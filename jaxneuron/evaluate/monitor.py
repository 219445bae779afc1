"""Does what a unit was found to tell still hold? Watch links between units and labels during prediction.

A link is a unit with the line that `rank.single_neuron.scores` found for a label: `weight * activation + bias > 0` says
that the label holds. All is well as long as it is right as often as when it was learned. The alarm is Page's sum of
evidence (Page 1954, "Continuous inspection schemes"): a token adds `log p₁(right) / p₀(right)`, where p₀ is the learned
accuracy and p₁ one that has dropped. The sum restarts where it falls below 0, so that a break is noticed soon,
however long the link held before. The alarm rings at `log(every)`: while the accuracy is p₀ or more and tokens err
independently of each other, a false alarm takes at least `every` tokens on average (Lorden 1971, "Procedures for
reacting to a change in distribution", theorem 2).

Cost:
    None beyond the model's own: one comparison for each token and link, as the text comes by.

Fails:
    A change that is smaller than `drop` may never ring, and one that is brief is over before it does. Bounds take
    tokens for independent, which words in a row are not quite.

Peers:
    None that we know of; Page's test for each link.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.rank.single_neuron import Scores


class Link(NamedTuple):
    """Units and the lines by which they tell labels."""

    unit: Int[Any, "link"]
    weight: Float[Any, "link"]
    bias: Float[Any, "link"]
    accuracy: Float[Any, "link"]  # of the line, on tokens that it was not fitted to


class Watch(NamedTuple):
    """What is known so far of each link."""

    link: Link
    gain: Float[Any, "link outcome"]  # evidence of a token on which the line is wrong (0) or right (1)
    limit: Float[Any, ""]  # evidence that rings the alarm
    tokens: Int[Any, ""]
    right: Int[Any, "link"]  # tokens on which the line was right; over `tokens`, this is the running accuracy
    evidence: Float[Any, "link"]  # Page's sum, 0 or more: the odds, as a logarithm, that the accuracy has dropped
    since: Int[Any, "link"]  # the token at which this sum began: where the link broke, if it did
    alarm: Int[Any, "link"]  # the token at which it first rang, from 0; -1 if it has not


def links(scores: Scores, label: Int[Any, "link"], unit: Int[Any, "_link"]) -> Link:
    """Return the links of some labels with some units, such as those of `rank.single_neuron.best`.

    Args:
        scores: of all labels and units.
        label: of each link.
        unit: of each link.

    Raises:
        ValueError: not as many labels as units; a label or unit that is not scored, such as the -1 of `best`.
    """
    row, column = np.asarray(label), np.asarray(unit)
    labels, units = scores.accuracy.shape
    if row.ndim != 1 or row.shape != column.shape:
        raise ValueError(f"expected a label for each unit, got the shapes {row.shape} and {column.shape}")
    if np.any((row < 0) | (row >= labels) | (column < 0) | (column >= units)):
        raise ValueError(
            f"expected labels from 0 to {labels - 1} and units from 0 to {units - 1}, "
            f"got {row.tolist()!s:.40} and {column.tolist()!s:.40}; leave out the -1 of `best`"
        )
    found = (table[row, column] for table in (scores.weight, scores.bias, scores.accuracy))
    return Link(column, *found)


def init(link: Link, *, drop: float = 0.05, every: float = 1e6) -> Watch:
    """Return the state before the first token; `update(state, activations, labels)` adds a chunk.

    Args:
        link: what to watch.
        drop: of accuracy, that should ring; between 0 and 1. A smaller one takes longer to be noticed.
        every: tokens between two false alarms of a link, on average and at least; above 1.

    Raises:
        ValueError: an option out of range; a link whose accuracy is not above `drop`.

    Example:
        >>> link = Link(np.array([0]), np.array([1.0]), np.array([0.0]), np.array([0.9]))
        >>> state, on = init(link, drop=0.4, every=100), jnp.ones((20, 1))
        >>> state = update(update(state, on, on > 0), on, on < 0)  # right 20 times, then wrong
        >>> state.alarm.tolist(), state.since.tolist(), int(state.right[0]) / int(state.tokens)
        ([22], [20], 0.5)
    """
    if not 0 < drop < 1 or not every > 1:
        raise ValueError(f"expected a drop between 0 and 1 and every above 1, got {drop} and {every}")
    learned = np.asarray(link.accuracy, np.float64)
    if not np.all((learned > drop) & (learned <= 1)):
        raise ValueError(f"expected links of an accuracy above the drop of {drop} and up to 1, got {learned.tolist()}")
    before = np.minimum(learned, 1 - 1e-3)  # one error proves nothing, even of a link that was never wrong
    after = np.minimum(learned - drop, before - drop / 2)
    gain = np.stack([np.log((1 - after) / (1 - before)), np.log(after / before)], axis=1)
    none = jnp.zeros(learned.shape, jnp.int32)
    return Watch(
        link,
        jnp.asarray(gain, jnp.float32),
        jnp.float32(np.log(every)),
        tokens=jnp.int32(0),
        right=none,
        evidence=jnp.zeros(learned.shape, jnp.float32),
        since=none,
        alarm=none - 1,
    )


def update(
    watch: Watch,
    activations: Float[Any, "token unit"],
    labels: Bool[Any, "token link"],
    valid: Bool[Any, "token"] | None = None,
) -> Watch:
    """Add a chunk of tokens, in the order of prediction.

    Args:
        watch: of the tokens before.
        activations: of the layer that the units are in.
        labels: whether the label of each link holds.
        valid: false where a row is no token (padding); such rows are not counted as positions.

    Returns:
        The state after them; `alarm >= 0` is where a link no longer held. Up to 2^31 tokens.
    """
    link = watch.link
    there = jnp.ones(len(activations), bool) if valid is None else jnp.asarray(valid)
    # of an array on the host, in double precision: where a unit is far from 0, single precision has no digits left
    said = activations[:, link.unit] * link.weight[None] + link.bias[None] > 0
    return _add(watch, jnp.asarray(said == labels), there)._replace(link=link)


@jax.jit
def _add(watch: Watch, right: Bool[Array, "token link"], there: Bool[Array, "token"]) -> Watch:
    """Add tokens on which each link was right or not."""
    place = watch.tokens + jnp.cumsum(there, dtype=jnp.int32) - 1  # of each row
    begin = (watch.evidence, watch.since, watch.alarm)

    def step(state: tuple[Array, ...], row: tuple[Array, ...]) -> tuple[tuple[Array, ...], None]:
        evidence, since, alarm = state
        token, is_token, good = row
        since = jnp.where(evidence > 0, since, token)
        more = jnp.maximum(evidence + jnp.where(good, watch.gain[:, 1], watch.gain[:, 0]), 0)
        alarm = jnp.where((alarm < 0) & (more >= watch.limit), token, alarm)
        return jax.tree.map(lambda new, old: jnp.where(is_token, new, old), (more, since, alarm), state), None

    (evidence, since, alarm), _ = jax.lax.scan(step, begin, (place, there, right))
    return watch._replace(
        tokens=watch.tokens + jnp.sum(there, dtype=jnp.int32),
        right=watch.right + jnp.sum(right & there[:, None], axis=0, dtype=jnp.int32),
        evidence=evidence,
        since=since,
        alarm=alarm,
    )
