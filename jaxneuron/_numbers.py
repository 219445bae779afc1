"""Numbers on their way in: none is cut, and none overflows, without a word."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Shaped


def array(value: Any, name: str) -> Shaped[Array, "..."]:
    """Return real numbers, whole numbers or truth values as an array of the type that JAX has for them.

    Args:
        value: what the caller was given.
        name: what the caller calls it, for the error.

    Raises:
        TypeError: no real numbers.
        ValueError: NaN or infinite entries; numbers that JAX's type does not hold, without `jax_enable_x64`.

    Example:
        >>> array([1, 2], "x").tolist()
        [1, 2]
    """
    if isinstance(value, Tracer):
        return value
    given = value if isinstance(value, jax.Array) else np.asarray(value)
    if not any(jnp.issubdtype(given.dtype, kind) for kind in (jnp.integer, jnp.floating, jnp.bool_)):
        raise TypeError(f"expected `{name}` as real numbers, whole numbers or truth values, got {given.dtype}")
    plain = np.asarray(given)
    if jnp.issubdtype(given.dtype, jnp.floating):
        if wrong := int(np.sum(~np.isfinite(plain))):
            raise ValueError(
                f"{wrong} of the {plain.size} numbers in `{name}` are NaN or infinite; find out where they arise"
            )
    kind = jax.dtypes.canonicalize_dtype(given.dtype)
    if kind != given.dtype:
        with np.errstate(over="ignore", under="ignore"):
            cut = plain.astype(kind)
        lost = (cut != plain) if jnp.issubdtype(kind, jnp.integer) else ~np.isfinite(cut)
        if lost.any() or (plain.any() and not cut.any()):
            first = plain[lost].ravel()[0] if lost.any() else np.abs(plain).max()
            raise ValueError(
                f"`{name}` holds {first:g}, which {kind} does not hold; divide by its scale, or set "
                "`jax.config.update('jax_enable_x64', True)`"
            )
    return jnp.asarray(given)


def real(value: Any, name: str) -> Shaped[Array, "..."]:
    """Return real numbers as an array, for gradients and noise.

    Raises:
        TypeError, ValueError: as `array`; whole numbers or truth values.
    """
    found = array(value, name)
    if not jnp.issubdtype(found.dtype, jnp.floating):
        raise ValueError(
            f"`{name}` is {found.dtype}, which has no gradient; for text, take the word vectors "
            '`split.below(forward, params, "embed/word")(tokens)`, else convert it to float'
        )
    return found


def together(x: Shaped[Array, "..."], other: Any, name: str) -> tuple[Shaped[Array, "..."], Shaped[Array, "..."]]:
    """Return two arrays of one type: that of the first if it holds the second's numbers, else one that holds both.

    Half of a whole number is none, so a baseline of 0.5 makes real numbers of whole ones. Between types of real numbers
    the first decides, as long as nothing overflows.

    Args:
        x: numbers.
        other: numbers to go with them.
        name: what the caller calls the others, for the error.

    Raises:
        TypeError, ValueError: as `array`; numbers that the common type does not hold.

    Example:
        >>> [value.tolist() for value in together(jnp.array([3]), 0.5, "baseline")]
        [[3.0], 0.5]
    """
    other = array(other, name)
    if jnp.issubdtype(x.dtype, jnp.floating):
        cast = other.astype(x.dtype)
        if not isinstance(cast, Tracer) and not bool(jnp.all(jnp.isfinite(cast))):
            raise ValueError(f"the {name} goes up to {float(jnp.max(jnp.abs(other))):g}, more than {x.dtype} holds")
        return x, cast
    if other.dtype == x.dtype:
        return x, other
    if not isinstance(other, Tracer) and bool(jnp.all(other.astype(x.dtype).astype(other.dtype) == other)):
        return x, other.astype(x.dtype)
    kind = jnp.promote_types(x.dtype, other.dtype)
    if jnp.issubdtype(kind, jnp.floating):
        kind = jnp.promote_types(kind, jnp.float32)
    wide = x.astype(kind)
    if not isinstance(x, Tracer) and not bool(jnp.all(wide.astype(x.dtype) == x)):
        raise ValueError(
            f"the {name} is no {x.dtype}, and {kind} does not hold all numbers that go with it; give both as real "
            "numbers, under `jax_enable_x64` if need be"
        )
    return wide, other.astype(kind)


def exact(values: Any) -> Shaped[np.ndarray, "..."]:
    """Return numbers on the host as float32, or as float64 where that does not hold all numbers of their type.

    Example:
        >>> exact(np.arange(2, dtype=np.int8)).dtype, exact(np.arange(2, dtype=np.int64)).dtype
        (dtype('float32'), dtype('float64'))
    """
    values = np.asarray(values)
    return values.astype(holding(values.dtype), copy=False)


def holding(kind: Any) -> np.dtype:
    """Return the float type that holds all numbers of a type, float64 for what is wider than that."""
    kind = np.dtype(kind)
    least = 3 if jnp.issubdtype(kind, jnp.integer) else 5
    return np.dtype(np.float64 if kind.itemsize >= least else np.float32)


def floating(value: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
    """Return numbers of at least single precision, for weighted sums of them."""
    return value.astype(jnp.promote_types(value.dtype, jnp.float32))
