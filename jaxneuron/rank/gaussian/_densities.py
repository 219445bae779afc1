"""Densities of Gaussians, one for each class, for some of their units."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.rank.gaussian._gaussians import Gaussians
from jaxneuron.rank.gaussian._scatter import scaled
from jaxneuron.table import Checked, Table, padded


def densities(
    gaussians: Gaussians,
    activations: Table,
    units: Any,
    *,
    prefixes: bool,
    budget: int,
) -> Float[Array, "*subset token label"]:
    """Return log p(label, activations of some units), or of the first, the first two, and so on."""
    mean, covariance, prior, scale = gaussians[:4]
    units, checked = np.asarray(units, np.int64).reshape(-1), Checked(activations, exact=True)
    known = mean.shape[1]
    if checked.shape[1] != known:
        raise ValueError(f"the Gaussians are of {known} units and the activations have {checked.shape[1]}")
    if not len(units) or len(np.unique(units)) < len(units) or units.min() < 0 or units.max() >= known:
        raise ValueError(f"expected one or more units from 0 to {known - 1}, each once, got {units.tolist()!r:.200}")
    try:
        factor = np.linalg.cholesky(covariance[:, units[:, None], units].astype(np.float64))
    except np.linalg.LinAlgError as error:
        raise ValueError(
            f"the covariance of these {len(units)} units is singular ({error}), as some are sums of others; "
            "leave out duplicates, or fit with more shrinkage"
        ) from error
    with np.errstate(divide="ignore"):
        share = jnp.asarray(np.log(prior), jnp.float32)
    scale = scale[units]
    origin = mean[:, units].mean(axis=0).astype(checked.dtype)  # near it, float32 loses no digits
    centre = jnp.asarray(scaled(mean[:, units] - origin, scale))
    whiten = jnp.asarray(np.linalg.inv(factor), jnp.float32)
    volume = np.log(np.einsum("vkk->vk", factor)) + np.log(scale) + 0.5 * np.log(2 * np.pi)
    offset = jnp.asarray(volume, jnp.float32)
    parts = []
    size = batching.chunk_size(4 * (known + 3 * len(prior) * len(units)), len(checked), budget)
    for _, block in checked.blocks(size):
        part = scaled(block[:, units] - origin, scale)
        full = jnp.asarray(padded(part, size))
        parts.append(_joint(full, centre, whiten, offset, share, prefixes)[..., : len(part), :])
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=-2)


@partial(jax.jit, static_argnums=5)
def _joint(x: Array, mean: Array, whiten: Array, offset: Array, prior: Array, prefixes: bool) -> Array:
    """Return the log density; each row of `whiten` looks at the units up to its own, so that prefixes are sums."""

    def of(label: tuple[Array, Array, Array]) -> Array:
        mean, whiten, offset = label
        terms = -0.5 * (whiten @ (x - mean[None]).T) ** 2 - offset[:, None]  # [unit, token]
        if not prefixes:
            return jnp.sum(terms, axis=0)
        return jax.lax.scan(lambda total, term: (total + term, total + term), jnp.zeros(len(x)), terms)[1]

    density = jnp.moveaxis(jax.lax.map(of, (mean, whiten, offset)), 0, -1)
    return density + prior.reshape((1,) * (density.ndim - 1) + (-1,))
