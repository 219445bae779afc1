"""The page of Deep Neural Inspection shows what was found, as it was found."""

import json
import re

import numpy as np
import pytest

from jaxneuron.corpora.hypotheses import Fault
from jaxneuron.studies import Claim, _finished, running
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.dni2018 import charts, figures, page
from jaxneuron.studies.dni2018.options import Subject
from jaxneuron.studies.dni2018.results import (
    Answer,
    Group,
    Held,
    Intact,
    Mark,
    Match,
    Matching,
    Quality,
    Removal,
    Removed,
    Results,
    Scored,
    Told,
    Units,
    UnitScore,
    View,
    Way,
    Written,
)
from jaxneuron.studies.dni2018.study import STUDY

RATES = {"low": 0.7, "high": 0.9, "least": 0.6, "most": 0.95}
QUALITY = Quality(1.5, 0.4, 900, n_gram=1.6, vocabulary=10, parameters=12345, trained_on=1000)


def told(level, mark):
    """Return made-up scores of a level."""
    best = 0.9 + level / 100
    return Told(
        f"{mark} of level{level}",
        Group.LEVEL,
        f"level {level}",
        mark,
        Answer.BINARY,
        share=0.2,
        best=best,
        accuracy=0.95,
        majority=0.8,
        cell=0.97,
        top=[UnitScore(7, best, 0.95, -1)],
        sorted=np.linspace(0.9, 0.5, 16).tolist(),
        sorted_accuracy=[0.9] * 16,
    )


def make_results():
    """Return made-up results of one hypothesis of each group, and one feature."""
    removed = [Removed(None, Way.REMOVE, Units.RANDOM, k, 0.8, **RATES) for k in (1, 5)]
    for way in Way:
        removed += [Removed("digit", way, Units.TOP, k, 0.5) for k in (1, 5)]
    removed = [row._replace(as_low=0.0) if row.feature and row.way is Way.REMOVE else row for row in removed]
    text = Written("digit", Units.NONE, Held.NOTHING, 0, 40.0, "digits", 90, "0(1</script>\n)")
    writing = [text]
    for k in (1, 5):
        more = text._replace(units=Units.TOP, count=k, rate=55.0)
        random = text._replace(units=Units.RANDOM, held=Held.ONE, count=k, rate=41.0, **RATES)
        writing += [random._replace(high=44.0), more._replace(held=Held.ONE), more._replace(held=Held.SIDE)]
    view = View("range of level1", Group.LEVEL, 7, 0.91, -1, "0(<1)", [0.0, -1.0, -0.9, -0.8, 0.7], [0, 1, 1, 1, 1])
    passage = ("00((11))00", 2, 4)
    return Results(
        Subject.PARENS,
        "lstm0/hidden",
        features=["digit"],
        quality=QUALITY._replace(curves=[{"step": 1, "train_loss": 1.0, "dev_loss": 1.1}]),
        scored=Scored(12000, 16, 4, 20, seconds=1.25),
        faults=[Fault("broken", 3, 17, "expected 9 labels, got 8")],
        relevance=[told(level, mark) for level in (1, 4) for mark in (Mark.RANGE, Mark.IMPULSE)],
        removal=Removal(["0", "1"], Intact(0.99, {}, {}, {}), removed),
        writing=writing,
        views=[view] * 14,
        matching=Matching(*passage, "range of level1", 0.3, [1, 7], [Match(*passage, 2, 0.5)]),
    )


@pytest.fixture
def whole():
    claim = Claim("a unit knows", "Sellam et al. 2018", False, 0.5)
    settings = {"language": "parens"}
    return Finished("dni2018", make_results(), [claim], version="0", seed=0, device="cpu", settings=settings)


def drawn(directory, whole):
    """Leave a run, read it back, and return its page."""
    _finished.write(directory, STUDY, whole)
    assert running.draw(directory).results == whole.results
    return (directory / "report.html").read_text()


def test_the_page_has_every_section_and_nothing_can_break_out(tmp_path, whole):
    text = drawn(tmp_path, whole)
    sections = "relevance views matching removal writing claims faults model question settings".split()
    assert all(f'<section id="{section}"' in text for section in sections)
    assert "✗ does not hold" in text and "expected 9 labels, got 8" in text
    assert "0(1&lt;/script&gt;" in text and '<span class="s0 t">(</span>' in text
    specs = json.loads(re.search(r'id="charts" type="application/json">(.*?)</script>', text, re.DOTALL)[1])
    assert all(f'id="{name}"' in text for name in specs) and len(specs) == 5
    assert not re.search(r'(src|href)="http', text.replace("https://arxiv", ""))


def test_a_run_without_figures_has_a_page(tmp_path):
    assert "</html>" in drawn(tmp_path, Finished("dni2018", Results(Subject.C)))


def test_headlines_say_what_the_figures_say(whole):
    said = " ".join(page.headlines(whole))
    assert "4 of 4 hypotheses about structure" in said and "Without the top 5 units of digit, 50.0%" in said
    assert "random ones 80.0%, with all 99.0%" in said and "for 1 of 1 features: digit." in said
    assert "1.500 bits per symbol, fewer than a 5-gram model (1.600)" in said
    results = whole.results._replace(
        writing=[row._replace(rate=40.0) for row in whole.results.writing],
        quality=whole.results.quality._replace(bits=1.7),
    )
    said = " ".join(page.headlines(whole._replace(results=results)))
    assert "for 0 of 1 features." in said and "bits per symbol, more than a 5-gram model (1.600)" in said


def test_equal_bits_are_as_many():
    said = headlines_of(QUALITY._replace(bits=1.50004, n_gram=1.5))
    assert len(said) == 1 and "as many as a 5-gram model (1.500)" in said[0] and "too little" in said[0]
    said = headlines_of(QUALITY._replace(bits=1.2, n_gram=1.5))
    assert said == ["The model needs 1.200 bits per symbol, fewer than a 5-gram model (1.500)."]


def headlines_of(quality):
    return page.headlines(Finished("dni2018", Results(Subject.PARENS, quality=quality)))


def test_shades_join_what_looks_alike():
    view = View("range", Group.LEVEL, 7, 0.9, 1, "abcd", [0.95, 1.0, 1.0, None], [1, 1, 0, 0])
    assert page.spans(view) == [("ab", 5, True), ("c", 5, False), ("d", 0, False)]


def test_panels_are_those_of_the_paper(whole):
    shown = page.content(whole)
    assert [title for _, title in shown["panels"]] == ["nesting level, range", "nesting level, impulse"]
    spec = shown["charts"]["chart-relevance-0"]
    assert len(spec["data"]["values"]) == 32
    other = whole.results.relevance[0]._replace(group=Group.SYMBOL)
    assert len(charts.panels([whole.results.relevance[0], other])[0][1]) == 1


def test_every_figure_is_drawn(tmp_path, whole):
    paths = figures.write(whole, tmp_path)
    assert {path.stem for path in paths} == {"figure2", "figure4", "figure5"}
    assert all(path.stat().st_size > 1000 for path in paths)
    assert figures.write(Finished("dni2018", Results(Subject.C)), tmp_path) == []


def test_what_no_unit_tells_is_said_and_not_shown(tmp_path, whole):
    first, *others = whole.results.relevance
    untold = first._replace(best=0.5, top=[UnitScore(0, 0.5, 0.8, 1)])
    results = whole.results._replace(relevance=[untold, *others], asked={"digit": ["range of level1"]})
    text = " ".join(drawn(tmp_path, whole._replace(results=results)).split())
    assert "No unit tells 1 of the 4 hypotheses" in text and "range of level1: unit" not in text
    assert '<td class="n">none</td>' in text and "arbitrary which units are called the top ones" in text
    assert '<section id="views">' not in text  # it showed that hypothesis only
    assert any("told by some unit" in said for said in page.headlines(whole))


def test_a_number_is_told_by_another_measure_than_a_truth_value():
    row = told(1, Mark.RANGE)._replace(best=0.5)
    assert not page.told(row) and page.told(row._replace(kind=Answer.REAL))


def test_a_word_that_is_none_of_the_study_s_is_an_error(tmp_path, whole):
    _finished.write(tmp_path, STUDY, whole)
    path = tmp_path / "results.json"
    path.write_text(path.read_text().replace('"own means"', '"own mean"'))
    with pytest.raises(
        ValueError, match="rows .6.: way: expected one of 'remove', 'oracle', 'own means', got 'own mean'"
    ):
        running.draw(tmp_path)
