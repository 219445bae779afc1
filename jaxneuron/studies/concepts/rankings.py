"""The rankings that are compared: every method of the preset on the units of some sites, kept on disk."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron import rank
from jaxneuron._discover import methods
from jaxneuron.rank import linear
from jaxneuron.ranking import overall, ranked
from jaxneuron.studies import _kept
from jaxneuron.studies.concepts.material import Text
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.running import Report
from jaxneuron.tap import nearest
from jaxneuron.types import Probe, Ranking, Site

Data = tuple[Any, Int[np.ndarray, "_token"]]
"""Activations `[token unit]`, and the class of each token."""


class Scope(NamedTuple):
    """The units of some sites side by side, with one layer of labels."""

    name: str
    sites: tuple[Site, ...]
    train: Data
    dev: Data
    test: Data


class Ranked(NamedTuple):
    """What a method says: of each class, and of all together."""

    score: Float[np.ndarray, "label unit"]  # one row for a method that does not tell classes apart
    order: Int[np.ndarray, "unit"]
    seconds: float

    @property
    def ranking(self) -> Ranking:
        """The order of all classes together."""
        return in_order(self.order)


IN_MEMORY = 3 * 2**30
"""Bytes of activations that are read at once; what is larger is streamed by the methods."""


def scope(name: str, text: Text, sites: Sequence[Site], layer: str) -> Scope:
    """Return the activations of some sites with the labels of a layer.

    Args:
        name: what the sites are called together.
        text: the text, with its labels.
        sites: whose units.
        layer: of labels.
    """

    def read(split: str) -> Data:
        part = text.parts[split]
        rows = part.activations(*sites)
        return rows[:] if 4 * rows.shape[0] * rows.shape[1] <= IN_MEMORY else rows, part.labels[layer]

    return Scope(name, tuple(sites), read("train"), read("dev"), read("test"))


def first(data: Data, words: int | None) -> Data:
    """Return the first words only."""
    return data if words is None or len(data[1]) <= words else (data[0][:words], data[1][:words])


def in_order(order: Int[Any, "unit"]) -> Ranking:
    """Return an order of units as a ranking.

    Example:
        >>> in_order(np.array([2, 0, 1])).score.tolist()
        [2.0, 1.0, 3.0]
    """
    return ranked(jnp.asarray(len(order) - np.argsort(order), jnp.float32))


HELD = 2**31
"""Bytes for the words that a probe of all units learns from: it takes hundreds of passes, and what does not fit is read
from disk in each."""


def probe(
    found: Scope, directory: Path, options: dict[str, Any], *, seed: int, report: Report, use: str = "reads"
) -> Probe:
    """Fit a linear probe of all units of a scope, or read it.

    Args:
        found: the scope.
        directory: of the run.
        options: fields of `rank.linear.Settings`.
        seed: of the order of the words.
        report: what is being done -> a progress callback.
        use: what the probe is for: one that reads a property, or one whose weights rank the units.
    """

    def fit() -> Probe:
        progress = report(f"{found.name}: linear probe that {use}")
        settings = linear.Settings(**options)
        return linear.fit(
            jax.random.key(seed), *found.train, settings=settings, dev=found.dev, budget=HELD, progress=progress
        )

    return _kept.probe(directory / "probes" / f"{found.name}.{use}.npz", fit)


def mass_order(probe: Probe) -> Int[np.ndarray, "unit"]:
    """Return the order of Dalvi et al. 2019."""
    return np.asarray(linear.mass_order(probe).order)


def rankings(
    found: Scope,
    chosen: Mapping[str, dict[str, Any]],
    directory: Path,
    *,
    pool: int,
    seed: int,
    report: Report,
) -> dict[str, Ranked]:
    """Rank the units by each method, or read what it said before.

    The Gaussian probe chooses greedily from all units if they are no more than `pool`, and else from the `pool` units
    that come first in the order of the linear probe: its covariances grow with the square of the units.

    Args:
        found: units side by side, with one layer of labels.
        chosen: method -> its options.
        directory: of the run; what an earlier run left there is read.
        pool: units from which the Gaussian probe chooses.
        seed: of all that is drawn.
        report: told what is being done.

    Raises:
        ValueError: an unknown method.
    """
    verbs, made = methods(rank), {}
    for method, options in chosen.items():
        if method not in verbs:
            raise ValueError(f"no method {method!r}{nearest(method, verbs)}; expected one of {', '.join(verbs)}")

        def compute(method: str = method, options: dict[str, Any] = options) -> Mapping[str, Any]:
            began = time.perf_counter()
            if method == Method.LINEAR:
                of_all = probe(found, directory, options, seed=seed, report=report, use="ranks")
                score, order = np.abs(of_all.weights), mass_order(of_all)
            elif method == Method.GAUSSIAN:
                score, order = _gaussian(verbs[method], found, options, made, pool, report)
            else:
                report(f"{found.name}: {method}")
                result = verbs[method](jax.random.key(seed), *found.train, **options)
                ranking = result if isinstance(result, Ranking) else result[0]
                score, order = ranking.score, overall(ranking).order
            return Ranked(np.asarray(score), np.asarray(order), time.perf_counter() - began)._asdict()

        stored = _kept.arrays(directory / "rankings" / f"{found.name}.{method}.npz", compute)
        score, order, seconds = (stored[field] for field in Ranked._fields)
        made[method] = Ranked(score, order, float(seconds))
    return made


def _gaussian(
    verb: Callable[..., Any], found: Scope, options: dict[str, Any], made: dict[str, Ranked], pool: int, report: Report
) -> tuple[np.ndarray, np.ndarray]:
    activations, labels = found.train
    units = activations.shape[1]
    before = made[Method.LINEAR].order if units > pool else np.arange(units)
    candidates = np.sort(before[:pool])
    given = options | {"select": min(options["select"], len(candidates))}
    dev = (found.dev[0][:, candidates], found.dev[1])
    progress = report(f"{found.name}: gaussian")
    result = verb(None, activations[:, candidates], labels, dev=dev, progress=progress, **given)
    inner = np.asarray(result[0].score)
    score = np.full((1, units), inner.min() - 1, np.float32)
    score[:, candidates] = inner
    chosen = candidates[np.asarray(result[0].order)[0]]
    return score, np.concatenate([chosen, before[~np.isin(before, chosen)]])
