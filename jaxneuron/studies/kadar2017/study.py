"""The order of the work: a model, sentences with labels, omission scores, and what they come to."""

from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.corpora import vocabulary
from jaxneuron.studies import Study, _kept, captioned, running
from jaxneuron.studies._captioned_quality import quality
from jaxneuron.studies.captioned import Data
from jaxneuron.studies.kadar2017 import categories, information, material, omission, regression
from jaxneuron.studies.kadar2017.claims import claims
from jaxneuron.studies.kadar2017.material import Parsed, TaggedCaptions, Treebank
from jaxneuron.studies.kadar2017.omission import NETWORKS
from jaxneuron.studies.kadar2017.options import COMMAND, Options
from jaxneuron.studies.kadar2017.page import PAGE
from jaxneuron.studies.kadar2017.presets import PRESETS, Preset
from jaxneuron.studies.kadar2017.results import (
    PART,
    RELATION,
    TEXTUAL,
    VISUAL,
    Category,
    Example,
    Found,
    Function,
    Informed,
    PathwaysReport,
    Predicted,
    Ratio,
    Results,
    TextReport,
)
from jaxneuron_models import imaginet
from jaxneuron_models.model import Model


class Given(NamedTuple):
    """What a run is given, read and checked."""

    texts: Data
    treebank: Treebank | None
    model: Model | None


Run = running.Run[Given, Preset, Options]


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Read the captions and the treebank, and load the model if there is one.

    Args:
        options: which captions, treebank and model.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        FileNotFoundError: no data, or no model.
        ValueError: no captions, no treebank, or no Imaginet.
    """
    return Given(
        captioned.read(options.data),
        None if options.treebank is None else material.treebank(options.treebank),
        None if options.model is None else imaginet.load(options.model),
    )


def model(run: Run) -> Model:
    """Return the model; one is trained where none is given."""
    if run.given.model is not None:
        return run.given.model
    options, progress = run.preset.training | run.preset.imaginet, run.report("train Imaginet")
    return captioned.trained(run.directory / "model", run.given.texts, options, seed=run.seed, progress=progress)


def parsed(run: Run) -> Parsed:
    """Return the sentences that are analysed; captions without labels are tagged, once."""
    texts, treebank = None if run.options.data is None else run.given.texts, run.given.treebank
    if treebank is None:
        return material.parsed(texts, run.options.parsed, None, seed=run.seed)

    def tagged() -> Parsed:
        run.report("train the tagger")
        return material.parsed(texts, None, treebank, seed=run.seed)

    return run.keep("stages/tagged", Parsed, tagged)


def prepare(run: Run) -> TaggedCaptions:
    """Encode what is analysed."""
    return material.prepare(run.of(model), run.of(parsed), captions=run.preset.captions)


def unknown(run: Run) -> dict[str, float]:
    """Return how much of each text the model does not know."""
    texts = {"train": run.given.texts.train.sentences, "analysed": run.of(prepare).text.sentences}
    return run.unknown(run.of(model).vocabulary, texts)


def scores(run: Run) -> dict[str, np.ndarray]:
    """Return the omission score of every word, by network; they stay on disk."""

    def compute() -> dict[str, np.ndarray]:
        return omission.scores(run.of(prepare), batch=run.preset.batch, report=run.report)

    return _kept.arrays(run.directory / "omission.npz", compute)


def model_report(run: Run) -> PathwaysReport:
    """Say how large and how good the model is."""
    used, texts = run.of(model), run.given.texts
    train, dev = (vocabulary.encode(used.vocabulary, part.sentences) for part in (texts.train, texts.dev))
    found = quality(used, texts, train, dev)
    return PathwaysReport(
        parameters=sum(leaf.size for leaf in jax.tree.leaves(used.params)),
        vocabulary=len(used.vocabulary.words),
        units=used.config.units,
        features=used.config.features,
        named=bool(texts.train.names),
        curves=captioned.curves(run.options.model or run.directory / "model"),
        **found._asdict(),
    )


def text(run: Run) -> TextReport:
    """Say what is analysed."""
    return run.of(prepare).report


def examples(run: Run) -> list[Example]:
    """Return a few captions with the scores of their words."""
    return omission.examples(run.of(prepare), run.of(scores))


def by_category(run: Run) -> dict[str, list[Category]]:
    """Return the distributions of the scores over parts of speech and relations."""
    found, least = run.of(prepare), run.preset.least
    return {
        layer: categories.distribution(found.text.labels[layer], run.of(scores), found.tokens.mask, least=least)
        for layer in (PART, RELATION)
    }


def fitted(run: Run) -> regression.Fitted:
    """Fit the regressions."""
    found, preset = run.of(prepare), run.preset
    run.report("what predicts the scores")
    words = vocabulary.decode(found.model.vocabulary, found.tokens)
    relations = found.text.labels[RELATION]
    return regression.fit(words, relations, run.of(scores), learn=preset.learn, frequent=preset.frequent)


def explained(run: Run) -> dict[str, Predicted]:
    """Return how much of the scores of each network is explained."""
    return run.of(fitted).explained


def functions(run: Run) -> list[Function]:
    """Return words whose score depends on what they do in the sentence."""
    return run.of(fitted).functions


def measured(run: Run) -> information.Measured:
    """Measure what units tell about contexts."""
    found, preset = run.of(prepare), run.preset
    run.report("what units tell about contexts")
    states = {name: omission.states(found, NETWORKS[name].site) for name in (VISUAL, TEXTUAL)}
    how = {"bins": preset.bins, "seen": preset.seen, "replicates": preset.replicates, "seed": run.seed}
    return information.measure(found.text, states, **how)


def informed(run: Run) -> list[Informed]:
    """Return how much units tell about each kind of context."""
    return run.of(measured).information


def ratios(run: Run) -> list[Ratio]:
    """Compare the pathways by that."""
    return run.of(measured).ratios


def found(run: Run) -> list[Found]:
    """List the contexts in which the units are high that tell most."""
    return run.of(measured).found


STUDY = Study(
    command=COMMAND,
    presets=PRESETS,
    read=read,
    prepare=prepare,
    unknown=unknown,
    stages={
        "model": model_report,
        "text": text,
        "examples": examples,
        "categories": by_category,
        "regression": explained,
        "functions": functions,
        "information": informed,
        "ratios": ratios,
    },
    found=found,
    results=Results,
    claims=claims,
    page=PAGE,
)
