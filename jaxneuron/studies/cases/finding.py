"""Which unit tells the words of a case best, and does it do so on text that had no say in that?"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.rank import average_precision
from jaxneuron.rank.average_precision import Expertise
from jaxneuron.studies.cases.material import Layers, Portion
from jaxneuron.studies.cases.presets import Preset
from jaxneuron.studies.cases.programs import ENDS
from jaxneuron.studies.cases.results import Case, Passage
from jaxneuron.studies.running import Report

AT_ONCE = 50
"""Draws of sentences that are in memory together."""


def cases(
    choose: Portion, ask: Portion, layers: tuple[Layers, Layers], preset: Preset, seed: int, report: Report
) -> list[Case]:
    """Return the best unit of each case, asked on the other text.

    Args:
        choose: the part that chooses.
        ask: the part that is asked.
        layers: what the units do at their words.
        preset: the size of the run.
        seed: of the shifts, the draws of sentences and the sentences that are shown.
        report: what is being done -> a progress callback.
    """
    draw = np.random.default_rng(seed)
    names = [name for name in choose.cases if _enough(choose.cases[name], preset) and _enough(ask.cases[name], preset)]
    rows, asked_rows = (one.value for one in layers)
    held, asked = (np.stack([text.cases[name] for name in names], axis=1) for text in (choose, ask))
    shifted, asked_shifted = (_shifted(labels, preset.draws, draw) for labels in (held, asked))
    every = np.concatenate([held, shifted], axis=1)
    chosen = average_precision.scores(rows, every, progress=report("choose a unit for each case"))
    unit, rises = _best(chosen)
    columns, place = asked_rows[:, unit], np.arange(len(unit))
    told = average_precision.scores(np.where(rises, columns, -columns), np.concatenate([asked, asked_shifted], axis=1))
    auroc = np.diag(told.auroc)
    where, control = layers[0].place, auroc[len(names) :].reshape(preset.draws, len(names))
    found = []
    for number, name in enumerate(names):
        value = np.where(rises[number], 1, -1) * columns[:, number]
        site, own = where[unit[number]]
        low, high = _interval(value, asked[:, number], ask.sentence, preset, draw)
        found.append(
            Case(
                name=name,
                words=int(asked[:, number].sum()),
                share=float(asked[:, number].mean()),
                site=site,
                unit=own,
                sign="+" if rises[number] else "-",
                found=float(np.where(rises, chosen.rising[place, unit], chosen.falling[place, unit])[number]),
                precision=float(told.rising[number, number]),
                auroc=float(auroc[number]),
                low=low,
                high=high,
                control=float(control[:, number].mean()),
                control_high=float(control[:, number].max()),
                along=_along(columns[:, number], ask) if name in ENDS else (),
                passages=tuple(_passages(value, asked[:, number], ask, preset, draw)),
            )
        )
    by_name = {case.name: case for case in found}
    return [by_name.get(name) or Case(name, int(words.sum()), float(words.mean())) for name, words in ask.cases.items()]


def _enough(words: Bool[np.ndarray, "word"], preset: Preset) -> bool:
    return bool(preset.least <= words.sum() <= len(words) - preset.least)


def _shifted(labels: Bool[np.ndarray, "word case"], draws: int, draw: np.random.Generator) -> np.ndarray:
    """Return labels that are shifted along the text, by a quarter of it at least, `[word, draw x case]`."""
    far = draw.integers(len(labels) // 4, 3 * len(labels) // 4, size=draws)
    return np.concatenate([np.roll(labels, by, axis=0) for by in far], axis=1)


def _best(scores: Expertise) -> tuple[Int[np.ndarray, "label"], Bool[np.ndarray, "label"]]:
    """Return the unit that tells each label best, and whether it does so by rising."""
    unit = np.argmax(np.abs(scores.auroc - 0.5), axis=1)
    return unit, scores.auroc[np.arange(len(unit)), unit] >= 0.5


def _interval(
    value: Float[np.ndarray, "word"],
    held: Bool[np.ndarray, "word"],
    sentence: Int[np.ndarray, "word"],
    preset: Preset,
    draw: np.random.Generator,
) -> tuple[float, float]:
    """Return the interval of 95% of the area under the ROC curve, of whole sentences drawn again.

    A sentence that is drawn w times gives its words the weight w, so that
    `auroc = sum over held words of w (others below + half of the others equal) / (weight held * weight of others)`.
    """
    order = np.argsort(value, kind="stable")
    _, first = np.unique(value[order], return_index=True)
    held, sentence = held[order], sentence[order]
    count, found = int(sentence.max()) + 1, []
    for begin in range(0, preset.resampled, AT_ONCE):
        rows = min(AT_ONCE, preset.resampled - begin)
        weight = draw.multinomial(count, np.full(count, 1 / count), size=rows)[:, sentence].astype(np.float64)
        ours, others = (np.add.reduceat(weight * one, first, axis=1) for one in (held, ~held))
        below = np.cumsum(others, axis=1) - others / 2
        with np.errstate(invalid="ignore"):  # nan where no word of the case was drawn
            found.append(np.sum(ours * below, axis=1) / (ours.sum(axis=1) * others.sum(axis=1)))
    low, high = np.nanquantile(np.concatenate(found), [0.025, 0.975])
    return float(low), float(high)


def _along(value: Float[np.ndarray, "word"], text: Portion) -> tuple[float, ...]:
    """Return the mean in each tenth of the sentences, in standard deviations from the mean."""
    lengths = np.array([len(one) for one in text.sentences])
    place = np.arange(len(value)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    tenth = (10 * place) // np.repeat(lengths, lengths)
    standard = (value - value.mean()) / value.std()
    counts = np.bincount(tenth, minlength=10)
    return tuple((np.bincount(tenth, standard, minlength=10) / np.maximum(counts, 1)).tolist())


def _passages(
    value: Float[np.ndarray, "word"],
    held: Bool[np.ndarray, "word"],
    text: Portion,
    preset: Preset,
    draw: np.random.Generator,
) -> Iterator[Passage]:
    """Yield sentences that have a word of the case, drawn at random."""
    standard = (value - value.mean()) / (value.std() or 1)
    ends = np.cumsum([len(one) for one in text.sentences])
    spans = [(end - len(one), end) for one, end in zip(text.sentences, ends, strict=True)]
    fit = [span for span in spans if 3 <= span[1] - span[0] <= preset.longest and held[slice(*span)].any()]
    for number in draw.permutation(len(fit))[: preset.shown]:
        first, end = fit[number]
        words = text.sentences[text.sentence[first]]
        yield Passage(words, np.round(standard[first:end], 3).tolist(), held[first:end].tolist())
