"""How much does the score answer to a small change of each feature? The gradient.

Simonyan, Vedaldi, Zisserman 2014 (Deep Inside Convolutional Networks, arXiv 1312.6034), which take absolute values.

Cost:
    One forward and one backward: three passes.

Fails:
    A saturated unit has no slope. The size of a gradient says how the score would move, not what made it, and depends
    on the scale of the feature.

Peers:
    Captum's Saliency, with the same numbers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.attribute._check import check_score, check_value
from jaxneuron.attribute._gradient import gradient, once
from jaxneuron.split import traceable


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    *,
    absolute: bool = True,
) -> Float[Array, "batch *feature"]:
    """Return `|df/dx|`, or `df/dx`.

    Args:
        f: from values to one score per row.
        x: the values.
        absolute: without the sign, as in the paper.

    Returns:
        Score per unit of the feature, shaped like `x`.

    Raises:
        ValueError: `x` is not of real, finite numbers, or `f` does not score rows.

    Source:
        arXiv 1312.6034, section 3.

    Example:
        >>> attribute(lambda x: x[:, 0] - 3 * x[:, 1], jnp.ones((1, 2))).tolist()
        [[1.0, 3.0]]
    """
    return _attribute(traceable(f), check_value(x), absolute=absolute)


@partial(jax.jit, static_argnames="absolute")
def _attribute(f: Any, x: Array, *, absolute: bool) -> Array:
    f = once(f)
    check_score(f, x)
    found = gradient(f, x)
    return jnp.abs(found) if absolute else found
