"""What each task needs: layers, one unit of each cluster, and the fewest of those that are enough."""

from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from jaxneuron.evaluate import baselines, probes
from jaxneuron.evaluate.feature_selection import Selection, Steps, feature_selection
from jaxneuron.evaluate.information import information
from jaxneuron.evaluate.minimal_set import DEFAULT
from jaxneuron.evaluate.redundant_units import redundant_units, representatives
from jaxneuron.rank import linear
from jaxneuron.studies import _kept
from jaxneuron.studies.redundancy.material import Data, Posed
from jaxneuron.studies.redundancy.presets import Preset
from jaxneuron.studies.redundancy.results import Depth, Fewest, Needed, Ordered, Reads, Task, Thinned
from jaxneuron.studies.running import Run
from jaxneuron.types import Probe, Ranking


class Probes(NamedTuple):
    """The probes of all units of a task."""

    reads: Probe
    ranking: Ranking  # of another one, which has an L1 penalty, by the mass of its weights


def fitted(run: Run[Any, Preset, Any], posed: Posed) -> Probes:
    """Fit the probes of all units, or read them."""
    key, name = jax.random.key(run.seed), posed.asked.name

    def fit(use: str, options: dict[str, Any]) -> Probe:
        progress = run.report(f"{name}: probe of all units that {use}")
        settings = linear.Settings(**options)
        compute = partial(linear.fit, key, *posed.train, settings=settings, progress=progress)
        return _kept.probe(run.directory / "probes" / f"{name}.{use}.npz", compute)

    ranks = fit("ranks", run.preset.sparse)
    return Probes(fit("reads", run.preset.probe), linear.mass_order(ranks))


def selected(run: Run[Any, Preset, Any], posed: Posed) -> Selection:
    """Return the units that are left when layers, copies and what a probe has no use for are left out."""
    preset = run.preset
    settings = [linear.Settings(**options) for options in (preset.probe, preset.sparse)]
    fit, orders = (partial(linear.fit, settings=one) for one in settings)
    return feature_selection(
        jax.random.key(run.seed),
        posed.train,
        posed.dev,
        posed.sites,
        shares=preset.shares,
        steps=Steps(within=preset.within, threshold=preset.distance, grid=DEFAULT._replace(rounds=preset.rounds)),
        fit=fit,
        orders=orders,
        progress=run.report(f"{posed.asked.name}: select layers and units"),
    )


def task(run: Run[Any, Preset, Any], posed: Posed, probe: Probes, found: Selection) -> Task:
    """Return what a task needs.

    Args:
        run: the run of the study.
        posed: the question, with its activations.
        probe: how probes are fitted.
        found: the layers and units that were selected.
    """
    asked = posed.asked
    fit = partial(linear.fit, settings=linear.Settings(**run.preset.probe))
    layers, minimal = found.layers, found.minimal
    run.report(f"{asked.name}: probes of a few units")
    curve = _curve(run, posed, probe, found, fit)
    tested = {row.count: row.accuracy for row in curve if row.order is Ordered.SELECTED}
    return Task(
        name=asked.name,
        layer=asked.layer,
        each=asked.each,
        units=posed.train[0].shape[1],
        classes=len(posed.names),
        rows={split: len(getattr(posed, split)[1]) for split in ("train", "dev", "test")},
        majority=float(baselines.majority(posed.train[1], posed.test[1])),
        dev=float(minimal.oracle),
        test=_accuracy(probe.reads, posed.test),
        depths=[
            Depth(site, float(alone), float(below))
            for site, alone, below in zip(layers.sites, layers.alone.accuracy, layers.first.accuracy, strict=True)
        ],
        selected=found.lowest + 1,
        left=len(found.kept),
        fewest=[
            Fewest(float(share), int(units), float(dev), tested[int(units)], bool(dev >= share * minimal.oracle))
            for share, units, dev in zip(minimal.shares, minimal.size, minimal.accuracy, strict=True)
        ],
        thinned=_thinned(run, posed, fit),
        curve=curve,
    )


def needed(posed: Posed, found: Selection, preset: Preset) -> list[Needed]:
    """Return the units that are enough for the first share of what all tell, and how many each stands for.

    Args:
        posed: the question, with its activations.
        found: the layers and units that were selected.
        preset: the sizes of the run.
    """
    widths = list(posed.sites.values())[: found.lowest + 1]
    below = dict(list(posed.sites.items())[: found.lowest + 1])
    groups = redundant_units(posed.train[0][:, : sum(widths)], below, thresholds=[preset.distance]).groups[0]
    sizes, starts = np.bincount(groups[groups >= 0]), np.cumsum([0, *widths])
    sites, rows = list(below), []
    for place, unit in enumerate(found.order[: found.minimal.size[0]].tolist()):
        layer = int(np.searchsorted(starts, unit, side="right")) - 1
        own = sizes[groups[unit]]
        rows.append(Needed(posed.asked.name, place, sites[layer], unit - int(starts[layer]), int(own)))
    return rows


def _thinned(run: Run[Any, Preset, Any], posed: Posed, fit: Any) -> list[Thinned]:
    """Return what one unit of each cluster of all layers tells, for each threshold; all are one fit."""
    run.report(f"{posed.asked.name}: one unit of each cluster")
    groups = redundant_units(posed.train[0], posed.sites, thresholds=run.preset.thresholds).groups
    masks = np.zeros(groups.shape, bool)
    for number, row in enumerate(groups):
        masks[number, representatives(jax.random.fold_in(jax.random.key(run.seed), number), row)] = True
    probe = fit(jax.random.key(run.seed), *posed.train, mask=masks)
    dev, test = (information(linear.logits(probe, data[0]), data[1]).accuracy for data in (posed.dev, posed.test))
    rows = zip(run.preset.thresholds, masks.sum(axis=1), dev, test, strict=True)
    return [Thinned(distance, int(units), float(one), float(other)) for distance, units, one, other in rows]


def _curve(run: Run[Any, Preset, Any], posed: Posed, probe: Probes, found: Selection, fit: Any) -> list[Reads]:
    """Return what the first units of each order tell."""
    key, units = jax.random.key(run.seed), posed.train[0].shape[1]
    orders = {
        Ordered.SELECTED: (_whole(found.order, posed), len(found.order)),
        Ordered.RANKED: (np.asarray(probe.ranking.order), units),
        Ordered.RANDOM: (np.random.default_rng(run.seed).permutation(units), units),
    }
    rows = []
    for name, (order, most) in orders.items():
        wanted = {*run.preset.counts, *(max(1, int(mark * units)) for mark in run.preset.marks)}
        wanted |= set(found.minimal.size.tolist()) if name is Ordered.SELECTED else set()
        counts = sorted(count for count in wanted if count <= most)
        told = probes.curve(key, order, posed.train, posed.test, counts=counts, fit=fit).accuracy
        rows += [Reads(name, k, float(value)) for k, value in zip(counts, told, strict=True)]
    return rows


def _whole(order: np.ndarray, posed: Posed) -> Int[np.ndarray, "unit"]:
    """Return an order of some units with the others behind it."""
    return np.concatenate([order, np.setdiff1d(np.arange(posed.train[0].shape[1]), order)])


def _accuracy(probe: Probe, data: Data) -> float:
    return float(information(linear.logits(probe, data[0]), data[1]).accuracy)
