"""What is lost without the first, the last and random units of all layers: in what a probe reads, and in the model."""

from typing import Any

import jax
import numpy as np

from jaxneuron.evaluate import importance
from jaxneuron.evaluate.importance import Importance
from jaxneuron.rank import linear
from jaxneuron.studies._sentences import read_sentences, reader
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.redundancy.material import Posed
from jaxneuron.studies.redundancy.presets import Preset
from jaxneuron.studies.redundancy.results import Gone, Whence, Without
from jaxneuron.studies.redundancy.tasks import Probes
from jaxneuron.studies.running import Run


def missed(run: Run[Any, Preset, Any], subject: Subject, posed: Posed, probe: Probes) -> list[Without]:
    """Return the accuracy without k units, for each k.

    Taken from a probe, units stand at their means; taken from the model, at nought, and a probe after the last layer
    says what can still be read. Of a task with one label for each text the model is not asked.

    Args:
        run: the run of the study.
        subject: the model, with what it reads by.
        posed: the question, with its activations.
        probe: how probes are fitted.
    """
    preset, units = run.preset, posed.train[0].shape[1]
    counts = sorted({max(1, round(share * units)) for share in preset.lost})
    ranking = probe.ranking
    given: dict[str, Any] = {"counts": counts, "draws": preset.draws}
    key = jax.random.key(run.seed)
    found = importance.in_probe(key, ranking, probe.reads, posed.test, value=np.asarray(probe.reads.mean), **given)
    rows = _rows(Whence.PROBE, found)
    if posed.asked.each == "text":
        return rows
    last = list(posed.sites)[-1]
    columns = slice(units - posed.sites[last], units)
    read = linear.fit(key, posed.train[0][:, columns], posed.train[1], settings=linear.Settings(**preset.probe))
    limits = {"most": preset.sentences, "longest": preset.longest, "seed": run.seed}
    sentences = read_sentences(subject, posed.sentences, posed.test[1], **limits)
    asked = importance.Asked(sentences.tokens, sentences.classes, reader(last, read))
    model, given["layers"] = (subject.forward, subject.params), posed.sites
    progress = run.report(f"{posed.asked.name}: the model without units")
    return rows + _rows(Whence.MODEL, importance.in_model(key, ranking, *model, asked, progress=progress, **given))


def _rows(whence: Whence, found: Importance) -> list[Without]:
    """Return a row for each number of units; 0 of them first."""
    sides = {Gone.TOP: found.top, Gone.BOTTOM: found.bottom, Gone.RANDOM: found.random.mean(axis=0)}
    return [
        Without(whence, gone, int(count), float(value))
        for gone, values in sides.items()
        for count, value in zip([0, *found.counts], [found.whole, *values], strict=True)
    ]
