"""Units of sentiment, and what a word before an adjective does to them: intensifies, or flips.

Every phrase is a frame, perhaps a word, and an adjective; a unit's value is that at the adjective. Half of the
adjectives choose the units that tell good from bad without a word before them, and of these the one that the word does
most to, more than a word that should do nothing; the other half say what it does there. What counts is the smaller of
the effects on good and on bad adjectives: a word that pushes a unit one way, whatever follows, does nothing to
sentiment.
"""

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.rank import average_precision
from jaxneuron.studies.cases.grammar import BAD, FRAMES, GOOD, NEUTRAL, NOT, VERY
from jaxneuron.studies.cases.material import Layers
from jaxneuron.studies.cases.presets import Preset
from jaxneuron.studies.cases.results import Pushed

WORDS = ("", VERY, NOT, NEUTRAL)
FEW = 20
"""Units of sentiment among which one is chosen."""

Values = Float[np.ndarray, "adjective unit"]


def phrases() -> list[list[str]]:
    """Return all phrases; `turned` knows their order."""
    return [
        [*frame.split(), *([word] if word else []), adjective]
        for word in WORDS
        for frame in FRAMES
        for adjective in GOOD + BAD
    ]


def turned(layers: Layers, preset: Preset, seed: int) -> list[Pushed]:
    """Return the unit that is intensified most, and the one that is flipped most.

    Args:
        layers: what the units do at the words of `phrases`.
        preset: the size of the run.
        seed: of the random units, and of the interval.
    """
    ends = np.cumsum([len(phrase) for phrase in phrases()]) - 1
    value = layers.value[ends].astype(np.float64)
    value = value.reshape(len(WORDS), len(FRAMES), len(GOOD + BAD), -1)
    good = np.arange(len(GOOD + BAD)) < len(GOOD)
    choose = np.arange(len(good)) % 2 == 0  # every other adjective of both kinds
    plain = value[0][:, choose].reshape(-1, value.shape[-1])
    auroc = average_precision.scores(plain, np.tile(good[choose], len(FRAMES))).auroc[-1]
    means = [value[0][:, choose & one].mean((0, 1)) for one in (good, ~good)]
    gap, middle = means[0] - means[1], (means[0] + means[1]) / 2
    side = np.where(good, 1, -1)[:, None] * np.sign(gap)  # where each adjective should be, above the middle or below
    spread = np.where(plain.std(0) > 0, plain.std(0), 1)
    leaning = side * (value - middle) / spread  # above 0: on the right side

    def intensified(word: int) -> Values:
        return (leaning[word] - leaning[0]).mean(0)

    def flipped(word: int) -> Values:
        right = leaning[0] > 0
        return np.where(right.any(0), (right & (leaning[word] < 0)).sum(0) / np.maximum(right.sum(0), 1), 0.0)

    draw = np.random.default_rng(seed)
    best = np.argsort(-np.abs(auroc - 0.5), kind="stable")[:FEW]
    others = [draw.choice(len(gap), min(FEW, len(gap)), replace=False) for _ in range(preset.draws)]
    found = []
    for kind, word, effect in (("intensified", VERY, intensified), ("flipped", NOT, flipped)):
        done, nothing = effect(WORDS.index(word)), effect(WORDS.index(NEUTRAL))

        def chosen(units: Int[np.ndarray, "some"], more: Values = done - nothing) -> int:
            return int(units[np.argmax(_both(more[:, units], good, choose))])

        def asked(effect: Values, unit: int) -> float:
            return float(_both(effect[:, [unit]], good, ~choose)[0])

        unit = chosen(best)
        own = [done[~choose & one, unit] for one in (good, ~good)]
        again = np.min([one[draw.integers(len(one), size=(preset.resampled, len(one)))].mean(1) for one in own], axis=0)
        shown = np.flatnonzero(~choose)[int(np.argmax(done[~choose, unit]))]
        site, number = layers.place[unit]
        alone, after, beside = (float(value[WORDS.index(w)][:, shown, unit].mean()) for w in ("", word, NEUTRAL))
        found.append(
            Pushed(
                kind=kind,
                site=site,
                unit=number,
                auroc=_auroc(value[0][:, ~choose][..., unit], good[~choose]),
                effect=asked(done, unit),
                low=float(np.quantile(again, 0.025)),
                high=float(np.quantile(again, 0.975)),
                neutral=asked(nothing, unit),
                random=float(np.mean([asked(done, chosen(units)) for units in others])),
                example=((GOOD + BAD)[shown], alone, after, beside),
            )
        )
    return found


def _both(effect: Values, good: np.ndarray, kept: np.ndarray) -> Float[np.ndarray, "unit"]:
    """Return the smaller of the mean effects on good and on bad adjectives, of those that are kept."""
    return np.minimum(effect[kept & good].mean(0), effect[kept & ~good].mean(0))


def _auroc(value: Float[np.ndarray, "frame adjective"], good: np.ndarray) -> float:
    found = average_precision.scores(value.reshape(-1, 1), np.tile(good, len(value))).auroc[-1, 0]
    return float(max(found, 1 - found))
