"""Which 5-grams drive a neuron most? Five methods on Imaginet, compared as Poerner, Roth, Schuetze 2018 do.

arXiv 1809.07291. A run trains (or loads) Imaginet, draws units and groups of units (`settings`), runs corpus search and
four kinds of gradient ascent (`search`), and writes what came out (`analysis`, `claims`) for people and for programs.
Stopped at any moment and started again, it goes on where it was.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxneuron import lock
from jaxneuron.studies import folder
from jaxneuron.studies.poerner2018 import analysis, material, quality
from jaxneuron.studies.poerner2018.claims import claims
from jaxneuron.studies.poerner2018.presets import PRESETS, Preset
from jaxneuron.studies.poerner2018.search import Report, searches
from jaxneuron.studies.poerner2018.settings import build
from jaxneuron.tap import nearest
from jaxneuron_models import imaginet, imaginet_training


@lock.one_at_a_time
def run(
    directory: Path,
    *,
    data: Path | None = None,
    preset: str = "small",
    seed: int = 0,
    draw: str = "unbiased",
    model: Path | None = None,
    report: Report = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the study and leave its page, its figures, `results.json`, `timings.json` and `found.jsonl` in a folder.

    Args:
        directory: where everything goes; a stopped run there goes on.
        data: a folder of captions (`corpora.captions`); None takes the embedded scenes.
        preset: the size of the run, a name of `presets.PRESETS`.
        seed: of the training, the draws and the searches.
        draw: "unbiased", or "original" for the units that the paper's code draws.
        model: a trained Imaginet; None trains one.
        report: what is being done -> a progress callback.
        notice: told how much of the text the model's vocabulary does not know.

    Returns:
        The content of `results.json`, with the times of `timings.json` in their places.

    Raises:
        ValueError: an unknown preset or draw, another run's folder, or a model that does not fit the captions.
        BlockingIOError: another run is at work in the folder.
        FileNotFoundError: no data, or no model.
    """
    chosen = _preset(preset)
    if draw not in ("unbiased", "original"):
        raise ValueError(f"no draw {draw!r}; expected 'unbiased' or 'original'")
    settings = {"preset": preset, "seed": seed, "draw": draw}
    settings |= {"data": str(data or "embedded scenes"), "model": str(model or "trained here")}
    settings |= json.loads(json.dumps(chosen._asdict()))
    folder.check(directory, settings)
    texts = material.read(data)
    if model is not None:
        imaginet.load(model)
    folder.begin(directory, settings)  # from here on the folder belongs to this run
    if model is None:
        model = directory / "model"
        imaginet_training.fit(
            jax.random.key(seed),
            texts.train,
            texts.dev,
            model,
            progress=report("train Imaginet"),
            **chosen.training,
            **chosen.model,
        )
    trained = imaginet.load(model)
    splits = {split: part.sentences for split, part in texts._asdict().items()}
    unknown = folder.unknown(trained.vocabulary, splits, notice)
    found = material.prepare(trained, texts, length=chosen.length, sample=chosen.sample, seed=seed)
    drawn = build(found, chosen, seed=seed, draw=draw)
    done: dict[str, dict[str, Any]] = {setting.name: {} for setting in drawn}
    for search in searches(found, drawn, chosen, directory, seed=seed, report=report):
        done[search.where][search.method] = search

    rows, results, content = [], {}, _model_report(found, model)
    for setting in drawn:
        searched = done[setting.name]
        own = analysis.found_rows(found, setting, searched)
        results[setting.name] = analysis.compare(own, searched, chosen)
        content["function_words"][setting.name] = analysis.function_word_shares(own)
        content["nearest_cosine"][setting.name] = float(np.mean(np.array(searched["embedding"].proximity)[:, 0]))
        if setting.name.endswith("/gru"):
            content["groups"][setting.name] = analysis.group_sizes(setting, searched)
        rows += own
    if texts.train.names:
        first = drawn[0]
        content["naming"] = analysis.name_objects(found, first, done[first.name])
    told = claims(results, content)
    content |= {"unknown_words": unknown, "table1": analysis.table1(rows)}
    content = folder.content("poerner2018", settings, results, told, **content)
    report("draw the report")
    _write(directory, rows, content)
    return content


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}{nearest(name, PRESETS)}; expected one of {', '.join(PRESETS)}")
    return PRESETS[name]


def _model_report(found: material.Material, model: Path) -> dict[str, Any]:
    curves = model / "curves.json"
    return {
        "model": {
            "parameters": sum(leaf.size for leaf in jax.tree.leaves(found.model.params)),
            "vocabulary": len(found.model.vocabulary.words),
            "ngrams": len(found.ngrams.ids),
            "curves": json.loads(curves.read_text()) if curves.exists() else [],
            **quality.quality(found),
        },
        "groups": {},
        "function_words": {},
        "nearest_cosine": {},
    }


def _write(directory: Path, rows: list[dict[str, Any]], content: dict[str, Any]) -> None:
    from jaxneuron.report import figures, html  # two seconds of imports that `jaxneuron find` has no use for

    folder.write(directory, rows, content)
    figures.figure1(rows, directory / "figure1")
    figures.gains(rows, directory / "gains")
    if content["model"]["curves"]:
        figures.learning_curves(content["model"]["curves"], directory / "learning_curves")
    html.write(directory)
