"""What does the model write while its best units are held? The texts of Figures 4 and 6, and what is in them."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Bool

from jaxneuron.corpora import vocabulary
from jaxneuron.evaluate import written
from jaxneuron.intervene import Sampling, force
from jaxneuron.studies.dni2018.languages import Feature, Language
from jaxneuron.studies.dni2018.material import Passages, Report
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.relevance import Relevance
from jaxneuron.studies.dni2018.removal import interval, random_sets, top_sets
from jaxneuron.studies.dni2018.results import Held, Units, Written
from jaxneuron.types import Site, Tokens
from jaxneuron_models import lstm_lm
from jaxneuron_models.model import Model

PROMPT = 20
"""Symbols of a longer text that stand before what is written; of a short one, its first symbol."""


def writing(
    key: Array,
    model: Model,
    found: Passages,
    language: Language,
    hidden: Relevance,
    preset: Preset,
    *,
    site: Site,
    report: Report,
) -> list[Written]:
    """Return what is counted in texts that are written while sets of units are held.

    Top units are held at 1, as in the paper ("1"), and at 1 or -1, whichever side the hypothesis is on ("side"); random
    ones at 1. All sets see the same random numbers.

    Args:
        key: draws the random units and the symbols.
        model: the trained LSTM.
        found: passages whose beginnings are the prompts.
        language: its features.
        hidden: the scores that units are chosen by.
        preset: how many units, random sets, texts and symbols.
        site: where the units are.
        report: what is being done -> a progress callback.
    """
    set_key, write_key = jax.random.split(key)
    width = hidden.score.shape[1]
    counts = [count for count in preset.counts if count < width]
    prompt = _prompts(found, preset.texts)
    drawn = random_sets(set_key, width, counts, preset.written)
    progress = report("write text")
    jobs = 1 + 2 * len(language.features)

    def write(masks: Bool[np.ndarray, "set unit"], value: Any, job: int) -> list[list[str]]:
        texts = force.intervene(
            write_key,
            lstm_lm.step,
            model.params,
            lstm_lm.initial_state(model.config, len(prompt.ids)),
            prompt,
            masks,
            site=site,
            value=value,
            sampling=Sampling(preset.length, end=vocabulary.END),
        )
        if progress:
            progress(job, jobs)
        words = np.array([word if len(word) == 1 else "" for word in model.vocabulary.words])
        return [
            ["".join(words[ids[sampled]]) for ids, sampled in zip(*rows, strict=True)]
            for rows in zip(np.asarray(texts.tokens.ids), np.asarray(texts.sampled), strict=True)
        ]

    nothing = np.zeros((1, width), bool)
    random_texts = write(np.concatenate([nothing, drawn.reshape(-1, width)]), 1.0, 1)
    rows = []
    for number, feature in enumerate(language.features):
        rows.append(_row(feature, Units.NONE, Held.NOTHING, 0, random_texts[0]))
        chance = np.array([rate(feature, texts) for texts in random_texts[1:]]).reshape(len(counts), -1)
        for place, count in enumerate(counts):
            shown = _row(feature, Units.RANDOM, Held.ONE, count, random_texts[1 + place * preset.written])
            mean, low, high, least, most = interval(chance[place])
            rows.append(shown._replace(rate=mean, low=low, high=high, least=least, most=most))
        masks = top_sets(feature, hidden, counts)
        _, sign = hidden.of(feature)
        sides = np.where(sign < 0, -1.0, 1.0).astype(np.float32)
        for later, (held, value) in enumerate(((Held.ONE, 1.0), (Held.SIDE, sides))):
            for place, texts in enumerate(write(masks, value, 2 + 2 * number + later)):
                row = _row(feature, Units.TOP, held, counts[place], texts)
                rows.append(row._replace(as_high=float((chance[place] >= row.rate).mean())))
    return rows


def _prompts(found: Passages, texts: int) -> Tokens:
    """Return the beginning of as many passages, again from the first where there are fewer."""
    ids, mask = (array[np.arange(texts) % len(found.strings)] for array in found.tokens)
    short = 1 if ids.shape[1] <= 120 else PROMPT
    return Tokens(ids[:, :short], mask[:, :short])


def rate(feature: Feature, texts: Sequence[str]) -> float:
    """Return how often what the feature counts is in texts, for each 100 symbols.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> rate(Feature("digit", (), symbols("1"), "[0-9]", "digits"), ["1a", "b(c)()", ""])
        12.5
    """
    symbols = sum(map(len, texts))
    if feature.counted is None:
        found = sum(written.matched(text).pairs for text in texts)
    else:
        found = sum(written.occurrences(texts, feature.counted))
    return 100 * found / max(symbols, 1)


def _row(feature: Feature, units: Units, held: Held, count: int, texts: Sequence[str]) -> Written:
    example, symbols = max(texts, key=len)[:200], sum(map(len, texts))
    return Written(feature.name, units, held, count, rate(feature, texts), feature.what, symbols, example)
