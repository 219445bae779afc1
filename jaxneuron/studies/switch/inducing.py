"""Ten concepts: which units detect their sentences, and what does the model write while the first k are forced?"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float

from jaxneuron.evaluate import written
from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.intervene import Sampling, induce
from jaxneuron.intervene.induce import Experts, Tried
from jaxneuron.rank import average_precision
from jaxneuron.studies.running import Report
from jaxneuron.studies.switch import material
from jaxneuron.studies.switch.material import Writer
from jaxneuron.studies.switch.options import Options
from jaxneuron.studies.switch.presets import Preset
from jaxneuron.studies.switch.results import Detected, Forced, Forcing


class Detectors(NamedTuple):
    """What detects the concepts of a run."""

    names: list[str]
    here: Bool[np.ndarray, "sentence concept"]
    states: Float[np.ndarray, "sentence unit"]  # the highest of each unit in each sentence
    score: Float[np.ndarray, "concept unit"]
    order: list[Experts]


def experts(
    writer: Writer, concepts: dict[str, set[str]], directory: Path, preset: Preset, report: Report
) -> Detectors:
    """Return the experts of the first concepts that enough sentences have, and not half of them.

    Args:
        writer: the model, with how it writes.
        concepts: name -> words.
        directory: of the run; what an earlier run left there is read.
        preset: the sizes of the run.
        report: told what is being done.

    Raises:
        ValueError: no concept is in enough sentences.
    """
    spoken = [set(written.words_of(" ".join(words))) for words in writer.labelled]
    here = {name: np.array([bool(one & words) for one in spoken]) for name, words in concepts.items()}
    names = [name for name, rows in here.items() if preset.least <= rows.sum() <= len(spoken) / 2][: preset.lists]
    if not names:
        most = max(here, key=lambda name: here[name].sum())
        raise ValueError(
            f"no concept is in {preset.least} sentences or more of {len(spoken)} and in half of them at most; the most "
            f"frequent one, {most}, is in {here[most].sum()}; give more text, or other lists"
        )
    place, progress = directory / "store" / writer.name, report(f"{writer.name}: read sentences")
    settings = Settings(pool="max")
    stored = extract(
        writer.model, writer.labelled, place, sites=tuple(writer.experts), settings=settings, progress=progress
    )
    states = np.asarray(stored.joined(*writer.experts)[:])
    labels = np.stack([here[name] for name in names], axis=1)
    found = average_precision.rank(None, states, labels, signed=True)
    values = [np.median(states[rows], axis=0) for rows in labels.T]
    order = [Experts(*one) for one in zip(np.asarray(found.order), values, strict=True)]
    return Detectors(names, labels, states, np.asarray(found.score), order)


def detected(writer: Writer, found: Detectors) -> list[Detected]:
    """Return how well the first experts of each concept detect it."""
    places = [f"{site}:{unit}" for site, width in writer.experts.items() for unit in range(width)]
    return [
        Detected(
            writer.name,
            name,
            int(found.here[:, number].sum()),
            float(found.here[:, number].mean()),
            float(found.score[number].max()),
            [places[unit] for unit in found.order[number].order[:5]],
        )
        for number, name in enumerate(found.names)
    ]


def forced(
    writer: Writer,
    found: Detectors,
    concepts: dict[str, set[str]],
    asked: Options,
    preset: Preset,
    seed: int,
    report: Report,
) -> list[Forced]:
    """Return what is written while experts, and random units, are forced.

    Args:
        writer: the model, with how it writes.
        found: the experts.
        concepts: name -> words.
        asked: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    model = writer.model
    begins = material.prompt(model, asked, preset.texts)
    assert model.step is not None and model.initial_state is not None
    state = model.initial_state(preset.texts, begins.ids.shape[1] + preset.length - 1)
    units = sum(writer.experts.values())
    tried = Tried(tuple(count for count in preset.forced if count <= units), preset.draws)
    rows = []
    for number, name in enumerate(found.names):
        report(f"{writer.name}: write of {name}")
        done = induce.intervene(
            jax.random.key(seed),
            model.step,
            model.params,
            state,
            begins,
            found.order[number],
            site=tuple(writer.experts),
            tried=tried,
            sampling=Sampling(preset.length),
        )
        ids, mine = done.effect.tokens.ids, done.effect.sampled
        texts = [
            [[material.shown(model, ids[side, k, row][mine[side, k, row]]) for row in range(preset.texts)]
             for k in range(len(done.counts))]
            for side in range(len(ids))
        ]  # fmt: skip
        own = _rows(texts[:1], concepts[name], done.counts, done.perplexity[:1])
        other = _rows(texts[1:], concepts[name], done.counts, done.perplexity[1:])
        rows += [
            Forced(writer.name, name, forcing, *row)
            for forcing, some in ((Forcing.EXPERTS, own), (Forcing.RANDOM, other))
            for row in some
        ]
    return rows


def _rows(
    texts: Sequence[Sequence[Sequence[str]]],
    concept: set[str],
    counts: Sequence[int],
    perplexity: Float[np.ndarray, "side count"],
) -> list[tuple[int, float, float, float, float, str]]:
    """Return of each number of units what is counted in the texts of all sides."""
    found, free = [], 0.0
    for place, count in enumerate(counts):
        read = [text for side in texts for text in side[place]]
        words = [written.words_of(text) for text in read]
        hits = [sum(word in concept for word in one) for one in words]
        odds = log_odds(sum(hits), sum(map(len, words)))
        free = odds if not place else free
        example = max(zip(hits, read, strict=True), key=lambda one: one[0])[1]
        share, having = sum(hits) / max(sum(map(len, words)), 1), float(np.mean(np.array(hits) > 0))
        surprise = float(np.exp(np.log(perplexity[:, place]).mean()))
        found.append((count, share, having, odds - free, surprise, example[:160]))
    return found


def log_odds(part: int, whole: int) -> float:
    """Return the logarithm of the odds of a share, half a case added on both sides, so that none is no infinity.

    Example:
        >>> log_odds(5, 10), round(log_odds(0, 10), 2)
        (0.0, -3.04)
    """
    return float(np.log((part + 0.5) / (whole - part + 0.5)))
