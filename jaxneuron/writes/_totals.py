"""A mean over the words of texts, and how far it may be off: words of one text are no independent draws."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Totals(NamedTuple):
    """Totals over texts, of which each adds up its words; the leading axes of all fields are alike, or 1."""

    total: Float[Array, "*key unit"]
    squares: Float[Array, "*key unit"]
    crossed: Float[Array, "*key unit"]  # of total times words
    words: Float[Array, "*key 1"]
    words_squared: Float[Array, "*key 1"]
    texts: Float[Array, "*key 1"]


def of(total: Float[Array, "text *key unit"], words: Float[Array, "text"]) -> Totals:
    """Return the sums of some texts, each with its words' total and how many words it has."""
    words = words.reshape(-1, *(1,) * (total.ndim - 1))
    parts = (total, total**2, total * words, words, words**2, (words > 0).astype(total.dtype))
    return Totals(*(jnp.sum(part, axis=0) for part in parts))


@jax.jit
def mean(sums: Totals) -> tuple[Float[Array, "*key unit"], Float[Array, "*key unit"]]:
    """Return the mean over the words, and its variance by what the texts differ in; infinite of fewer than two texts.

    The ratio estimate of survey samples, Cochran 1977 (Sampling Techniques, ch. 6): with a text's total S and words n,
    `sum (S - n mean)^2 / (sum n)^2 * texts / (texts - 1)`.

    Example:
        >>> found = mean(of(jnp.array([[2.0], [4.0]]), jnp.array([1.0, 1.0])))
        >>> [float(part[0]) for part in found]
        [3.0, 1.0]
    """
    found = sums.total / jnp.maximum(sums.words, 1)
    apart = sums.squares - 2 * found * sums.crossed + found**2 * sums.words_squared
    known = sums.texts > 1
    factor = sums.texts / jnp.where(known, sums.texts - 1, 1) / jnp.maximum(sums.words, 1) ** 2
    return found, jnp.where(known, jnp.maximum(apart, 0) * factor, jnp.inf)


@jax.jit
def relative_error(found: Float[Array, "row unit"], variance: Float[Array, "row unit"]) -> Float[Array, "row"]:
    """Return the standard error of each vector, relative to its length; 0 of one that is exactly nothing."""
    length, error = jnp.linalg.norm(found, axis=-1), jnp.sqrt(jnp.sum(variance, axis=-1))
    return jnp.where(error == 0, 0, error / jnp.where(length > 0, length, 1e-30))
