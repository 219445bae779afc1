"""The whole study on a little text: what it leaves, that a killed run goes on, and what its figures mean."""

import json
import math
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.corpora import grammars, hypotheses, vocabulary
from jaxneuron.corpora.code import parse
from jaxneuron.corpora.hypotheses import Hypothesis
from jaxneuron.corpora.parses import Parsed
from jaxneuron.studies import _finished, running
from jaxneuron.studies._kept import plain
from jaxneuron.studies.dni2018 import languages, material, presets, quality, relevance, removal, views, writing
from jaxneuron.studies.dni2018.claims import claims
from jaxneuron.studies.dni2018.options import Options, Subject
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.results import Group, Mark, Units, Way, of_group
from jaxneuron.studies.dni2018.study import STUDY
from jaxneuron.studies.dni2018.texts import read
from jaxneuron_models import lstm_training
from jaxneuron_models.train import Schedule

pytestmark = pytest.mark.slow
MICRO = Preset(
    3_000,
    {"epochs": 1, "batch": 16},
    width=12,
    scored=600,
    held_out=400,
    quality=300,
    folds=4,
    counts=(1, 5),
    random=4,
    written=3,
    texts=3,
    length=12,
)
FAILING = Hypothesis("too few", lambda text: [0])
OWN = Hypothesis(
    "vowel-like", lambda text: ["digit" if symbol.isdigit() else "mark" for symbol in text.text], "categorical"
)


GIVEN = Options(hypotheses=[FAILING, OWN])


class Killed(Exception):
    pass


@pytest.fixture(autouse=True, scope="module")
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "micro", dict.fromkeys(Subject, MICRO))
        whole = languages.describe

        def two(*arguments):
            found = whole(*arguments)
            return found._replace(features=found.features[:2])  # to draw five takes seconds

        patch.setattr(languages, "describe", two)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory, reports = tmp_path_factory.mktemp("study"), []
    return directory, run(directory, report=reports.append), reports


def run(directory, report=lambda what: None, seed=0, **asked):
    return running.run(directory, STUDY, GIVEN._replace(**asked), preset="micro", seed=seed, report=report)


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, content, _ = finished
    left = {path.name for path in directory.iterdir()}
    assert {
        "report.html",
        "results.json",
        "timings.json",
        "found.jsonl",
        "settings.json",
        "model",
        "stages",
        "scores",
    } <= left
    assert {f"figure{number}.{kind}" for number in (2, 4, 5) for kind in ("png", "svg")} <= left
    assert not list(directory.rglob("*.partial"))
    assert _finished.read(directory, STUDY) == content
    page = (directory / "report.html").read_text()
    assert "</html>" in page and "range of level4" in page and "too few" in page
    for claim in json.loads((directory / "results.json").read_text())["claims"]:
        assert {"claim", "source", "holds", "figure", "note"} == set(claim) and isinstance(claim["holds"], bool)


def test_what_was_found_is_listed_in_its_own_words(finished):
    directory, content, _ = finished
    rows = [json.loads(line) for line in (directory / "found.jsonl").open()]
    assert {"hypothesis", "site", "unit", "sign", "score", "window", "activation"} == set(rows[0])
    assert len(rows) == len(content.found) == 3 * len(content.results.relevance)
    assert rows[0]["hypothesis"] == content.results.relevance[0].hypothesis
    assert rows[0]["unit"] == content.results.relevance[0].top[0].unit and 1 <= len(rows[0]["window"]) <= 13


def test_a_hypothesis_that_fails_is_named_and_the_others_are_scored(finished):
    results = finished[1].results
    (fault,) = results.faults
    assert (fault.name, fault.text, fault.position) == ("too few", 0, 1)
    names = [row.hypothesis for row in results.relevance]
    assert "too few" not in names and "vowel-like" in names and len(names) >= 30
    for row in results.relevance:
        assert row.sorted == sorted(row.sorted, reverse=True) and len(row.sorted) == 12
        assert row.best == pytest.approx(row.top[0].score) and 0 <= row.share <= 1


def test_removal_and_writing_have_a_row_for_each_case(finished):
    results = finished[1].results
    features = len(results.features)
    rows = results.removal.rows
    assert len(rows) == 2 + features * 2 * 3  # random, and of each feature and k: removed, two oracles
    assert all(0 <= row.accuracy <= 1 for row in rows)
    assert all(row.low <= row.accuracy <= row.high for row in rows if row.units is Units.RANDOM)
    assert len(results.writing) == features * (1 + 2 * 3)
    assert all(row.symbols > 0 and math.isfinite(row.rate) for row in results.writing)
    known = sum(results.removal.intact.count.values())
    assert results.removal.intact.by_class.keys() == set("01234") and 100 < known < 300


def test_a_killed_run_goes_on_without_repeating_itself(finished, tmp_path):
    directory, _, reports = finished
    begun = shutil.copytree(directory, tmp_path / "run")
    for name in ("results.json", "report.html", "stages/removal.json", "stages/writing.json"):
        (begun / name).unlink()

    def kill(what):
        if what == "write text":
            raise Killed

    again = []
    with pytest.raises(Killed):
        run(begun, report=lambda what: again.append(what) or kill(what))
    assert not (begun / "results.json").exists()
    weights, removed = "model/best/listing.json", "stages/removal.json"
    assert (begun / weights).stat().st_mtime_ns == (directory / weights).stat().st_mtime_ns  # not trained again
    assert (begun / removed).read_text() == (directory / removed).read_text()
    assert again == reports[:-1] and not (begun / "stages" / "writing.json").exists()


@pytest.mark.parametrize("changed", [{"seed": 1}, {"language": "arithmetic"}])
def test_another_run_s_folder_is_refused(finished, changed):
    with pytest.raises(ValueError, match=f"other settings \\({[*changed][0]}"):
        run(finished[0], **changed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "paren"}, "no language 'paren': did you mean 'parens'"),
        ({"language": "c"}, "c needs --data"),
        ({"data": "some.c"}, "made by its grammar, so that --data some.c has no use"),
    ],
)
def test_what_does_not_exist_is_said(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "out", **options)
    with pytest.raises(ValueError, match="no preset 'smal': did you mean 'small'"):
        running.run(tmp_path / "out", STUDY, preset="smal")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("language", [Subject.ARITHMETIC, Subject.C, Subject.PYTHON])
def test_every_language_asks_at_least_thirty_things_that_do_not_fail(language):
    if language is Subject.ARITHMETIC:
        texts = read(language, 0, MICRO, None).dev
    elif language is Subject.C:
        pytest.importorskip("tree_sitter_c")
        texts = [parse('/* sum */\nint f(int a)\n{\n\tif (a > 1)\n\t\tg(a, "x", 22);\n\treturn (a);\n}\n', "c")]
    else:
        texts = [parse('class A:\n    def f(self, a):  # sum\n        if a > 1:\n            g(a, "x", [22])\n')]
    described = languages.describe(language, texts)
    labels = hypotheses.label([query.hypothesis for query in described.queries], texts)
    assert not labels.faults and len(labels.names) >= 30
    marked = [query for query in described.queries if query.group in (Group.NODE, Group.RULE)]
    assert len({query.line for query in marked}) == (6 if language is Subject.ARITHMETIC else 10)
    for query in marked:  # in this text, everything that is asked for occurs
        assert labels.values[:, labels.names.index(query.hypothesis.name)].any(), query.hypothesis.name
    for feature in described.features:
        assert {asked.name for asked in (*feature.hypotheses, feature.label)} <= set(labels.names)


def test_long_texts_are_read_in_pieces_with_context():
    text = "".join(chr(97 + i % 7) for i in range(900))
    asked = [languages.Query(Hypothesis("place", lambda text: np.arange(len(text.text)), "real"), Group.GIVEN, "place")]
    described = languages.Language(asked, [], {})
    words = vocabulary.build([text])
    parsed = Parsed(text, parse("1").tree._replace(name="text", stop=900, children=()))
    found = material.passages(words, [parsed], described, 400)
    assert len(found.strings) == 2 and found.counted.sum() == 300
    place = (found.of(asked[0].hypothesis) * 899).round().astype(int)
    for string, here, counted in zip(found.strings, place, found.counted, strict=True):
        first = here[counted][0]
        assert text[first : first + counted.sum()] == string[int(counted.argmax()) :]
        assert string == text[max(0, first - material.CONTEXT) :][: len(string)]
    following = found.following()
    at = np.argwhere(following >= 0)[5]
    assert words.words[following[tuple(at)]] == found.strings[at[0]][at[1] + 1]


def test_planted_units_are_found_and_ranked_first():
    random = np.random.default_rng(0)
    labels = hypotheses.Labels(
        ("rare", "number"),
        np.stack([random.random(500) < 0.1, random.random(500)], axis=1).astype(np.float32),
        ("binary", "real"),
        [],
        {},
        {},
    )
    states = random.normal(size=(500, 4)).astype(np.float32)
    states[:, 2] -= 6 * labels.values[:, 0]
    states[:, 3] = labels.values[:, 1]
    counted = np.ones((1, 500), bool)
    found = material.Passages(["x" * 500], material.Tokens(np.zeros((1, 500), np.int32), counted), counted, labels)
    told = relevance.relevance(jax.random.key(0), states, found, 5)
    assert told.names == ("rare", "number") and told.score.argmax(axis=1).tolist() == [2, 3]
    assert told.score[0, 2] > 0.95 and told.score[1, 3] > 0.99
    assert told.sign[0, 2] == -1 and told.sign[1, 3] == 1
    rare = Hypothesis("rare", list)
    feature = languages.Feature("rare", (rare,), rare, "x", "x")
    assert removal.top_sets(feature, told, [1, 2])[0].tolist() == [False, False, True, False]
    asked = [languages.Query(rare, Group.RULE, "rare", Mark.RANGE)]
    (row,) = relevance.rows(languages.Language(asked, [], {}), found, told, told, top=2)
    assert row.top[0].unit == 2 and row.majority == pytest.approx(1 - labels.values[:, 0].mean(), abs=1e-6)
    (view,) = views.views([row], states, found)
    assert view.unit == 2 and len(view.activation) == len(view.text) == views.LONGEST


def test_random_sets_are_nested_and_classes_add_up(key):
    sets = removal.random_sets(key, 9, [1, 4], 6)
    assert sets.sum(axis=-1).tolist() == [[1] * 6, [4] * 6] and (sets[0] <= sets[1]).all()
    classes = jnp.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    output = type("Output", (), {"logits": jnp.log(jnp.array([[[0.2, 0.3, 0.5]]]))})()
    np.testing.assert_allclose(jnp.exp(removal._by_class(classes, output, {}))[0, 0], [0.5, 0.5], rtol=1e-5)


def test_pairs_are_counted_per_hundred_symbols():
    pairs = languages.Feature("pairs", (), OWN, None, "pairs")
    assert writing.rate(pairs, ["(a)(", "b)))))"]) == 10.0


def test_the_n_gram_model_reads_short_and_long_texts_alike(monkeypatch):
    texts = [Parsed(text, parse("1").tree) for text in ["abcabd" * 8, "abdabc" * 8]]
    words = vocabulary.build([parsed.text for parsed in texts])
    short = quality.n_gram(words, texts, texts)
    monkeypatch.setattr(quality, "SHORT", 1)
    assert quality.n_gram(words, texts, texts) == pytest.approx(short, abs=0.1)
    assert 0 < short < 1.0


def test_claims_follow_the_figures(finished):
    results = finished[1].results
    lower = {Units.TOP: 0.1, Units.RANDOM: 0.9}
    rows = [
        row._replace(accuracy=lower[row.units], low=0.8, high=1.0, as_low=0.0)
        for row in results.removal.rows
        if row.way is Way.REMOVE
    ]
    made = claim_of(results, rows, "without the top 5 units")
    assert made.holds and made.figure == pytest.approx(0.8)
    made = claim_of(results, [row._replace(as_low=0.5) for row in rows], "without the top 5 units")
    assert not made.holds


def claim_of(results, rows, words):
    planted = results._replace(removal=results.removal._replace(rows=rows))
    return next(claim for claim in claims(planted) if words in claim.claim)


def test_the_rules_are_those_of_the_grammar():
    assert {rule.value for rule in languages.Rule} == {rule.name for rule in grammars.arithmetic().rules["e"]}


def test_the_hypotheses_that_claims_look_up_are_asked():
    texts = read(Subject.ARITHMETIC, 0, MICRO, None).dev
    asked = {query.hypothesis.name for query in languages.describe(Subject.ARITHMETIC, texts).queries}
    assert {languages.in_rule(rule).name for rule in languages.Rule} <= asked


def test_what_is_left_out_by_default_comes_back(finished):
    results = finished[1].results
    written = plain(results.removal.rows[0])
    assert "as_low" not in written and written["feature"] is None
    assert results.removal.random(5).units is Units.RANDOM
    assert results.removal.top(results.features[0], Way.ORACLE, 5).way is Way.ORACLE
    assert results.removal.top("no such feature", Way.ORACLE, 5) is None
    assert of_group(results.relevance, Group.LEVEL, Mark.RANGE)[0].line == "level 1"


def test_a_model_that_fits_is_studied(finished, tmp_path):
    directory, content, _ = finished
    given = run(tmp_path / "run", model=str(directory / "model"))
    assert not (tmp_path / "run" / "model").exists() and given.settings["model"] == str(directory / "model")
    one, other = content.results, given.results
    assert other.relevance == one.relevance and other.removal == one.removal and other.writing == one.writing
    assert other.quality == one.quality._replace(trained_on=None, curves=[])
    assert "was trained before" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [
        ([["a", "b"] * 9], {"symbol": "word"}, "reads words, and hypotheses label single symbols"),
        (["01(2)" * 9], {"width": 1}, "has 1 unit in a layer; expected 2 or more"),
        (["abcabd" * 9], {}, "does not know 100% of the symbols of this text"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_by_what_is_wrong(tmp_path, texts, options, message):
    config = {"width": 4} | options
    lstm_training.fit(jax.random.key(0), texts, texts, tmp_path / "model", schedule=Schedule(1), **config)
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "run", model=str(tmp_path / "model"))
    assert not (tmp_path / "run" / "settings.json").exists()
