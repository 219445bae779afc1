"""Which neurons carry a concept? Probes, rankings and ablations of the units of a language model, on a treebank.

The questions are those of Sajjad, Durrani, Dalvi 2022, "Neuron-level interpretation of deep NLP models: a survey"
(arXiv 2108.13138), and of the papers that each claim names. A run extracts the activations of all layers (`material`),
asks what the units know (`probing`), ranks them by every method of the preset (`rankings`), crosses rankings with
probes (`protocol`), takes units away (`ablations`), compares languages (`languages`) and says what held (`claims`).
Stopped at any moment and started again, it goes on where it was.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxneuron import lock
from jaxneuron.evaluate import layers as layering
from jaxneuron.studies import folder, kept
from jaxneuron.studies.concepts import ablations, examples, languages, material, probing, protocol, rankings
from jaxneuron.studies.concepts.claims import claims
from jaxneuron.studies.concepts.material import Report, Subject, Text
from jaxneuron.studies.concepts.presets import PRESETS, Preset
from jaxneuron.tap import nearest
from jaxneuron.types import Site

Rows = dict[str, Any]


class _Run(NamedTuple):
    """What every stage needs."""

    directory: Path
    subject: Subject
    text: Text
    layers: tuple[str, ...]  # of labels; the first is the property under study
    widths: dict[Site, int]
    preset: Preset
    seed: int
    report: Report

    def stage(self, name: str, compute: Any) -> Any:
        """Return what a stage left, or compute it."""
        return kept.stage(self.directory, name, compute)

    def scope(self, name: str, *sites: Site, layer: str = "") -> rankings.Scope:
        """Return the activations of some sites, all of them by default."""
        return rankings.scope(name, self.text, sites or tuple(self.widths), layer or self.layers[0])


@lock.one_at_a_time
def run(
    directory: Path,
    *,
    model: Path | str | None = None,
    data: Sequence[Path] = (),
    labels: Sequence[str] = (),
    preset: str = "demo",
    seed: int = 0,
    report: Report = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the study and leave its page, its figures, `results.json`, `timings.json` and `found.jsonl` in a folder.

    Args:
        directory: where everything goes; a stopped run there goes on.
        model: a Hugging Face checkpoint or a transformer that `jaxneuron train` wrote; None trains a small one on the
            first text.
        data: treebanks or other labelled texts (`studies.texts`); the first is studied, the others are compared with
            it. None at all takes the captions of the embedded scenes, labelled by program.
        labels: layers of labels of words; the first is studied in full, of the others the smallest sets of units. By
            default the part of speech, and of the embedded scenes the kind of the word.
        preset: the size of the run, a name of `presets.PRESETS`.
        seed: of the draws of sentences, the probes and the random orders.
        report: what is being done -> a progress callback.
        notice: told how much of the text the model's vocabulary does not know.

    Returns:
        The content of `results.json`, with the times of `timings.json` in their places.

    Raises:
        ValueError: an unknown preset, another run's folder, two texts of one name, or too little text.
        KeyError: a text has no such layer of labels.
        BlockingIOError: another run is at work in the folder.
        FileNotFoundError: no data, or no model.
    """
    if preset not in PRESETS:
        raise ValueError(f"no preset {preset!r}{nearest(preset, PRESETS)}; expected one of {', '.join(PRESETS)}")
    chosen, names = PRESETS[preset], [path.name.split(".")[0] for path in data] or ["scenes"]
    if len(set(names)) < len(names):
        raise ValueError(f"two texts have the same name ({', '.join(names)}); rename a folder")
    wanted = tuple(labels) or (("upos",) if data else ("kind", "plural", "after_article"))
    settings = {"preset": preset, "seed": seed, "data": [str(path) for path in data] or ["embedded scenes"]}
    settings |= {"labels": list(wanted), "model": str(model or "trained here")} | kept.plain(chosen._asdict())
    folder.check(directory, settings)
    splits = [material.read(path) for path in data] or [material.read(None)]
    for given, name in zip(splits, names, strict=True):
        material.check_layers(given["train"], name, wanted)
    subject = material.load(model) if model is not None else None
    folder.begin(directory, settings)  # from here on the folder belongs to this run
    if subject is None:
        subject = material.train(jax.random.key(seed), splits[0], directory / "model", chosen, report)
    unknown = {
        name: folder.unknown(words, {f"{name} {split}": part.sentences for split, part in given.items()}, notice)
        for given, name in zip(splits, names, strict=True)
        if (words := material.closed_vocabulary(subject)) is not None
    }
    texts = [
        material.prepare(subject, name, given, wanted, directory, chosen, seed=seed, report=report)
        for given, name in zip(splits, names, strict=True)
    ]
    widths = texts[0].parts["train"].store.sites
    results = _results(_Run(directory, subject, texts[0], wanted, widths, chosen, seed, report), texts)
    content = folder.content("concepts", settings, results, claims(results), unknown_words=unknown)
    report("draw the report")
    _write(directory, content)
    return content


def _results(run: _Run, texts: Sequence[Text]) -> Rows:
    """Return every stage's results."""
    preset, layer, seed, report = run.preset, run.layers[0], run.seed, run.report
    every = run.scope("all")
    probe = rankings.probe(every, run.directory, preset.probe, seed=seed, report=report)
    results: Rows = {"sites": list(run.widths)}
    results["accuracy"] = run.stage("accuracy", lambda: probing.accuracy(run.text, every, probe, layer))
    results["layers"] = run.stage(
        "layers",
        lambda: probing.by_layer(run.text, every, run.widths, preset, seed=seed, report=report),
    )
    # what enters the first block is not computed from the context: the units under study are those of a block
    results["layer"] = max(results["layers"][1:] or results["layers"], key=lambda row: row["dev"])["site"]
    ranked = rankings.rankings(every, preset.wide_methods, run.directory, pool=preset.pool, seed=seed, report=report)
    results["seconds"] = {name: one.seconds for name, one in ranked.items()}
    results["properties"] = {
        name: run.stage(f"property.{name}", lambda name=name: _property(run, name, results)) for name in run.layers
    }
    counts = tuple(k for k in preset.wide_counts if k <= every.train[0].shape[1])
    results["selective"] = run.stage(
        "selective",
        lambda: probing.selective(run.text, every, ranked["linear"].order, counts, preset, seed=seed),
    )
    results["classes"] = run.stage("classes", lambda: probing.classes(run.text, every, probe, layer, run.widths))
    top = min(preset.top, every.train[0].shape[1])
    spread = layering.distribution(ranked["linear"].ranking, run.widths, top=top)
    results["where"] = {"count": top, "share": kept.plain(np.asarray(spread) / top)}
    options = {"directory": run.directory, "seed": seed, "report": report}
    results["curves"] = protocol.curves("all", every, ranked, counts, ("linear", "gaussian"), preset, **options)
    results["examples"] = run.stage(
        "examples", lambda: examples.examples(run.text, every, run.text.names[layer], run.widths)
    )
    one = run.scope("layer", results["layer"])
    inner = rankings.rankings(one, preset.methods, run.directory, pool=one.train[0].shape[1], seed=seed, report=report)
    results["curves"] += protocol.curves("layer", one, inner, preset.counts, ("linear", "gaussian"), preset, **options)
    results["agreement"] = run.stage(
        "agreement", lambda: protocol.agree(inner, min(preset.top, len(inner["linear"].order)))
    )
    results["ablation"] = run.stage("ablation", lambda: _ablation(run, one, inner))
    if len(texts) > 1:
        results["languages"] = run.stage("languages", lambda: _languages(run, texts, probe))
    return results


def _property(run: _Run, name: str, results: Rows) -> Rows:
    """Return the accuracy and the smallest set of units of one layer of labels."""
    main = name == run.layers[0]
    found = run.scope("all" if main else f"all.{name}", layer=name)
    given = {"seed": run.seed, "report": run.report}
    probe = rankings.probe(found, run.directory, run.preset.probe, **given)
    sparse = rankings.probe(found, run.directory, run.preset.wide_methods["linear"], **given, use="ranks")
    told = results["accuracy"] if main else probing.accuracy(run.text, found, probe, name)
    fewest = probing.smallest(found, rankings.mass_order(sparse), run.preset, seed=run.seed, report=run.report)
    row = {key: told[key] for key in ("classes", "majority", "lexicon")}
    return row | {"accuracy": told["test"], "minimal": fewest}


def _ablation(run: _Run, one: rankings.Scope, inner: dict[str, rankings.Ranked]) -> list[Rows]:
    """Return what is lost without units, in the representation and in the model."""
    preset, seed, report = run.preset, run.seed, run.report
    probe = rankings.probe(one, run.directory, preset.probe, seed=seed, report=report)
    last = list(run.widths)[-1]
    ending = rankings.probe(run.scope("last", last), run.directory, preset.probe, seed=seed, report=report)
    sentences = ablations.read_sentences(run.subject, run.text.parts["test"], run.layers[0], preset, seed=seed)
    given = (run.subject, one.sites[0], (last, ending), sentences, inner, preset)
    return [
        *ablations.in_representation(one, probe, inner, preset, seed=seed),
        *ablations.in_model(*given, seed=seed, report=report),
    ]


def _languages(run: _Run, texts: Sequence[Text], probe: Any) -> Rows:
    """Return which units recur in the probes of other languages."""
    score, names = {}, {}
    for text in texts:
        found = rankings.scope(f"language.{text.name}", text, tuple(run.widths), run.layers[0])
        own = (
            probe
            if text is texts[0]
            else rankings.probe(found, run.directory, run.preset.probe, seed=run.seed, report=run.report)
        )
        score[text.name], names[text.name] = np.abs(np.asarray(own.weights)), text.names[run.layers[0]]
    return languages.recurrence(score, names, run.widths, top=run.preset.top)


def _write(directory: Path, content: Rows) -> None:
    from jaxneuron.report import concept_figures, html  # two seconds of imports

    rows = [
        {"setting": row["site"], "target": row["unit"], "name": row["name"], "method": "correlation"}
        | {"ngram": " ".join(row["words"]), "score": row["score"], "correlation": row["correlation"]}
        for row in content["results"]["examples"]
    ]
    folder.write(directory, rows, content)
    concept_figures.write(content["results"], directory)
    html.write(directory)
