"""Where units are active and where concepts hold, as rows of bits; some units at a time."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron import _labels
from jaxneuron.rank.compositional import _beam
from jaxneuron.table import Table, over_units


def columns(concepts: Any, activations: Table) -> tuple[Bool[np.ndarray, "label token"], Int[np.ndarray, "label"]]:
    """Return where each concept holds, and its number, without those that never hold or only as another does."""
    columns = np.ascontiguousarray(_labels.concepts(concepts, activations.shape[0]).T)
    packed = np.packbits(columns, axis=1)
    _, first = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True)
    first = np.array(sorted(i for i in first.tolist() if packed[i].any()), np.int32)
    if not len(first):
        raise ValueError(f"none of the {len(columns)} concepts holds of any of the {columns.shape[1]} tokens")
    return columns[first], first


def active(
    activations: Table, threshold: Any, top: float | None, budget: int, *, copies: int
) -> Iterator[tuple[slice, Bool[np.ndarray, "unit token"], Float[np.ndarray, "unit"]]]:
    """Yield some units at a time: where they are active, and above which threshold."""
    if top is not None and not 0 < top < 1:
        raise ValueError(f"expected the share of active tokens between 0 and 1, got {top}")
    for here, values in over_units(activations, budget=budget, copies=copies):
        rows = np.ascontiguousarray(values.T)
        level = np.broadcast_to(np.asarray(threshold, values.dtype), activations.shape[1:])[here]
        if top is not None:
            place = max(len(values) - 1 - round(top * len(values)), 0)
            level = np.partition(rows, place, axis=1)[:, place]
        yield here, rows > level[:, None], level


def products(active: Bool[np.ndarray, "unit token"], columns: Bool[np.ndarray, "label token"]) -> Any:
    """Return in how many tokens each concept holds and each unit is active, exactly."""
    return np.asarray(_beam.counts(jnp.asarray(_beam.pack(columns)), jnp.asarray(_beam.pack(active))))


def padded(values: Bool[np.ndarray, "unit token"], count: int) -> Bool[np.ndarray, "row token"]:
    """Return as many rows as asked for; the new ones are active nowhere."""
    return np.pad(values, [(0, count - len(values)), (0, 0)])
