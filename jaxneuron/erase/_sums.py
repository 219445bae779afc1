"""What an erasure is made of: how units vary together, and with the labels, from sums that stream.

Products of units are those of `comoments`, in single precision; those of units and labels are summed in double
precision, since whatever they miss stays in the activations.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from jaxneuron import _labels, _numbers, batching, comoments
from jaxneuron.comoments import LONGEST, Comoments
from jaxneuron.comoments import merge as merge
from jaxneuron.edits import Project
from jaxneuron.table import Checked, Table, padded, spans

LEAST = 128
"""Tokens that a block is filled up to at least."""


def init(units: int, labels: int, *, products: bool = True) -> Comoments:
    """Return the sums over no tokens.

    Args:
        units: of the site.
        labels: classes, concepts or numbers, a column each.
        products: whether every two units are multiplied.
    """
    return comoments.init(units, labels, layers=((units,) if products else (), ()))


def update(
    sums: Comoments,
    index: Any,
    valid: Shaped[Any, "token"],
    activations: Shaped[Any, "token unit"],
    labels: Shaped[Any, "token *label"],
) -> Comoments:
    """Add a block of tokens.

    Args:
        sums: of the tokens before.
        index: not used.
        valid: false where a row is no token.
        activations: of the block.
        labels: classes `[token]`, or a column for each concept or kind of number.

    Raises:
        ValueError: an activation that is not finite.
    """
    del index
    valid, x, z = np.asarray(valid), _numbers.exact(activations), np.asarray(labels)
    z = (z[:, None] == np.arange(len(sums.b.mean))) if z.ndim == 1 else z
    x, z = x[valid], z[valid].astype(np.float64)
    for here in spans(len(x), LONGEST):
        sums = merge(sums, _block(sums, x[here], z[here]))
    return sums


def _block(sums: Comoments, x: Float[np.ndarray, "token unit"], z: Float[np.ndarray, "token label"]) -> Comoments:
    empty = init(len(sums.a.mean), len(sums.b.mean), products=bool(sums.a.products))
    size = max(LEAST, 1 << (len(x) - 1).bit_length())  # of few sizes, so that few are compiled
    found = comoments.update(empty, None, np.arange(size) < len(x), padded(x, size), padded(z, size))
    shift = x[0].astype(np.float64)
    wide = x.astype(np.float64) - shift
    unit, label = wide.mean(axis=0), z.mean(axis=0)
    cross = (wide - unit).T @ (z - label)
    return found._replace(a=found.a._replace(mean=shift + unit), b=found.b._replace(mean=label), cross=cross)


def over(
    activations: Table,
    labels: Any,
    *,
    products: bool = True,
    budget: int,
    progress: batching.Progress | None,
) -> Comoments:
    """Return the sums over all tokens of a table.

    Args:
        activations: of each token.
        labels: classes, concepts or numbers.
        products: see `init`.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Raises:
        TypeError, ValueError: see `_labels.checked` and `table.Checked`; labels that are all the same.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    given = _labels.checked(labels, tokens)
    rows, count = _labels.classes(given, tokens) if given.dtype.kind in "iu" else (given.reshape(tokens, -1), 0)
    if (rows == rows[:1]).all():
        raise ValueError(f"the labels of all {tokens} tokens are the same, so there is nothing to take out")
    sums = init(units, count or rows.shape[1], products=products)
    chunk = min(batching.chunk_size(8 * (3 + checked.copies) * units, tokens, budget), LONGEST)
    for here, block in checked.blocks(chunk, progress):
        sums = update(sums, None, np.ones(len(block), bool), block, rows[here])
    return sums


class Scaled(NamedTuple):
    """The units in their own deviations, and what they have to do with each other and the labels."""

    mean: Float[np.ndarray, "unit"]
    scale: Float[np.ndarray, "unit"]  # 1 for a unit that never changes
    cross: Float[np.ndarray, "unit label"]  # Pearson's correlation; 0 where one of both never changes

    def edit(self, read: Float[np.ndarray, "direction unit"], write: Float[np.ndarray, "direction unit"]) -> Project:
        """Return the erasure of directions of scaled units."""
        return Project(self.mean, read / self.scale, write * self.scale)


def scaled(sums: Comoments) -> Scaled:
    """Return the units scaled to a deviation of 1.

    Raises:
        ValueError: sums over fewer than two tokens, or of labels that are all the same.
    """
    if sums.tokens < 2 or not (sums.b.square > 0).any():
        raise ValueError(
            f"expected two tokens or more, and labels that differ, to take something out; got {sums.tokens:.0f} tokens"
        )
    norm, label = (np.sqrt(side.square) for side in (sums.a, sums.b))
    unit, other = (np.divide(1, one, out=np.zeros_like(one), where=one > 0) for one in (norm, label))
    return Scaled(sums.a.mean, np.where(norm > 0, norm / np.sqrt(sums.tokens), 1), unit[:, None] * sums.cross * other)


def correlations(sums: Comoments) -> Float[np.ndarray, "unit unit"]:
    """Return Pearson's correlations of the units; a unit that never changes has none but with itself.

    Raises:
        ValueError: sums without the products of the units.
    """
    if not sums.a.products:
        raise ValueError("these sums are without the products of the units; begin with `init(units, labels)`")
    norm = np.sqrt(sums.a.square)
    unit = np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0)
    found = sums.a.products[0] * np.outer(unit, unit)
    np.fill_diagonal(found, 1)
    return found
