"""What the units know: all of them, each layer, the fewest that do, and what a probe owes to its own memory."""

from functools import partial

import jax
import numpy as np

from jaxneuron.evaluate import baselines, layers, mdl, minimal_set, probes, selectivity
from jaxneuron.evaluate.information import information
from jaxneuron.rank import linear
from jaxneuron.studies.concepts import rankings
from jaxneuron.studies.concepts.material import Text
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.concepts.rankings import Scope
from jaxneuron.studies.concepts.results import Accuracy, Class, Layer, Selective, Smallest
from jaxneuron.studies.running import Report
from jaxneuron.types import Probe, Site


def accuracy(text: Text, found: Scope, probe: Probe, layer: str) -> Accuracy:
    """Return what the probe of all units knows of one property, beside what knows nothing of the model.

    Args:
        text: the text, with its labels.
        found: units side by side, with one layer of labels.
        probe: of all units.
        layer: of labels.
    """
    dev, test = (information(linear.logits(probe, data[0]), data[1]) for data in (found.dev, found.test))
    words = [[word for sentence in text.parts[split].sentences for word in sentence] for split in ("train", "test")]
    return Accuracy(
        layer=layer,
        units=found.train[0].shape[1],
        classes=len(text.names[layer]),
        words={split: len(part.labels[layer]) for split, part in text.parts.items()},
        dev=float(dev.accuracy),
        test=float(test.accuracy),
        information=float(test.mutual_information),
        entropy=float(test.entropy),
        majority=float(baselines.majority(found.train[1], found.test[1])),
        lexicon=baselines.lexicon(words[0], found.train[1], words[1], found.test[1]),
    )


def smallest(found: Scope, order: np.ndarray, preset: Preset, *, seed: int, report: Report) -> Smallest:
    """Return the fewest units of an order that reach the share of the accuracy of all, chosen on dev.

    Args:
        found: units side by side, with one layer of labels.
        order: units, the best first.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    fit = partial(linear.fit, settings=linear.Settings(**preset.many_probes))
    key, ranking = jax.random.key(seed), rankings.in_order(order)
    train = rankings.first(found.train, preset.protocol_words)
    progress = report(f"{found.name}: smallest set")
    set_ = minimal_set.minimal_set(key, ranking, train, found.dev, shares=(preset.share,), fit=fit, progress=progress)
    units = int(set_.size[0])
    test = probes.curve(key, order, train, found.test, counts=[units], fit=fit)
    return Smallest(units, preset.share, test.accuracy[0], list(set_.counts), list(set_.curve))


def by_layer(
    text: Text, found: Scope, widths: dict[Site, int], preset: Preset, *, seed: int, report: Report
) -> list[Layer]:
    """Return each layer's accuracy on test and dev (there also with all below), its selectivity and its code length.

    Args:
        text: the text, with its labels.
        found: units side by side, with one layer of labels.
        widths: site -> units.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    key, fit = jax.random.key(seed), partial(linear.fit, settings=linear.Settings(**preset.many_probes))
    words = [[word for sentence in text.parts[split].sentences for word in sentence] for split in ("train", "test")]
    train = rankings.first(found.train, preset.protocol_words)
    progress = report("layers")
    dev = layers.layerwise(key, train, found.dev, widths, fit=fit)
    rows, first = [], 0
    for number, (site, width) in enumerate(widths.items()):
        here = slice(first, first + width)
        own = (train[0][:, here], train[1]), (found.test[0][:, here], found.test[1])
        control = selectivity.selectivity(
            key, *own, (words[0][: len(train[1])], words[1]), seeds=preset.control_seeds, fit=fit
        )
        code = mdl.mdl(key, *own[0], fit=fit)
        rows.append(
            Layer(
                site,
                accuracy=float(control.task.accuracy),
                control=control.control.accuracy.mean(),
                dev=dev.alone.accuracy[number],
                concatenated=dev.first.accuracy[number],
                deviation=control.deviation,
                bits=code.bits / len(train[1]),
                compression=code.compression,
            )
        )
        first += width
        if progress:
            progress(number + 1, len(widths))
    return rows


def selective(
    text: Text, found: Scope, order: np.ndarray, counts: tuple[int, ...], preset: Preset, *, seed: int
) -> list[Selective]:
    """Return the accuracy of the first k units on the property and on a control task.

    Args:
        text: the text, with its labels.
        found: units side by side, with one layer of labels.
        order: units, the best first.
        counts: numbers of units.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    key, fit = jax.random.key(seed), partial(linear.fit, settings=linear.Settings(**preset.many_probes))
    train = rankings.first(found.train, preset.protocol_words)
    words = [[word for sentence in text.parts[split].sentences for word in sentence] for split in ("train", "test")]
    control = selectivity.control_task(jax.random.fold_in(key, 1), train[1], words=words[0][: len(train[1])])
    drawn = [selectivity.control_labels(control, part)[0] for part in (words[0][: len(train[1])], words[1])]
    task = probes.curve(key, order, train, found.test, counts=counts, fit=fit).accuracy
    other = probes.curve(key, order, (train[0], drawn[0]), (found.test[0], drawn[1]), counts=counts, fit=fit).accuracy
    return [Selective(*row) for row in zip(counts, task, other, strict=True)]


def classes(text: Text, found: Scope, probe: Probe, layer: str, widths: dict[Site, int]) -> list[Class]:
    """Return of each class how many units hold half of its weight, where they are, and how well it is told.

    Args:
        text: the text, with its labels.
        found: units side by side, with one layer of labels.
        probe: of all units.
        layer: of labels.
        widths: site -> units.
    """
    guessed = np.asarray(linear.logits(probe, found.test[0])).argmax(axis=1)
    size = np.abs(np.asarray(probe.weights, np.float64))
    order = np.argsort(-size, axis=1, kind="stable")
    share = np.cumsum(np.take_along_axis(size, order, axis=1), axis=1) / size.sum(axis=1, keepdims=True).clip(1e-30)
    alone, _ = layers.masks(widths, size.shape[1])
    where = {unit: f"{site} {place}" for unit, (site, place) in enumerate(_places(widths))}
    rows = []
    for label, name in enumerate(text.names[layer][: len(size)]):
        held = order[label, : int(np.searchsorted(share[label], 0.5)) + 1]
        own = found.test[1] == label
        rows.append(
            Class(
                name,
                words=int(own.sum()),
                recall=float((guessed[own] == label).mean()) if own.any() else None,
                units=len(held),
                by_layer=alone[:, held].sum(axis=1).tolist(),
                first=[where[unit] for unit in held[:5].tolist()],
            )
        )
    return sorted(rows, key=lambda row: -row.units)


def _places(widths: dict[Site, int]) -> list[tuple[Site, int]]:
    return [(site, unit) for site, width in widths.items() for unit in range(width)]
