"""How the units of two models vary together over the same words: sums that stream over tokens, in any split and order.

Correlations, regressions, canonical correlations and CKA are all made of the means and of the sums of products of what
is centred. Those of two blocks of tokens make those of both (Chan, Golub, LeVeque 1979, "Updating formulae and a
pairwise algorithm for computing sample variances"), so the tokens are never held, and nothing hangs on how they were
cut. Products, which take the time, are of single precision on the device, of units that are centred and scaled to 1
block by block; what is kept is in double precision on the host.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import _keys, batching
from jaxneuron.table import Checked, Table, padded, spans

LONGEST, PART = 4096, 256
"""Tokens whose products are summed in single precision, and of which so many at a time by the matrix product: then the
error stays below 1e-6 of what the units vary, whatever the order in which a device adds."""

Layers = tuple[Sequence[int], Sequence[int]]
"""How many units each layer of both models has, in their order; those of a model add up to its units."""


class Side(NamedTuple):
    """What is known of the units of one model."""

    mean: Float[np.ndarray, "unit"]
    square: Float[np.ndarray, "unit"]  # sum of squares of what is centred; exactly 0 for a unit that never changes
    products: tuple[Float[np.ndarray, "layer_unit layer_unit"], ...]  # of every two units of each layer asked for


class Comoments(NamedTuple):
    """What is known of the tokens so far; sums are of products of what is centred."""

    tokens: float
    a: Side
    b: Side
    cross: Float[np.ndarray, "unit other"]


class _Rows(NamedTuple):
    """A block of one model, centred and scaled to 1, and by what."""

    values: Float[Array, "token unit"]
    mean: Float[Array, "unit"]  # less the first row
    scale: Float[Array, "unit"]


def init(units: int, others: int, *, layers: Layers = ((), ())) -> Comoments:
    """Return the sums over no tokens.

    Args:
        units: of the first model.
        others: units of the second.
        layers: of which all pairs of units are summed, in both models; none by default.

    Raises:
        ValueError: no units, or layers that do not add up to them.
    """
    if units < 1 or others < 1:
        raise ValueError(f"expected units in both models, got {units} and {others}")
    for name, size, widths in (("a", units, layers[0]), ("b", others, layers[1])):
        if len(widths) and (sum(widths) != size or min(widths) < 1):
            raise ValueError(f"the layers of {name} have {list(widths)} units; expected {size} in all, 1 or more each")
    sides = [
        Side(np.zeros(size), np.zeros(size), tuple(np.zeros((width, width)) for width in widths))
        for size, widths in ((units, layers[0]), (others, layers[1]))
    ]
    return Comoments(0.0, sides[0], sides[1], np.zeros((units, others)))


def needed(what: str, layers: Layers) -> Layers:
    """Return the layers of which all pairs of units are summed for a method.

    Args:
        what: `"units"`, for which none are; `"layers"`, as they are; or `"model"`, all units of the second as one.
        layers: of both models.

    Example:
        >>> needed("model", ((2, 2), (3, 4)))
        ((), (7,))
    """
    return {"units": ((), ()), "layers": layers, "model": ((), (sum(layers[1]),))}[what]


def update(
    sums: Comoments,
    index: Any,
    valid: Bool[Any, "token"],
    a: Shaped[Any, "token unit"],
    b: Shaped[Any, "token other"],
) -> Comoments:
    """Add a block of tokens, at most `LONGEST`.

    Args:
        sums: of the tokens before.
        index: not used.
        valid: false where a row is no token.
        a: activations of the first model.
        b: activations of the second, of the same tokens.

    Raises:
        ValueError: activations that are not finite, or spread farther than single precision reaches.
    """
    del index
    valid = np.asarray(valid)
    if not valid.any():
        return sums
    first = int(np.argmax(valid))
    given = [_narrow(np.asarray(block), first, valid) for block in (a, b)]
    layers = tuple(tuple(len(one) for one in side.products) for side in (sums.a, sums.b))
    left, right, cross = jax.device_get(_summed(valid, first, given[0][0], given[1][0], layers=layers))
    sides, scales = [], []
    for name, (rows, shift, factor), (rest, scale, square, products) in zip("ab", given, (left, right), strict=True):
        scale = scale.astype(np.float64) * factor
        mean = shift + (rows[first] + rest.astype(np.float64)) * factor
        if not np.isfinite(square).all():
            unit = int(np.flatnonzero(~np.isfinite(square))[0])
            raise ValueError(
                f"unit {unit} of {name} is not finite, or spread farther than single precision reaches; leave it out, "
                "or divide it by its scale"
            )
        scaled = [one * np.outer(own, own) for one, own in zip(products, _cut(scale, products), strict=True)]
        sides.append(Side(mean, square * scale**2, tuple(scaled)))
        scales.append(scale)
    block = Comoments(float(valid.sum()), sides[0], sides[1], cross * np.outer(*scales))
    return merge(sums, block)


def merge(one: Comoments, other: Comoments) -> Comoments:
    """Return the sums over the tokens of both.

    Raises:
        ValueError: sums of other models, or with other layers.
    """
    shapes = [
        (each.cross.shape, [len(part) for side in (each.a, each.b) for part in side.products]) for each in (one, other)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(f"expected sums of the same units and layers, got those of {shapes[0]} and of {shapes[1]}")
    if not one.tokens or not other.tokens:
        return one if one.tokens else other
    tokens = one.tokens + other.tokens
    weight = one.tokens * other.tokens / tokens
    apart = [after.mean - before.mean for before, after in ((one.a, other.a), (one.b, other.b))]
    sides = [
        Side(
            before.mean + moved * (other.tokens / tokens),
            before.square + after.square + weight * moved**2,
            tuple(
                left + right + weight * np.outer(part, part)
                for left, right, part in zip(before.products, after.products, _cut(moved, before.products), strict=True)
            ),
        )
        for before, after, moved in ((one.a, other.a, apart[0]), (one.b, other.b, apart[1]))
    ]
    return Comoments(tokens, sides[0], sides[1], one.cross + other.cross + weight * np.outer(*apart))


def over(
    a: Table,
    b: Table,
    *,
    layers: Layers = ((), ()),
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Comoments:
    """Return the sums over all tokens of two tables, each read once.

    Args:
        a: activations `[token, unit]` of the first model.
        b: activations `[token, other]` of the second.
        layers: see `init`.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Raises:
        TypeError, ValueError: see `table.Checked` and `init`; tables of different texts, or of fewer than two tokens.

    Example:
        >>> a = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
        >>> found = over(a, -a[:, :1])
        >>> found.a.mean.tolist(), found.a.square.tolist(), found.cross.tolist()
        ([2.0, 1.0], [8.0, 0.0], [[-8.0], [0.0]])
    """
    left, right = Checked(a, exact=True), Checked(b, exact=True)
    tokens = len(left)
    if tokens != len(right):
        raise ValueError(
            f"a has {tokens:,} tokens and b {len(right):,}; models are compared on the same words of the same text: "
            "extract both from one text, one row for each word"
        )
    if tokens < 2:
        raise ValueError(f"expected at least 2 tokens, got {tokens}; what varies together shows in many")
    sums = init(left.shape[1], right.shape[1], layers=layers)
    held = 4 * ((2 + left.copies) * left.shape[1] + (2 + right.copies) * right.shape[1])
    chunk = min(batching.chunk_size(held, tokens, budget), LONGEST)
    for here in spans(tokens, chunk, progress):
        valid = np.arange(chunk) < here.stop - here.start
        sums = update(sums, None, valid, padded(left[here], chunk), padded(right[here], chunk))
    return sums


def correlation(sums: Comoments) -> Float[np.ndarray, "unit other"]:
    """Return Pearson's correlation of each unit of one model and each of the other; 0 where one never changes.

    Example:
        >>> rows = np.array([[0.0, 5.0], [1.0, 5.0], [5.0, 5.0]])
        >>> correlation(over(rows, -rows)).round(6).tolist()
        [[-1.0, 0.0], [0.0, 0.0]]
    """
    norms = [np.sqrt(side.square) for side in (sums.a, sums.b)]
    left, right = (np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0) for norm in norms)
    return np.clip(sums.cross * left[:, None] * right, -1, 1)


def layered(sums: Comoments, layers: Layers) -> Comoments:
    """Return the sums with the products of smaller layers, which those of larger ones hold.

    Args:
        sums: of larger layers.
        layers: see `init`; the layers of either model stay as they are where none are given.

    Raises:
        ValueError: a layer that lies in no larger one.
    """
    sides = [
        side._replace(products=_within(side.products, widths)) if len(widths) else side
        for side, widths in zip((sums.a, sums.b), layers, strict=True)
    ]
    return sums._replace(a=sides[0], b=sides[1])


def rotated(key: Array, sums: Comoments) -> Comoments:
    """Return the sums with each layer of the second model in a random basis: what is left if units are no better.

    A layer's units are divided by their standard deviations and multiplied by a random orthogonal matrix: its
    directions are as many and carry the same, but none is a unit. Gurnee et al. 2024 (arXiv 2401.12181)
    rotate what is not divided, where a few units with large activations become part of every direction.

    Args:
        key: draws the rotations.
        sums: with the products of the second model's layers.

    Raises:
        TypeError: no key.
        ValueError: sums without those products.
    """
    keys = jax.random.split(_keys.checked(key), max(len(sums.b.products), 1))
    if not sums.b.products:
        raise ValueError("these sums are without the products of the second model; begin with `layers` for it")
    starts = np.cumsum([0, *map(len, sums.b.products)]).tolist()
    cross, mean, square, products = np.empty_like(sums.cross), np.empty_like(sums.b.mean), [], []
    for one, own, start in zip(keys, sums.b.products, starts, strict=False):
        here = slice(start, start + len(own))
        norm = np.sqrt(sums.b.square[here])
        drawn = np.asarray(jax.random.normal(one, own.shape), np.float64)
        orthogonal, triangle = np.linalg.qr(drawn)
        turn = orthogonal * np.sign(np.diag(triangle))  # as likely as any other (Mezzadri 2007)
        turn = np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0)[:, None] * turn
        products.append(turn.T @ own @ turn)
        square.append(np.diag(products[-1]).clip(0))
        cross[:, here], mean[here] = sums.cross[:, here] @ turn, sums.b.mean[here] @ turn
    return sums._replace(b=Side(mean, np.concatenate(square), tuple(products)), cross=cross)


def _cut(values: np.ndarray, products: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the part of each layer."""
    ends = np.cumsum([len(one) for one in products])
    return np.split(values, ends[:-1]) if len(products) else []


def _within(products: Sequence[np.ndarray], widths: Sequence[int]) -> tuple[np.ndarray, ...]:
    found, start = [], 0
    outer = np.cumsum([0, *map(len, products)]).tolist()
    for width in widths:
        place = int(np.searchsorted(outer, start, "right")) - 1
        begin = start - outer[min(place, len(outer) - 1)]
        if place >= len(products) or begin + width > len(products[place]):
            raise ValueError(
                f"the layer of the units {start} to {start + width - 1} lies in none that was summed, which have "
                f"{[len(one) for one in products]} units; begin with larger `layers`"
            )
        found.append(products[place][begin : begin + width, begin : begin + width])
        start += width
    return tuple(found)


def _narrow(block: np.ndarray, first: int, valid: np.ndarray) -> tuple[np.ndarray, Any, Any]:
    """Return a block as float32, what was taken off, and by what it was divided: nothing where it is float32."""
    if block.dtype != np.float64:
        return block.astype(np.float32, copy=False), 0.0, 1.0
    shift = block[first]
    centred = np.where(valid[:, None], block - shift, 0)
    mean = centred.sum(axis=0) / valid.sum()
    centred = np.where(valid[:, None], centred - mean, 0)
    top = np.abs(centred).max(axis=0)
    scale = np.where(top > 0, top, 1.0)
    return (centred / scale).astype(np.float32), shift + mean, scale


@partial(jax.jit, static_argnames="layers")
def _summed(
    valid: Bool[Any, "token"],
    first: Any,
    a: Float[Any, "token unit"],
    b: Float[Any, "token other"],
    *,
    layers: tuple[tuple[int, ...], tuple[int, ...]],
) -> Any:
    """Return mean, scale, squares and products of both models, and the products of both together."""
    left, right = (_standard(valid, first, jnp.asarray(block)) for block in (a, b))
    sides = []
    for rows, widths in ((left, layers[0]), (right, layers[1])):
        parts = jnp.split(rows.values, np.cumsum(widths)[:-1].tolist(), axis=1) if widths else []
        square = jnp.sum(jnp.sum(_parted(rows.values) ** 2, axis=1), axis=0)
        sides.append((rows.mean, rows.scale, square, [_product(part, part) for part in parts]))
    return *sides, _product(left.values, right.values)


def _product(x: Float[Array, "token unit"], y: Float[Array, "token other"]) -> Float[Array, "unit other"]:
    """Return `x' y`, summed over a part of the tokens after another."""

    def add(total: Array, part: tuple[Array, Array]) -> tuple[Array, None]:
        return total + jnp.matmul(part[0].T, part[1], precision="highest"), None

    return jax.lax.scan(add, jnp.zeros((x.shape[1], y.shape[1]), x.dtype), (_parted(x), _parted(y)))[0]


def _parted(x: Float[Array, "token unit"]) -> Float[Array, "part part_token unit"]:
    return jnp.pad(x, [(0, -len(x) % PART), (0, 0)]).reshape(-1, PART, x.shape[1])


def _standard(valid: Bool[Array, "token"], first: Any, block: Float[Array, "token unit"]) -> _Rows:
    """Centre units and scale them to 1 at most, by a power of two; what never changes is exactly 0."""
    here, count = valid[:, None], jnp.sum(valid)
    values, mean = jnp.where(here, block - block[first][None], 0), jnp.zeros(block.shape[1], block.dtype)
    for _ in range(2):  # the second time takes off what rounding left
        rest = jnp.sum(values, axis=0) / count
        values, mean = jnp.where(here, values - rest[None], 0), mean + rest
    top = jnp.max(jnp.abs(values), axis=0)
    scale = jnp.where(top > 0, jnp.exp2(jnp.frexp(top)[1].astype(block.dtype)), 1)
    return _Rows(values / scale[None], mean, scale)
