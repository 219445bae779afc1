"""The whole study on its grammar, and units that were planted."""

import numpy as np
import pytest

from jaxneuron.studies import _finished, running
from jaxneuron.studies.cases import finding, grammar, material, presets, turning
from jaxneuron.studies.cases.claims import claims, clear
from jaxneuron.studies.cases.material import Layers
from jaxneuron.studies.cases.presets import Preset
from jaxneuron.studies.cases.results import Results
from jaxneuron.studies.cases.study import STUDY

TRAINING = {"heads": 1, "blocks": 1, "width": 8, "longest": 24, "causal": True, "epochs": 1, "batch": 20}
MICRO = Preset(400, TRAINING, 150, draws=3, resampled=50, least=5, shown=1)


def layers(value):
    return Layers(np.asarray(value, np.float32), [("layer", unit) for unit in range(np.shape(value)[1])])


def planted(text, seed):
    """Return random units, of which 3 rises at commas, 5 falls inside quotations and 7 falls along the sentence."""
    value = np.random.default_rng(seed).normal(size=(len(text.sentence), 10))
    value[:, 3] += 6 * text.cases["comma"]
    value[:, 5] -= 6 * text.cases["inside quotation marks"]
    value[:, 7] = [-place for one in text.sentences for place in range(len(one))]
    return layers(value)


def test_planted_units_are_found_and_others_are_not_clear():
    choose, ask = (material._text(material.build(grammar.sentences(300, seed)), {}) for seed in range(2))
    found = finding.cases(choose, ask, (planted(choose, 0), planted(ask, 1)), MICRO, 0, lambda what: None)
    told = {case.name: case for case in found}
    assert (told["comma"].unit, told["comma"].sign) == (3, "+") and clear(told["comma"])
    assert (told["inside quotation marks"].unit, told["inside quotation marks"].sign) == (5, "-")
    assert told["beginning"].unit == 7 and told["beginning"].auroc == 1.0
    assert list(told["beginning"].along) == sorted(told["beginning"].along, reverse=True)
    assert clear(told["law"]) is False and told["law"].auroc < 0.75
    assert all(case.low <= case.auroc <= case.high and case.control < 0.7 for case in found if case.auroc is not None)
    (shown,) = told["comma"].passages
    assert [word == "," for word in shown.words] == shown.held and max(shown.values) > 1


def test_a_unit_is_turned_only_if_both_sides_are():
    good = np.array([phrase[-1] in grammar.GOOD for phrase in turning.phrases()])
    side = np.where(good, 1.0, -1.0)
    word = np.array([next((w for w in phrase if w in turning.WORDS[1:]), "") for phrase in turning.phrases()])
    value = np.random.default_rng(0).normal(size=(len(side), 400)) * 0.1
    value[:, 0] += side * np.select([word == "very", word == "not"], [3.0, -1.0], 1.0)
    value[:, 1] += side - 5 * (word == "not")  # pushed one way, whatever follows
    ends = np.cumsum([len(phrase) for phrase in turning.phrases()]) - 1
    rows = np.zeros((ends[-1] + 1, 400))
    rows[ends] = value
    intensified, flipped = turning.turned(layers(rows), MICRO, 0)
    assert intensified.unit == flipped.unit == 0 and flipped.effect == 1.0 and flipped.neutral == 0.0
    assert intensified.effect > 1.5 and abs(intensified.neutral) < 0.3 and flipped.auroc == 1.0
    assert abs(flipped.random) < 0.4


@pytest.mark.slow
def test_a_run_leaves_its_results_and_its_page(tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "micro", MICRO)
    lists = tmp_path / "lists.tsv"
    lists.write_text("water\triver\tboat\n", encoding="utf-8")
    running.run(tmp_path / "run", STUDY, STUDY.command.options(words=lists), preset="micro", seed=1)
    finished = _finished.read(tmp_path / "run", STUDY)
    results: Results = finished.results
    assert "water" in [case.name for case in results.cases]
    assert all(shape.units == 8 and len(shape.highest) == 5 for shape in results.shapes)
    assert len(list(claims(results))) == len(results.cases) + 3
    assert "Is there a comma neuron?" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
