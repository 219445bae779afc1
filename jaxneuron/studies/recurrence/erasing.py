"""What do the models lose without the units that recur most, or least? They are set to 0, as Bau et al. 2019 do."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron.corpora import vocabulary
from jaxneuron.evaluate.effects import Predictions, Sums
from jaxneuron.intervene import ablate
from jaxneuron.studies.recurrence.comparing import Compared
from jaxneuron.studies.recurrence.presets import Preset
from jaxneuron.studies.recurrence.results import End, Erased, Ranking
from jaxneuron.studies.running import Report
from jaxneuron.types import Site
from jaxneuron_models.model import Model


def erased(
    key: Array,
    models: Sequence[Model],
    found: Sequence[Compared],
    sentences: list[list[str]],
    sites: Sequence[Site],
    layers: Sequence[int],
    preset: Preset,
    *,
    report: Report,
) -> list[Erased]:
    """Return by how much the loss per word rises without some units of each site of hidden states.

    Args:
        key: draws the random units.
        models: of all seeds.
        found: how their units recur.
        sentences: that are read.
        sites: that were compared.
        layers: units of each.
        preset: how many units, sets and sentences.
        report: what is being done -> a progress callback.
    """
    starts, rows, progress = np.cumsum([0, *layers]).tolist(), [], report("take units away")
    hidden = [place for place, site in enumerate(sites) if site != "embed"]
    for done, place in enumerate(hidden):
        here, width = slice(starts[place], starts[place + 1]), layers[place]
        counts = [max(1, round(share * width)) for share in preset.shares]
        drawn = np.asarray(jax.random.uniform(jax.random.fold_in(key, place), (preset.random, width)))
        lost = []
        for number, (model, own) in enumerate(zip(models, found, strict=True)):
            masks = _sets([own.score(ranking)[here] for ranking in Ranking], drawn, counts)
            lost.append(_lost(model, sentences[: preset.erased], masks, sites[place]))
            if progress:
                progress(done * len(models) + number + 1, len(hidden) * len(models))
        ordered = len(Ranking) * 2
        each = np.stack(lost).reshape(len(models), -1, len(counts))  # [model, order, count]
        names = [(ranking, end) for ranking in Ranking for end in (End.MOST, End.LEAST)]
        means = [*each[:, :ordered].swapaxes(0, 1), each[:, ordered:].mean(axis=1)]
        for (ranking, end), values in zip([*names, ("none", End.RANDOM)], means, strict=True):
            for share, column in zip(preset.shares, values.T, strict=True):
                rows.append(Erased(sites[place], ranking, end, share, float(column.mean()), column.tolist()))
    return rows


def _sets(
    scores: Sequence[Float[np.ndarray, "unit"]], drawn: Float[np.ndarray, "set unit"], counts: Sequence[int]
) -> Bool[np.ndarray, "mask unit"]:
    """Return the first k units of each order, for each k: of each score from the top and the bottom, and at random."""
    orders = [*(one for score in scores for one in (-score, score)), *drawn]
    place = np.stack([np.argsort(np.argsort(order, kind="stable"), kind="stable") for order in orders])
    return (place[:, None] < np.asarray(counts)[:, None]).reshape(-1, place.shape[1])


def _lost(
    model: Model, sentences: list[list[str]], masks: Bool[np.ndarray, "mask unit"], site: Site
) -> Float[np.ndarray, "mask"]:
    tokens = vocabulary.encode(model.vocabulary, sentences)
    effect = ablate.intervene(model.forward, model.params, tokens, Predictions(), masks, site=site)
    return _nats(effect.edited) - _nats(effect.unedited)


def _nats(sums: Sums) -> Float[np.ndarray, "*mask"]:
    nats, count = (np.asarray(leaf, np.float64).sum(axis=(-2, -1)) for leaf in (sums.nats, sums.count))
    return np.asarray(nats / count)
