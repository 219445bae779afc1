"""Is the gradient here that of its surroundings? Average it over noise.

Smilkov et al. 2017 (SmoothGrad, arXiv 1706.03825): the mean; Hooker et al. 2019 (arXiv 1806.10758): that of
squares; Adebayo et al. 2018 (Local Explanation Methods Lack Sensitivity, arXiv 1810.03307): the variance. Any
attribution of `(f, x)` can stand in for the gradient. Memory does not grow with the samples.

Cost:
    Three passes for each of the samples: fifteen by default.

Fails:
    Noise that is too large leaves the region in which the model was trained; noise near 0 is the plain gradient. The
    square and the variance have no sign.

Peers:
    Captum's NoiseTunnel, whose noise has a deviation of 1 whatever the scale of the input, and whose variance divides
    by `samples`.

Example:
    import jax
    import jax.numpy as jnp
    from jaxneuron.attribute import smooth_grad

    f = lambda x: jnp.sum(x**2, axis=1)
    found = smooth_grad.attribute(jax.random.key(0), f, jnp.array([[1.0, -2.0]]), deviation=0.0)
    print(found.tolist())
    #: [[2.0, -4.0]]
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron import _keys
from jaxneuron.attribute._check import check_counts, check_value
from jaxneuron.attribute._gradient import gradient
from jaxneuron.split import traceable

KINDS = ("mean", "square", "variance")

SHARE = 0.15
"""Of a row's range, the noise that is added unless told otherwise."""


def attribute(
    key: Array,
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    *,
    samples: int = 5,
    deviation: float | Float[Array, "..."] | None = None,
    kind: str = "mean",
    method: Callable[[Any, Array], Array] = gradient,
) -> Float[Array, "batch *feature"]:
    """Return a statistic of `method(f, x + noise)`, noise of independent normal numbers.

    Args:
        key: the random key.
        f: from values to one score per row.
        x: the values.
        samples: how many draws.
        deviation: the noise's standard deviation, in the unit of `x`; broadcasts to it. None: 15% of the way from
            each row's least to its greatest value, in the middle of the paper's 10 to 20 (Captum takes 1).
        kind: "mean", "square" (mean of squares) or "variance" (unbiased; Captum 0.9 divides by `samples` instead).
        method: an attribution of `(f, x)`; the default keeps the gradient's sign, as the paper does.

    Returns:
        Shaped like `x`, in the unit of what `method` returns, or in its square.

    Raises:
        ValueError: an unknown kind, too few samples, or `x` is not of real, finite numbers.

    Source:
        arXiv 1706.03825, section 3.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}; the kinds are {', '.join(KINDS)}")
    check_counts(samples=samples)
    if kind == "variance" and samples < 2:
        raise ValueError(f"a variance needs at least 2 samples, got {samples}")
    x = check_value(x)
    noise = _share(x) if deviation is None else jnp.asarray(deviation, x.dtype)
    return _statistics(_keys.checked(key), traceable(f), x, noise, traceable(method), samples)[kind]


def _share(x: Float[Array, "batch *feature"]) -> Float[Array, "batch *one"]:
    axes = tuple(range(1, x.ndim))
    return SHARE * (jnp.max(x, axis=axes, keepdims=True) - jnp.min(x, axis=axes, keepdims=True))


@jax.jit
def _statistics(key: Array, f: Any, x: Array, deviation: Array, method: Any, samples: Array) -> dict[str, Array]:
    deviation = jnp.broadcast_to(deviation.reshape((1,) * (x.ndim - deviation.ndim) + deviation.shape), x.shape)

    def add(count: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        mean, square, spread = carry
        noise = deviation * jax.random.normal(jax.random.fold_in(key, count), x.shape, x.dtype)
        found = method(f, x + noise)
        after = mean + (found - mean) / (count + 1)
        # Welford's: a difference of large means would lose the variance
        return after, square + (found**2 - square) / (count + 1), spread + (found - mean) * (found - after)

    zero = jnp.zeros_like(x)
    mean, square, spread = jax.lax.fori_loop(0, samples, add, (zero, zero, zero))
    return {"mean": mean, "square": square, "variance": spread / jnp.maximum(samples - 1, 1)}
