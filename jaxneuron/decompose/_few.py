"""What a few active features write: sums over those that are active, where that is less work than products of all.

At a token of a TopK dictionary k features of thousands are active. On a CPU the rows of their directions are read one
by one; elsewhere, and of features that are not so few, products of all of them are as fast.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

WRITES, READS = 24, 64
"""How many times as many features as are active make reading rows the faster way, of the sum and of its gradient."""


@jax.custom_vjp
def written(
    before: Float[Array, "token feature"], place: Int[Array, "token k"], decoder: Float[Array, "feature output"]
) -> tuple[Float[Array, "token output"], Float[Array, "token feature"]]:
    """Return what the chosen features write, and their codes, through which no gradient flows.

    Args:
        before: what the features read; below 0 is 0.
        place: the features that are chosen, each once.
        decoder: their directions.

    Example:
        >>> written(jnp.array([[3.0, 2.0, 1.0]]), jnp.array([[0, 2]]), jnp.array([[1.0], [5.0], [-2.0]]))[0].tolist()
        [[1.0]]
    """
    return _forward(before, place, decoder)[0]


def _forward(before: Array, place: Array, decoder: Array) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
    value = jax.nn.relu(jnp.take_along_axis(before, place, axis=-1))
    codes = _put(before, place, value)

    def rows(value: Array, codes: Array) -> Array:
        def add(total: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
            return total + one[0][:, None] * decoder[one[1]], None

        return jax.lax.scan(add, jnp.zeros((len(before), decoder.shape[1]), decoder.dtype), (value.T, place.T))[0]

    few = codes.shape[-1] > WRITES * place.shape[-1]
    out = _either(few, rows, lambda value, codes: codes @ decoder, value, codes)
    return (out, codes), (value, codes, place, decoder)


def _backward(kept: tuple[Array, ...], pulled: tuple[Array, Array]) -> tuple[Array, None, Array]:
    value, codes, place, decoder = kept
    error = pulled[0]

    def rows(error: Array) -> Array:
        found = jax.lax.map(lambda one: jnp.sum(error * decoder[one], axis=-1), place.T).T
        return _put(codes, place, jnp.where(value > 0, found, 0))

    few = codes.shape[-1] > READS * place.shape[-1]
    back = _either(few, rows, lambda error: jnp.where(codes > 0, error @ decoder.T, 0), error)
    return back, None, codes.T @ error


written.defvjp(_forward, _backward)


def _put(like: Array, place: Array, value: Array) -> Array:
    return jnp.put_along_axis(jnp.zeros_like(like), place, value, axis=-1, inplace=False, mode="drop")


def _either(few: bool, rows: Callable[..., Array], products: Callable[..., Array], *given: Array) -> Array:
    return jax.lax.platform_dependent(*given, cpu=rows, default=products) if few else products(*given)
