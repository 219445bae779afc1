"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.corpora.labelled import Labelled
from jaxneuron.evaluate import layers as layering
from jaxneuron.studies import running
from jaxneuron.studies._sentences import read_sentences
from jaxneuron.studies._splits import read as read_splits
from jaxneuron.studies._splits import sample
from jaxneuron.studies._study import Study
from jaxneuron.studies._subject import Subject, closed_vocabulary, load, train
from jaxneuron.studies.concepts import ablations, examples, languages, material, probing, protocol, rankings
from jaxneuron.studies.concepts.claims import claims
from jaxneuron.studies.concepts.material import Text
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.concepts.options import COMMAND, Options, layers
from jaxneuron.studies.concepts.page import PAGE
from jaxneuron.studies.concepts.presets import PRESETS, Preset
from jaxneuron.studies.concepts.rankings import Ranked, Scope
from jaxneuron.studies.concepts.results import (
    Accuracy,
    Agreement,
    Class,
    Example,
    Extent,
    Layer,
    Lost,
    Point,
    Property,
    Recurrence,
    Results,
    Selective,
    Spread,
)
from jaxneuron.types import Probe, Site


class Given(NamedTuple):
    """What a run reads before it works."""

    subject: Subject | None  # None: one is trained
    texts: dict[str, dict[str, Labelled]]  # name -> its splits; the first is studied, the others are compared with it
    layers: tuple[str, ...]  # of labels; the first is the property under study


Run = running.Run[Given, Preset, Options]


def read(asked: Options, preset: Preset, seed: int) -> Given:
    """Read the texts, and open the model that is given.

    Args:
        asked: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        ValueError: two texts of one name, or too little text.
        KeyError: a text has no such layer of labels.
        FileNotFoundError: no data, or no model.
    """
    names = [path.name.split(".")[0] for path in asked.data] or ["scenes"]
    if len(set(names)) < len(names):
        raise ValueError(f"two texts have the same name ({', '.join(names)}); rename a folder")
    columns = {"text": asked.text_column, "label": asked.label_column}
    splits = [read_splits(path, **columns) for path in asked.data] or [read_splits(None)]
    texts, wanted = dict(zip(names, splits, strict=True)), layers(asked)
    for name, given in texts.items():
        material.check_layers(given["train"], name, wanted)
    return Given(None if asked.model is None else load(asked.model), texts, wanted)


def prepare(run: Run) -> Subject:
    """Return the model; a small one is trained on the first text where none is given."""
    if run.given.subject is not None:
        return run.given.subject
    first = next(iter(run.given.texts.values()))
    words = {"train": run.preset.training_words, "dev": run.preset.held_out}
    text, dev = (sample(first[split], most, 0).sentences for split, most in words.items())
    return train(jax.random.key(run.seed), text, dev, run.directory / "model", run.preset.training, run.report)


def unknown(run: Run) -> dict[str, dict[str, float]]:
    """Return how much of each text the model does not know."""
    words = closed_vocabulary(run.of(prepare))
    return {
        name: run.unknown(words, {f"{name} {split}": part.sentences for split, part in given.items()})
        for name, given in run.given.texts.items()
        if words is not None
    }


def _texts(run: Run) -> list[Text]:
    """Extract the activations of all texts; the first is the one under study."""
    subject = run.of(prepare)
    return [
        material.prepare(
            subject, name, given, run.given.layers, run.directory, run.preset, seed=run.seed, report=run.report
        )
        for name, given in run.given.texts.items()
    ]


def _text(run: Run) -> Text:
    return run.of(_texts)[0]


def _widths(run: Run) -> dict[Site, int]:
    return run.of(_text).parts["train"].store.sites


def _scope(run: Run, name: str, *sites: Site, layer: str = "", text: Text | None = None) -> Scope:
    """Return the activations of some sites, all of them by default, with the labels of a layer."""
    sites = sites or tuple(run.of(_widths))
    return rankings.scope(name, text or run.of(_text), sites, layer or run.given.layers[0])


def _probe(run: Run, found: Scope) -> Probe:
    """Return the probe that reads the property from the units of a scope."""
    return rankings.probe(found, run.directory, run.preset.probe, seed=run.seed, report=run.report)


def _every(run: Run) -> Scope:
    """Return the units of all layers side by side."""
    return _scope(run, Extent.ALL)


def _one(run: Run) -> Scope:
    """Return the units of the layer under study."""
    return _scope(run, Extent.LAYER, run.of(_layer))


def _reads(run: Run) -> Probe:
    """Return the probe of all units."""
    return _probe(run, run.of(_every))


def _ranked(run: Run) -> dict[str, Ranked]:
    """Rank the units of all layers."""
    given = {"pool": run.preset.pool, "seed": run.seed, "report": run.report}
    return rankings.rankings(run.of(_every), run.preset.wide_methods, run.directory, **given)


def _inner(run: Run) -> dict[str, Ranked]:
    """Rank the units of the layer under study."""
    found = run.of(_one)
    given = {"pool": found.train[0].shape[1], "seed": run.seed, "report": run.report}
    return rankings.rankings(found, run.preset.methods, run.directory, **given)


def _wide_counts(run: Run) -> tuple[int, ...]:
    return tuple(k for k in run.preset.wide_counts if k <= run.of(_every).train[0].shape[1])


def _sites(run: Run) -> list[Site]:
    return list(run.of(_widths))


def _accuracy(run: Run) -> Accuracy:
    return probing.accuracy(run.of(_text), run.of(_every), run.of(_reads), run.given.layers[0])


def _layers(run: Run) -> list[Layer]:
    given = {"seed": run.seed, "report": run.report}
    return probing.by_layer(run.of(_text), run.of(_every), run.of(_widths), run.preset, **given)


def _layer(run: Run) -> Site:
    # what enters the first block is not computed from the context: the units under study are those of a block
    rows = run.of(_layers)
    return max(rows[1:] or rows, key=lambda row: row.dev or 0.0).site


def _seconds(run: Run) -> dict[str, float]:
    return {name: one.seconds for name, one in run.of(_ranked).items()}


def _properties(run: Run) -> dict[str, Property]:
    return {
        name: run.keep(f"stages/property.{name}", Property, lambda name=name: _property(run, name))
        for name in run.given.layers
    }


def _property(run: Run, name: str) -> Property:
    """Return the accuracy and the smallest set of units of one layer of labels."""
    main = name == run.given.layers[0]
    found = run.of(_every) if main else _scope(run, f"{Extent.ALL}.{name}", layer=name)
    given = {"seed": run.seed, "report": run.report}
    probe = _probe(run, found)
    sparse = rankings.probe(found, run.directory, run.preset.wide_methods[Method.LINEAR], **given, use="ranks")
    told = run.of(_accuracy) if main else probing.accuracy(run.of(_text), found, probe, name)
    fewest = probing.smallest(found, rankings.mass_order(sparse), run.preset, **given)
    return Property(told.classes, told.majority, told.lexicon, told.test, fewest)


def _selective(run: Run) -> list[Selective]:
    order, counts = run.of(_ranked)[Method.LINEAR].order, run.of(_wide_counts)
    return probing.selective(run.of(_text), run.of(_every), order, counts, run.preset, seed=run.seed)


def _classes(run: Run) -> list[Class]:
    return probing.classes(run.of(_text), run.of(_every), run.of(_reads), run.given.layers[0], run.of(_widths))


def _where(run: Run) -> Spread:
    top = min(run.preset.top, run.of(_every).train[0].shape[1])
    spread = layering.distribution(run.of(_ranked)[Method.LINEAR].ranking, run.of(_widths), top=top)
    return Spread(top, (np.asarray(spread) / top).tolist())


def _curves(run: Run) -> list[Point]:
    wide = protocol.curves(run, Extent.ALL, run.of(_every), run.of(_ranked), run.of(_wide_counts))
    return wide + protocol.curves(run, Extent.LAYER, run.of(_one), run.of(_inner), run.preset.counts)


def _examples(run: Run) -> list[Example]:
    text = run.of(_text)
    return examples.examples(text, run.of(_every), text.names[run.given.layers[0]], run.of(_widths))


def _agreement(run: Run) -> Agreement:
    inner = run.of(_inner)
    return protocol.agree(inner, min(run.preset.top, len(inner[Method.LINEAR].order)))


def _ablation(run: Run) -> list[Lost]:
    """Return what is lost without units, in the representation and in the model."""
    preset, seed, one, inner, subject = run.preset, run.seed, run.of(_one), run.of(_inner), run.of(prepare)
    last = list(run.of(_widths))[-1]
    probes = _probe(run, one), _probe(run, _scope(run, "last", last))
    test, limits = run.of(_text).parts["test"], {"most": preset.sentences, "longest": preset.longest, "seed": seed}
    sentences = read_sentences(subject, test.sentences, test.labels[run.given.layers[0]], **limits)
    lost = ablations.in_representation(one, probes[0], inner, preset, seed=seed)
    given = (subject, one.sites[0], (last, probes[1]), sentences, inner, preset)
    return lost + ablations.in_model(*given, seed=seed, report=run.report)


def _languages(run: Run) -> Recurrence | None:
    """Return which units recur in the probes of other languages."""
    texts, score = run.of(_texts), {}
    if len(texts) == 1:
        return None
    for number, text in enumerate(texts):
        probe = _probe(run, _scope(run, f"language.{text.name}", text=text)) if number else run.of(_reads)
        score[text.name] = np.abs(np.asarray(probe.weights))
    names = {text.name: text.names[run.given.layers[0]] for text in texts}
    return languages.recurrence(score, names, run.of(_widths), top=run.preset.top)


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=read,
    prepare=prepare,
    stages={
        "sites": _sites,
        "accuracy": _accuracy,
        "layers": _layers,
        "layer": _layer,
        "seconds": _seconds,
        "properties": _properties,
        "selective": _selective,
        "classes": _classes,
        "where": _where,
        "curves": _curves,
        "examples": _examples,
        "agreement": _agreement,
        "ablation": _ablation,
        "languages": _languages,
    },
    results=Results,
    claims=claims,
    page=PAGE,
    found=_examples,
    unknown=unknown,
)
