"""What feeds a unit, and what does it feed? How each unit changes with those of the sites just beneath it.

All sites of the atlas that come before one are held at what they are in a few texts, so that what reaches it passes no
other of them: a block's MLP hears the stream, and the next block hears both. For units u of the site and v of another,

    direct[u, v] = mean over words of d (sum over words of u) / d v,  times the deviation of v over that of u

is by how many of its standard deviations u goes up, to first order, if v goes up by one of its own at every word. Rows
are what drives a unit, columns what it drives: units with like rows or like columns have a high cosine.
"""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.batching import Progress
from jaxneuron.edits import Replace
from jaxneuron.jaxpr.dependence import dependence
from jaxneuron.report.atlas.unit import Neighbour
from jaxneuron.types import Forward, Params, Site, Tokens


class Weighed(NamedTuple):
    """What the weights say of the units of each site: for each unit its neighbours, the strongest first."""

    upstream: Mapping[Site, list[list[Neighbour]]]
    downstream: Mapping[Site, list[list[Neighbour]]]
    inputs: Mapping[Site, Float[np.ndarray, "unit unit"] | None]  # cosines of what drives them; None: nothing does
    outputs: Mapping[Site, Float[np.ndarray, "unit unit"] | None]  # and of what they drive


def weighed(
    model: Any,
    tokens: Tokens,
    spread: Mapping[Site, Float[np.ndarray, "_unit"]],
    *,
    shown: int,
    budget: int,
    progress: Progress,
) -> Weighed:
    """Return what feeds each unit of all sites, and what it feeds.

    Args:
        model: as `jaxneuron_models.open.open` returns it.
        tokens: texts at whose words derivatives are taken.
        spread: site -> the deviation of its units.
        shown: neighbours of each kind of a unit.
        budget: bytes for what is computed at a time.
        progress: called after each site.
    """
    states = _states(model.forward, model.params, tokens, sites=tuple(spread))
    upstream: dict[Site, list[list[Neighbour]]] = {site: [[] for _ in one] for site, one in spread.items()}
    downstream: dict[Site, list[list[Neighbour]]] = {site: [[] for _ in one] for site, one in spread.items()}
    inputs: dict[Site, Any] = dict.fromkeys(spread)
    outputs: dict[Site, Any] = dict.fromkeys(spread)
    for number, site in enumerate(spread, 1):
        parts = list[np.ndarray]()
        for other, found in _direct(model, tokens, states, site, budget).items():
            direct = found * spread[other] / np.where(spread[site] > 0, spread[site], np.inf)[:, None]
            _keep(upstream[site], direct, other, "upstream", shown)
            _keep(downstream[other], direct.T, site, "downstream", shown)
            parts.append(direct)
            outputs[other] = direct.T @ direct + (0 if outputs[other] is None else outputs[other])
        if parts:
            rows = np.concatenate(parts, axis=1)
            inputs[site] = _cosines(rows @ rows.T)
        progress(number, len(spread))
    kept = {site: None if one is None else _cosines(one) for site, one in outputs.items()}
    return Weighed(upstream, downstream, inputs, kept)


def _direct(
    model: Any, tokens: Tokens, states: Mapping[Site, Array], site: Site, budget: int
) -> dict[Site, Float[np.ndarray, "unit other"]]:
    """Return the mean derivatives of a site's units by the units of each site just beneath it."""
    held = {other: value for other, value in states.items() if other != site}
    run = jax.tree_util.Partial(functools.partial(_held, model.forward, site=site), model.params, tokens)
    feeds = dependence(run, held)[:, 0]  # `jax.tree` puts sites into the order of their names
    beneath = {other: held[other] for other, there in zip(sorted(held), feeds, strict=True) if there}
    if not beneath:
        return {}
    units = states[site].shape[-1]
    item = 8 * sum(value.size for value in beneath.values())
    together = batching.chunk_size(item, units, budget)
    found = _derivatives(model.forward, model.params, tokens, beneath, site=site, units=units, together=together)
    return {other: np.asarray(value, np.float32) for other, value in found.items()}


def _held(forward: Forward, params: Params, tokens: Tokens, held: Mapping[Site, Array], *, site: Site) -> Array:
    """Return the activation at a site where others are held."""
    return forward(params, tokens, {other: Replace(value) for other, value in held.items()})[1][site]


@functools.partial(jax.jit, static_argnames=("forward", "sites"))
def _states(forward: Forward, params: Params, tokens: Tokens, *, sites: tuple[Site, ...]) -> dict[Site, Array]:
    activations = forward(params, tokens, {})[1]
    return {site: activations[site] for site in sites}


@functools.partial(jax.jit, static_argnames=("forward", "site", "units", "together"))
def _derivatives(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    held: Mapping[Site, Array],
    *,
    site: Site,
    units: int,
    together: int,
) -> dict[Site, Float[Array, "unit other"]]:
    value, pull = jax.vjp(functools.partial(_held, forward, params, tokens, site=site), held)
    real = tokens.mask if value.shape[1] == tokens.mask.shape[1] else jnp.ones(value.shape[:2], bool)
    count = jnp.sum(real)

    def row(unit: Array) -> dict[Site, Array]:
        here = real[..., None] & (jnp.arange(units) == unit)[None, None]
        return {other: jnp.sum(one, (0, 1)) / count for other, one in pull(here.astype(value.dtype))[0].items()}

    return jax.lax.map(row, jnp.arange(units), batch_size=together)


def _keep(
    kept: list[list[Neighbour]], direct: Float[np.ndarray, "unit other"], site: Site, measure: str, shown: int
) -> None:
    """Add the strongest of each row to what is kept of its unit."""
    best = np.argsort(-np.abs(direct), axis=1, kind="stable")[:, :shown]
    for row, chosen in enumerate(best.tolist()):
        more = [Neighbour(site, unit, measure, float(direct[row, unit])) for unit in chosen if direct[row, unit]]
        kept[row] = sorted([*kept[row], *more], key=lambda one: -abs(one.value))[:shown]


def _cosines(gram: Float[np.ndarray, "unit unit"]) -> Float[np.ndarray, "unit unit"]:
    """Return cosines from products; 0 beside nothing."""
    length = np.sqrt(np.diag(gram))
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    return gram * scale * scale[:, None]
