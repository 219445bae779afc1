"""A beam search over formulas of concepts for many units at once, in matrix products.

The counts of `F OR c`, `F AND c` and `F AND NOT c` follow from |F and c| and |F and c and active|: two products of the
masks of the beam with the masks of the concepts score every extension of every formula of every unit. Masks are kept as
bits, 32 tokens in a word.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from jaxneuron.rank.compositional._formulas import AND, OR

BLOCK = 256
"""Words of 32 tokens in one product, so that a count in float32 is exact; the sum over blocks is a whole number."""

DRAWN = 8
"""Candidates looked at for each place in the beam, as some of them are duplicates."""


class Beam(NamedTuple):
    """The best formulas of each unit, no two of which hold of the same tokens; best first."""

    mask: UInt32[Array, "unit beam word"]
    leaf: Int[Array, "unit beam term"]
    operator: Int[Array, "unit beam term"]
    terms: Int[Array, "unit beam"]
    score: Float[Array, "unit beam"]  # IoU times the penalty; -inf where there is no formula
    iou: Float[Array, "unit beam"]
    fresh: Bool[Array, "unit beam"]  # not extended yet


class Leaves(NamedTuple):
    """The concepts."""

    mask: UInt32[Array, "label word"]
    count: Int[Array, "label"]
    hits: Int[Array, "unit label"]  # where the concept holds and the unit is active


def item_bytes(tokens: int, concepts: int, beam: int) -> int:
    """Return the working memory of one unit."""
    return beam * (2 * DRAWN * tokens // 4 + 48 * concepts + 16 * min(tokens, 32 * BLOCK)) + tokens


def pack(mask: Bool[np.ndarray, "row token"]) -> UInt32[np.ndarray, "row word"]:
    """Put 32 tokens in a word, and fill up the last block with false."""
    tokens = mask.shape[1]
    words = -(-tokens // 32)
    blocks = -(-words // BLOCK)
    width = 32 * blocks * -(-words // blocks)
    padded = np.pad(mask, [(0, 0), (0, width - tokens)])
    return np.packbits(padded, axis=1, bitorder="little").view("<u4")


@partial(jax.jit, static_argnames="terms")
def start(active: UInt32[Array, "unit word"], mask: UInt32[Array, "label word"], *, terms: int) -> tuple[Beam, Leaves]:
    """Return a beam of one empty formula, and the concepts."""
    units, words = active.shape
    empty = Beam(
        mask=jnp.zeros((units, 1, words), jnp.uint32),
        leaf=jnp.full((units, 1, terms), -1, jnp.int32),
        operator=jnp.full((units, 1, terms), OR, jnp.int32),
        terms=jnp.zeros((units, 1), jnp.int32),
        score=jnp.full((units, 1), -jnp.inf),
        iou=jnp.zeros((units, 1)),
        fresh=jnp.ones((units, 1), bool),
    )
    return empty, Leaves(mask, _size(mask), counts(active, mask))


@partial(jax.jit, static_argnames="width")
def extend(
    beam: Beam, active: UInt32[Array, "unit word"], leaves: Leaves, penalty: Float[Array, ""], *, width: int
) -> Beam:
    """Extend each fresh formula by each concept and operator, and keep the best `width` of old and new."""
    units, formulas, words = beam.mask.shape
    labels = len(leaves.count)
    inside = beam.mask & active[:, None]
    rows = jnp.stack([beam.mask, inside]).reshape(-1, words)
    held, hit = counts(rows, leaves.mask).reshape(2, units, formulas, labels)
    size, shared = _size(beam.mask)[..., None], _size(inside)[..., None]
    whole, hits = leaves.count[None, None], leaves.hits[:, None]

    # An extension that is the formula as it was, the concept alone, or empty, is no new formula.
    first = (beam.terms == 0)[..., None]
    new = jnp.stack(
        [
            (held < whole) & ((held < size) | first),
            (held < size) & (held < whole),
            (held < size) & (held > 0),
        ],
        axis=1,
    )  # [unit, operator, beam, label], in the order OR, AND, AND_NOT
    count = jnp.stack([size + whole - held, held, size - held], axis=1)
    both = jnp.stack([shared + hits - hit, hit, shared - hit], axis=1)
    union = _size(active)[:, None, None, None] + count - both
    iou = both / jnp.maximum(union, 1).astype(jnp.float32)
    weight = (penalty ** beam.terms.astype(jnp.float32))[:, None, :, None]
    score = jnp.where(new & beam.fresh[:, None, :, None] & (both > 0), iou * weight, -jnp.inf)

    # Old formulas stand first, so that of two equal ones the shorter stays.
    flat = jnp.concatenate([beam.score, score.reshape(units, -1)], axis=1)
    best, index = jax.lax.top_k(flat, min(DRAWN * width, flat.shape[1]))
    old = index < formulas
    place = jnp.maximum(index - formulas, 0)
    operator, parent, leaf = place // (formulas * labels), place // labels % formulas, place % labels
    parent = jnp.where(old, index, parent)
    drawn = _gather(beam, parent)
    column = leaves.mask[leaf]
    how = operator[..., None]
    mask = jnp.where(how == AND, drawn.mask & column, drawn.mask & ~column)
    mask = jnp.where(how == OR, drawn.mask | column, mask)
    mask = jnp.where(old[..., None], drawn.mask, mask)

    sums = _signature(mask)
    same = jnp.all(sums[:, :, None] == sums[:, None], axis=3)
    before = jnp.tril(jnp.ones(same.shape[1:], bool), -1)[None]
    keep = (best > -jnp.inf) & ~jnp.any(same & before, axis=2)

    term = jnp.arange(beam.leaf.shape[2])[None, None]
    here = (term == drawn.terms[..., None]) & ~old[..., None]
    all_iou = jnp.concatenate([beam.iou, iou.reshape(units, -1)], axis=1)
    candidates = Beam(
        mask=mask,
        leaf=jnp.where(here, leaf[..., None], drawn.leaf),
        operator=jnp.where(here, operator[..., None], drawn.operator),
        terms=drawn.terms + ~old,
        score=jnp.where(keep, best, -jnp.inf),
        iou=jnp.where(keep, jnp.take_along_axis(all_iou, index, axis=1), 0.0),
        fresh=~old & keep,
    )
    return _gather(candidates, jnp.argsort(~keep, axis=1, stable=True)[:, :width])


@jax.jit
def counts(rows: UInt32[Array, "row word"], columns: UInt32[Array, "label word"]) -> Int[Array, "row label"]:
    """Return in how many tokens each pair of masks agrees to hold."""
    words = rows.shape[1]
    blocks = -(-words // BLOCK)
    width = words // blocks

    def unpacked(mask: Array, i: Array) -> Array:
        block = jax.lax.dynamic_slice_in_dim(mask, i * width, width, axis=1)[..., None]
        bits = (block >> jnp.arange(32, dtype=jnp.uint32)[None, None]) & 1
        return bits.reshape(len(mask), -1).astype(jnp.float32)

    def add(i: Array, total: Array) -> Array:
        return total + (unpacked(rows, i) @ unpacked(columns, i).T).astype(jnp.int32)

    return jax.lax.fori_loop(0, blocks, add, jnp.zeros((len(rows), len(columns)), jnp.int32))


def _size(mask: UInt32[Array, "*row word"]) -> Int[Array, "*row"]:
    return jnp.sum(jax.lax.population_count(mask), axis=-1, dtype=jnp.uint32).astype(jnp.int32)


def _signature(mask: UInt32[Array, "unit beam word"]) -> UInt32[Array, "unit beam two"]:
    """Return two numbers that are the same for equal masks, and differ for others (but for one pair in 2**64)."""
    salt = jax.random.bits(jax.random.key(0), (2, mask.shape[2]), jnp.uint32)  # the same in each run, as a hash is
    bits = mask[:, :, None] ^ salt[None, None]
    bits = (bits ^ (bits >> 16)) * jnp.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * jnp.uint32(0xC2B2AE35)
    return jnp.sum(bits ^ (bits >> 16), axis=3, dtype=jnp.uint32)


def _gather(beam: Beam, index: Int[Array, "unit place"]) -> Beam:
    def take(leaf: Array) -> Array:
        return jnp.take_along_axis(leaf, index.reshape(index.shape + (1,) * (leaf.ndim - 2)), axis=1)

    return jax.tree.map(take, beam)
