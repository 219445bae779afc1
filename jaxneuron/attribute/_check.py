"""What can be wrong with a question about attribution is said before anything is traced."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron import _numbers


def check_value(x: Any, name: str = "x") -> Array:
    """Return `x` as an array of numbers that can be changed a little.

    Args:
        x: values, `[batch *feature]`.
        name: what the caller calls it, for the error.

    Raises:
        TypeError: no numbers.
        ValueError: whole numbers, which have no gradient; no batch axis or no rows; NaN or infinite entries, or more
            than JAX's type holds.
    """
    x = _numbers.real(x, name)
    if x.ndim < 1 or not x.size:
        raise ValueError(
            f"expected `{name}` as [batch *feature], at least one row and feature, got the shape {x.shape}"
        )
    return x


def check_baseline(x: Any, baseline: Any) -> tuple[Array, Array]:
    """Return `x` and `baseline` as arrays of one shape and dtype.

    Raises:
        TypeError, ValueError: as `check_value`, or the baseline does not broadcast to `x`.
    """
    x, shape = check_value(x), jnp.shape(baseline)
    if not broadcasts(shape, x.shape):
        raise ValueError(
            f"the baseline's shape {shape} does not broadcast to that of `x`, {x.shape}; expected a number, one row "
            "`[1 *feature]`, or a row for each of `x`"
        )
    x, baseline = _numbers.together(x, baseline, "baseline")
    return x, jnp.broadcast_to(baseline.reshape((1,) * (x.ndim - baseline.ndim) + baseline.shape), x.shape)


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Return whether an array of one shape can be spread to another.

    Example:
        >>> broadcasts((1, 3), (2, 3)), broadcasts((2,), (2, 3))
        (True, False)
    """
    try:
        return jnp.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def check_score(f: Callable[[Array], Any], x: Float[Array, "batch *feature"]) -> None:
    """Raise unless `f` gives one real score per row; cheap only inside a jitted function, where it runs once a shape.

    Raises:
        ValueError: `f` returns something else.
    """
    found = jax.eval_shape(f, jax.ShapeDtypeStruct(x.shape, x.dtype))
    shape, dtype = getattr(found, "shape", None), getattr(found, "dtype", None)
    if shape != x.shape[:1] or dtype is None or not jnp.issubdtype(dtype, jnp.floating):
        got = f"{dtype} {shape}" if dtype is not None else type(found).__name__
        raise ValueError(
            f"`f` must return one real score per row, {x.shape[:1]} for `x` {x.shape}, got {got}; pick one, as "
            "`split.above(..., target)` does"
        )


def check_counts(**counts: int) -> None:
    """Raise if an option that counts something is no whole number of at least 1.

    Raises:
        ValueError: an option is below 1.

    Example:
        >>> check_counts(steps=50)
    """
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ValueError(f"`{name}` must be a whole number of at least 1, got {count!r}")
