"""Activations as sums of a few parts, nothing taken off: non-negative matrix factorisation.

Lee, Seung 1999; for the units of language models Alammar 2021, "Ecco: an open source library for the explainability of
transformer language models", who factors the activations of one text, with what is below 0 set to 0. We take one text
(`each`: all texts, each for itself, in one program) or a corpus.

`min |X - C B|^2, C >= 0, B >= 0` by coordinate descent (Cichocki, Phan 2009; scikit-learn's default): of the codes, and
then of the basis, one factor after the other has its least squares, `C_j <- max(0, C_j + (X B_j - C B B_j) / B_j B_j)`,
until the projected gradient is a small share of what it was in the first step.

Cost:
    No pass of the model: coordinate descent over all activations, held on the device, for up to 5,000 steps.

Fails:
    Activations below 0 are an error, or count as 0 with `clip`, and then half of what a site says is gone. Not unique:
    another key gives other factors.

Peers:
    Ecco's run_nmf (scikit-learn's NMF on one text, clipped); the updates are those of scikit-learn.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys
from jaxneuron.decompose._near import Near, check, draw, near, ordered
from jaxneuron.table import Table
from jaxneuron.types import Factors


def decompose(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    steps: int = 5_000,
    tolerance: float = 1e-4,
    clip: bool = False,
) -> Factors:
    """Factor activations that are not negative: `activations ≈ codes @ basis`, all three of them 0 or above.

    Args:
        key: one key, for the first factors.
        activations: of one text, or of many; all of them are held on the device.
        factors: at most as many as tokens or units.
        steps: at most; as Ecco's.
        tolerance: the share of the first step's projected gradient at which to stop.
        clip: whether activations below 0 count as 0, as Ecco has it.

    Returns:
        Rows of `basis` have length 1, the factor that explains most first; `codes` have the size. A factor that
        nothing needs is 0. `settled` is false where the steps ran out.

    Raises:
        TypeError: activations that are no real numbers, or no key.
        ValueError: more factors than tokens or units, an activation below 0 (without `clip`) or not finite.

    Example:
        >>> a = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 3.0], [2.0, 3.0, 3.0]])
        >>> print(np.asarray(decompose(jax.random.key(0), a, factors=2).basis).round(2))
        [[0.   0.71 0.71]
         [1.   0.   0.  ]]
    """
    key = _keys.checked(key)
    check(activations, factors)
    found = _positive(activations, clip)
    codes, basis, settled = _solve(key, found.values, factors, steps, tolerance)
    return Factors(found.codes(codes), basis, settled)


def each(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    starts: Int[Any, "texts"],
    *,
    factors: int,
    steps: int = 5_000,
    tolerance: float = 1e-4,
    clip: bool = False,
) -> list[Factors]:
    """Factor the activations of each text for itself, all of one program.

    Args:
        key: one key.
        activations: of all texts, one after the other.
        starts: the first token of each text, and at the end the number of tokens.
        factors: at most as many as the shortest text has tokens.
        steps: at most, for each text.
        tolerance: as for `decompose`.
        clip: as for `decompose`.

    Raises:
        TypeError, ValueError: as `decompose`; a text that is too short is named.
    """
    key = _keys.checked(key)
    starts = np.asarray(starts)
    check(activations, 1)
    lengths = np.diff(starts)
    if short := np.flatnonzero(lengths < factors).tolist():
        raise ValueError(
            f"text {short[0]} has {lengths[short[0]]} tokens, fewer than {factors} factors; ask for fewer, or leave "
            "it out"
        )
    found = _positive(activations, clip)
    place = starts[:-1, None] + np.arange(lengths.max())
    inside = place < starts[1:, None]
    values = jnp.where(inside[..., None], found.values[np.where(inside, place, 0)], 0)  # rows of 0 have codes of 0
    keys = jax.random.split(key, len(lengths))
    solved = jax.lax.map(lambda one: _solve(one[0], one[1], factors, steps, tolerance), (keys, values))
    return [
        Factors(found.codes(codes[:length]), basis, settled)
        for codes, basis, settled, length in zip(*solved, lengths.tolist(), strict=True)
    ]


def _positive(activations: Any, clip: bool) -> Near:
    found = near(activations, centred=False)
    below = found.values < 0
    if clip:
        return found._replace(values=jnp.where(below, 0, found.values))
    if bool(jnp.any(below)):
        token, unit = (int(one) for one in np.argwhere(np.asarray(below))[0])
        raise ValueError(
            f"the activation of unit {unit} at token {token} is below 0; give clip for those to count as 0, or take a "
            "site after a ReLU, or semi_nmf"
        )
    return found


@partial(jax.jit, static_argnames="factors")
def _solve(
    key: Array, x: Float[Array, "token unit"], factors: int, steps: Any, tolerance: Any
) -> tuple[Float[Array, "token factor"], Float[Array, "factor unit"], Bool[Array, ""]]:
    for_codes, for_basis = jax.random.split(key)
    tokens, units = x.shape
    size = jnp.sqrt(jnp.mean(x) / factors)
    codes = size * jnp.abs(draw(for_codes, (factors, tokens), x))  # one row per factor: what is updated lies together
    basis = size * jnp.abs(draw(for_basis, (factors, units), x))

    def step(state: Any) -> Any:
        number, codes, basis, first, _ = state
        codes, moved = _descend(codes, basis, jnp.matmul(basis, x.T, precision="highest"))
        basis, also = _descend(basis, codes, jnp.matmul(codes, x, precision="highest"))
        now = moved + also
        return number + 1, codes, basis, jnp.where(number == 0, now, first), now

    def goes_on(state: Any) -> Any:
        number, _, _, first, now = state
        return (number < steps) & ((number == 0) | (now > tolerance * first))

    nothing = jnp.zeros((), x.dtype)
    _, codes, basis, first, now = jax.lax.while_loop(goes_on, step, (0, codes, basis, nothing, nothing + jnp.inf))
    return *ordered(codes.T, basis), now <= tolerance * first


def _descend(
    rows: Float[Array, "factor item"], other: Float[Array, "factor place"], product: Float[Array, "factor item"]
) -> tuple[Float[Array, "factor item"], Float[Array, ""]]:
    """Give each factor its least squares in turn; return also by how much the gradient would have moved them."""
    gram = jnp.matmul(other, other.T, precision="highest")

    def one(factor: Any, state: Any) -> Any:
        rows, moved = state
        row = rows[factor]
        gradient = gram[factor] @ rows - product[factor]
        moved = moved + jnp.sum(jnp.abs(jnp.where(row > 0, gradient, jnp.minimum(gradient, 0))))
        new = jnp.maximum(row - gradient / jnp.where(gram[factor, factor] > 0, gram[factor, factor], 1), 0)
        return rows.at[factor].set(jnp.where(gram[factor, factor] > 0, new, row)), moved

    return jax.lax.fori_loop(0, len(rows), one, (rows, jnp.zeros((), rows.dtype)))
