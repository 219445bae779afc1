"""Do a unit and a concept come together more often than chance? Normalised pointwise mutual information, in [-1, 1].

`ln(p(x, y) / (p(x) p(y))) / -ln p(x, y)` (Bouma 2009, "Normalized (pointwise) mutual information in collocation
extraction"): 1 when neither occurs without the other, 0 when they are independent, -1 when they never meet. All units
and all concepts come out of one product of matrices.

Cost:
    None: one product of two tables of truth values.

Fails:
    Rare pairs reach 1 by chance: smooth them, or leave out concepts of few tokens. It needs a threshold that says when
    a unit is active.

Peers:
    nltk's association measures, pair by pair.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import batching
from jaxneuron.table import Table, spans


def npmi(
    active: Table,
    concepts: Bool[Any, "_token label"],
    *,
    smoothing: float = 0.0,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Float[np.ndarray, "label unit"]:
    """Return how much more often than chance each unit is active where each concept holds.

    Args:
        active: booleans: where a unit counts as active, such as `activations > threshold`; read in blocks of tokens.
        concepts: where each concept holds.
        smoothing: added to each of the four counts (active or not, concept or not); 0.5 tames rare concepts.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        -1 to 1; 0 for a unit or concept that holds never or always, for it tells nothing.

    Raises:
        ValueError: not two tables of booleans over the same tokens, none of them empty; smoothing below 0.

    Example:
        >>> active = np.array([[True, True], [True, False], [False, True], [False, False]])
        >>> npmi(active, active[:, :1]).tolist()
        [[1.0, 0.0]]
    """
    shapes: list[tuple[int, ...]] = [tuple(getattr(table, "shape", ())) for table in (active, concepts)]
    if any(len(shape) != 2 or not all(shape) for shape in shapes) or shapes[0][0] != shapes[1][0]:
        raise ValueError(
            f"expected two tables [token, ...] over the same tokens, got the shapes {shapes[0]} and {shapes[1]}"
        )
    if active.dtype != bool or concepts.dtype != bool:
        raise ValueError(
            f"expected booleans, got {active.dtype} and {concepts.dtype}; compare activations with a threshold first"
        )
    _check(smoothing)
    tokens, units = shapes[0]
    labels = shapes[1][1]
    chunk = batching.chunk_size(5 * (units + labels), tokens, min(budget, 2**24 * 5 * (units + labels)))
    together, unit, label = np.zeros((labels, units)), np.zeros(units), np.zeros(labels)
    for here in spans(tokens, chunk, progress):
        a, c = (np.asarray(table[here]) for table in (active, concepts))
        together += np.asarray(_together(c, a))  # whole numbers up to 2^24: exact in float32
        unit += a.sum(axis=0)
        label += c.sum(axis=0)
    return from_counts(together, label, unit, tokens, smoothing=smoothing)


def from_counts(
    together: Shaped[np.ndarray, "label unit"],
    label: Shaped[np.ndarray, "label"],
    unit: Shaped[np.ndarray, "unit"],
    items: int,
    *,
    smoothing: float = 0.0,
) -> Float[np.ndarray, "label unit"]:
    """Return the measure from counts: of both, of each by itself, and of all items.

    Args:
        together: how often both hold.
        label: how often each row holds.
        unit: how often each column holds.
        items: how many there are.
        smoothing: see `npmi`.

    Raises:
        ValueError: smoothing below 0.
    """
    _check(smoothing)
    both = (together + smoothing) / (items + 4 * smoothing)
    chance = np.outer(label + 2 * smoothing, unit + 2 * smoothing) / (items + 4 * smoothing) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(both / chance) / -np.log(both)
    value[both == 0] = -1
    value[(label == 0) | (label == items)] = 0
    value[:, (unit == 0) | (unit == items)] = 0
    return np.clip(value, -1, 1)


def _check(smoothing: float) -> None:
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"expected a smoothing of 0 or more, got {smoothing}")


@jax.jit
def _together(concepts: Bool[Array, "token label"], active: Bool[Array, "token unit"]) -> Float[Array, "label unit"]:
    return jnp.einsum("tl,tu->lu", concepts.astype(jnp.float32), active.astype(jnp.float32))
