"""Ranking by probe, for every k: the protocol of Antverg and Belinkov 2022 (arXiv 2110.07483); and do they agree?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from jaxneuron.evaluate import probes
from jaxneuron.evaluate.agreement import agreement
from jaxneuron.rank import linear
from jaxneuron.studies.concepts import rankings
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.concepts.rankings import Ranked, Scope
from jaxneuron.studies.concepts.results import Agreement, Direction, Extent, Point, Reader
from jaxneuron.studies.running import Run


class _Order(NamedTuple):
    ranking: str
    direction: Direction
    units: Int[np.ndarray, "unit"]


def curves(
    run: Run[Any, Preset, Any], extent: Extent, found: Scope, ranked: Mapping[str, Ranked], counts: Sequence[int]
) -> list[Point]:
    """Return the test accuracy and the bits of the first, the last and random k units, for each kind of probe.

    Args:
        run: keeps what is done.
        extent: whose units they are.
        found: their activations.
        ranked: the rankings.
        counts: k; those above the number of units are left out.
    """
    preset, units = run.preset, found.train[0].shape[1]
    counts = [k for k in counts if k <= units]
    orders = list(_orders(ranked, units, preset.repeats, run.seed))
    points: list[Point] = []
    for reader in Reader:
        progress = run.report(f"{extent}: {reader} probe of k units")
        for done, order in enumerate(orders):
            if reader is Reader.GAUSSIAN and order.direction is Direction.BOTTOM and not preset.gaussian_bottom:
                continue
            part = f"stages/curves/{extent}.{reader}.{order.ranking}.{order.direction}"
            compute = partial(_curve, extent, found, reader, order, counts, preset, run.seed)
            points += run.keep(part, list[Point], compute)
            if progress:
                progress(done + 1, len(orders))
    return _random_mean(points)


def _curve(
    extent: Extent, found: Scope, reader: Reader, order: _Order, counts: list[int], preset: Preset, seed: int
) -> list[Point]:
    key, given = jax.random.key(seed), {"counts": counts, "probe": reader.value}
    if reader is Reader.GAUSSIAN:  # is a closed form, so that it can have all words
        told = probes.curve(key, order.units, found.train, found.test, dev=found.dev, fit=None, **given)
    else:
        fit = partial(linear.fit, settings=linear.Settings(**preset.many_probes))
        train = rankings.first(found.train, preset.protocol_words)
        told = probes.curve(key, order.units, train, found.test, fit=fit, **given)
    return [
        Point(extent, reader, order.ranking, order.direction, k, told.accuracy[i], told.mutual_information[i])
        for i, k in enumerate(counts)
    ]


def _orders(ranked: Mapping[str, Ranked], units: int, repeats: int, seed: int) -> Iterator[_Order]:
    for method, one in ranked.items():
        yield _Order(method, Direction.TOP, one.order)
        yield _Order(method, Direction.BOTTOM, one.order[::-1])
    for number in range(repeats):
        drawn = np.random.default_rng((seed, number)).permutation(units)
        yield _Order(f"{Method.RANDOM}{number}", Direction.RANDOM, drawn)


def _random_mean(points: list[Point]) -> list[Point]:
    """Return the points with the random orders replaced by their mean."""
    groups: dict[tuple[Extent, Reader, int], list[Point]] = {}
    for point in points:
        if point.direction is Direction.RANDOM:
            groups.setdefault((point.scope, point.probe, point.count), []).append(point)
    means = [
        part[0]._replace(
            ranking=Method.RANDOM,
            accuracy=float(np.mean([point.accuracy for point in part])),
            information=float(np.mean([point.information for point in part])),
        )
        for part in groups.values()
    ]
    return [point for point in points if point.direction is not Direction.RANDOM] + means


def agree(ranked: Mapping[str, Ranked], top: int) -> Agreement:
    """Return how far the rankings agree on their first units."""
    found = agreement([one.ranking for one in ranked.values()], top=[top], ballot=top)
    overlap = np.asarray(found.overlap)[0]
    names, pairs = list(ranked), ~np.eye(len(ranked), dtype=bool)
    jaccard, vote = (np.asarray(one)[0].tolist() for one in (found.average_overlap, found.neuron_vote))
    return Agreement(
        names,
        top,
        overlap.tolist(),
        float(overlap[pairs].mean()),
        average_overlap=dict(zip(names, jaccard, strict=True)),
        neuron_vote=dict(zip(names, vote, strict=True)),
    )
