"""Linear probes on tokens that they have not seen, a block at a time: shared by the evaluations that fit probes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxneuron import batching
from jaxneuron.evaluate.information import FLOOR, Information, from_means, token_bits
from jaxneuron.rank import linear
from jaxneuron.table import Checked, Table, padded
from jaxneuron.types import Probe


def held_out(
    probe: Probe, activations: Table, labels: Any, *, budget: int = batching.BUDGET, floor: float = FLOOR
) -> Information:
    """Return what one or many linear probes tell about labels."""
    size = int(np.prod(np.shape(probe.bias), dtype=np.int64))
    return in_blocks(lambda block: linear.logits(probe, block), activations, labels, size, budget=budget, floor=floor)


def in_blocks(
    logits: Callable[[Any], Any],
    activations: Table,
    labels: Any,
    size: int,
    *,
    budget: int = batching.BUDGET,
    floor: float = FLOOR,
) -> Information:
    """Return the information of `logits(block of activations)`, of which each token takes `size` numbers."""
    labels = np.asarray(labels)
    tokens, units = check(activations, labels)
    chunk = batching.chunk_size(16 * (size + units), tokens, budget)
    total, right = 0.0, 0.0
    axis = -2 if labels.ndim == 2 else -1
    for here, part in Checked(activations, exact=True).blocks(chunk):
        now = np.asarray(logits(padded(part, chunk)))[..., : len(part), :]
        bits, correct = token_bits(now, labels[here], floor=floor)
        total, right = total + bits.sum(axis=axis), right + correct.sum(axis=axis)
    return from_means(labels, np.asarray(total) / tokens, np.asarray(right) / tokens)


def check(activations: Table, labels: np.ndarray) -> tuple[int, int]:
    """Return how many tokens and units there are.

    Raises:
        TypeError: labels that are neither classes nor concepts, such as strings or numbers.
        ValueError: activations are no table, or labels are not one for each token.
    """
    if labels.dtype.kind not in "biu":
        raise TypeError(
            f"expected classes as whole numbers or concepts as booleans, got {labels.dtype}; "
            "`corpora.labelled.classes` makes whole numbers of strings"
        )
    shape = tuple(getattr(activations, "shape", ()))
    if len(shape) != 2 or not len(labels) or labels.shape[0] != shape[0]:
        raise ValueError(
            f"expected activations [token, unit] and a label for each token, got the shapes {shape} and {labels.shape}"
        )
    return shape
