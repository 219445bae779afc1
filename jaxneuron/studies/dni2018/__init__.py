"""Which neurons of an LSTM compute what a grammar or a parser says? The experiments of Deep Neural Inspection.

Sellam, Lin, Huang, Yang, Vondrick, Wu 2018. A run makes or reads text with parse trees (`languages`), trains a 1-layer
LSTM of 128 units on its symbols (`material`), scores each unit for each hypothesis (`relevance`), takes the best units
away or puts the hypothesis in their place (`removal`), holds them while the model writes (`writing`), and says what
held (`claims`). Stopped at any moment and started again, it goes on where it was.

We differ from the paper in three things: scores are balanced accuracies, of machines that weigh both sides alike, as
plain ones say little of rare labels (both are in the results); C is parsed by tree-sitter; and parentheses are
LSTMVis's random walk, as the printed grammar goes through every level once.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from jaxneuron import lock
from jaxneuron.corpora.hypotheses import Hypothesis
from jaxneuron.studies import folder, kept
from jaxneuron.studies.dni2018 import languages, material, quality, relevance, removal, views, writing
from jaxneuron.studies.dni2018.claims import claims
from jaxneuron.studies.dni2018.languages import Language, Texts
from jaxneuron.studies.dni2018.material import Report
from jaxneuron.studies.dni2018.presets import LANGUAGES, PRESETS, Preset
from jaxneuron.studies.dni2018.relevance import Relevance
from jaxneuron.tap import nearest
from jaxneuron.types import Site
from jaxneuron_models.model import Model

SITE: Site = "lstm0/hidden"
"""Where the units are, as in the paper; the cell states are scored beside them."""

Rows = dict[str, Any]


class _Run(NamedTuple):
    """What every stage needs."""

    directory: Path
    texts: Texts
    language: Language
    model: Model
    preset: Preset
    seed: int
    report: Report

    def stage(self, name: str, compute: Any) -> Any:
        """Return what a stage left, or compute it."""
        return kept.stage(self.directory, name, compute)


@lock.one_at_a_time
def run(
    directory: Path,
    *,
    language: str = "parens",
    data: Path | None = None,
    preset: str = "small",
    seed: int = 0,
    hypotheses: Sequence[Hypothesis] = (),
    report: Report = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> Rows:
    """Run the study and leave its page, its figures, `results.json`, `timings.json` and `found.jsonl` in a folder.

    Args:
        directory: where everything goes; a stopped run there goes on.
        language: one of `presets.LANGUAGES`.
        data: source code, for C and Python; see `corpora.code.read`.
        preset: the size of the run, a name of `presets.PRESETS`.
        seed: of the texts, the training and the draws.
        hypotheses: more of them, of the user's own; one that fails is reported, and the others are scored.
        report: what is being done -> a progress callback.
        notice: told how much of the text the model's vocabulary does not know.

    Returns:
        The content of `results.json`, with the times of `timings.json` in their places.

    Raises:
        ValueError: an unknown language or preset, another run's folder, or data that has no use.
        BlockingIOError: another run is at work in the folder.
        FileNotFoundError: no data.
        ModuleNotFoundError: C without tree-sitter.
    """
    for value, known, what in ((language, LANGUAGES, "language"), (preset, PRESETS, "preset")):
        if value not in known:
            raise ValueError(f"no {what} {value!r}{nearest(value, known)}; expected one of {', '.join(known)}")
    chosen = PRESETS[preset][language]
    settings = {"language": language, "preset": preset, "seed": seed, "data": str(data or "made or embedded")}
    settings |= {"hypotheses": [one.name for one in hypotheses]} | kept.plain(chosen._asdict())
    folder.check(directory, settings)
    texts = languages.read(language, seed, chosen, data)
    folder.begin(directory, settings)  # from here on the folder belongs to this run
    model = material.train(jax.random.key(seed), texts, chosen, directory / "model", report)
    splits = {split: [parsed.text for parsed in part] for split, part in texts._asdict().items()}
    unknown = folder.unknown(model.vocabulary, splits, notice)
    described = languages.describe(language, texts.dev, hypotheses)
    results = _results(_Run(directory, texts, described, model, chosen, seed, report), language)
    found = results.pop("found")
    content = folder.content("dni2018", settings, results, kept.plain(claims(results)), unknown_words=unknown)
    report("draw the report")
    _write(directory, content, found, described)
    return content


def _results(run: _Run, name: str) -> Rows:
    """Return every stage's results."""
    score_key, remove_key, write_key = jax.random.split(jax.random.fold_in(jax.random.key(run.seed), 1), 3)
    results: Rows = {"language": name, "site": SITE, "features": [feature.name for feature in run.language.features]}
    results["quality"] = run.stage("quality", lambda: quality.quality(run.model, run.texts, run.preset))
    curves = run.directory / "model" / "curves.json"
    results["quality"]["curves"] = json.loads(curves.read_text()) if curves.exists() else []
    progress = run.report("label and read the text")
    found = material.passages(run.model.vocabulary, run.texts.dev, run.language, run.preset.scored)
    states = material.states(run.model, found, SITE)
    if progress:
        progress(1, 1)
    language = _without_faults(run.language, found)
    progress = run.report("score the units")
    hidden = _scores(run, "hidden", score_key, states, found)
    cell = _scores(run, "cell", score_key, material.states(run.model, found, SITE.replace("hidden", "cell")), found)
    if progress:
        progress(2, 2)
    results["scored"] = {
        "symbols": len(states),
        "units": states.shape[1],
        "hypotheses": len(found.labels.names),
        "folds": run.preset.folds,
        "seconds": hidden.seconds,
    }
    results["faults"] = [fault._asdict() for fault in found.labels.faults]
    told = relevance.rows(language, found, hidden, cell, top=run.preset.top)
    results["relevance"] = kept.plain(told)
    held_out = material.passages(run.model.vocabulary, run.texts.test, language, run.preset.held_out, like=found.labels)
    results["faults"] += [fault._asdict() for fault in held_out.labels.faults]
    language = _without_faults(language, held_out)
    given = {"site": SITE, "report": run.report}
    results["removal"] = run.stage(
        "removal",
        lambda: removal.removal(remove_key, run.model, held_out, language, hidden, run.preset, **given),
    )
    results["writing"] = run.stage(
        "writing",
        lambda: writing.writing(write_key, run.model, held_out, language, hidden, run.preset, **given),
    )
    results["asked"] = {feature.name: list(feature.hypotheses) for feature in language.features}
    results["views"] = run.stage("views", lambda: views.views(results["relevance"], states, found))
    shown = language.features[0].hypotheses[-1]
    results["matching"] = run.stage("matching", lambda: views.matches(shown, states, found))
    results["found"] = run.stage("found", lambda: views.highest(results["relevance"], states, found))
    return results


def _without_faults(language: Language, found: material.Passages) -> Language:
    """Leave out the hypotheses that failed, and the features that stand on them."""
    known = found.labels.names
    features = [feature for feature in language.features if {*feature.hypotheses, feature.label} <= set(known)]
    return language._replace(
        queries=[query for query in language.queries if query.hypothesis.name in known], features=features
    )


def _scores(run: _Run, name: str, key: Any, states: Any, found: material.Passages) -> Relevance:
    """Return the scores that an earlier run left, or compute and keep them."""
    stored = kept.arrays(
        run.directory / "scores" / f"{name}.npz",
        lambda: relevance.relevance(key, states, found, run.preset.folds)._asdict(),
    )
    return Relevance(
        tuple(stored["names"].tolist()),
        int(stored["binary"]),
        stored["score"],
        stored["accuracy"],
        stored["sign"],
        float(stored["seconds"]),
    )


def _write(directory: Path, content: Rows, found: list[Rows], language: Language) -> None:
    from jaxneuron.report import dni2018_figures, html  # two seconds of imports

    folder.write(directory, ({"setting": SITE} | row for row in found), content)
    dni2018_figures.write(content["results"], directory, names=language.figures)
    html.write(directory)
