"""Write text with a model, a symbol at a time, under edits: one scan, linear in the length.

The prompts are read in the same scan: where a prompt has a symbol it is taken, afterwards one is drawn, so prompts of
different lengths need no padding on the left and no second compilation.
"""

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from jaxneuron.intervene import Sampling, Step, Written
from jaxneuron.types import Edit, Params, Site, Tokens


def check(prompt: Tokens, state: PyTree, sampling: Sampling) -> None:
    """Raise a ValueError for what cannot be written from; a state that is bounded says so by its `room`."""
    ids, mask = np.asarray(prompt.ids), np.asarray(prompt.mask)
    length, temperature, top_k = sampling[:3]
    if ids.ndim != 2 or ids.dtype.kind not in "iu" or ids.shape != mask.shape:
        raise ValueError(f"expected prompts as whole numbers [batch time], got {ids.dtype} {ids.shape}")
    if not mask.size or not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
        raise ValueError("each prompt needs at least one symbol, with padding on the right only; start from a symbol")
    if length < 1:
        raise ValueError(f"expected a length of at least 1 symbol, got {length}")
    if not temperature >= 0:
        raise ValueError(f"expected a temperature of at least 0 (0: always the likeliest), got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"expected top_k of at least 1, or None for all symbols, got {top_k}")
    room, needed = getattr(state, "room", None), mask.shape[1] + length - 1  # the last symbol is not read
    if room is not None and room < needed:
        raise ValueError(
            f"the state has room for {room} more symbols, and a prompt of {mask.shape[1]} with {length} written after "
            f"it needs {needed}; begin with a state of a larger capacity, or write less"
        )


def write(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    edits: Mapping[Site, Edit],
    sampling: Sampling,
    *,
    sets: int = 1,
    together: int = 1,
) -> Written:
    """Write under each of several edits, with the same random numbers.

    Args:
        key: one key; each text and each position folds its own.
        step: the model.
        params: its weights.
        state: of each text before the prompt.
        prompt: `[batch time]`.
        edits: leaves stacked along a leading axis, one row a set.
        sampling: how much is written, and how.
        sets: rows of the edits.
        together: sets at a time; divides their number.

    Returns:
        Arrays `[set batch time]`.
    """
    length, temperature, top_k, end, read = sampling
    read = read if isinstance(read, jax.tree_util.Partial) else jax.tree_util.Partial(read)
    drawn = (jnp.float32(temperature), jnp.int32(-1 if end is None else end), read)
    rows = (edits, jnp.arange(sets))  # without edits there would be no axis to map over
    return _write(key, step, params, state, prompt, rows, drawn, length=length, top_k=top_k, together=together)


@partial(jax.jit, static_argnames=("step", "length", "top_k", "together"))
def _write(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    rows: tuple[Mapping[Site, Edit], Int[Array, "set"]],
    drawn: tuple[Float[Array, ""], Int[Array, ""], jax.tree_util.Partial],
    *,
    length: int,
    top_k: int | None,
    together: int,
) -> Written:
    temperature, end, read = drawn
    ids, known = jnp.asarray(prompt.ids, jnp.int32), jnp.asarray(prompt.mask)
    batch, width = ids.shape
    total = width + length
    keys = jax.vmap(partial(jax.random.fold_in, key))(jnp.arange(batch))
    ids, known = (jnp.pad(leaf, [(0, 0), (0, length)]) for leaf in (ids, known))
    room = jnp.arange(total)[None] < jnp.sum(known, axis=1, keepdims=True) + length
    later = jnp.arange(1, total), ids[:, 1:].T, known[:, 1:].T, room[:, 1:].T

    def draw(key: Array, place: Array, log_p: Float[Array, "vocab"]) -> Int[Array, ""]:
        """Return a symbol; the largest of `log p + temperature * gumbel` is a draw at that temperature."""
        score, index = (log_p, None) if top_k is None else jax.lax.top_k(log_p, min(top_k, log_p.size))
        noise = jax.random.gumbel(jax.random.fold_in(key, place), score.shape)
        best = jnp.argmax(score + temperature * noise).astype(jnp.int32)
        return best if index is None else index[best].astype(jnp.int32)

    def one(row: tuple[Mapping[Site, Edit], Array]) -> tuple[Array, Array, Array]:
        edits, _ = row

        def on(carry: tuple[PyTree, Array, Array], now: tuple[Array, ...]) -> tuple[PyTree, tuple[Array, ...]]:
            state, symbol, going = carry
            place, given, known, room = now
            output, activations, state = step(params, state, symbol[:, None], edits)
            log_p = jax.nn.log_softmax(read(output, activations)[:, 0].astype(jnp.float32))
            drawn = jax.vmap(draw, in_axes=(0, None, 0))(keys, place, log_p)
            written = going & ~known & room
            symbol = jnp.where(known, given, jnp.where(written, drawn, 0))
            nats = jnp.where(written, jnp.take_along_axis(log_p, symbol[:, None], 1)[:, 0], 0)
            going = going & ~(written & (symbol == end))
            return (state, symbol, going), (symbol, written, nats)

        _, found = jax.lax.scan(on, (state, ids[:, 0], jnp.ones(batch, bool)), later)
        symbols, written, nats = (jnp.swapaxes(leaf, 0, 1) for leaf in found)
        first = jnp.zeros((batch, 1))
        return (
            jnp.concatenate([ids[:, :1], symbols], axis=1),
            jnp.concatenate([first.astype(bool), written], axis=1),
            jnp.concatenate([first, nats], axis=1),
        )

    symbols, sampled, nats = jax.lax.map(one, rows, batch_size=together)
    return Written(Tokens(symbols, sampled | jnp.broadcast_to(known, sampled.shape)), sampled, nats)
