"""A statistic of one site, made one of all sites; and the vectors of a site in one row."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _numbers
from jaxneuron.atlas import Beside, Places, Rows, Statistic
from jaxneuron.types import Activations, Site


class Flat(NamedTuple):
    """The vectors of a site in a batch, one after the other, and whose they are."""

    value: Float[Any, "token unit"]  # of single precision at least
    counted: Bool[Any, "token"]
    rows: Rows  # `[token]` each
    sentence: Int[Any, "text"]


def flat(value: Float[Array, "batch time unit"], places: Places) -> Flat:
    """Return a site's vectors in one row."""
    rows = Rows(*(jnp.asarray(one).reshape(-1) for one in places.of(value)))
    value = _numbers.floating(value).reshape(-1, value.shape[-1])
    return Flat(value, rows.text >= 0, rows, jnp.asarray(places.sentence))


def _plain(value: np.ndarray, places: Places) -> Flat:
    """Return the same in numpy, without a copy."""
    rows = Rows(*(np.asarray(one).reshape(-1) for one in places.of(value)))
    return Flat(value.reshape(-1, value.shape[-1]), rows.text >= 0, rows, np.asarray(places.sentence))


class SiteBeside(NamedTuple):
    """`Beside` of one site."""

    look: Callable[[Flat], Any]
    add: Callable[[Any, Any, Flat], Any]
    settle: Callable[[Any], Any] = lambda state: state
    finite: Callable[[Any], Array] | None = None


def each(
    init: Callable[[int], Any],
    update: Callable[[Any, Flat], Any],
    merge: Callable[[Any, Any], Any],
    finish: Callable[[Any], Any],
    *,
    beside: SiteBeside | None = None,
) -> Statistic:
    """Return the statistic of all sites that is made of that of one.

    Args:
        init: units -> state.
        update: state and vectors -> state.
        merge: of states in numpy.
        finish: of a state in numpy.
        beside: likewise of one site.
    """

    def begin(widths: Mapping[Site, int]) -> dict[Site, Any]:
        return {site: init(units) for site, units in widths.items()}

    def add(state: dict[Site, Any], activations: Activations, places: Places) -> dict[Site, Any]:
        return {site: update(one, flat(activations[site], places)) for site, one in state.items()}

    def join(one: dict[Site, Any], other: dict[Site, Any]) -> dict[Site, Any]:
        one, other = same(one, other)
        return {site: merge(one[site], other[site]) for site in one}

    def end(state: dict[Site, Any]) -> dict[Site, Any]:
        return {site: finish(jax.tree.map(np.asarray, one)) for site, one in state.items()}

    return Statistic(begin, add, join, end, beside=beside and _each_beside(beside))


def _each_beside(beside: SiteBeside) -> Beside:
    def look(activations: Activations, places: Places) -> dict[Site, Any]:
        return {site: beside.look(flat(value, places)) for site, value in activations.items()}

    def add(
        state: dict[Site, Any], seen: dict[Site, Any], activations: Mapping[Site, Any], places: Places
    ) -> dict[Site, Any]:
        return {
            site: beside.add(one, seen[site], _plain(np.asarray(activations[site]), places))
            for site, one in state.items()
        }

    def settle(state: dict[Site, Any]) -> dict[Site, Any]:
        return {site: beside.settle(one) for site, one in state.items()}

    def finite(seen: dict[Site, Any]) -> dict[Site, Array]:
        assert beside.finite is not None
        return {site: beside.finite(one) for site, one in seen.items()}

    return Beside(look, add, settle, finite if beside.finite is not None else None)


def same(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two states in numpy.

    Raises:
        ValueError: they are of other sites, units or settings.
    """
    shapes = [
        (jax.tree.structure(state), [np.shape(leaf) for leaf in jax.tree.leaves(state)]) for state in (one, other)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "these states are of other sites, units or settings, and cannot be merged: "
            f"{_told(one)} here, {_told(other)} there"
        )
    return jax.tree.map(np.asarray, (one, other))


def _told(state: Any) -> str:
    """Return the shapes of a state by its sites."""
    if not isinstance(state, dict):
        return str([np.shape(leaf) for leaf in jax.tree.leaves(state)])
    return ", ".join(f"{site} {[np.shape(leaf) for leaf in jax.tree.leaves(one)]}" for site, one in state.items())
