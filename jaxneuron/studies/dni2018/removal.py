"""What does the model lose without the best units, or with the hypothesis in their place? The numbers of Figure 5."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron.evaluate import effects
from jaxneuron.intervene import Answered, ablate, oracle
from jaxneuron.studies.dni2018.languages import Feature, Language, given_types
from jaxneuron.studies.dni2018.material import Passages, Report
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.relevance import Relevance
from jaxneuron.studies.dni2018.results import Intact, Removal, Removed, Units, Way
from jaxneuron.types import Activations, Output, Site
from jaxneuron_models.model import Model


class Interval(NamedTuple):
    """A mean over random sets, its 95% confidence interval, and the extremes."""

    mean: float
    low: float
    high: float
    least: float
    most: float


class _Reading(NamedTuple):
    """What the model reads, and what is asked of it."""

    model: Model
    found: Passages
    target: Answered  # the type of the next symbol
    site: Site


def removal(
    key: Array,
    model: Model,
    found: Passages,
    language: Language,
    hidden: Relevance,
    preset: Preset,
    *,
    site: Site,
    report: Report,
) -> Removal:
    """Return how well the type of the next symbol is predicted under Rm-Neuron and Oracle.

    The model's choice is among the types of the language: for parentheses among the digits, where a digit follows.

    Args:
        key: draws the random units.
        model: the trained LSTM.
        found: test passages.
        language: its features and classes.
        hidden: the scores that units are chosen by, of other passages.
        preset: how many units and random sets.
        site: where the units are.
        report: what is being done -> a progress callback.
    """
    classes = given_types(language.classes, model.vocabulary.words)
    following = found.following()
    kinds = classes[:, np.maximum(following, 0)] & (following >= 0)
    targets = np.where(kinds.any(axis=0), kinds.argmax(axis=0), -1).astype(np.int32)
    read = jax.tree_util.Partial(_by_class, jnp.asarray(classes, jnp.float32))
    target = Answered(effects.Predictions(jnp.eye(len(classes), dtype=bool), read), targets)
    reading = _Reading(model, found, target, site)

    width = hidden.score.shape[1]
    counts = [count for count in preset.counts if count < width]
    drawn = random_sets(key, width, counts, preset.random)
    chosen = [top_sets(feature, hidden, counts) for feature in language.features]
    masks = np.concatenate([*chosen, drawn.reshape(-1, width)])
    effect = ablate.intervene(
        model.forward,
        model.params,
        found.tokens,
        target,
        masks,
        site=site,
        progress=report("remove units"),
    )
    correct = accuracy(effect.edited)
    by_chance = correct[len(chosen) * len(counts) :].reshape(len(counts), -1)
    rows = [_chance(count, interval(by_chance[place])) for place, count in enumerate(counts)]
    for number, feature in enumerate(language.features):
        removed = correct[number * len(counts) : (number + 1) * len(counts)]
        rows += [
            Removed(feature.name, Way.REMOVE, Units.TOP, count, float(value), as_low=float((chance <= value).mean()))
            for count, value, chance in zip(counts, removed, by_chance, strict=True)
        ]
        rows += _oracles(reading, feature, chosen[number], counts)
    return Removal(list(language.classes), _intact(language.classes, effect.unedited), rows)


def _chance(count: int, found: Interval) -> Removed:
    return Removed(None, Way.REMOVE, Units.RANDOM, count, found.mean, None, *found[1:])


def _intact(classes: Iterable[str], unedited: effects.Sums) -> Intact:
    intact = effects.summary(unedited)

    def by_class(values: Any) -> dict[str, Any]:
        return dict(zip(classes, values.tolist(), strict=True))

    whole = float(accuracy(unedited)[None][0])
    return Intact(whole, by_class(intact.accuracy), by_class(intact.probability), by_class(intact.count))


def _oracles(reading: _Reading, feature: Feature, masks: np.ndarray, counts: list[int]) -> list[Removed]:
    """Return the rows of Oracle: labels mapped to [-1, 1], as in the paper, and to each unit's own means."""
    model, found, target, site = reading
    labels = found.of(feature.label)
    if np.ptp(labels[found.counted]) == 0:
        return []
    own = oracle.own_means(model.forward, model.params, found.tokens, labels, site=site)
    made = []
    for way, means in ((Way.ORACLE, oracle.SELLAM2018), (Way.OWN_MEANS, own)):
        effect = oracle.intervene(
            model.forward,
            model.params,
            found.tokens,
            target,
            masks,
            site=site,
            labels=labels,
            means=means,
        )
        made += [
            Removed(feature.name, way, Units.TOP, count, float(value))
            for count, value in zip(counts, accuracy(effect.edited), strict=True)
        ]
    return made


def _by_class(classes: Float[Array, "label vocab"], output: Output, activations: Activations) -> Array:
    """Return the log-probability of each class of symbols; what is of no class is left out."""
    return jnp.log(jax.nn.softmax(output.logits) @ classes.T + 1e-30)


def accuracy(sums: effects.Sums) -> Float[np.ndarray, "*set"]:
    """Return the share of all classified symbols whose class is the likeliest."""
    right, count = (np.asarray(leaf, np.float64).sum(axis=(-2, -1)) for leaf in (sums.right, sums.count))
    return np.asarray(right / np.maximum(count, 1))


def top_sets(feature: Feature, hidden: Relevance, counts: list[int]) -> Bool[np.ndarray, "count unit"]:
    """Return the first k units of a feature, for each k.

    Args:
        feature: which.
        hidden: scores of the hidden state.
        counts: numbers of units.
    """
    score, _ = hidden.of(feature)
    place = np.argsort(np.argsort(-score, kind="stable"), kind="stable")
    return place[None] < np.array(counts)[:, None]


def random_sets(key: Array, width: int, counts: list[int], sets: int) -> Bool[np.ndarray, "count set unit"]:
    """Draw sets of k units, for each k; those of a larger k hold those of a smaller one.

    Args:
        key: one key.
        width: units of the site.
        counts: numbers of units.
        sets: of each size.

    Returns:
        True for the units of each set.
    """
    place = np.argsort(np.asarray(jax.random.uniform(key, (sets, width))), axis=1)
    return place[None] < np.array(counts)[:, None, None]


def interval(values: Float[np.ndarray, "set"]) -> Interval:
    """Return what is known of the mean over random sets."""
    mean, half = values.mean(), 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return Interval(*map(float, (mean, mean - half, mean + half, values.min(), values.max())))
