"""Which concepts does a prediction rest on, and at which layers? TCAV over all layers of a model.

As in the tutorial's case study, positive adjectives against neutral words, but with a test that random concepts pass as
seldom as they should (see `concepts.tcav`). One concept is made of neutral words: what comes out of it is chance.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.concepts import tcav
from jaxneuron.evaluate import statistics
from jaxneuron.studies.attribution import words
from jaxneuron.studies.attribution.labelling import target
from jaxneuron.studies.attribution.material import Net, Texts, some
from jaxneuron.studies.attribution.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.types import Site, Tokens

CONTROL = "neutral words (control)"


class Tested(NamedTuple):
    """A concept at a layer; deviations are those of bootstrap samples and of shuffled labels."""

    site: Site
    concept: str
    score: float  # share of the texts whose score rises along the concept
    deviation: float
    mean: float  # derivative
    null: float  # score of shuffled labels
    z: float
    p: float
    holm: float  # p, corrected over layers and concepts
    benjamini_hochberg: float
    accuracy: float  # of the classifier that the concept's direction comes from
    mean_deviation: float = math.nan
    null_deviation: float = math.nan


class Concepts(NamedTuple):
    """Which concepts a classifier's predictions of one label rest on."""

    label: str
    inputs: int  # texts of that label
    rows: list[Tested]
    examples: dict[str, list[str]]  # of each concept, two of the texts that stand for it


def scores(
    net: Net,
    train: Texts,
    test: Texts,
    label: str,
    concepts: Mapping[str, Sequence[str]],
    preset: Preset,
    *,
    seed: int,
    report: Report,
) -> Concepts:
    """Return TCAV scores, error bars and p-values of every concept at every layer of a model.

    Args:
        net: the model.
        train: where the neutral words come from.
        test: where the inputs come from: texts of the label.
        label: which.
        concepts: name -> words.
        preset: how many examples, inputs and permutations.
        seed: of the draws.
        report: what is being done -> a progress callback.
    """
    inside = [sentence for sentence, given in zip(test.sentences, test.labels, strict=True) if given == label]
    own = some(Texts(inside, [label] * len(inside)), preset.inputs, seed)
    inputs = _tokens(net, own.sentences)
    drawn: dict[str, list[list[str]]] = {
        name: words.sequences(some_words, preset.examples, preset.sequence, (seed, number))
        for number, (name, some_words) in enumerate(concepts.items())
    }
    count = 3 * preset.examples  # twice as many random examples, and the control
    neutral = words.neutral(train.sentences, concepts, (seed, 99), count * preset.sequence)
    rows = np.array(neutral, dtype=object).reshape(count, preset.sequence).tolist()
    drawn[CONTROL] = rows[: preset.examples]
    model, every = (net.forward, net.params), [one for group in drawn.values() for one in group]
    gradients = tcav.gradients(*model, inputs, target(), net.sites, pool="mean")
    vectors = tcav.examples(*model, _tokens(net, every + rows[preset.examples :]), net.sites, pool="mean").activations
    size = preset.examples

    def part(first: int, last: int | None) -> tcav.Examples:
        return tcav.Examples({site: value[first:last] for site, value in vectors.items()})

    examples = {name: part(number * size, (number + 1) * size) for number, name in enumerate(drawn)}
    random = part(len(drawn) * size, None)
    found = tcav.explain(
        jax.random.key(seed),
        gradients,
        examples,
        random,
        settings=tcav.Settings(permutations=preset.permutations),
        progress=report(f"{net.name}: test concepts"),
    )
    corrected = statistics.corrected(found.p)
    table = [
        Tested(
            site=site,
            concept=concept,
            score=float(found.score.count[i, j]),
            deviation=float(np.std(found.resampled.count[i, j])),
            mean=float(found.score.mean[i, j]),
            mean_deviation=float(np.std(found.resampled.mean[i, j])),
            null=float(np.mean(found.null.count[i, j])),
            null_deviation=float(np.std(found.null.count[i, j])),
            z=float(found.z[i, j]),
            p=float(found.p[i, j]),
            holm=float(corrected.holm[i, j]),
            benjamini_hochberg=float(corrected.benjamini_hochberg[i, j]),
            accuracy=float(found.accuracy[i, j]),
        )
        for i, site in enumerate(found.sites)
        for j, concept in enumerate(found.concepts)
    ]
    shown = {name: [" ".join(one) for one in rows[:2]] for name, rows in drawn.items()}
    return Concepts(label, len(own.sentences), table, shown)


def _tokens(net: Net, sentences: list[list[str]]) -> Tokens:
    return jax.tree.map(jnp.asarray, net.read(sentences).tokens)
