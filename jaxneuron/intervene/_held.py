"""Write while each of several sets of units is held at a value: what `force` and `induce` do."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from jaxneuron import _keys, batching
from jaxneuron.edits import Clamp
from jaxneuron.intervene import Sampling, Step, Written, _sampling
from jaxneuron.tap import check_site
from jaxneuron.types import Params, Site, Tokens


def checked(
    step: Step, params: Params, state: PyTree, prompt: Tokens, sites: Sequence[Site], sampling: Sampling
) -> tuple[dict[Site, int], int]:
    """Return how many units each site has, and the numbers that a step computes for all prompts.

    Raises:
        KeyError: the model has no such site.
        ValueError: an option out of range, or an empty prompt.
    """
    _sampling.check(prompt, state, sampling)
    output, activations, _ = jax.eval_shape(
        lambda params, state, ids: step(params, state, ids, {}), params, state, jnp.asarray(prompt.ids)[:, :1]
    )
    for site in sites:
        check_site(site, activations)
    size = sum(leaf.size for leaf in jax.tree.leaves((state, output, activations)))
    return {site: activations[site].shape[-1] for site in sites}, size


def write(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    held: Mapping[Site, tuple[Bool[np.ndarray, "*set _unit"], Float[Any, "..."]]],
    *,
    sampling: Sampling,
    size: int,
    budget: int,
) -> Written:
    """Write after each prompt while the units of each set are held, in the prompt too.

    Args:
        key: each set sees the same random numbers.
        step: the model.
        params: its weights.
        state: of the texts before their prompts.
        prompt: `[batch time]`.
        held: of each site the sets, and the value that units are held at, one number or one for each unit.
        sampling: how much is written, and how.
        size: numbers that a step computes, see `checked`.
        budget: bytes for the states and scores of the sets written at a time.
    """
    axes = next(iter(held.values()))[0].shape[:-1]
    count = int(np.prod(axes))
    together = batching.chunk_size(8 * size, count, budget)
    edits = {}
    for site, (masks, value) in held.items():
        flat = masks.reshape(count, -1)
        padded = np.concatenate([flat, np.zeros((-count % together, flat.shape[-1]), bool)])
        bounds = (np.where(padded, np.asarray(value, np.float32), free) for free in (-np.inf, np.inf))
        edits[site] = Clamp(*(jnp.asarray(bound, jnp.float32) for bound in bounds))
    prompt = Tokens(*map(np.asarray, prompt))
    options = {"sets": count + -count % together, "together": together}
    found = _sampling.write(_keys.checked(key), step, params, state, prompt, edits, sampling, **options)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:count].reshape(*axes, *leaf.shape[1:]), found)
