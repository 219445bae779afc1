"""Predictions explained: what every token, and every unit of every layer, contributes to a score.

The source is always the words' rows of the embedding table, and the baseline the same text with a blank in the place of
every word. The conductance of the rows themselves is integrated gradients; that of a layer is what flows through it
(Dhamdhere et al. 2019, arXiv 1805.12233). All layers come from one pass. What is shown for the words is integrated
gradients once more, by the method of that name and with twice as many steps.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import split
from jaxneuron.attribute import conductance, integrated_gradients
from jaxneuron.studies.attribution.material import Net, Read, baseline, take
from jaxneuron.targets import Cell
from jaxneuron.types import Site

SOURCE = "embed/word"


class Missed(NamedTuple):
    """By how much of the change sums miss it, over texts."""

    worst: float
    median: float


class Completeness(NamedTuple):
    """How far sums miss the change, relative to it."""

    integrated_gradients: Missed
    layers: dict[Site, Missed]
    twice_the_steps: Missed = Missed(math.nan, math.nan)
    change: float = math.nan  # mean over texts
    apart: float = math.nan  # of a layer's sum from integrated gradients, the worst layer of the worst text


class Explained(NamedTuple):
    """Predictions of some texts, explained."""

    layers: dict[Site, np.ndarray]  # [text time unit], or [text 1 unit] of a sentence vector
    error: dict[Site, np.ndarray]  # [text], how far the sum misses the change
    change: np.ndarray  # [text], score minus that of the baseline
    score: np.ndarray  # [text]
    ig: np.ndarray  # [text time], integrated gradients of the words, from twice as many steps
    ig_error: np.ndarray  # [text], of these


def explain(
    net: Net, given: Read, target: Any, *, steps: int, batch: int, progress: Any = None, row: Any = None
) -> Explained:
    """Return the attributions of texts, a few at a time.

    Args:
        net: the model.
        given: the texts.
        target: what is explained; `Cell` where each text has a position of its own, which is cut with the texts.
        steps: nodes of the integral.
        batch: texts at once.
        progress: called after each batch.
        row: `[text]` positions, where the target is a `Cell`.
    """
    total = len(given.word)
    parts = []
    for start in range(0, total, batch):
        rows = np.minimum(np.arange(start, start + batch), total - 1)
        own = target if row is None else Cell(target, jnp.asarray(row[rows]))
        found = _batch(net, take(given, rows), own, steps)
        parts.append(jax.tree.map(lambda leaf: np.asarray(leaf)[: total - start], found))  # noqa: B023
        if progress:
            progress(min(start + batch, total), total)
    found = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    layers, error = ({site: some[site] for site in net.sites} for some in (found.layers, found.error))  # in order again
    return found._replace(layers=layers, error=error)


def _batch(net: Net, given: Read, target: Any, steps: int) -> Explained:
    tokens, nothing = (jax.tree.map(jnp.asarray, text) for text in (given.tokens, baseline(net, given)))
    x, start = (_rows(net.forward, net.params, text) for text in (tokens, nothing))
    model = (net.forward, net.params, tokens)
    found = conductance.layers(*model, SOURCE, target, x, start, sites=net.sites, line=conductance.Line(steps))
    f = split.above(*model, SOURCE, target)
    fine = integrated_gradients.attribute(f, x, start, steps=2 * steps)
    change = found.attribution[SOURCE].sum((1, 2)) - found.error[SOURCE]
    return Explained(found.attribution, found.error, change, _score(f, x), fine.attribution.sum(-1), fine.error)


_score = jax.jit(lambda f, x: f(x))

_rows = jax.jit(lambda forward, params, tokens: forward(params, tokens, {})[1][SOURCE], static_argnums=0)


def of_tokens(found: Explained) -> dict[Site, np.ndarray]:
    """Return `[text time]` of every layer that has a time: the sum over its units."""
    time = found.ig.shape[1]
    return {site: value.sum(-1) for site, value in found.layers.items() if value.shape[1] == time > 1}


def of_units(found: Explained) -> dict[Site, np.ndarray]:
    """Return `[text unit]` of every layer: the sum over the tokens."""
    return {site: value.sum(1) for site, value in found.layers.items()}


def completeness(found: Explained, cuts: tuple[Site, ...]) -> Completeness:
    """Return how far sums miss the change, relative to it.

    A change near nought has no relative error worth the name: it counts as a tenth of the mean one.
    """
    size = np.maximum(np.abs(found.change), 0.1 * np.mean(np.abs(found.change)))

    def told(error: np.ndarray) -> Missed:
        share = np.abs(error) / size
        return Missed(float(share.max()), float(np.median(share)))

    words = found.layers[SOURCE].sum((1, 2))
    apart = max(np.max(np.abs(found.layers[site].sum((1, 2)) - words) / size) for site in cuts)
    return Completeness(
        integrated_gradients=told(found.error[SOURCE]),
        layers={site: told(error) for site, error in found.error.items()},
        twice_the_steps=told(found.ig_error),
        change=float(np.mean(np.abs(found.change))),
        apart=float(apart),
    )
