"""How high is a unit, how far does it spread, is it lopsided, is it peaked? Moments and extremes.

Sums of powers of what is centred, batch by batch, joined so that nothing cancels (Chan, Golub, LeVeque 1979; Pébay
2008, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments").
Powers are of values divided by a power of two, so that a unit may be of any scale, and sums are kept in two numbers of
single precision each (`_double`).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.atlas import Statistic, UnitMoments
from jaxneuron.atlas._centred import Mean, moved
from jaxneuron.atlas._double import Double, add, halves, number, times
from jaxneuron.atlas._rows import over_rows
from jaxneuron.atlas._sites import Flat, SiteBeside, each

SAMPLE = 64
"""Vectors of a batch of which the mean is taken first."""

RANGE = 2**12
"""By how many times a unit may spread farther, or less far, than these; if one does, the batch is read again."""


class PowerSums(NamedTuple):
    """What is known of the units of a site."""

    count: Int[Any, ""]
    mean: Double  # [unit]
    scale: Float[Any, "unit"]  # a power of two, what follows is in units of its powers; 0 before anything varied
    second: Double  # [unit], the sum of squares of what is centred
    third: Double
    fourth: Double
    low: Float[Any, "unit"]
    high: Float[Any, "unit"]


def statistic() -> Statistic:
    """Return the statistic whose result is `UnitMoments`."""
    return each(_init, _update, _merge, _finish, beside=SiteBeside(_look, _add, finite=_finite))


def _init(units: int) -> PowerSums:
    none = np.zeros(units, np.float32)
    zero = Double(none, none)
    return PowerSums(np.zeros((), np.int32), zero, none, zero, zero, zero, none + jnp.inf, none - jnp.inf)


@jax.jit  # so that it is written out once for all sites of a width
def _look(batch: Flat) -> PowerSums:
    """Return what is known of a batch alone: in one reading of it, about the mean of the first vectors that count."""
    none = jnp.zeros(batch.value.shape[1], jnp.float32)
    count = jnp.sum(batch.counted, dtype=jnp.float32)
    first, rest, near = _sample(batch)

    def read(held: tuple[Any, ...]) -> tuple[Any, ...]:
        tries, scale, *_ = held
        inverse = _inverse(scale)

        def powers(carry: tuple[Array, ...], value: Array, counted: Array) -> tuple[Array, ...]:
            z = jnp.where(counted, ((value - first) - rest) * inverse, 0)
            square = z * z
            more = (z, square, square * z, square * square)
            low = jnp.where(counted, jnp.minimum(carry[0], value), carry[0])
            high = jnp.where(counted, jnp.maximum(carry[1], value), carry[1])
            return low, high, *(total + power for total, power in zip(carry[2:], more, strict=True))

        def join(one: tuple[Array, ...], other: tuple[Array, ...]) -> tuple[Array, ...]:
            ends = jnp.minimum(one[0], other[0]), jnp.maximum(one[1], other[1])
            return *ends, *(left + right for left, right in zip(one[2:], other[2:], strict=True))

        begin = (none + jnp.inf, none - jnp.inf, none, none, none, none)
        low, high, *sums = over_rows(powers, begin, batch, join=join)
        reach = jnp.where(count > 0, jnp.maximum(high - first, first - low), 0)
        good = (reach == 0) | ((reach * inverse < RANGE) & (reach * inverse * RANGE > 1))
        return tries + 1, jnp.where(good, scale, _power_of_two(reach)), jnp.all(good), reach, (low, high, *sums)

    def again(held: tuple[Any, ...]) -> Array:
        tries, _, good, *_ = held
        return (tries == 0) | ((tries == 1) & ~good)

    nothing = (0, near, jnp.array(False), none, (none,) * 6)
    _, scale, _, reach, (low, high, *sums) = jax.lax.while_loop(again, read, nothing)
    gap, *about = _about_mean(count, sums)
    parts = (Double(jnp.where(reach > 0, one, 0), none) for one in about)
    return PowerSums(
        count.astype(jnp.int32),
        Double(first, rest + gap * scale),
        jnp.where(reach > 0, scale, 0),
        *parts,
        low=low,
        high=high,
    )


def _sample(batch: Flat) -> tuple[Float[Array, "unit"], Float[Array, "unit"], Float[Array, "unit"]]:
    """Return the first vector that counts, what the mean of the first ones is beyond it, and about how far they spread.

    Of `n` vectors, `m` of them have a mean that is at most `sqrt(n / m)` standard deviations off: sums about it keep
    their digits.
    """
    place = jnp.arange(1, SAMPLE + 1)
    row = jnp.searchsorted(jnp.cumsum(batch.counted), place)
    there = (row < len(batch.counted))[:, None]
    rows = batch.value[jnp.minimum(row, len(batch.counted) - 1)]
    first = jnp.where(there[0], rows[0], 0)
    beyond = jnp.where(there, rows - first[None], 0)
    near = _power_of_two(jnp.max(jnp.abs(beyond), axis=0))
    most = jnp.max(near)
    scale = jnp.where(near > 0, near, jnp.where(most > 0, most, 1))
    return first, jnp.sum(beyond, axis=0) / jnp.maximum(jnp.sum(there), 1), scale


def _about_mean(count: Float[Array, ""], sums: list[Array]) -> tuple[Array, Array, Array, Array]:
    """Return how far the mean is from what sums of powers are about, and the sums of the higher ones about the mean."""
    total, second, third, fourth = sums
    gap = total / jnp.maximum(count, 1)
    return (
        gap,
        jnp.maximum(second - count * gap**2, 0),
        third - 3 * gap * second + 2 * count * gap**3,
        jnp.maximum(fourth - 4 * gap * third + 6 * gap**2 * second - 3 * count * gap**4, 0),
    )


def _finite(seen: PowerSums) -> Bool[Array, ""]:
    """Tell from the sums of a batch whether it is finite."""
    return jnp.all(jnp.isfinite(seen.mean.low) & jnp.isfinite(seen.fourth.high))


def _update(state: PowerSums, batch: Flat) -> PowerSums:
    part = _look(batch)
    scale = jnp.maximum(state.scale, part.scale)
    both = [
        [
            times(one, jnp.where(scale > 0, own.scale * _inverse(scale), 1) ** power)
            for power, one in enumerate((own.second, own.third, own.fourth), 2)
        ]
        for own in (state, part)
    ]
    mean = Mean(part.count.astype(jnp.float32), part.mean.high, part.mean.low)
    mean, *sums = _joined(state, mean, scale, both[0], [one.high for one in both[1]])
    low, high = jnp.minimum(state.low, part.low), jnp.maximum(state.high, part.high)
    return PowerSums(state.count + part.count, mean, scale, *sums, low=low, high=high)


def _joined(
    state: PowerSums, part: Mean, scale: Float[Array, "unit"], held: list[Double], sums: list[Array]
) -> tuple[Double, Double, Double, Double]:
    """Return mean and sums of both; what is added is small beside the sums, and single precision will do for it."""
    before, here = state.count.astype(jnp.float32), part.count
    both = jnp.maximum(before + here, 1)
    old, new = before / both, here / both  # shares
    gap, mean = moved(state.mean, part, new)
    step = gap * _inverse(scale)
    (second, third, fourth), (square, cube, power) = held, sums
    weight = before * new
    cross = old * cube - new * third.high
    fourth = add(
        add(fourth, power + weight * step**4 * (old * old - old * new + new * new)),
        6 * step**2 * (old * old * square + new * new * second.high) + 4 * step * cross,
    )
    third = add(add(third, cube + weight * step**3 * (old - new)), 3 * step * (old * square - new * second.high))
    return mean, add(add(second, square), weight * step**2), third, fourth


def _power_of_two(value: Float[Array, "unit"]) -> Float[Array, "unit"]:
    """Return the next power of two above, within what single precision can invert; 0 for 0."""
    exponent = jnp.clip(jnp.frexp(value)[1], -120, 120)
    return jnp.where(value > 0, jnp.ldexp(jnp.ones_like(value), exponent), 0)


def _inverse(scale: Float[Array, "unit"]) -> Float[Array, "unit"]:
    return jnp.where(scale > 0, 1 / jnp.where(scale > 0, scale, 1), 0)


def _merge(one: PowerSums, other: PowerSums) -> PowerSums:
    scale = np.maximum(one.scale, other.scale)
    (n, first, *left), (m, second, *right) = (_plain(state, scale) for state in (one, other))
    both = max(n + m, 1)
    old, new = n / both, m / both
    gap = np.where(n and m, second - first, 0)
    mean = first * (n > 0) + gap * new if n else second
    step = gap / np.where(scale > 0, scale, 1)
    (a2, a3, a4), (b2, b3, b4) = left, right
    weight = n * new
    square = a2 + b2 + weight * step**2
    cube = a3 + b3 + weight * step**3 * (old - new) + 3 * step * (old * b2 - new * a2)
    power = a4 + b4 + weight * step**4 * (old * old - old * new + new * new)
    power += 6 * step**2 * (old * old * b2 + new * new * a2) + 4 * step * (old * b3 - new * a3)
    low, high = np.minimum(one.low, other.low), np.maximum(one.high, other.high)
    return PowerSums(np.asarray(n + m), halves(mean), scale, halves(square), halves(cube), halves(power), low, high)


def _add(state: PowerSums, seen: PowerSums, batch: Flat) -> PowerSums:
    del batch
    return _merge(state, seen)


def _plain(state: PowerSums, scale: np.ndarray) -> tuple[Any, ...]:
    """Return count, mean and sums in double precision, in units of another scale."""
    shrink = np.where(scale > 0, state.scale.astype(np.float64) / np.where(scale > 0, scale, 1), 1)
    sums = (number(one) * shrink**power for power, one in enumerate((state.second, state.third, state.fourth), 2))
    return int(state.count), number(state.mean), *sums


def _finish(state: PowerSums) -> UnitMoments:
    scale = state.scale.astype(np.float64)
    count, mean, second, third, fourth = _plain(state, state.scale)
    alive = (state.low < state.high) & (second > 0)
    if not count:
        nothing = np.full(len(mean), np.nan)
        return UnitMoments(0, *(nothing for _ in range(6)))
    spread = np.where(alive, second / count, 1)
    return UnitMoments(
        tokens=count,
        mean=mean,
        variance=np.where(alive, spread * scale**2, 0),
        skewness=np.where(alive, third / count / spread**1.5, 0),
        kurtosis=np.where(alive, fourth / count / spread**2, 0),
        low=state.low,
        high=state.high,
    )
