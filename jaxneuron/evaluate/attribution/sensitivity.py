"""Does an attribution hold still when the input hardly moves? The largest change within a small ball.

Yeh, Hsieh, Suggala, Inouye, Ravikumar 2019, "On the (in)fidelity and sensitivity of explanations" (arXiv:1901.09392).
Zero is no merit by itself, a constant reaches it: read it beside the infidelity.

Cost:
    One run of the method for each of ten samples, and one as it is.

Fails:
    A constant is perfectly insensitive. A maximum over few samples is a lower bound.

Peers:
    Captum's sensitivity_max, with the same radius and samples; Quantus.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron import _keys, _numbers, batching
from jaxneuron.evaluate.attribution._found import array, check_noise
from jaxneuron.games import sweep
from jaxneuron.split import traceable
from jaxneuron.types import Path


def sensitivity(
    key: Array,
    explain: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch *_feature"] | Path],
    x: Float[Any, "batch *feature"],
    *,
    radius: float | Float[Any, "batch *feature"] = 0.02,
    samples: int = 10,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch"]:
    """Return the sensitivity-max of each row.

    `max over samples of |explain(x + r) - explain(x)| / |explain(x)|`, in Euclidean norms, with every entry of r
    uniform in [-radius, radius]. Where the attribution is 0 everywhere, the change itself is returned, as Captum does.

    Args:
        key: for the perturbations.
        explain: from an input to its attribution, traceable by JAX; most of `jaxneuron.attribute` is.
        x: the input.
        radius: of the ball in the maximum norm, in the unit of the input; an array keeps some features still (0 at
            padding).
        samples: perturbations of each row.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: no samples, a negative radius, whole numbers, or a radius that rounding swallows.

    Source:
        Yeh et al. 2019, definition 2.2, by sampling; radius and samples are Captum's.

    Example:
        >>> x = jnp.ones((1, 2))
        >>> sensitivity(jax.random.key(0), lambda x: 0 * x + 2, x).tolist()
        [0.0]
    """
    x = _numbers.real(x, "x")
    if samples < 1 or bool(jnp.any(jnp.asarray(radius) < 0)):
        raise ValueError(f"expected at least one sample and a radius of at least 0, got {samples} and {radius}")
    check_noise(x, radius, "radius")
    radius = jnp.broadcast_to(jnp.asarray(radius, x.dtype), x.shape)
    return _sensitivity(jax.random.split(_keys.checked(key), samples), traceable(explain), x, radius, budget=budget)


@functools.partial(jax.jit, static_argnames="budget")
def _sensitivity(keys: Array, explain: Any, x: Array, radius: Array, *, budget: int) -> Float[Array, "batch"]:
    def attribution(x: Array) -> Array:
        return array(explain(x)).reshape(len(x), -1)

    here = attribution(x)

    def sample(key: Array) -> Array:
        moved = x + radius * jax.random.uniform(key, x.shape, x.dtype, -1, 1)
        return jnp.linalg.norm((attribution(moved) - here) / unit[:, None], axis=1)

    largest = jnp.max(jnp.abs(here), axis=1)
    unit = jnp.where(largest > 0, largest, 1)  # so that no square leaves the range of the type
    size = jnp.linalg.norm(here / unit[:, None], axis=1)
    return jnp.max(sweep(sample, keys, budget=budget), axis=0) / jnp.where(size > 0, size, 1)
