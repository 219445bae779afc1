"""Does an attribution predict what changes of the input do to the score? Infidelity: the mean squared error of that.

Yeh, Hsieh, Suggala, Inouye, Ravikumar 2019, "On the (in)fidelity and sensitivity of explanations" (arXiv:1901.09392).
The perturbations decide what is asked: small noise asks for the gradient, removal of everything for completeness,
removal of random parts for something like Shapley values.

Cost:
    One evaluation of `f` for each of ten samples, and one for the input.

Fails:
    The perturbation decides what is asked: a gradient is perfect for small noise. Ten samples are few.

Peers:
    Captum's infidelity, with the same numbers for the same perturbations, but for what it divides; Quantus.
"""

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron import _keys, _numbers, batching
from jaxneuron.evaluate.attribution._found import check_noise
from jaxneuron.games import sweep
from jaxneuron.split import traceable


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Noise:
    """Perturb every feature by independent Gaussian noise."""

    deviation: Any = 0.1  # in the unit of the input

    def __call__(self, key: Array, x: Float[Array, "batch *feature"]) -> Float[Array, "batch *feature"]:
        """Return what is taken from `x`."""
        return self.deviation * jax.random.normal(key, x.shape, x.dtype)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Remove:
    """Set a random share of the features to the baseline; a share of 1 takes them all."""

    baseline: Any = 0.0
    share: Any = 0.5

    def __call__(self, key: Array, x: Float[Array, "batch *feature"]) -> Float[Array, "batch *feature"]:
        """Return what is taken from `x`."""
        gone = jax.random.bernoulli(key, self.share, x.shape)
        x, baseline = _numbers.together(x, self.baseline, "baseline")
        return jnp.where(gone, x - jnp.broadcast_to(baseline, x.shape), 0)


def infidelity(
    key: Array,
    f: Any,
    x: Float[Any, "batch *feature"],
    attribution: Float[Any, "batch *feature"],
    *,
    perturb: Any = Noise(),  # noqa: B008
    samples: int = 10,
    normalise: bool = False,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch"]:
    """Return the infidelity of each row's attribution; 0 is perfect.

    `mean over samples of (said - done) ** 2` with `said = sum(I * attribution)` and `done = f(x) - f(x - I)`. With
    `normalise`, `said` is first multiplied by the best factor, `mean(said * done) / mean(said ** 2)`, so that only the
    proportions of the attribution count.

    Args:
        key: for the perturbations.
        f: the score, from `[batch *feature]` to one number per row.
        x: the input.
        attribution: per unit of the feature, as a gradient is. One that is multiplied by the input's difference from a
            baseline already (integrated gradients) fits `Remove`, divided by that difference.
        perturb: `(key, x) -> I`, what is taken from `x`: `Noise`, `Remove` or a function.
        samples: perturbations of each row.
        normalise: see above.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: an attribution of another shape, no samples, whole numbers, or noise that rounding swallows.

    Source:
        Yeh et al. 2019, definition 2.1; the factor is Captum's.

    Example:
        >>> x = jnp.ones((1, 2))
        >>> float(infidelity(jax.random.key(0), lambda x: 3 * x[:, 0], x, jnp.array([[3.0, 0.0]]))[0]) < 1e-8
        True
    """
    x, attribution = _numbers.real(x, "x"), _numbers.floating(_numbers.array(attribution, "attribution"))
    if attribution.shape != x.shape or samples < 1:
        raise ValueError(
            f"expected an attribution of the input's shape {x.shape} and at least one sample; got {attribution.shape} "
            f"and {samples}; for one number per word, repeat it or make the word the feature"
        )
    if isinstance(perturb, Noise):
        check_noise(x, perturb.deviation, "deviation")
    keys = jax.random.split(_keys.checked(key), samples)
    return _infidelity(keys, traceable(f), x, attribution, traceable(perturb), normalise=normalise, budget=budget)


@functools.partial(jax.jit, static_argnames=("normalise", "budget"))
def _infidelity(
    keys: Array, f: Any, x: Array, attribution: Array, perturb: Any, *, normalise: bool, budget: int
) -> Float[Array, "batch"]:
    whole = f(x)

    def sample(key: Array) -> tuple[Array, Array]:
        moved = x - perturb(key, x)
        taken = x - moved  # what is left of it after rounding
        said = jnp.sum((taken * attribution).reshape(len(x), -1), axis=1)
        return said, whole - f(moved)

    said, done = sweep(sample, keys, budget=budget)  # [sample batch]
    if normalise:
        size = jnp.mean(said**2, axis=0)
        factor = jnp.where(size > 0, jnp.mean(said * done, axis=0) / jnp.where(size > 0, size, 1), 1)
        said = said * factor[None]
    return jnp.mean((said - done) ** 2, axis=0)
