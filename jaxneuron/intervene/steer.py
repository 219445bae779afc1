"""What becomes of a model that is pushed along a direction, by how much? Its outputs and its text, against the push.

`value + amount * direction` at a site, at every position or at some: steering by a unit, a group of units, a difference
of means, or the decoder's row of a dictionary's feature (Turner et al. 2023, arXiv 2308.10248; Rimsky et al. 2024,
arXiv 2312.06681). All directions and amounts are read in one call; `edits` makes the same push one that `generate` and
any forward take, so that text is written under it.

Cost:
    One pass of what is above the site for each direction and amount, and one of the whole for each text.

Fails:
    Far along any direction the model breaks, and then everything changes: look at a range of amounts, both signs, and
    random directions of the same length.

Peers:
    TransformerLens and nnsight hooks, `steering-vectors`, repeng: one amount at a time.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.edits import Add
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Edit, Forward, Params, Site, Target, Tokens


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    pushes: Float[Any, "*push unit"],
    *,
    site: Site,
    amounts: tuple[float, ...] = (1.0,),
    where: Bool[Any, "batch time"] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Add amounts of each direction at a site, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, a target or a comparison, which is given the next symbols if it has no answers.
        pushes: directions, as long as they are meant to be: `unit_direction` makes one of units or of a group.
        site: where they are added.
        amounts: how much of a direction is added, in its own length; 0 is the model as it is.
        where: the positions at which it is added; by default all.
        budget: bytes for what is computed at a time.
        progress: called after each batch of sentences.

    Returns:
        What the target reads, `[*push amount batch ...]`, and without.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: directions of another width than the site, or that are not finite; no amounts; a target that the
            site does not reach, or that reads what is not there.

    Source:
        arXiv 2308.10248, activation addition.
    """
    width = _run.units(forward, params, tokens, target, site, None).shape[-1]
    given, sizes = np.asarray(pushes, np.float32), np.asarray(amounts, np.float32)
    if given.shape[-1:] != (width,) or not given.size:
        raise ValueError(f"{site!r} has {width} units, got directions of the shape {given.shape}")
    if sizes.ndim != 1 or not sizes.size or not (np.isfinite(sizes).all() and np.isfinite(given).all()):
        raise ValueError("expected at least one amount, and amounts and directions that are finite numbers")
    _, (_, here) = _run.held(0.0, where, tokens, width, site)
    flat = (given[..., None, :] * sizes[:, None]).reshape(-1, width)
    # the sets are the pushes by number, one-hot, as the run takes masks
    chosen = np.eye(len(flat), dtype=bool).reshape(*given.shape[:-1], len(sizes), len(flat))
    edit = jax.tree_util.Partial(_push, jnp.asarray(flat))
    options = {"site": site, "budget": budget, "progress": progress}
    return _run.run(forward, params, tokens, target, edit, chosen, here, **options)


def _push(
    pushes: Float[Array, "push unit"], chosen: Bool[Array, "push"], here: Bool[Array, "batch time"] | None
) -> Edit:
    amount = jnp.where(chosen[:, None], pushes, 0).sum(0)
    return Add(amount if here is None else jnp.where(here[..., None], amount[None, None], 0))


def edits(push: Float[Any, "unit"], amount: float, *, site: Site) -> dict[Site, Edit]:
    """Return the push as edits of a forward or a step, at every position.

    Args:
        push: the direction, as long as it is meant to be.
        amount: how much of it is added.
        site: where.

    Example:
        >>> edits(np.ones(2), 3.0, site="embed")["embed"].amount.tolist()
        [3.0, 3.0]
    """
    return {site: Add(jnp.asarray(amount * np.asarray(push, np.float32)))}


def unit_direction(
    forward: Forward, params: Params, tokens: Tokens, units: Any, *, site: Site
) -> Float[np.ndarray, "unit"]:
    """Return the direction of some units of a site, each at its own scale: its standard deviation over the words.

    Args:
        forward: the model.
        params: its weights.
        tokens: the text over which units vary.
        units: true where a unit is pushed.
        site: where they are.

    Raises:
        KeyError, ValueError: no such site or units.
    """
    shapes = sites(forward, params, Tokens(*(jnp.asarray(leaf[:1]) for leaf in tokens)))
    check_site(site, shapes)
    chosen = _run.chosen(units, shapes[site].shape[-1], site)
    states = _run.states(forward, params, tokens, site)[np.asarray(tokens.mask)]
    return np.where(chosen, states.std(axis=0, dtype=np.float64), 0).astype(np.float32)
