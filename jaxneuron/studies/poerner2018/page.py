"""What the page shows, gathered from a run: the template only lays it out, and leaves out what a run has nothing of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

from rich.table import Table

from jaxneuron.report.charts import Spec, learning_curves
from jaxneuron.report.figures import losses
from jaxneuron.report.text import known, shown
from jaxneuron.studies import Page
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.poerner2018 import charts, figures, findings, labels, tables, words
from jaxneuron.studies.poerner2018.results import CORPUS, Difference, Found, Groups, ModelReport, Results
from jaxneuron.studies.running import flat

Value = TypeVar("Value")


class Panel(NamedTuple):
    """A panel of Figure 1."""

    id: str  # of its element
    name: str
    targets: int


class Side(NamedTuple):
    """What one method found, in an example."""

    method: labels.Method
    words: list[tuple[str, str]]  # each with its kind
    score: float


class Example(NamedTuple):
    """A row of Table 1."""

    name: str
    target: int
    setting: labels.Setting
    sides: list[Side]


class Measure(NamedTuple):
    """How good the model is, beside others."""

    title: str
    better: str  # which way
    scores: list[tuple[str, float]]  # of each contender


class Hidden(NamedTuple):
    """The groups of a hidden layer."""

    id: str
    name: str
    groups: Groups
    median: float | None
    saturated: list[tuple[str, int]]


def content(run: Finished) -> dict[str, Any]:
    """Return the template's own variables."""
    results: Results = run.results
    found: list[Found] = run.found
    settings = labels.ordered(results.results, labels.SETTINGS)
    methods = labels.ordered((m for s in settings for m in results.results[s]), labels.METHODS)
    lengths = Counter(len(row.ngram.split()) for row in found)
    ngram = f"{lengths.most_common(1)[0][0]}-gram" if lengths else "n-gram"
    panels, groups = _panels(found, settings), _groups(results.groups)
    return {
        "ngram": ngram,
        "comparisons": findings.comparisons(results),
        "methods": [labels.method(key) for key in methods],
        "sentences": {key: labels.method(key).sentence.format(ngram=ngram) for key in methods},
        "settings": [labels.setting(key) for key in settings],
        "results": results.results,
        "panels": list(panels.values()),
        "table1": [_example(row) for row in results.table1],
        "model": results.model,
        "quality": _quality(results.model) if results.model else [],
        "function_words": _ordered(results.function_words, settings),
        "naming": results.naming,
        "groups": groups,
        "method_options": _method_options(results, settings),
        "charts": _charts(results, found, panels, groups),
        "found": [_compact(row) for row in found],
        "labelled": {
            "methods": [labels.method(key)._asdict() for key in methods],
            "settings": [labels.setting(key)._asdict() for key in settings],
        },
        "targets": len({(row.setting, row.target) for row in found}),
    }


def _panels(found: Sequence[Found], settings: Sequence[str]) -> dict[labels.Setting, Panel]:
    drawn = {row.setting for row in found if known(row.score)}
    order = [setting for setting in (*labels.FIGURE1, *map(labels.setting, settings)) if setting.key in drawn]
    targets = {key: len({row.target for row in found if row.setting == key}) for key in drawn}
    return {
        setting: Panel(f"activations-{place}", setting.name, targets[setting.key])
        for place, setting in enumerate(dict.fromkeys(order))
    }


def _charts(
    results: Results, found: Sequence[Found], panels: Mapping[labels.Setting, Panel], groups: Sequence[Hidden]
) -> dict[str, Spec]:
    """Return the chart of each element by its id."""
    drawn = {panel.id: charts.activations(found, setting) for setting, panel in panels.items()}
    if any(known(row.gain) for row in found):
        drawn["gains"] = charts.gains(found)
    curves = results.model.curves if results.model else []
    if losses(curves):
        drawn["learning-curves"] = learning_curves(curves)
    return drawn | {one.id: charts.group_sizes(one.groups.sizes, one.name) for one in groups if one.groups.sizes}


def _example(row: Difference) -> Example:
    sides = ((CORPUS, row.crp, row.crp_score), (row.method, row.gbl, row.gbl_score))
    told = [Side(labels.method(key), words.marked(ngram, row.name), score) for key, ngram, score in sides]
    return Example(row.name, row.target, labels.setting(row.setting), told)


def _quality(model: ModelReport) -> list[Measure]:
    own, measures = "Imaginet, the interpreted model", []
    if model.perplexity:
        one = model.perplexity
        scores = {own: one.imaginet, "unigram model": one.unigram, "interpolated Kneser–Ney trigram": one.kneser_ney}
        title = "Language pathway: perplexity on the dev captions"
        measures.append(Measure(title, "lower is better", list(scores.items())))
    if model.average_precision:
        one = model.average_precision
        scores = {own: one.imaginet, "ridge regression on word counts": one.ridge, "chance": one.random}
        title = "Visual pathway: mean average precision over object labels"
        measures.append(Measure(title, "higher is better", list(scores.items())))
    return [one._replace(scores=[(name, score) for name, score in one.scores if known(score)]) for one in measures]


def _groups(groups: Mapping[str, Groups]) -> list[Hidden]:
    return [
        Hidden(
            f"groups-{place}",
            labels.setting(key).name,
            own if own.count is not None else own._replace(count=len(own.sizes)),
            median(own.sizes) if own.sizes else None,
            [(labels.method(m).name, own.saturated[m]) for m in labels.ordered(own.saturated, labels.METHODS)],
        )
        for place, (key, own) in enumerate(groups.items())
    ]


def _method_options(results: Results, settings: Sequence[str]) -> list[tuple[str, str, dict[str, str]]]:
    rows = []
    for setting in settings:
        for method in labels.ordered(results.results[setting], labels.METHODS):
            if options := results.results[setting][method].settings:
                said = {name: shown(value) for name, value in flat(options).items()}
                rows.append((labels.setting(setting).short, labels.method(method).name, said))
    return rows


def _ordered(values: Mapping[str, Value], settings: Sequence[str]) -> dict[str, Value]:
    return {key: values[key] for key in labels.ordered(values, settings) if values[key]}


def _compact(row: Found) -> dict[str, Any]:
    """Return what the page's script needs of a found input; a letter per word tells its kind."""
    kinds = "".join(kind[0] for _, kind in words.marked(row.ngram, row.name))
    kept = ("setting", "target", "name", "method", "ngram", "score", "gain")
    return {key: getattr(row, key) for key in kept} | {"kinds": kinds}


def _tables(run: Finished) -> list[Table]:
    return [tables.summary(run.results.results), tables.table1(run.results.table1)]


PAGE = Page(Path(__file__).with_name("page.html"), content, findings.headlines, figures.write, _tables)
