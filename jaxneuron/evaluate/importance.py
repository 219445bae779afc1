"""Are a ranking's first units missed more than its last ones, or than any? Curves over how many are taken away.

A ranking is faithful if accuracy falls first where the top units go, later where random ones go, and last where the
bottom ones do: Sajjad, Durrani, Dalvi 2022, "Neuron-level interpretation of deep NLP models: a survey" (arXiv
2108.13138), section 4.1, after Dalvi et al. 2019 (arXiv 1812.09355). `in_probe` takes the units from what a trained
probe reads, `in_model` from the model, at several sites at once: units of all layers, as they are ranked side by side.

Cost:
    `in_probe`: none. `in_model`: one pass of what is above the first site for each set: `counts * (2 + draws)`, and one
    of the whole.

Fails:
    A flat curve may mean that units stand in for each other, not that the ranking is bad. Few random draws make a wide
    band.

Peers:
    NeuroX draws such curves for probes; inside the model there is none that we know of.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate import importance
    from jaxneuron.rank import linear
    from jaxneuron.ranking import overall

    ranking, probe = linear.rank(None, activations, labels)
    asked = {"counts": [1, 2], "value": probe.mean}
    found = importance.in_probe(jax.random.key(0), overall(ranking), probe, (activations, labels), **asked)
    print(bool(found.top[0] < found.bottom[0]), bool(found.gap > 0))
    #: True True
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from jaxneuron import batching
from jaxneuron.evaluate import ablation
from jaxneuron.evaluate.ablation import Value
from jaxneuron.evaluate.probes import Data
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import logits
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Probe, Ranking, Site, Tokens

COUNTS = (1, 2, 5, 10, 20, 50, 100)

JOINED = "side by side"
"""The site of the units of several sites, in a forward that `joined` makes."""


class Importance(NamedTuple):
    """Accuracy without k units, for each k."""

    counts: Int[np.ndarray, "k"]
    top: Float[np.ndarray, "k"]
    bottom: Float[np.ndarray, "k"]
    random: Float[np.ndarray, "draw k"]  # nested: the first k of one random order per draw
    whole: float  # with all units

    @property
    def gap(self) -> float:
        """How much more is lost without the top units than without random ones, on average over k."""
        return float(np.mean(self.random.mean(axis=0) - self.top))


class Asked(NamedTuple):
    """What a model is asked without some units: see `ablation.in_model`."""

    tokens: Tokens
    answers: Int[Any, "batch _time"]  # the output that is right at each position, -1 where none is asked for
    read: Callable[[Output, Activations], Float[Array, "batch time output"]] = logits


def in_probe(
    key: Array,
    ranking: Ranking,
    probe: Probe,
    test: Data,
    *,
    counts: Sequence[int] = COUNTS,
    draws: int = 3,
    value: Value = 0.0,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Importance:
    """Take the first, the last and random k units of a ranking from what a fitted probe reads, for each k.

    Args:
        key: for random units.
        ranking: one order of all units; `ranking.overall` makes one of many labels.
        probe: fitted on all units.
        test: activations and labels.
        counts: the k, each from 1 to the number of units.
        draws: random orders.
        value: what the units are set to; `probe.mean` says nothing of the word, zero says something where the mean is
            another.
        budget: bytes for a block of words and its logits.
        progress: called after each block.

    Raises:
        ValueError: rankings of several labels, or of other units; a k out of range; several probes.
    """
    sets = _sets(key, ranking, counts, draws)
    found = ablation.in_representation(probe, *test, sets, value=value, budget=budget, progress=progress)
    return _curves(found, counts)


def in_model(
    key: Array,
    ranking: Ranking,
    forward: Forward,
    params: Params,
    asked: Asked,
    *,
    layers: Mapping[Site, int],
    counts: Sequence[int] = COUNTS,
    draws: int = 3,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Importance:
    """Set the first, the last and random k units of a ranking to zero inside the model, for each k.

    All that follows a unit is computed without it, and the accuracy is of what the model then predicts.

    Args:
        key: for random units.
        ranking: one order of the units of all layers side by side.
        forward: the model.
        params: its weights.
        asked: sentences, the right answers, and how they are read.
        layers: site -> units, in the order of the ranking's units.
        counts: the k, each from 1 to the number of units.
        draws: random orders.
        budget: bytes for the logits computed at a time.
        progress: called after each batch of sentences.

    Raises:
        KeyError: the model has no such site.
        ValueError: rankings of several labels, or of other units than the layers'; a k out of range; no answers.
    """
    first = Tokens(*(jnp.asarray(leaf[:1]) for leaf in asked.tokens))
    shapes = sites(forward, params, first)
    for site, width in layers.items():
        check_site(site, shapes)
        if shapes[site].shape[-1] != width:
            raise ValueError(f"{site!r} has {shapes[site].shape[-1]} units, got {width} in `layers`")
    sets = _sets(key, ranking, counts, draws)
    if sum(layers.values()) != sets.shape[-1]:
        raise ValueError(f"the layers have {sum(layers.values())} units, the ranking orders {sets.shape[-1]}")
    found = ablation.in_model(
        joined(forward, tuple(layers.items())),
        params,
        asked.tokens,
        asked.answers,
        sets,
        site=JOINED,
        read=asked.read,
        budget=budget,
        progress=progress,
    )
    return _curves(found.accuracy, counts)


@lru_cache(maxsize=8)  # the same function for the same layers, so that nothing compiles again
def joined(forward: Forward, layers: tuple[tuple[Site, int], ...]) -> Forward:
    """Return a forward with one site more, `JOINED`: the units of several sites, read and edited as those of one.

    Args:
        forward: a model.
        layers: sites and their units, with a vector for each word.

    Returns:
        A forward; the leaves of an edit of the new site have an axis of units, which goes to the sites in parts.
    """
    ends = np.cumsum([width for _, width in layers]).tolist()
    places = {site: slice(end - width, end) for (site, width), end in zip(layers, ends, strict=True)}

    def with_all(params: Params, tokens: Tokens, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        given = dict(edits)
        if (whole := given.pop(JOINED, None)) is not None:
            given |= {site: jax.tree.map(lambda leaf: leaf[..., here], whole) for site, here in places.items()}  # noqa: B023
        output, activations = forward(params, tokens, given)
        return output, activations | {JOINED: jnp.concatenate([activations[site] for site in places], axis=-1)}

    return with_all


def _sets(key: Array, ranking: Ranking, counts: Sequence[int], draws: int) -> Shaped[np.ndarray, "set unit"]:
    """Return no units, and the top, the bottom and random units for each count."""
    order = np.asarray(ranking.order)
    order = order[0] if order.ndim == 2 and len(order) == 1 else order
    sizes = np.asarray(counts)
    if sizes.ndim != 1 or not sizes.size or sizes.min() < 1 or draws < 1:
        raise ValueError(f"expected each k from 1 on and at least one draw, got {counts!r:.80} and {draws} draws")
    made = ablation.masks(key, order, counts, repeats=draws)
    units = len(order)
    parts = (np.zeros((1, units), bool), made.top, made.bottom, made.random.reshape(-1, units))
    return np.concatenate(parts)


def _curves(accuracy: Float[np.ndarray, "set"], counts: Sequence[int]) -> Importance:
    sizes = np.asarray(counts)
    rows = np.asarray(accuracy, np.float64)[1:].reshape(-1, len(sizes))
    return Importance(sizes, rows[0], rows[1], rows[2:], float(accuracy[0]))
