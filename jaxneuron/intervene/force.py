"""Hold sets of units at a value while a model writes: does it write more of what they stand for?

Sellam et al. 2018 hold the k units that tell a hypothesis best at 1, for k = 1, 5, 10, beside k random ones. All sets
draw the same random numbers, so two texts differ only by what the units do.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from jaxneuron import _keys, batching
from jaxneuron.edits import Clamp
from jaxneuron.intervene import Sampling, Step, Written, _run, _sampling
from jaxneuron.tap import check_site
from jaxneuron.types import Params, Site, Tokens


def intervene(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    value: float | Float[Any, "unit"] = 1.0,
    sampling: Sampling,
    budget: int = batching.BUDGET,
) -> Written:
    """Write after each prompt while each set of units is held at a value, in the prompt too.

    Args:
        key: as in `generate`; each set sees the same random numbers.
        step: as in `generate`.
        params: the model's weights.
        state: of the texts before their prompts.
        prompt: `[batch time]`.
        masks: true where a unit is held; None: each unit of the site alone. An empty set is the model as it is.
        site: where the units are.
        value: what they are held at, one number or one for each unit.
        sampling: how much is written, and how.
        budget: bytes for the states and scores of the sets written at a time.

    Returns:
        Arrays `[*set batch time]`.

    Raises:
        KeyError: the model has no such site.
        ValueError: masks or values of another width than the site, an option out of range, or an empty prompt.

    Source:
        Sellam, Lin, Huang, Yang, Vondrick, Wu 2018, "Deep Neural Inspection".
    """
    _sampling.check(prompt, state, sampling)
    prompt = Tokens(*map(np.asarray, prompt))
    output, activations, _ = jax.eval_shape(
        lambda params, state, ids: step(params, state, ids, {}), params, state, jnp.asarray(prompt.ids[:, :1])
    )
    check_site(site, activations)
    sets = _run.chosen(masks, activations[site].shape[-1], site)
    units, given = sets.shape[-1], np.asarray(value, np.float32)
    if given.shape not in ((), (units,)):
        raise ValueError(f"expected a value as a number or for the {units} units of {site!r}, got {given.shape}")
    flat = sets.reshape(-1, units)
    size = sum(leaf.size for leaf in jax.tree.leaves((state, output, activations)))
    together = batching.chunk_size(8 * size, len(flat), budget)
    padded = np.concatenate([flat, np.zeros((-len(flat) % together, units), bool)])
    held_at = Clamp(*(jnp.asarray(np.where(padded, given, free), jnp.float32) for free in (-np.inf, np.inf)))
    found = _sampling.write(
        _keys.checked(key),
        step,
        params,
        state,
        prompt,
        {site: held_at},
        sampling,
        sets=len(padded),
        together=together,
    )
    return jax.tree.map(lambda leaf: np.asarray(leaf)[: len(flat)].reshape(*sets.shape[:-1], *leaf.shape[1:]), found)
