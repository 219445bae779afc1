"""What did a prediction rest on? Tokens, layers, units and concepts, for labels of texts and for spans in them.

The case studies of the second half of Sajjad et al. 2021 ("Fine-grained Interpretation and Causation Analysis in Deep
NLP Models", a tutorial, arXiv 2105.08039), with models of our own: a head over an encoder and a text CNN classify
reviews, and a head over the encoder finds entities, in the place of answers in SQuAD. A run reads texts (`material`),
trains what is small (`nets`), explains predictions (`explaining`: labels in `labelling`, spans in `extraction`), tests
concepts (`testing`) and says what held (`claims`). Stopped at any moment and started again, it goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxneuron import lock
from jaxneuron.studies import folder, kept
from jaxneuron.studies.attribution import extraction, label_names, labelling, material, nets, testing, words
from jaxneuron.studies.attribution.claims import claims
from jaxneuron.studies.attribution.material import Data, Report, Texts
from jaxneuron.studies.attribution.presets import PRESETS, Preset
from jaxneuron.studies.concepts.material import Subject, closed_vocabulary
from jaxneuron.tap import nearest

Rows = dict[str, Any]


@lock.one_at_a_time
def run(
    directory: Path,
    *,
    model: Path | str | None = None,
    data: Sequence[Path] = (),
    concepts: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, str] | None = None,
    preset: str = "demo",
    seed: int = 0,
    report: Report = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> Rows:
    """Run the study and leave its page, its figures, `results.json`, `timings.json` and `found.jsonl` in a folder.

    Args:
        directory: where everything goes; a stopped run there goes on.
        model: the encoder, a Hugging Face checkpoint or a transformer that `jaxneuron train` wrote; None trains a small
            one on the texts.
        data: a text with a label per sentence (`.jsonl`, `.tsv`), one with a label per word (`.conll`, `.iob2`), or
            both; each gives one half of the study. None at all takes the captions of the embedded scenes.
        concepts: name -> words to test, the first expected to speak for the second label; by default positive and
            negative adjectives, and of the embedded scenes plural nouns, singular nouns and colours.
        names: what labels are called, label -> name; else see `label_names`.
        preset: the size of the run, a name of `presets.PRESETS`.
        seed: of the weights of what is trained, and of all draws.
        report: what is being done -> a progress callback.
        notice: told how much of the text the model's vocabulary does not know.

    Returns:
        The content of `results.json`, with the times of `timings.json` in their places.

    Raises:
        ValueError: an unknown preset, another run's folder, data of another kind, or a name for no label.
        BlockingIOError: another run is at work in the folder.
        FileNotFoundError: no data, or no model.
    """
    if preset not in PRESETS:
        raise ValueError(f"no preset {preset!r}{nearest(preset, PRESETS)}; expected one of {', '.join(PRESETS)}")
    chosen = PRESETS[preset]
    tested = {k: list(v) for k, v in (concepts or (words.adjectives() if data else words.of_scenes())).items()}
    settings = {"preset": preset, "seed": seed, "data": [str(path) for path in data] or ["embedded scenes"]}
    settings |= {"model": str(model or "trained here"), "concepts": list(tested)} | kept.plain(chosen._asdict())
    if names:
        settings |= {"names": dict(names)}
    folder.check(directory, settings)
    given = material.read(data)
    labels = sorted({str(label) for label in given.labels["train"].labels}) if given.labels else []
    called = label_names.named(labels, data, names or {})
    stages = ("encoder", "labels", "cnn", "spans")
    keys: dict[str, jax.Array] = dict(zip(stages, jax.random.split(jax.random.key(seed), 4), strict=True))
    subject = nets.encoder(keys["encoder"], model, given, directory, chosen, report) if model is not None else None
    folder.begin(directory, settings)  # from here on the folder belongs to this run
    if subject is None:
        subject = nets.encoder(keys["encoder"], None, given, directory, chosen, report)
    known = closed_vocabulary(subject)
    unknown = {
        task: folder.unknown(known, {f"{task} {split}": part.sentences for split, part in texts.items()}, notice)
        for task, texts in given._asdict().items()
        if known is not None and texts is not None
    }
    results: Rows = {}
    if given.labels is not None:
        results["labels"] = _labels(directory, keys, subject, given, called, tested, chosen, seed, report)
    if given.spans is not None:
        results["spans"] = _spans(directory, keys, subject, given, chosen, seed, report)
    content = folder.content("attribution", settings, results, kept.plain(claims(results)), unknown_words=unknown)
    report("draw the report")
    _write(directory, content)
    return content


def _cut(given: Mapping[str, Texts], preset: Preset, seed: int) -> dict[str, Texts]:
    return {
        split: material.some(texts, preset.texts if split == "train" else preset.held_out, seed)
        for split, texts in given.items()
    }


def _labels(
    directory: Path,
    keys: Mapping[str, jax.Array],
    subject: Subject,
    given: Data,
    called: Mapping[str, str],
    concepts: Mapping[str, Sequence[str]],
    preset: Preset,
    seed: int,
    report: Report,
) -> Rows:
    """Return the first half: two classifiers, their predictions explained, and the concepts that they rest on."""
    assert given.labels is not None
    texts = _cut(given.labels, preset, seed)
    train, dev, test = (texts[split] for split in material.SPLITS)
    told, names = label_names.renamed(test, called), tuple(called.values())  # in the order of the heads' outputs
    options: Rows = {"seed": seed, "report": report}
    found = {}
    for build in (
        lambda: nets.classifier(keys["labels"], subject, train, dev, directory, preset, report),
        lambda: nets.cnn(keys["cnn"], train, dev, directory, preset, report),
    ):
        net = build()
        stage = f"labels.{net.name.replace(' ', '_')}"
        found[net.name] = {
            "sites": list(net.sites),
            "accuracy": kept.stage(
                directory, f"{stage}.accuracy", lambda net=net: labelling.accuracy(net, told, names)
            ),
            "explained": kept.stage(
                directory,
                f"{stage}.explained",
                lambda net=net: labelling.explained(net, told, names, preset, **options),
            ),
            "concepts": kept.stage(
                directory,
                f"{stage}.concepts",
                lambda net=net: testing.scores(net, train, told, names[1], concepts, preset, **options),
            ),
        }
    return {"names": list(names), "train": len(train.sentences), "models": found}


def _spans(
    directory: Path,
    keys: Mapping[str, jax.Array],
    subject: Subject,
    given: Data,
    preset: Preset,
    seed: int,
    report: Report,
) -> Rows:
    """Return the second half: a span head, and what flows through the layers for start and end."""
    assert given.spans is not None
    texts = _cut(given.spans, preset, seed)
    train, dev, test = (texts[split] for split in material.SPLITS)
    net = nets.extractor(keys["spans"], subject, train, dev, directory, preset, report)
    return {
        "train": len(train.sentences),
        "accuracy": kept.stage(directory, "spans.accuracy", lambda: extraction.accuracy(net, test)),
        "explained": kept.stage(
            directory, "spans.explained", lambda: extraction.explained(net, test, preset, seed=seed, report=report)
        ),
    }


def _write(directory: Path, content: Rows) -> None:
    from jaxneuron.report import attribution_figures, html  # two seconds of imports

    rows = [
        {"setting": name, "target": number, "name": row["label"], "method": "integrated_gradients"}
        | {"ngram": " ".join(row["pieces"]), "score": row["score"], "tokens": row["tokens"], "error": row["error"]}
        for name, one in content["results"].get("labels", {}).get("models", {}).items()
        for number, row in enumerate(one["explained"]["examples"])
    ]
    rows += [
        {"setting": f"span {role}", "target": number, "name": role, "method": "integrated_gradients"}
        | {"ngram": " ".join(row["pieces"]), "score": row[f"{role}_told"]["change"]}
        | {"tokens": row[f"{role}_told"]["tokens"], "error": row[f"{role}_told"]["error"]}
        for number, row in enumerate(content["results"].get("spans", {}).get("explained", {}).get("examples", []))
        for role in extraction.ROLES
    ]
    folder.write(directory, rows, content)
    attribution_figures.write(content["results"], directory)
    html.write(directory)
