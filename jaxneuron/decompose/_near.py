"""Activations brought near 1 for what is iterated on the device, and the way back."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.table import Checked


class Near(NamedTuple):
    """`(activations - shift) / scale`."""

    values: Float[Array, "token unit"]
    shift: Float[np.ndarray, "unit"]
    scale: float

    def codes(self, values: Float[Array, "token factor"]) -> Float[Array, "token factor"]:
        """Return codes of the values as codes of the activations.

        Raises:
            ValueError: they are more than the type holds.
        """
        if self.scale == 1:
            return values
        with np.errstate(over="ignore"):
            found = jnp.asarray(np.asarray(values, np.float64) * self.scale, values.dtype)
        if not bool(jnp.all(jnp.isfinite(found))):
            raise ValueError(
                f"the codes go up to {float(jnp.max(jnp.abs(values))) * self.scale:g}, more than {values.dtype} holds; "
                "divide the activations by their scale"
            )
        return found


def check(activations: Any, factors: int, *, what: str = "factors") -> tuple[int, int]:
    """Return the tokens and units.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: no `[token, unit]`, too few of them, or more factors than there are of either.
    """
    tokens, units = Checked(activations).shape
    most = min(tokens, units) if what == "factors" else tokens
    if tokens < 2 or not 1 <= factors <= most:
        few = "tokens" if most == tokens else "units"
        raise ValueError(
            f"expected at least 2 tokens and 1 to {most} {what}, for so many {few} are there; got {tokens} tokens, "
            f"{units} units and {factors} {what}; give more text, or ask for fewer"
        )
    return tokens, units


def near(activations: Any, *, centred: bool) -> Near:
    """Bring activations near 1: all by one number, and each unit less its mean, if it is to be centred.

    Args:
        activations: checked by `check`; all of them are held, on the device.
        centred: whether each unit's mean is taken off.

    Raises:
        ValueError: an activation that is not finite; the first is named.
    """
    values = Checked(activations, exact=True)[:]
    shift = np.zeros(values.shape[1], values.dtype)
    if centred:
        with np.errstate(over="ignore", invalid="ignore"):
            shift = (values[0] + (values - values[0]).mean(axis=0, dtype=np.float64)).astype(values.dtype)
            values = values - shift
        if not np.isfinite(values).all():
            raise ValueError(f"the means of the units are more than {values.dtype} holds; divide by their scale")
    most = float(np.abs(values).max())
    scale = 1.0 if 1e-3 <= most <= 1e3 or not most else 2.0 ** np.round(np.log2(most))  # a power of two rounds nothing
    if scale != 1:
        values = values / values.dtype.type(scale)
    return Near(jnp.asarray(values, jax.dtypes.canonicalize_dtype(values.dtype)), shift, scale)


def draw(key: Array, shape: tuple[int, ...], like: Array) -> Array:
    """Return normal numbers, the same in single and in double precision."""
    return jax.random.normal(key, shape, jnp.float32).astype(like.dtype)


def ordered(
    codes: Float[Array, "token factor"], basis: Float[Array, "factor unit"]
) -> tuple[Float[Array, "token factor"], Float[Array, "factor unit"]]:
    """Return factors with a basis of length 1, the one that explains most first; the codes have the size."""
    length = jnp.linalg.norm(basis, axis=1)
    codes, basis = codes * length[None], basis / jnp.where(length > 0, length, 1)[:, None]
    order = jnp.argsort(-jnp.linalg.norm(codes, axis=0))
    return codes[:, order], basis[order]
