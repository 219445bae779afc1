"""Does an attribution change when the model forgets what it learnt? The parameter-randomisation test (MPRT).

Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, "Sanity checks for saliency maps" (arXiv:1810.03292): layers are
given random weights from the output down, and an attribution that hardly changes cannot have read the weights. Random
weights are the layer's own in another order, so their scale is kept; a tensor of one number (a scale) stays.

Cost:
    One run of the method for each layer, and one as it is.

Fails:
    Attributions may stay alike because the input is (times input, padding): compare absolute values, and mask padding.
    Shuffled weights may still compute something.

Peers:
    Quantus's MPRT; there weights are drawn anew, here shuffled, which keeps their scale.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import _keys
from jaxneuron.evaluate.attribution._found import array
from jaxneuron.evaluate.attribution.agreement import spearman
from jaxneuron.split import traceable
from jaxneuron.types import Params, Path


class Randomisation(NamedTuple):
    """How like the original the attribution still is; the first row is the model as it is, and 1."""

    layers: tuple[str, ...]  # what is random from that row on; the first is ""
    spearman: Float[np.ndarray, "layer batch"]  # of the signed attribution; nan where it is constant
    absolute: Float[np.ndarray, "layer batch"]  # of the absolute one
    cosine: Float[np.ndarray, "layer batch"]


def randomisation(
    key: Array,
    explain: Callable[[Params, Any], Float[Array, "batch *feature"] | Path],
    params: Params,
    x: Any,
    layers: Sequence[str],
    *,
    independent: bool = False,
) -> Randomisation:
    """Randomise layer after layer and compare the attribution with the original.

    Args:
        key: for the order of the weights.
        explain: from weights and input to the attribution, traceable by JAX.
        params: the weights.
        x: the input.
        layers: pieces of the weights' paths, as in `jax.tree_util.keystr`, from the output down: a weight belongs to
            the first that its path contains. "" takes what is left.
        independent: randomise one layer at a time, instead of all layers so far (cascading).

    Raises:
        ValueError: a layer that no weight belongs to.

    Source:
        Adebayo et al. 2018, section 3.

    Example:
        >>> weights = {"head": jnp.array([1.0, 2.0, 4.0])}
        >>> explain = lambda params, x: x * params["head"][None]
        >>> found = randomisation(jax.random.key(1), explain, weights, jnp.ones((1, 3)), ["head"])
        >>> float(found.cosine[0, 0]), bool(found.cosine[1, 0] < 1)
        (1.0, True)
    """
    leaves, tree = jax.tree_util.tree_flatten_with_path(params)
    owner = []
    for path, _ in leaves:
        name = jax.tree_util.keystr(path)
        owner.append(next((i for i, layer in enumerate(layers) if layer in name), len(layers)))
    missing = [layer for i, layer in enumerate(layers) if i not in owner]
    if not layers or missing:
        known = ", ".join(jax.tree_util.keystr(path) for path, _ in leaves[:8])
        raise ValueError(f"no weight's path has {missing or 'any layer, as none was given'}; paths are like {known}")
    owners = tree.unflatten(owner)
    owners = jax.tree.map(jnp.asarray, owners)
    changed = np.asarray(
        _explained(_keys.checked(key), traceable(explain), params, x, owners, len(layers), independent)
    )
    changed = changed.astype(np.float64)  # in which no square of a number in single precision overflows
    first = changed[:1].repeat(len(changed), axis=0).reshape(-1, changed.shape[-1])
    flat = changed.reshape(first.shape)
    size = np.linalg.norm(flat, axis=-1) * np.linalg.norm(first, axis=-1)
    cosine = np.divide(np.sum(flat * first, axis=-1), size, out=np.full(len(size), np.nan), where=size > 0)
    rows = (spearman(flat, first), spearman(np.abs(flat), np.abs(first)), cosine)
    return Randomisation(("", *layers), *(row.reshape(changed.shape[:2]) for row in rows))


@functools.partial(jax.jit, static_argnames=("count", "independent"))
def _explained(
    key: Array, explain: Any, params: Params, x: Any, owners: Any, count: int, independent: bool
) -> Float[Array, "layer batch feature"]:
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    shuffled = [
        jax.random.permutation(key, leaf.ravel()).reshape(leaf.shape) for key, leaf in zip(keys, leaves, strict=True)
    ]
    owned = jax.tree.leaves(owners)

    def layer(now: Array) -> Array:
        """Explain with all layers before `now` random, or only the last of them."""
        random = [(owner == now - 1) if independent else (owner < now) for owner in owned]
        mixed = [jnp.where(r, new, old) for r, new, old in zip(random, shuffled, leaves, strict=True)]
        found = array(explain(tree.unflatten(mixed), x))
        return found.reshape(len(found), -1)

    return jax.lax.map(layer, jnp.arange(count + 1))
