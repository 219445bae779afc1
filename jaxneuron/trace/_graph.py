"""From nodes to a checked graph: its strongest edges, what flows through each node, and what patching says of both."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.games import sweep
from jaxneuron.trace import Check, Edges, Graph, Nodes, Settings
from jaxneuron.trace._flow import dropped, shares, straight, total
from jaxneuron.trace._runs import Contrast, Runs, recurrent_sites


def traced(given: Contrast, names: Int[np.ndarray, "three place"], settings: Settings, against: bool) -> Graph:
    """Return the graph of the nodes that have most effect.

    Args:
        given: the two runs.
        names: of the node of each place: its site's number, its position and its unit, -1 for all of them.
        settings: what is asked for.
        against: a baseline, instead of a corrupted text.

    Raises:
        ValueError: settings out of their range, or recurrent units without positions.
        NotImplementedError: of relevance, an operation without a rule.
    """
    _check_settings(settings)
    if not settings.positions and (repeated := recurrent_sites(given)):
        raise ValueError(
            f"{repeated[0]!r} is recurrent, so what it is at one step passes on to itself at the next; ask for nodes "
            "at positions"
        )
    found = estimated(given, names, settings)
    names, of, size, order = found.names, found.of, found.size, _gradient(settings)
    kept = np.sort(_largest(size, settings.share)[: settings.most])
    covered = float(size[kept].sum() / size.sum()) if len(kept) else 0.0
    node = np.full(names.shape[1], len(kept))
    node[kept] = np.arange(len(kept))
    place, count = jnp.asarray(node[of]), len(kept)
    passed = straight(
        given.other, given.start_values, *found.steps, given.clean_values - given.other_values, place,
        start=given.start, order=order, count=count,
    )  # fmt: skip
    passed = np.asarray(passed)
    put, sign = (given.other_values, -1) if against else (given.clean_values, 1)
    alone = sign * np.asarray(_alone(given.other, put, place, count))
    flowing, influence = _influence(passed)
    reader, source = np.unravel_index(_largest(flowing.ravel(), settings.edge_share), flowing.shape)
    site, position, unit = names[:, kept]
    nodes = Nodes(site, position, unit, found.effect[kept], alone[:-1] - alone[-1], influence)
    sites = tuple(site for site, _, _ in given.clean.sites)
    edges = Edges(source, reader, passed[reader, source])
    return Graph(sites, nodes, edges, _check(given, nodes, place, covered, against))


class Estimated(NamedTuple):
    """The effects of all nodes."""

    names: Int[np.ndarray, "three node"]
    of: Int[np.ndarray, "place"]  # the node of each place
    effect: Float[np.ndarray, "node"]
    size: Float[np.ndarray, "node"]  # by which nodes are chosen
    steps: tuple[Array, Array, Array]  # where gradients were taken, the values there and the slopes


def estimated(given: Contrast, names: Int[np.ndarray, "three place"], settings: Settings) -> Estimated:
    """Return the effects of all nodes; arguments as for `traced`."""
    share, change = shares(settings.order, settings.steps), given.clean_values - given.other_values
    values, slope = total(given.other, given.start_values, share, start=given.start, order=_gradient(settings))
    effect = np.asarray(jnp.mean(change * jnp.mean(slope, axis=0), axis=0))
    names, of = np.unique(names, axis=1, return_inverse=True)
    of = of.ravel()
    effect = np.bincount(of, effect, minlength=names.shape[1])
    size = np.abs(effect)
    if settings.order == "dropped":
        found = dropped(given.other, values[0], jnp.asarray(given.site), change)
        size = np.bincount(of, np.asarray(found), minlength=names.shape[1])
    return Estimated(names, of, effect, size, (share, values, slope))


def exact(given: Contrast, names: Int[np.ndarray, "three place"]) -> Float[np.ndarray, "node"]:
    """Return the effects of all nodes, each patched alone, in the order of `estimated`."""
    names, of = np.unique(names, axis=1, return_inverse=True)
    alone = np.asarray(_alone(given.other, given.clean_values, jnp.asarray(of.ravel()), names.shape[1]))
    return alone[:-1] - alone[-1]


@jax.jit
def faithful(run: Runs, other: Float[Array, "batch place"], kept: Bool[Array, "set place"]) -> Float[Array, "set"]:
    """Return which share of what passes through the sites is left if only some places are as in the clean text."""
    ends = jnp.stack([jnp.ones_like(kept[0]), jnp.zeros_like(kept[0])])
    score = sweep(lambda free: _held(run, other, free), jnp.concatenate([kept, ends]))
    return (score[:-2] - score[-1]) / (score[-2] - score[-1])


def _gradient(settings: Settings) -> str:
    return "first" if settings.order == "dropped" else settings.order


def _check_settings(settings: Settings) -> None:
    for name in ("share", "edge_share"):
        if not 0 < getattr(settings, name) <= 1:
            raise ValueError(f"`{name}` is a share, above 0 and up to 1, got {getattr(settings, name)}")
    if settings.most < 1:
        raise ValueError(f"`most` must be at least 1, got {settings.most}")


def _check(given: Contrast, nodes: Nodes, place: Int[Array, "place"], covered: float, against: bool) -> Check:
    """Return what is true of a graph."""
    member = place < len(nodes.site)
    held = functools.partial(_held, given.clean, given.other_values)
    every = jnp.ones_like(member)
    whole, kept, rest, none = (float(held(free)) for free in (every, member, ~member, ~every))
    corrupted = none if against else float(_held(given.other, given.other_values, every))
    passes, differs = whole - none, whole - corrupted
    faithfulness, left = ((one - none) / passes if passes else np.nan for one in (kept, rest))
    through = passes / differs if differs else np.nan
    return Check(whole, corrupted, _correlation(nodes.effect, nodes.exact), covered, faithfulness, left, through)


def _correlation(a: Float[np.ndarray, "node"], b: Float[np.ndarray, "node"]) -> float:
    """Return Pearson's correlation, NaN where there are too few values, or all are the same but for rounding."""
    spread = [np.ptp(one) > 1e-5 * np.abs(one).max() for one in (a, b) if len(one) > 2]
    if len(spread) < 2 or not all(spread):
        return np.nan
    return float(np.corrcoef(np.asarray(a, np.float64), np.asarray(b, np.float64))[0, 1])


@jax.jit
def _held(run: Runs, values: Float[Array, "batch place"], free: Bool[Array, "place"]) -> Float[Array, ""]:
    """Return the mean score where all that is not free is held."""
    return jnp.mean(run(jnp.zeros_like(values), free, values, {})[0])


@functools.partial(jax.jit, static_argnames="count")
def _alone(run: Runs, put: Float[Array, "batch place"], node: Int[Array, "place"], count: int) -> Float[Array, "_"]:
    """Return the mean score where one node at a time has another value; in the last entry, where none has."""

    def patched(number: Array) -> Array:
        free = (node != number) | (number == count)
        return jnp.mean(run(jnp.zeros_like(put), free, put, {})[0])

    return sweep(patched, jnp.arange(count + 1), budget=batching.BUDGET)


def _influence(passed: Float[np.ndarray, "reader node"]) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of what flows into the score takes each edge, and each node (without signs).

    What a reader gets counts as 1, shared out over its edges; nodes pass on what they themselves have a share in
    (Ameisen et al. 2025, "Circuit Tracing").
    """
    size = np.abs(passed)
    received = size.sum(axis=1, keepdims=True)
    part = np.divide(size, received, out=np.zeros_like(size), where=received > 0)
    count = passed.shape[1]
    # influence = part[score] + influence @ part[nodes]: nobody reads itself, so the series ends
    influence = np.linalg.solve(np.eye(count) - part[:-1].T, part[-1])
    return part * np.append(influence, 1.0)[:, None], influence


def _largest(value: Float[np.ndarray, "_"], share: float) -> Int[np.ndarray, "kept"]:
    """Return the fewest entries that together are a share of all, largest first; never one that is 0."""
    order = np.argsort(-np.abs(value), kind="stable")
    running = np.cumsum(np.abs(value)[order])
    enough = int(np.searchsorted(running, share * running[-1] * (1 - 1e-9))) + 1 if len(value) else 0
    return order[: min(enough, int(np.count_nonzero(value)))]
