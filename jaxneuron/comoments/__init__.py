"""How the units of two models vary together over the same words: sums that stream over tokens, in any split and order.

Correlations, regressions, canonical correlations and CKA are all made of the means and of the sums of products of what
is centred. Those of two blocks of tokens make those of both (Chan, Golub, LeVeque 1979, "Updating formulae and a
pairwise algorithm for computing sample variances"), so the tokens are never held, and nothing hangs on how they were
cut. Products, which take the time, are of single precision on the device, of units that are centred and scaled to 1
block by block; what is kept is in double precision on the host.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float, Shaped

from jaxneuron import batching
from jaxneuron.comoments._blocks import LONGEST as LONGEST
from jaxneuron.comoments._blocks import narrow, summed
from jaxneuron.comoments._kinds import Comoments as Comoments
from jaxneuron.comoments._kinds import Layers as Layers
from jaxneuron.comoments._kinds import Side as Side
from jaxneuron.comoments._kinds import cut
from jaxneuron.comoments._layers import layered as layered
from jaxneuron.comoments._layers import rotated as rotated
from jaxneuron.table import Checked, Table, padded, spans


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
    given = [narrow(np.asarray(block), first, valid) for block in (a, b)]
    layers = tuple(tuple(len(one) for one in side.products) for side in (sums.a, sums.b))
    left, right, cross = jax.device_get(summed(valid, first, given[0][0], given[1][0], layers=layers))
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
        scaled = [one * np.outer(own, own) for one, own in zip(products, cut(scale, products), strict=True)]
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
                for left, right, part in zip(before.products, after.products, cut(moved, before.products), strict=True)
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
