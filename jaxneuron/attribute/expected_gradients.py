"""What is due to each feature, whichever baseline one picks? Integrated gradients, averaged over many baselines.

Erion et al. 2021 (Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected
Gradients, arXiv 1906.10670); Captum calls it GradientSHAP. Each sample draws a baseline and a point on the line.

Cost:
    Three passes for each of the samples, one for each baseline, and one for the input.

Fails:
    Five samples, the default as in Captum, are few: `error` says how far the sum is off. Baselines unlike any text
    explain a difference that nobody asks about.

Peers:
    Captum's GradientShap; there all rows of a batch share the baselines that are drawn, here each row draws its own.

Example:
    import jax
    import jax.numpy as jnp
    from jaxneuron.attribute import expected_gradients

    baselines = jnp.array([[0.0, 0.0], [2.0, 2.0]])
    f = lambda x: 3 * x[:, 0] - x[:, 1]
    found = expected_gradients.attribute(jax.random.key(0), f, jnp.array([[2.0, 2.0]]), baselines, samples=400)
    print(found.attribution.round().tolist())
    #: [[3.0, -1.0]]
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron import _keys
from jaxneuron.attribute._check import check_counts, check_score, check_value
from jaxneuron.attribute._gradient import gradient, once
from jaxneuron.attribute._path import total
from jaxneuron.split import traceable
from jaxneuron.types import Path


def attribute(
    key: Array,
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    baselines: Float[Any, "baseline *_feature"],
    *,
    samples: int = 5,
    deviation: float = 0.0,
    multiply: bool = True,
) -> Path:
    """Return the mean over random `b`, `a` of `(x - b) df(b + a (x - b))/dx`, `b` a baseline and `a` within [0, 1].

    Args:
        key: the random key; each row of `x` draws its own baselines and points.
        f: from values to one score per row.
        x: the values.
        baselines: what to draw from; each serves all rows.
        samples: draws for each row.
        deviation: standard deviation of normal noise that each sample adds to `x`, as Captum does.
        multiply: without it, leave out the factor.

    Returns:
        The attribution, in the score's unit, shaped like `x`; and by how much its sum (with the factor) misses `f(x)`
        minus the mean of `f` over the baselines: an error of sampling, which falls with the root of `samples`.

    Raises:
        ValueError: `x` or `baselines` is not real and finite, their features differ, or `f` does not score rows.

    Source:
        arXiv 1906.10670, equation 3.
    """
    check_counts(samples=samples)
    x, baselines = check_value(x), check_value(baselines, "baselines")
    if baselines.shape[1:] != x.shape[1:]:
        raise ValueError(
            f"the baselines' shape {baselines.shape} does not fit `x`, {x.shape}; expected [baseline *feature] "
            f"with the features {x.shape[1:]}"
        )
    noise = jnp.asarray(deviation, x.dtype)
    slope, product, error = _mean(_keys.checked(key), traceable(f), x, baselines.astype(x.dtype), noise, samples)
    return Path(product if multiply else slope, error)


@jax.jit
def _mean(
    key: Array, f: Any, x: Array, baselines: Array, deviation: Array, samples: Array
) -> tuple[Array, Array, Array]:
    """Return the mean slope, its mean product with the change, and the latter's error."""
    f = once(f)
    check_score(f, x)
    ends = (len(x), *[1] * (x.ndim - 1))

    def add(count: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        which, where, around = jax.random.split(jax.random.fold_in(key, count), 3)
        start = baselines[jax.random.randint(which, (len(x),), 0, len(baselines))]
        place = jnp.broadcast_to(jax.random.uniform(where, ends, x.dtype), x.shape)
        change = x + deviation * jax.random.normal(around, x.shape, x.dtype) - start
        slope = gradient(f, start + place * change)
        return jax.tree.map(lambda mean, new: mean + (new - mean) / (count + 1), carry, (slope, change * slope))

    zero = jnp.zeros_like(x)
    slope, product = jax.lax.fori_loop(0, samples, add, (zero, zero))
    before = jax.lax.map(lambda row: f(jnp.broadcast_to(row[None], x.shape)), baselines)
    return slope, product, total(product) - (f(x) - jnp.mean(before, axis=0))
