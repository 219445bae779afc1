"""Run a function on many items inside one compiled call: as many together as a budget holds.

`batching` does this from outside, for rows that lie on the host. Here the items are small (a number, a mask) and what
the function makes of each is large (a forward pass), so the largest that one item needs is read from its jaxpr.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from jaxtyping import PyTree

from jaxneuron import batching

_CACHE = 2**24
"""Bytes of which a processor's caches hold much: to ablate all neurons of a block of MiniLM took 7.3 seconds of
processor time within 16 MiB, 10.5 within 256."""


def sweep(f: Callable[..., PyTree], *items: PyTree, budget: int = batching.BUDGET) -> PyTree:
    """Apply `f` to each item and stack the results; for use inside `jit`.

    Args:
        f: a function of one item.
        *items: pytrees that share one leading axis, at least one long.
        budget: bytes for what `f` computes at a time, its results aside; on a processor 16 MiB are not exceeded.

    Example:
        >>> sweep(lambda a: a * a, jnp.arange(4)).tolist()
        [0, 1, 4, 9]
    """
    total = jax.tree.leaves(items)[0].shape[0]
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), items)
    if jax.default_backend() == "cpu":
        budget = min(budget, _CACHE)
    chunk = batching.chunk_size(live_bytes(f, *one), total, budget)
    chunks = math.ceil(total / chunk)
    rows = jnp.minimum(jnp.arange(chunks * chunk), total - 1).reshape(chunks, chunk)  # the last item fills up
    together = jax.vmap(f)
    if chunks == 1:
        return together(*items)
    parts = jax.lax.map(lambda row: together(*jax.tree.map(lambda leaf: leaf[row], items)), rows)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:total], parts)


def live_bytes(f: Callable[..., PyTree], *args: Any) -> int:
    """Return the most bytes that one call of `f` holds at a time, among the values that depend on its arguments.

    What nobody reads does not count, nor what is the same for all arguments (weights, the layers below an edited
    site). The compiler fuses elementwise operations and so needs less.

    Args:
        f: the function; it is traced, not run.
        *args: its arguments, or their shapes and types.

    Example:
        >>> live_bytes(lambda a: jnp.sum(jnp.outer(a, a)), jnp.zeros(10)) >= 400
        True
    """
    jaxpr = jax.make_jaxpr(f)(*args).jaxpr
    return _peak(jaxpr, [True] * len(jaxpr.invars))


def _peak(jaxpr: Jaxpr, varies: list[bool]) -> int:
    moving = {var for var, moves in zip(jaxpr.invars, varies, strict=True) if moves}
    for eqn in jaxpr.eqns:
        if any(not isinstance(var, Literal) and var in moving for var in eqn.invars):
            moving.update(eqn.outvars)
    # backwards from the results: a value lives from where it is made to where it is read last
    live = {var for var in jaxpr.outvars if not isinstance(var, Literal) and var in moving}
    size = peak = sum(map(_bytes, live))
    for eqn in reversed(jaxpr.eqns):
        made = [var for var in eqn.outvars if var in live]
        if not made:
            continue
        read = {var for var in eqn.invars if not isinstance(var, Literal) and var in moving} - live
        live |= read
        size += sum(map(_bytes, read))
        peak = max(peak, size + max((_peak(*inner) for inner in _inner(eqn, moving)), default=0))
        live.difference_update(made)
        size -= sum(map(_bytes, made))
    return peak


def _inner(eqn: Any, moving: set) -> Iterator[tuple[Jaxpr, list[bool]]]:
    """Yield the programs inside an equation (a jitted call, a scan's body), and which of their arguments vary."""
    varies = [not isinstance(var, Literal) and var in moving for var in eqn.invars]
    for leaf in jax.tree.leaves(eqn.params, is_leaf=lambda leaf: isinstance(leaf, Jaxpr | ClosedJaxpr)):
        if isinstance(leaf, Jaxpr | ClosedJaxpr):
            jaxpr = leaf.jaxpr if isinstance(leaf, ClosedJaxpr) else leaf
            yield jaxpr, varies if len(varies) == len(jaxpr.invars) else [True] * len(jaxpr.invars)


def _bytes(var: Any) -> int:
    return var.aval.size * var.aval.dtype.itemsize
