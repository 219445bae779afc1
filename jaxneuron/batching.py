"""Scale: how many at a time, over which devices, with memory bounded by a budget instead of by the corpus.

Methods are written for one target or one batch; these helpers run them over thousands. Each chunk has one shape
(the last is padded), so each function compiles once.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, PyTree

BUDGET = 2**28
"""Default bytes of working memory for one chunk: 256 MiB."""


@runtime_checkable
class Progress(Protocol):
    """Called as work gets done; the command line draws a bar with it, the library prints nothing."""

    def __call__(self, done: int, total: int, /) -> None:
        """Report that `done` of `total` parts are done."""
        ...


def chunk_size(item_bytes: float, total: int, budget: int, mesh: Mesh | None = None, least: int = 1) -> int:
    """Return how many items to do at once: as many as fit the budget, in even chunks, at least one a device.

    Args:
        item_bytes: working memory of one item, in bytes.
        total: how many items there are.
        budget: bytes of working memory on each device.
        mesh: devices that share a chunk.
        least: items that a chunk is padded to where the budget allows it and there are fewer.

    Example:
        >>> chunk_size(item_bytes=100, total=10, budget=700)
        5
    """
    devices = mesh.size if mesh else 1
    fits = max(1, int(budget // max(item_bytes, 1))) * devices
    total = max(total, min(least, fits), 1)
    chunks = math.ceil(total / fits)
    return devices * math.ceil(total / chunks / devices)


def map_chunks(
    f: Callable[..., PyTree],
    *items: PyTree,
    chunk: int,
    mesh: Mesh | None = None,
    progress: Progress | None = None,
) -> PyTree:
    """Apply `f` to the items a chunk at a time and join the results along their leading axis.

    Args:
        f: takes and returns pytrees with one leading axis; compiled by the caller.
        *items: pytrees that share one leading axis.
        chunk: items per call.
        mesh: devices over which each chunk's leading axis is spread.
        progress: called after each chunk.

    Returns:
        The results, with one leading axis over all items, in their order.

    Raises:
        ValueError: there are no items, so that the shape of the result is unknown.
    """
    total = jax.tree.leaves(items)[0].shape[0]
    if not total:
        raise ValueError("expected at least one item to map over, got none")
    parts = []
    for start in range(0, total, chunk):
        rows = jnp.minimum(jnp.arange(start, start + chunk), total - 1)
        part = f(*shard(jax.tree.map(lambda leaf: jnp.asarray(leaf)[rows], items), mesh))  # noqa: B023
        parts.append(jax.tree.map(lambda leaf: leaf[: total - start], part))  # noqa: B023
        if progress:
            progress(min(start + chunk, total), total)
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def fold_rows(
    update: Callable[..., PyTree],
    carry: PyTree,
    *rows: PyTree,
    chunk: int,
    mesh: Mesh | None = None,
    progress: Progress | None = None,
) -> PyTree:
    """Reduce over the rows of host arrays, a chunk at a time: `carry = update(carry, index, valid, *rows)`.

    Args:
        update: compiled by the caller; `index[chunk]` are row numbers, `valid[chunk]` is false on padding.
        carry: the running result.
        *rows: pytrees of host arrays that share one leading axis; only one chunk is on the device at a time.
        chunk: rows per call.
        mesh: devices over which each chunk's rows are spread.
        progress: called after each chunk.

    Returns:
        What `update` returned last; `carry` as it was given where there are no rows.
    """
    total = jax.tree.leaves(rows)[0].shape[0]
    for start in range(0, total, chunk):
        index = jnp.arange(start, start + chunk)
        part = jax.tree.map(lambda leaf: _pad_rows(leaf[start : start + chunk], chunk), rows)  # noqa: B023
        carry = update(carry, *shard((index, index < total, *part), mesh))
        if progress:
            progress(min(start + chunk, total), total)
    return carry


def _pad_rows(part: Any, chunk: int) -> Array:
    """Return rows with padding behind them; host arrays are padded on the host, where no size compiles anew."""
    pad = np.pad if isinstance(part, np.ndarray) else jnp.pad
    return jnp.asarray(pad(part, [(0, chunk - len(part))] + [(0, 0)] * (part.ndim - 1)))


def shard(tree: PyTree, mesh: Mesh | None) -> PyTree:
    """Spread the leading axis of every leaf over all devices of a mesh; without one, do nothing.

    The compiler decides how what follows is spread, also where `jax.make_mesh` made the axes explicit, which would ask
    the same of every operation in the user's model.

    Returns:
        The tree, its leaves on the devices of the mesh.
    """
    return _place(tree, mesh, PartitionSpec(mesh.axis_names if mesh else None))


def replicate(tree: PyTree, mesh: Mesh | None) -> PyTree:
    """Copy every leaf to all devices of a mesh; without one, do nothing. Loaded weights lie on one device only.

    Returns:
        The tree, its leaves on every device of the mesh.
    """
    return _place(tree, mesh, PartitionSpec())


def _place(tree: PyTree, mesh: Mesh | None, spec: PartitionSpec) -> PyTree:
    return tree if mesh is None else jax.device_put(tree, NamedSharding(Mesh(mesh.devices, mesh.axis_names), spec))


def fold_targets(key: Array, targets: PyTree) -> Array:
    """Return one key per target, folded from the target's own leaves.

    A target searched alone then sees the same random numbers as in a batch of thousands.

    Args:
        key: one key.
        targets: a target with stacked leaves.

    Returns:
        Keys, `[target]`.
    """
    return _fold(key, targets)


@jax.jit
def _fold(key: Array, targets: PyTree) -> Array:
    def fingerprint(target: PyTree) -> Array:
        total = jnp.uint32(0)
        for leaf in jax.tree.leaves(target):
            leaf = leaf.astype(jnp.float32) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf.astype(jnp.int32)
            bits = jax.lax.bitcast_convert_type(leaf, jnp.uint32).ravel()
            place = jnp.arange(1, bits.size + 1, dtype=jnp.uint32)
            total = _mix(total) + jnp.sum(_mix(bits ^ _mix(place)), dtype=jnp.uint32)
        return total

    return jax.vmap(lambda target: jax.random.fold_in(key, fingerprint(target)))(targets)


def _mix(bits: Array) -> Array:
    """Spread every bit over the word (the finaliser of MurmurHash3): 0/1 masks differ in few bits, all of them high."""
    bits = (bits ^ (bits >> 16)) * jnp.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * jnp.uint32(0xC2B2AE35)
    return bits ^ (bits >> 16)
