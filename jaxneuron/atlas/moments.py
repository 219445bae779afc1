"""How high is a unit, how far does it spread, is it lopsided, is it peaked? Moments and extremes.

Sums of powers of what is centred, batch by batch, joined so that nothing cancels (Chan, Golub, LeVeque 1979; Pébay
2008, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments").
Powers are of values divided by a power of two, so that a unit may be of any scale, and sums are kept in two numbers of
single precision each (`_double`).
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.atlas import Statistic, UnitMoments
from jaxneuron.atlas._centred import Mean, moved
from jaxneuron.atlas._double import Double, add, halves, number, times
from jaxneuron.atlas._rows import over_rows
from jaxneuron.atlas._sites import Flat, SiteBeside, each


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
    return each(_init, _update, _merge, _finish, beside=SiteBeside(_look, _add))


def _init(units: int) -> PowerSums:
    none = np.zeros(units, np.float32)
    zero = Double(none, none)
    return PowerSums(np.zeros((), np.int32), zero, none, zero, zero, zero, none + jnp.inf, none - jnp.inf)


def _look(batch: Flat) -> PowerSums:
    """Return what is known of a batch alone: in two readings of it, the second about its mean."""
    none = jnp.zeros(batch.value.shape[1], jnp.float32)
    count = jnp.sum(batch.counted, dtype=jnp.float32)
    first = jnp.where(count > 0, batch.value[jnp.argmax(batch.counted)], 0)

    def reach(carry: tuple[Array, ...], value: Array, counted: Array) -> tuple[Array, ...]:
        low, high, total = carry
        return (
            jnp.where(counted, jnp.minimum(low, value), low),
            jnp.where(counted, jnp.maximum(high, value), high),
            total + jnp.where(counted, value - first, 0),
        )

    low, high, total = over_rows(reach, (none + jnp.inf, none - jnp.inf, none), batch)
    scale = _power_of_two(jnp.where(count > 0, jnp.maximum(high - first, first - low), 0))
    inverse, rest = _inverse(scale), total / jnp.maximum(count, 1)

    def powers(carry: tuple[Array, ...], value: Array, counted: Array) -> tuple[Array, ...]:
        z = jnp.where(counted, ((value - first) - rest) * inverse, 0)
        square = z * z
        more = (z, square, square * z, square * square)
        return tuple(total + power for total, power in zip(carry, more, strict=True))

    left, *sums = over_rows(powers, (none, none, none, none), batch)
    rest = rest + left * scale / jnp.maximum(count, 1)  # what rounding took off the mean
    return PowerSums(
        count.astype(jnp.int32), Double(first, rest), scale, *(Double(one, none) for one in sums), low=low, high=high
    )


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
