"""What does the model lose without the best units, or with the hypothesis in their place? The numbers of Figure 5."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron.evaluate import effects
from jaxneuron.intervene import ablate, oracle
from jaxneuron.studies.dni2018.languages import Feature, Language, given_types
from jaxneuron.studies.dni2018.material import Passages, Report
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.relevance import Relevance
from jaxneuron.types import Activations, Output, Site
from jaxneuron_models.model import Model

Row = dict[str, Any]


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
) -> dict[str, Any]:
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

    Returns:
        `intact`, the rates of the unedited model by class; `rows`, with feature, way (remove, oracle, own means),
        units (top, random), count, accuracy, and for random units the 95% interval of the mean over the sets and the
        share of sets that are as low as the top units.
    """
    classes = given_types(language.classes, model.vocabulary.words)
    following = found.following()
    kinds = classes[:, np.maximum(following, 0)] & (following >= 0)
    targets = np.where(kinds.any(axis=0), kinds.argmax(axis=0), -1).astype(np.int32)
    read = jax.tree_util.Partial(_by_class, jnp.asarray(classes, jnp.float32))
    target = effects.Predictions(jnp.eye(len(classes), dtype=bool), read)
    given = (model.forward, model.params, found.tokens, target)
    options = {"site": site, "answers": targets}

    width = hidden.score.shape[1]
    counts = [count for count in preset.counts if count < width]
    drawn = random_sets(key, width, counts, preset.random)
    chosen = {feature.name: top_sets(feature, hidden, counts) for feature in language.features}
    masks = np.concatenate([*chosen.values(), drawn.reshape(-1, width)])
    effect = ablate.intervene(*given, masks, **options, progress=report("remove units"))
    intact = effects.summary(effect.unedited)
    correct = accuracy(effect.edited)
    by_chance = correct[len(chosen) * len(counts) :].reshape(len(counts), -1)
    rows = [
        {"feature": None, "way": "remove", "units": "random", "count": count, **interval(by_chance[place])}
        for place, count in enumerate(counts)
    ]
    for number, feature in enumerate(language.features):
        removed = correct[number * len(counts) : (number + 1) * len(counts)]
        rows += [
            {
                "feature": feature.name,
                "way": "remove",
                "units": "top",
                "count": count,
                "accuracy": float(removed[place]),
            }
            | {"as_low": float((by_chance[place] <= removed[place]).mean())}
            for place, count in enumerate(counts)
        ]
        rows += _oracles(given, options, found, feature, chosen[feature.name], counts)
    return {
        "classes": list(language.classes),
        "intact": {"accuracy": float(accuracy(effect.unedited)[None][0])}
        | {
            "by_class": dict(zip(language.classes, intact.accuracy.tolist(), strict=True)),
            "mass": dict(zip(language.classes, intact.probability.tolist(), strict=True)),
            "count": dict(zip(language.classes, intact.count.tolist(), strict=True)),
        },
        "rows": rows,
    }


def _oracles(
    given: tuple[Any, ...],
    options: dict[str, Any],
    found: Passages,
    feature: Feature,
    masks: np.ndarray,
    counts: list[int],
) -> list[Row]:
    """Return the rows of Oracle: labels mapped to [-1, 1], as in the paper, and to each unit's own means."""
    labels = found.of(feature.label)
    model: tuple[Any, ...] = given[:3]
    if np.ptp(labels[found.counted]) == 0:
        return []
    own = oracle.own_means(model[0], model[1], model[2], labels, site=options["site"])
    made = []
    for way, bounds in (("oracle", {}), ("own means", own._asdict())):
        effect = oracle.intervene(given[0], given[1], given[2], given[3], masks, **options, labels=labels, **bounds)
        made += [
            {"feature": feature.name, "way": way, "units": "top", "count": count, "accuracy": float(value)}
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
    """Return the first k units of a feature, for each k."""
    score, _ = hidden.of(feature)
    place = np.argsort(np.argsort(-score, kind="stable"), kind="stable")
    return place[None] < np.array(counts)[:, None]


def random_sets(key: Array, width: int, counts: list[int], sets: int) -> Bool[np.ndarray, "count set unit"]:
    """Draw sets of k units, for each k; those of a larger k hold those of a smaller one."""
    place = np.argsort(np.asarray(jax.random.uniform(key, (sets, width))), axis=1)
    return place[None] < np.array(counts)[:, None, None]


def interval(values: Float[np.ndarray, "set"], name: str = "accuracy") -> dict[str, float]:
    """Return mean and 95% confidence interval of the mean over random sets, and the extremes."""
    mean, half = values.mean(), 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return {name: float(mean), "low": float(mean - half), "high": float(mean + half)} | {
        "least": float(values.min()),
        "most": float(values.max()),
    }
