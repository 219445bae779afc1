"""One prediction in terms of concepts: which units stand for a concept, times what they did for this output.

The bridge of the tutorial (Sajjad, Durrani, Dalvi, Alam, Khan, Xu 2022, "Neuron analysis of NLP models"): `rank` tells
which units carry a concept, attribution how much each of them mattered for one output. Together they explain it by
concepts instead of units. A unit that several concepts share is divided among them; what no concept's units did
is the remainder, so that nothing is counted twice and nothing is lost.

Cost:
    No pass of the model: products of two tables.

Fails:
    As good as the ranking and the attribution that it is made of. A concept of many units has much by its size: compare
    with `expected`.

Peers:
    None: the tutorial of Sajjad et al. describes the step, and no library has it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxneuron.ranking import ranked
from jaxneuron.types import Probe, Ranking


class ConceptTable(NamedTuple):
    """Contributions, which with the remainder sum to the attribution of all units."""

    score: Float[Array, "*batch concept"]  # each concept's contribution
    remainder: Float[Array, "*batch"]
    total: Float[Array, "*batch"]  # the attribution of all units
    expected: Float[Array, "*batch concept"]  # the contribution of as many units' worth taken at random
    share: Float[Array, "concept unit"]  # of each unit that goes to each concept; at most 1 in all


def explain(
    units: Ranking | Probe,
    attribution: Float[Any, "*batch unit"],
    *,
    top: int = 20,
) -> ConceptTable:
    """Divide the attribution of units among concepts.

    With `score` the part above 0 of each concept's top units, 0 elsewhere, and scaled to a sum of 1 per concept:
    `share[concept, unit] = score[concept, unit] / sum over concepts of score[., unit]` (0 where no concept has it),
    `contribution[concept] = sum over units of share[concept, unit] * attribution[unit]`, and
    `remainder = sum over units of (1 - sum over concepts of share[., unit]) * attribution[unit]`.

    Compare a contribution with `expected = attribution's mean * sum over units of share`: a concept of many units
    has a large one by its size alone.

    Args:
        units: a row per concept: a ranking, or a probe, which counts by absolute weight. Of a single concept, a
            `score[unit]` will do.
        attribution: of the same units for the output; sum an attribution `[batch time unit]` over time first, or keep
            the axis for a table per token.
        top: units of each concept.

    Raises:
        ValueError: other units, no concepts' axis, or a `top` below 1.

    Example:
        >>> concepts = ranked(jnp.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]))
        >>> table = explain(concepts, jnp.array([0.5, 3.0, 0.25]), top=2)
        >>> table.score.tolist(), table.remainder.tolist()  # the unit in the middle: 1/2 to 1
        ([1.5, 2.0], 0.25)
    """
    if isinstance(units, Probe):
        units = ranked(jnp.abs(units.weights.reshape(-1, units.weights.shape[-1])))
    score, attribution = jnp.atleast_2d(units.score), jnp.asarray(attribution)
    order, width = jnp.atleast_2d(units.order), attribution.shape[-1]
    if score.ndim != 2 or score.shape[-1] != width:
        raise ValueError(f"expected a ranking [concept, {width}] of the units attributed, got {units.score.shape}")
    if top < 1:
        raise ValueError(f"expected at least one top unit per concept, got {top}")
    return _divided(score, order, attribution, top)


@jax.jit
def _divided(score: Array, order: Array, attribution: Array, top: Int[Array, ""] | int) -> ConceptTable:
    kept = jnp.where((jnp.argsort(order, axis=-1) < top) & (score > 0), score, 0)  # nan is not above 0
    kept = kept / jnp.maximum(jnp.sum(kept, axis=-1, keepdims=True), jnp.finfo(kept.dtype).tiny)
    claims = jnp.sum(kept, axis=0, keepdims=True)
    share = jnp.where(claims > 0, kept / jnp.where(claims > 0, claims, 1), 0)
    total = jnp.sum(attribution, axis=-1)
    expected = jnp.mean(attribution, axis=-1)[..., None] * jnp.sum(share, axis=-1)[(None,) * total.ndim]
    return ConceptTable(attribution @ share.T, attribution @ (1 - jnp.sum(share, axis=0)), total, expected, share)
