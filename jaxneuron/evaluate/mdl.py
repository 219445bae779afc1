"""How many bits does it take to send the labels to someone who has the representation? Minimum description length.

Voita and Titov 2020, "Information-theoretic probing with minimum description length" (arXiv:2003.12298), the online
code: the first portion of the labels is sent as it is, and each next one by a probe that was fitted on all before it. A
representation that makes the property easy to learn gives a short code. All portions are one fit, in which a probe's
weight of a token is 0 or 1. The published code adds bits of the first portion to nats of the others; here all are bits.

Cost:
    No pass of the model: all portions are one fit of ten probes.

Fails:
    The order of the tokens and the probe's options decide some of the bits: report both. Short data: portions of few
    tokens.

Peers:
    The authors' code, which adds bits of the first portion to nats of the others.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate.mdl import mdl

    found = mdl(jax.random.key(0), activations, labels, fractions=[0.25, 0.5, 1.0])
    print(found.tokens.tolist(), bool(found.compression > 1))
    #: [15, 15, 30] True
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.evaluate._held_out import check
from jaxneuron.evaluate.information import FLOOR, token_bits
from jaxneuron.rank import linear
from jaxneuron.table import Checked, Table, padded
from jaxneuron.types import Probe

FRACTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""How much of the data has been sent at the end of each portion, as in the published code."""


class Codelength(NamedTuple):
    """The length of a code for the labels, in bits."""

    bits: float  # of the online code
    uniform: float  # with all labels that occur equally likely: tokens * log2(labels)
    compression: float  # uniform / bits; 1 where the representation tells nothing
    tokens: Int[np.ndarray, "portion"]  # in each portion
    portions: Float[np.ndarray, "portion"]  # bits of each; they sum to `bits`


def mdl(
    key: Array,
    activations: Table,
    labels: Int[Any, "token"] | Bool[Any, "token *label"],
    *,
    fractions: Sequence[float] = FRACTIONS,
    fit: Callable[..., Probe] = linear.fit,
    floor: float = FLOOR,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Codelength:
    """Return the online codelength of labels, given a representation.

    Args:
        key: for the order in which tokens are sent, and the order in the fit.
        activations: of each token.
        labels: classes; or concepts, whose codes add up.
        fractions: rising, to 1; portions that are empty in a small data set are left out.
        fit: the probe, called with `weight[portion token]`; `functools.partial` of `linear.fit` gives it other
            settings. It standardises by the means of all tokens: the receiver has the representation, and lacks the
            labels only.
        floor: bits, below which no log-probability falls.
        budget: bytes of working memory, beside the probes.
        progress: called after each block of tokens.

    Raises:
        TypeError: labels that are neither classes nor concepts, such as strings.
        ValueError: fractions that do not rise to 1, or fewer than two portions.

    Source:
        Voita and Titov 2020.
    """
    labels = np.asarray(labels)
    tokens, units = check(activations, labels)
    share = np.asarray(fractions, np.float64)
    if share.ndim != 1 or share.size < 2 or np.any(np.diff(share) <= 0) or share[0] <= 0 or share[-1] != 1:
        raise ValueError(f"expected fractions that rise from above 0 to 1, got {fractions!r:.120}")
    ends = np.unique(np.round(share * tokens).astype(np.int64))
    ends = ends[ends > 0]
    if len(ends) < 2:
        raise ValueError(f"{tokens} tokens make {len(ends)} portion; give more tokens, or other fractions")
    sending, fitting = jax.random.split(key)
    place = np.argsort(np.asarray(jax.random.permutation(sending, tokens)))  # when each token is sent
    portion = np.searchsorted(ends, place, side="right")
    if labels.dtype == bool:
        table = labels.reshape(tokens, -1)
        each = float(table.shape[1])
    else:
        occurring, table = np.unique(labels, return_inverse=True)
        each = float(np.log2(len(occurring)))
    probes = fit(fitting, activations, table, weight=(place < ends[:-1, None]).astype(np.float32))
    bits = np.full(tokens, each)
    chunk = batching.chunk_size(16 * (probes.bias.size + units), tokens, budget)
    for here, part in Checked(activations, exact=True).blocks(chunk, progress):
        logits = np.asarray(linear.logits(probes, padded(part, chunk)))  # [portion - 1, token, label]
        own = logits[np.maximum(portion[here] - 1, 0), np.arange(len(part))]
        cost = token_bits(own, table[here], floor=floor)[0].reshape(len(part), -1).sum(axis=1)
        bits[here] = np.where(portion[here] > 0, cost, each)
    portions = np.bincount(portion, weights=bits, minlength=len(ends))
    return Codelength(
        float(bits.sum()), tokens * each, float(tokens * each / bits.sum()), np.diff(ends, prepend=0), portions
    )
