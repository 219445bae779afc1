"""Take sets of units away, or set them to a value: each unit alone, groups, or any mask, all sets in one call.

Zero is the Rm-Neuron of Deep Neural Inspection (Sellam et al. 2018). A unit is rarely 0 by itself, though, so `mean`
and `resampled` take away what it says about this text and leave it where it usually is.

Cost:
    One pass of what is above the site for each set of units, and one of the whole for each text. `mean` and `resampled`
    take one pass more.

Fails:
    A unit that another stands in for is not missed: see `greedy`, `beam` and `evolutionary`. Zero is a value that many
    units never have; compare with `mean`.

Peers:
    NeuroX's ablation and TransformerLens's hooks: one set at a time, the whole model each time.

Example:
    from docs.tiny import forward, params, texts
    from jaxneuron.intervene import ablate
    from jaxneuron.targets import Logit

    effect = ablate.intervene(forward, params, texts, Logit(2), site="mlp/hidden")
    print(effect.edited.shape, effect.unedited.shape)  # each unit alone, each text
    #: (16, 4) (4,)
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import _keys, batching
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.types import Forward, Params, Site, Target, Tokens


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    value: float | Float[Any, "..."] = 0.0,
    where: Bool[Any, "batch time"] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Set each set of units to a value, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, a target or a comparison, which is given the next symbols if it has no answers.
        masks: true where a unit is set; the `basis` of clusters, above 0, is one. None: each unit of the site alone.
        site: where the units are.
        value: a number, `[unit]`, or `[batch time unit]`; see `mean` and `resampled`.
        where: the positions at which they are set, such as the words of one class; by default all.
        budget: bytes for what is computed at a time.
        progress: called after each batch of sentences.

    Returns:
        What the target reads, for each set and without.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a target that the site does not reach, or that reads a unit or a word which is not there; masks of
            another width than the site, or a value of another shape.

    Source:
        Sellam, Lin, Huang, Yang, Vondrick, Wu 2018, "Deep Neural Inspection".
    """
    sets = _run.units(forward, params, tokens, target, site, masks)
    edit, rows = _run.held(value, where, tokens, sets.shape[-1], site)
    options = {"site": site, "budget": budget, "progress": progress}
    return _run.run(forward, params, tokens, target, edit, sets, rows, **options)


def mean(
    forward: Forward, params: Params, tokens: Tokens, *, site: Site, budget: int = batching.BUDGET
) -> Float[np.ndarray, "unit"]:
    """Return the mean activation of each unit over the words, for `value`.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        site: where the units are.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError, ValueError: no such site, or one without an activation for each word.
    """
    states = _run.states(forward, params, tokens, site, budget=budget)
    return states[np.asarray(tokens.mask)].mean(axis=0, dtype=np.float64).astype(np.float32)


def resampled(
    key: Array, forward: Forward, params: Params, tokens: Tokens, *, site: Site, budget: int = batching.BUDGET
) -> Float[np.ndarray, "batch time unit"]:
    """Return at each word the activations that another word has, for `value`; each word is drawn once.

    Args:
        key: one key, for the order.
        forward: the model.
        params: its weights.
        tokens: sentences.
        site: where the units are.
        budget: bytes for what is computed at a time.
    """
    states, mask = _run.states(forward, params, tokens, site, budget=budget).copy(), np.asarray(tokens.mask)
    states[mask] = states[mask][np.asarray(jax.random.permutation(_keys.checked(key), int(mask.sum())))]
    return states
