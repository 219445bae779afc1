"""A model on two texts, of which any unit at any position can be held or moved a little: what all traces are made of.

The sites' activations are one row of numbers for each text, site by site, so that nodes of any shape (a unit at a
position, a unit, a whole site) are sets of places in that row, and many of them one array under `vmap`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.edits import Add, Replace
from jaxneuron.jaxpr.dependence import dependence, recurrent
from jaxneuron.split import check_target, traceable
from jaxneuron.tap import check_site
from jaxneuron.tap import sites as shapes_of
from jaxneuron.types import Activations, Forward, Params, Site, Target, Text


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Hold:
    """Hold what is not free at a value, and add an amount."""

    value: Any  # [batch time unit]
    free: Any  # [time unit], true where what the model computes flows on
    amount: Any  # [batch time unit]

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the value where free, else the other, and the amount in both cases."""
        if jnp.ndim(time) == 0:  # inside a recurrence
            held, free, amount = (jnp.take(leaf, time, axis=-2) for leaf in (self.value, self.free, self.amount))
        else:
            held, free, amount = self.value, self.free, self.amount
        return jnp.where(jnp.broadcast_to(free, value.shape), value, held) + amount


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Runs:
    """A model that reads one text, with all sites at hand."""

    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    target: Any
    sites: tuple[tuple[Site, int, int], ...] = field(metadata={"static": True})  # with their length and width

    def __call__(
        self,
        amount: Float[Array, "batch place"],
        free: Bool[Array, "place"],
        held: Float[Array, "batch place"],
        replaced: dict[Site, Array],
    ) -> tuple[Float[Array, "batch"], Float[Array, "batch place"]]:
        """Return the score, and the values at all places.

        Args:
            amount: what is added.
            free: true where the model computes the value itself.
            held: the values where it does not.
            replaced: whole other sites, such as the embedding, and their values.
        """
        edits: dict[Site, Any] = {site: Replace(value) for site, value in replaced.items()}
        start = 0
        for site, length, width in self.sites:
            end = start + length * width
            batch = (len(amount), length, width)
            edits[site] = Hold(
                held[:, start:end].reshape(batch) if site not in replaced else replaced[site],
                free[start:end].reshape(length, width) if site not in replaced else jnp.zeros((length, width), bool),
                amount[:, start:end].reshape(batch),
            )
            start = end
        output, activations = self.forward(self.params, self.tokens, edits)
        return self.target(output, activations, self.tokens), self.row(activations)

    def moved(self, amounts: dict[Site, Array]) -> tuple[Array, Activations]:
        """Return the score and all activations where these are added on the way."""
        edits = {site: Add(amount) for site, amount in amounts.items()}
        output, activations = self.forward(self.params, self.tokens, edits)
        return self.target(output, activations, self.tokens), activations

    def row(self, activations: Activations) -> Float[Array, "batch place"]:
        """Return the sites' activations, side by side."""
        values = [activations[site] for site, _, _ in self.sites]
        return jnp.concatenate([value.reshape(len(value), -1) for value in values], axis=1)


class Contrast(NamedTuple):
    """Two texts that a model reads, checked; made by `contrast`."""

    clean: Runs
    other: Runs  # reads the corrupted text; against a baseline, the clean one
    clean_values: Float[Array, "batch place"]
    other_values: Float[Array, "batch place"]  # of the corrupted text, or the baseline
    start: Site  # the first site of the model, from which gradients can be averaged
    start_values: tuple[Array, Array]  # of the corrupted text (or the baseline) and the clean one
    site: Int[np.ndarray, "place"]  # its number
    position: Int[np.ndarray, "place"]
    unit: Int[np.ndarray, "place"]


def contrast(
    forward: Forward,
    params: Params,
    clean: Text,
    corrupted: Text | None,
    target: Target,
    sites: Sequence[Site],
    baseline: float,
) -> Contrast:
    """Return both runs of a model.

    Raises:
        KeyError: no such site.
        ValueError: texts of different length; a site that the target does not depend on, or one named twice; or what
            `split.check_target` refuses.
    """
    sites = (sites,) if isinstance(sites, str) else tuple(sites)
    shapes = shapes_of(forward, params, clean)
    for site in sites:
        check_site(site, shapes)
    if not sites or len(set(sites)) < len(sites):
        raise ValueError(f"expected sites, each once, got {', '.join(sites) or 'none'}")
    check_target(forward, params, clean, target)
    _check_lengths(clean, corrupted)
    bare = Runs(forward, params, clean, traceable(target), ())
    ordered, first = _ordered(bare, shapes, sites)
    sized = tuple((site, shapes[site].shape[-2], shapes[site].shape[-1]) for site in ordered)
    runs = [replace(bare, tokens=text, sites=sized) for text in (clean, corrupted or clean)]
    (clean_values, clean_start), (other_values, other_start) = (_read(run, first) for run in runs)
    if corrupted is None:
        other_values, other_start = jnp.full_like(clean_values, baseline), jnp.full_like(clean_start, baseline)
    starts, places = (other_start, clean_start), [_places(at, *size) for at, (_, *size) in enumerate(sized)]
    site, position, unit = (np.concatenate(numbers) for numbers in zip(*places, strict=True))
    return Contrast(runs[0], runs[1], clean_values, other_values, first, starts, site, position, unit)


def _places(site: int, length: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the site, the position and the unit of each of a site's numbers."""
    position, unit = np.indices((length, width)).reshape(2, -1)
    return np.full_like(unit, site), position, unit


def recurrent_sites(given: Contrast) -> list[Site]:
    """Return which of the sites are inside a recurrence."""
    inside = recurrent(given.clean.forward, given.clean.params, given.clean.tokens)
    return [site for site, _, _ in given.clean.sites if site in inside]


@functools.partial(jax.jit, static_argnames="first")
def _read(run: Runs, first: Site) -> tuple[Array, Array]:
    activations = run.forward(run.params, run.tokens, {})[1]
    return run.row(activations), activations[first]


def _check_lengths(clean: Text, corrupted: Text | None) -> None:
    if corrupted is None:
        return
    masks = [np.asarray(text.mask) for text in (clean, corrupted)]
    if masks[0].shape != masks[1].shape or (masks[0] != masks[1]).any():
        lengths = [mask.sum(-1).ravel().tolist()[:5] for mask in masks]
        raise ValueError(
            f"the clean and the corrupted text must have the same length, got {lengths[0]} and {lengths[1]} tokens; "
            "exchange words for others of as many tokens"
        )


def _ordered(run: Runs, shapes: dict[Site, Any], sites: tuple[Site, ...]) -> tuple[list[Site], Site]:
    """Return the sites in the order of the computation, and the first site of the model that reaches the target."""
    names = sorted(shapes)  # the order in which `jax.tree` has them
    reached = dependence(jax.tree_util.Partial(Runs.moved, run), shapes)
    scored, after = dict(zip(names, reached[:, 0], strict=True)), dict(zip(names, reached[:, 1:].sum(1), strict=True))
    unread = [site for site in sites if not scored[site]]
    if unread:
        raise ValueError(f"nothing at {', '.join(map(repr, unread))} reaches {run.target}; choose sites before it")
    order = sorted((name for name in names if scored[name]), key=lambda name: -after[name])
    return [name for name in order if name in sites], order[0]
