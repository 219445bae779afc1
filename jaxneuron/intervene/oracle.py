"""Put a hypothesis in the place of units: at every time they say what the hypothesis says, and nothing else.

The Oracle of Deep Neural Inspection (Sellam et al. 2018): if units do no more than tell the hypothesis, the model
predicts as well with the hypothesis in their place. The paper maps the labels to [-1, 1]; a unit that speaks more
softly, or the other way round, is better served by its own means (`own_means`).

Cost:
    One pass of what is above the site for each set of units, and one of the whole for each text.

Fails:
    The paper's means of -1 and 1 are no values of most units: take `own_means`. A unit that says more than the
    hypothesis loses the rest.

Peers:
    The authors' code, for one LSTM; here any site of any model.

Example:
    import numpy as np
    from docs.tiny import forward, params, texts
    from jaxneuron.intervene import oracle
    from jaxneuron.targets import Logit

    hypothesis = np.asarray(texts.ids) >= 4  # is it a verb or an adverb?
    means = oracle.own_means(forward, params, texts, hypothesis, site="mlp/hidden")
    effect = oracle.intervene(forward, params, texts, Logit(2), site="mlp/hidden", labels=hypothesis, means=means)
    print(effect.edited.shape)
    #: (16, 4)
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import batching
from jaxneuron.edits import Clamp
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.types import Edit, Forward, Params, Site, Target, Tokens


class Means(NamedTuple):
    """What each unit is on average where the labels are lowest and highest: one number, or one for each unit."""

    low: float | Float[Any, "unit"]  # what the least label becomes
    high: float | Float[Any, "unit"]  # what the greatest becomes


SELLAM2018 = Means(-1.0, 1.0)
"""The labels as the paper maps them."""


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    labels: Shaped[Any, "batch time"],
    means: Means = SELLAM2018,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Set each set of units to `low + (high - low) (label - least) / (most - least)` at every time, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, a target or a comparison, which is given the next symbols if it has no answers.
        masks: true where a unit follows the labels. None: each unit of the site alone.
        site: where the units are.
        labels: the hypothesis, a number (or a truth value) at each word; what it says at padding counts for nothing.
        means: what the least and the greatest label become.
        budget: bytes for what is computed at a time.
        progress: called after each batch of sentences.

    Returns:
        What the target reads, for each set and without.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a target that the site does not reach, or that reads a unit or a word which is not there; masks or
            bounds of another width than the site; labels that are not finite, or all the same.

    Source:
        Sellam, Lin, Huang, Yang, Vondrick, Wu 2018, "Deep Neural Inspection", Oracle_k.
    """
    sets = _run.units(forward, params, tokens, target, site, masks)
    units = sets.shape[-1]
    bounds = [np.asarray(bound, np.float32) for bound in means]
    for name, bound in zip(means._fields, bounds, strict=True):
        if bound.shape not in ((), (units,)):
            raise ValueError(f"expected `{name}` as a number or for the {units} units of {site!r}, got {bound.shape}")
    edit = jax.tree_util.Partial(_follow, *(jnp.broadcast_to(jnp.asarray(bound), (units,)) for bound in bounds))
    return _run.run(
        forward,
        params,
        tokens,
        target,
        edit,
        sets,
        share(labels, tokens),
        site=site,
        budget=budget,
        progress=progress,
    )


def _follow(
    low: Float[Array, "unit"], high: Float[Array, "unit"], units: Bool[Array, "unit"], share: Float[Array, "batch time"]
) -> Edit:
    shape = (*share.shape, *units.shape)
    low, high, units = (jnp.broadcast_to(leaf, shape) for leaf in (low, high, units))
    value = low + (high - low) * jnp.broadcast_to(share[..., None], shape)
    return Clamp(jnp.where(units, value, -jnp.inf), jnp.where(units, value, jnp.inf))


def share(labels: Shaped[Any, "batch time"], tokens: Tokens) -> Float[np.ndarray, "batch time"]:
    """Return the labels on a scale from 0, the least, to 1, the greatest; 0 at padding.

    Raises:
        ValueError: labels of another shape than the tokens, not finite, or all the same.
    """
    found, mask = np.asarray(labels).astype(np.float64), np.asarray(tokens.mask)
    if found.shape != mask.shape:
        raise ValueError(f"expected a label for each word, {mask.shape}, got the shape {found.shape}")
    said = found[mask]
    if not np.isfinite(said).all():
        raise ValueError(f"{int((~np.isfinite(said)).sum())} labels are not finite; leave those texts out")
    if not said.size or said.min() == said.max():
        raise ValueError("the labels are all the same, so there is nothing to follow; give texts where they differ")
    return (np.where(mask, (found - said.min()) / (said.max() - said.min()), 0)).astype(np.float32)


def own_means(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    labels: Shaped[Any, "batch time"],
    *,
    site: Site,
    budget: int = batching.BUDGET,
) -> Means:
    """Return the means that each unit has by itself.

    The ends of the line that least squares fit to the unit on the labels, which for two classes are their means.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        labels: as in `intervene`.
        site: where the units are.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError, ValueError: as `intervene`.
    """
    mask = np.asarray(tokens.mask)
    x = share(labels, tokens)[mask].astype(np.float64)
    y = _run.states(forward, params, tokens, site, budget=budget)[mask].astype(np.float64)
    slope = (x - x.mean()) @ (y - y.mean(axis=0)) / np.square(x - x.mean()).sum()
    low = y.mean(axis=0) - slope * x.mean()
    return Means(low.astype(np.float32), (low + slope).astype(np.float32))
