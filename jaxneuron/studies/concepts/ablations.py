"""What is lost without the first units of each ranking: in what a probe reads, and inside the model."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np

from jaxneuron.evaluate import ablation
from jaxneuron.studies._sentences import Sentences, reader
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.concepts.rankings import Ranked, Scope
from jaxneuron.studies.concepts.results import Direction, Lost, Place
from jaxneuron.studies.running import Report
from jaxneuron.types import Probe, Site, Tokens

HIDDEN = 0.15
"""Share of the sub-words that a masked language model has to guess, as in Devlin et al. 2019."""


def in_representation(
    found: Scope, probe: Probe, ranked: Mapping[str, Ranked], preset: Preset, *, seed: int
) -> list[Lost]:
    """Return the test accuracy of a trained probe without the first, the last and random k units, set to nought.

    Args:
        found: units side by side, with one layer of labels.
        probe: of all units.
        ranked: name -> ranking.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    counts = _counts(found.train[0].shape[1], preset)
    names, sets = _sets(ranked, counts, preset, seed, bottom=True)
    zero, mean = (
        ablation.in_representation(probe, *found.test, sets, value=value) for value in (0.0, np.asarray(probe.mean))
    )
    rows = [
        Lost(Place.REPRESENTATION, *name, k, accuracy=zero[i, j], accuracy_at_mean=mean[i, j])
        for i, name in enumerate(names)
        for j, k in enumerate(counts)
    ]
    return _random_mean(rows)


def in_model(
    subject: Subject,
    site: Site,
    last: tuple[Site, Probe],
    sentences: Sentences,
    ranked: Mapping[str, Ranked],
    preset: Preset,
    *,
    seed: int,
    report: Report,
) -> list[Lost]:
    """Return what the model is worth without the first and random k units of a site, set to nought.

    Two things are asked: a probe after the last layer, and, of a language model, its own words.

    Args:
        subject: the model.
        site: where the units are.
        last: the last layer, and a probe that reads the property there.
        sentences: test sentences.
        ranked: the rankings of the units.
        preset: how many units, and how many random orders.
        seed: of the random orders and the hidden words.
        report: what is being done -> a progress callback.
    """
    counts = _counts(len(next(iter(ranked.values())).order), preset)
    names, sets = _sets(ranked, counts, preset, seed, bottom=False)
    read = reader(*last)
    model = (subject.forward, subject.params)
    told = ablation.in_model(
        *model,
        sentences.tokens,
        sentences.classes,
        sets,
        site=site,
        read=read,
        progress=report(f"without units of {site}"),
    )
    words = None
    if subject.config.head == "language" and (subject.config.causal or subject.hidden is not None):
        tokens, targets = _guesses(subject, sentences.tokens, seed)
        words = ablation.in_model(
            *model, tokens, targets, sets, site=site, progress=report(f"words without units of {site}")
        )
    whole = Lost(Place.MODEL, Method.NOTHING, Direction.TOP, 0, property=told.unedited[1], flips=0.0)
    rows = [
        Lost(Place.MODEL, *name, k, property=told.accuracy[i, j], flips=told.flips[i, j])
        for i, name in enumerate(names)
        for j, k in enumerate(counts)
    ]
    if words is not None:
        perplexity, right = words.unedited
        whole = whole._replace(perplexity=perplexity, word_accuracy=right, word_flips=0.0, divergence=0.0)
        measured = (words.perplexity, words.accuracy, words.flips, words.divergence)
        values = zip(*(np.asarray(one).reshape(-1) for one in measured), strict=True)
        rows = [
            row._replace(perplexity=a, word_accuracy=b, word_flips=c, divergence=d)
            for row, (a, b, c, d) in zip(rows, values, strict=True)
        ]
    return _random_mean([whole, *rows])


def _guesses(subject: Subject, tokens: Tokens, seed: int) -> tuple[Tokens, np.ndarray]:
    """Return what a language model reads, and the words that it should say."""
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask)
    if subject.config.causal:
        follows = np.pad(mask[:, 1:], [(0, 0), (0, 1)])
        return tokens, np.where(follows, np.roll(ids, -1, axis=1), -1)
    encoded = subject.tokenizer.encode("a")
    special = [id for id, flag in zip(encoded.ids, encoded.special_tokens_mask, strict=True) if flag]
    free = mask & ~np.isin(ids, special)
    drawn = free & (np.random.default_rng(seed).random(ids.shape) < HIDDEN)
    drawn = drawn if drawn.any() else free
    hidden = 0 if subject.hidden is None else subject.hidden  # `in_model` asks only models that have one
    return Tokens(np.where(drawn, hidden, ids).astype(np.int32), mask), np.where(drawn, ids, -1)


def _counts(units: int, preset: Preset) -> list[int]:
    return sorted({max(1, round(share * units)) for share in preset.lost})


def _sets(
    ranked: Mapping[str, Ranked], counts: Sequence[int], preset: Preset, seed: int, *, bottom: bool
) -> tuple[list[tuple[str, Direction]], np.ndarray]:
    """Return whose sets they are, and the sets `[order k unit]`."""
    names, sets = [], []
    for number, (name, one) in enumerate(ranked.items()):
        made = ablation.masks(jax.random.key(seed), one.order, counts, repeats=preset.repeats)
        names.append((name, Direction.TOP))
        sets.append(made.top)
        if bottom:
            names.append((name, Direction.BOTTOM))
            sets.append(made.bottom)
        if number == 0:
            names += [(Method.RANDOM, Direction.RANDOM)] * preset.repeats
            sets += list(made.random)
    return names, np.stack(sets)


def _random_mean(rows: list[Lost]) -> list[Lost]:
    """Return the rows with the random orders of one size replaced by their mean."""
    others = [row for row in rows if row.direction is not Direction.RANDOM]
    own = [row for row in rows if row.direction is Direction.RANDOM]
    for k in dict.fromkeys(row.count for row in own):
        part = [row for row in own if row.count == k]
        columns = zip(*(row[4:] for row in part), strict=True)
        mean = [None if column[0] is None else float(np.mean(column)) for column in columns]
        others.append(Lost(*part[0][:4], *mean))
    return others
