"""The study of switches on a model whose units are known: it finds them, and what it leaves says so."""

import json
import re

import pytest

from jaxneuron.corpora import agreement
from jaxneuron.studies import _finished, running
from jaxneuron.studies.switch import claims, material, page, presets
from jaxneuron.studies.switch.options import Options
from jaxneuron.studies.switch.presets import Preset
from jaxneuron.studies.switch.results import Forcing, Picked
from jaxneuron.studies.switch.study import STUDY
from tests.studies.switch import planted

MICRO = Preset(
    400,
    {"lstm": {"width": 4, "layers": 1, "embedding": 4, "epochs": 1}},
    asked=60,
    counts=(1, 2, 4),
    random=3,
    beyond=(0.0,),
    sites=("/hidden",),
    ordinary=20,
    labelled=200,
    least=5,
    lists=3,
    forced=(1, 4),
    draws=1,
    texts=6,
    length=8,
)
PLANTED = "tests.studies.switch.planted:load"


@pytest.fixture(scope="module", autouse=True)
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "demo", MICRO)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "text.txt"
    text = agreement.sentences(0, agreement.TOPICS, 400)
    path.write_text("\n".join(" ".join(words) for words in text) + "\n")
    return path


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study") / "run"
    return directory, running.run(directory, STUDY, Options(model=PLANTED, data=data), preset="demo")


def test_the_planted_units_are_the_switches(finished):
    number, tense = finished[1].results.switched
    assert (number.of, number.units, number.site) == ("number", [planted.NUMBER], "memory/hidden")
    assert (tense.of, tense.units) == ("tense", [planted.TENSE])
    for row in (number, tense):
        assert row.flipped == row.right == row.of_all == row.mirrored == 1 and row.random == row.random_most == 0
        assert row.kinds.keys() == {"preposition", "relative"} and set(row.kinds.values()) == {1}
        assert row.rise > 0
    rows = [row for row in finished[1].results.turned if row.count == 1]
    assert {row.by: row.held_out for row in rows} == {Picked.EFFECT: 1, Picked.CORRELATION: 1, Picked.RANDOM: 0}


def test_the_planted_experts_write_their_concept(finished):
    results = finished[1].results
    assert [row.concept for row in results.detected] == planted.TOPICS[:3]
    for place, row in enumerate(results.detected):
        assert row.units[0] == f"memory/hidden:{planted.FIRST + place}" and row.precision > 0.9
    for name in planted.TOPICS[:3]:
        own = {(row.forcing, row.count): row for row in results.forced if row.concept == name}
        assert own[Forcing.EXPERTS, 1].share > own[Forcing.EXPERTS, 0].share
        assert own[Forcing.EXPERTS, 1].log_odds > 0 == own[Forcing.EXPERTS, 0].log_odds
        assert own[Forcing.EXPERTS, 1].share > own[Forcing.RANDOM, 1].share


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, content = finished
    left = {path.name for path in directory.iterdir()}
    assert {"report.html", "results.json", "found.jsonl", "settings.json"} <= left
    assert {f"{figure}.{kind}" for figure in ("flips", "induced") for kind in ("png", "svg")} <= left
    text = (directory / "report.html").read_text()
    for section in ("flips", "cost", "layers", "induced", "texts", "claims", "models", "settings"):
        assert f'<section id="{section}">' in text
    assert text.index('id="question"') < text.index('id="flips"')
    drawn = page.content(content)["charts"]
    assert len(drawn) == 5 and all(f'class="chart" id="{name}"' in text for name in drawn)
    ids = re.findall(r'\bid="([^"]+)"', text.partition("<script")[0])
    assert len(set(ids)) == len(ids)
    assert _finished.read(directory, STUDY) == content
    assert [json.loads(line)["of"] for line in (directory / "found.jsonl").open()] == ["number", "tense"]


def test_claims_say_what_held(finished):
    found = finished[1].claims
    assert len(found) == 9 and all(claim.source and isinstance(claim.holds, bool) for claim in found)
    assert all(claim.holds for claim in found[:6]) and found[2].figure == 1
    assert "perplexity of ordinary text rises by" in found[0].note
    weak = finished[1].results.switched[0]._replace(flipped=0.4, random=0.06, units=[1, 2])
    held = [claim.holds for claim in claims.claims(finished[1].results._replace(switched=[weak]))]
    assert held[:3] == [False, False, True]  # the tutorial's number was turned in 33%
    text = " ".join(page.headlines(finished[1]))
    assert "planted:load, number: turning 1 unit of memory/hidden flips 100.0%" in text


def test_a_model_that_is_given_without_a_text_is_asked_what_it_writes():
    model = planted.load()
    words = tuple(f"{word}." if number % 4 == 0 else word for number, word in enumerate(model.vocabulary.words))
    ended = model._replace(vocabulary=model.vocabulary._replace(words=words))
    found = material.written(ended, Options(), MICRO, 0, lambda what: None)
    assert found and all(2 < len(one) <= MICRO.longest for one in found)
    assert all(word[-1] != "." for one in found for word in one[:-1])


@pytest.mark.slow
def test_the_models_are_trained_where_none_is_given(tmp_path):
    given = material.read(Options(trained="lstm"), MICRO._replace(sentences=40), 0)
    given = given._replace(train=[["the", "dog", "barks"]] * 32, dev=[["the", "dog", "barks"]] * 4)
    (writer,) = material.writers(0, given, Options(trained="lstm"), MICRO, tmp_path, lambda what: None)
    assert writer.name == "lstm" and [*writer.experts] == ["lstm0/hidden"]
    assert writer.sites == {"lstm0/hidden": 4}


def test_held_out_pairs_share_no_words_with_the_others():
    for of in agreement.PROPERTIES:
        found = agreement.pairs(0, agreement.TOPICS, of, 200)
        sides = [[one for one in found if one.held_out == held_out] for held_out in (False, True)]
        words = [{word for one in side for word in (*one.before, *one.forms)} for side in sides]
        assert words[0] & words[1] <= {"the"} and not {one.kind for one in sides[0]} & {one.kind for one in sides[1]}
        assert len(found) == 200 == len({(one.before, one.forms) for one in found})
    text = agreement.sentences(0, agreement.TOPICS, 300, found)
    assert not {one.before for one in found} & {tuple(words[:-4]) for words in text}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"model": "tests.studies.switch.planted:headless"}, ValueError, "does not predict the next word"),
        ({"model": "nowhere/at/all"}, FileNotFoundError, "nowhere/at/all"),
        ({"trained": "lstm"}, ValueError, "nothing is trained"),
        ({"concepts": "empty.tsv"}, FileNotFoundError, "empty.tsv"),
    ],
)
def test_what_cannot_be_studied_is_said_before_anything_is_written(data, tmp_path, changed, error, message):
    changed = {name: tmp_path / value if name == "concepts" else value for name, value in changed.items()}
    with pytest.raises(error, match=message):
        running.run(tmp_path / "run", STUDY, Options(**{"model": PLANTED, "data": data} | changed), preset="demo")
    assert not (tmp_path / "run" / "settings.json").exists()
