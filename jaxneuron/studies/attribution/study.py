"""The order of the work: texts, models, their predictions explained, concepts."""

from collections.abc import Mapping
from typing import NamedTuple

import jax

from jaxneuron.studies import Study, running
from jaxneuron.studies._subject import Subject, closed_vocabulary, load
from jaxneuron.studies.attribution import extraction, label_names, labelling, material, nets, testing, words
from jaxneuron.studies.attribution.claims import claims
from jaxneuron.studies.attribution.material import Data, Net, Texts
from jaxneuron.studies.attribution.options import COMMAND, Options, names
from jaxneuron.studies.attribution.page import PAGE
from jaxneuron.studies.attribution.presets import PRESETS, Preset
from jaxneuron.studies.attribution.results import Classifier, Found, Labels, Results, Spans


class Given(NamedTuple):
    """What a run is given, read and checked."""

    data: Data
    called: Mapping[str, str]  # label -> name
    concepts: Mapping[str, list[str]]  # name -> words
    encoder: Subject | None


class Keys(NamedTuple):
    """A key for each model that is trained."""

    encoder: jax.Array
    labels: jax.Array
    cnn: jax.Array
    spans: jax.Array


Run = running.Run[Given, Preset, Options]


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Read texts, names of labels and concepts, and load the encoder if there is one.

    Args:
        options: which texts, names and encoder.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        FileNotFoundError: no data, or no model.
        ValueError: data of another kind, a name for no label, or a model that cannot be loaded.
    """
    data = material.read(options.data, text=options.text_column, label=options.label_column)
    labels = sorted({str(label) for label in data.labels["train"].labels}) if data.labels else []
    called = label_names.named(labels, options.data, names(options.label_name))
    concepts = words.read(options.concept) or (words.adjectives() if options.data else words.of_scenes())
    return Given(data, called, concepts, load(options.model) if options.model is not None else None)


def prepare(run: Run) -> Subject:
    """Return the encoder; a small one is trained on the texts where none is given."""
    if run.given.encoder is not None:
        return run.given.encoder
    return nets.encoder(run.of(keys).encoder, run.given.data, run.directory, run.preset, run.report)


def keys(run: Run) -> Keys:
    """Split the seed."""
    return Keys(*jax.random.split(jax.random.key(run.seed), 4))


def unknown(run: Run) -> dict[str, dict[str, float]]:
    """Return, of each task, how much of its texts the encoder does not know."""
    known = closed_vocabulary(run.of(prepare))
    return {
        task: run.unknown(known, {f"{task} {split}": part.sentences for split, part in texts.items()})
        for task, texts in run.given.data._asdict().items()
        if known is not None and texts is not None
    }


def labels(run: Run) -> Labels | None:
    """Train two classifiers, explain their predictions, and test the concepts that these rest on."""
    given, out, preset, report = run.given, run.directory, run.preset, run.report
    if given.data.labels is None:
        return None
    train, dev, test = _cut(given.data.labels, preset, run.seed)
    told, called = label_names.renamed(test, given.called), tuple(given.called.values())  # as the heads' outputs
    own, subject = run.of(keys), run.of(prepare)
    found = {}
    for build in (
        lambda: nets.classifier(own.labels, subject, train, dev, out, preset, report),
        lambda: nets.cnn(own.cnn, train, dev, out, preset, report),
    ):
        net = build()
        found[net.name] = _classifier(run, net, train, told, called)
    return Labels(list(called), found, len(train.sentences))


def _classifier(run: Run, net: Net, train: Texts, test: Texts, called: tuple[str, ...]) -> Classifier:
    preset, seed, report = run.preset, run.seed, run.report
    stage = f"stages/labels.{net.name.replace(' ', '_')}"
    return Classifier(
        accuracy=run.keep(f"{stage}.accuracy", labelling.Accuracy, lambda: labelling.accuracy(net, test, called)),
        explained=run.keep(
            f"{stage}.explained",
            labelling.Predictions,
            lambda: labelling.explained(net, test, called, preset, seed=seed, report=report),
        ),
        concepts=run.keep(
            f"{stage}.concepts",
            testing.Concepts,
            lambda: testing.scores(net, train, test, called[1], run.given.concepts, preset, seed=seed, report=report),
        ),
        sites=list(net.sites),
    )


def spans(run: Run) -> Spans | None:
    """Train a head for spans, and explain what flows through the layers for start and end."""
    if run.given.data.spans is None:
        return None
    train, dev, test = _cut(run.given.data.spans, run.preset, run.seed)
    net = nets.extractor(run.of(keys).spans, run.of(prepare), train, dev, run.directory, run.preset, run.report)
    return Spans(
        accuracy=run.keep("stages/spans.accuracy", extraction.Accuracy, lambda: extraction.accuracy(net, test)),
        explained=run.keep(
            "stages/spans.explained",
            extraction.Predictions,
            lambda: extraction.explained(net, test, run.preset, seed=run.seed, report=run.report),
        ),
        train=len(train.sentences),
    )


def _cut(given: Mapping[str, Texts], preset: Preset, seed: int) -> list[Texts]:
    sizes = {"train": preset.texts, "dev": preset.held_out, "test": preset.held_out}
    return [material.some(given[split], size, seed) for split, size in sizes.items()]


def found(run: Run) -> list[Found]:
    """List the predictions that are shown."""
    rows, of_labels, of_spans = [], run.of(labels), run.of(spans)
    for model, one in of_labels.models.items() if of_labels else ():
        rows += [
            Found("label", model, place, row.label, row.pieces, row.tokens, row.score, row.error)
            for place, row in enumerate(one.explained.examples)
        ]
    for place, row in enumerate(of_spans.explained.examples if of_spans else ()):
        span = " ".join(row.pieces[row.start : row.end + 1])
        rows += [
            Found(role, "encoder", place, span, row.pieces, told.tokens, told.change, told.error)
            for role, (_, told) in row.roles().items()
        ]
    return rows


STUDY = Study(
    COMMAND,
    PRESETS,
    read,
    prepare,
    stages={"labels": labels, "spans": spans},
    results=Results,
    claims=claims,
    page=PAGE,
    found=found,
    unknown=unknown,
)
