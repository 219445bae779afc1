"""The whole study on a little grammar, and how its pairs are made."""

import json

import numpy as np
import pytest

from jaxneuron.studies import _finished, running
from jaxneuron.studies.circuits import material, patched, presets
from jaxneuron.studies.circuits.claims import claims, fewest
from jaxneuron.studies.circuits.presets import Preset
from jaxneuron.studies.circuits.results import ORDERS, About, Choice, Estimate, Kept, Outputs, Picture, Results
from jaxneuron.studies.circuits.study import STUDY

TRAINING = {"heads": 1, "blocks": 1, "width": 8, "longest": 8, "causal": True, "epochs": 1, "batch": 20}
MICRO = Preset(8, TRAINING, 60, counts=(1, 4), steps=2, draws=3, drawn=4)


def made(share: float) -> Results:
    kept = [
        Kept(by, size, value, value, value)
        for by in Choice
        for size, value in ((10, share if by != Choice.RANDOM else 0.1), (200, 1.0))
    ]
    estimates = [Estimate(order, 0.5 + 0.1 * place, 0.5, {"a": 0.95}) for place, order in enumerate(ORDERS)]
    asked = About("model", 4, {}, ("a", "b", "is", "are"), 1.0, 1.0, 200, ("a",))
    outputs = [Outputs(order, 0.6 + 0.2 * place, {"a": 0.95}, 0.5 + place) for place, order in enumerate(ORDERS[:3])]
    return Results(asked, estimates, outputs, kept, Picture("", 1, 1, 1.0, 1.0, 1.0))


def test_claims_say_what_came_out():
    found = [claim.holds for claim in claims(made(0.95))]
    assert found == [True, True, True, True, False, True, True, True] and fewest(made(0.95), Choice.INTEGRATED) == 10
    assert [claim.holds for claim in claims(made(0.05))][0] is False and fewest(made(0.05), Choice.EXACT) == 200


def test_agreement_counts_places_where_the_texts_differ():
    exact = np.array([[[0.0, 1, 2]], [[0, -1, 5]]])  # two pairs, one block; the second has two tokens
    mask = np.array([[True, True, True], [True, True, False]])
    (row,) = patched.agreement(("block0/mlp",), exact, {"first": np.array([[[9.0, 1, 3]], [[0, -1, 7]]])}, mask)
    right = np.corrcoef([1, 2, -1], [1, 3, -1])[0, 1]  # nothing differs at the first place
    assert abs(row.mean - right) < 1e-6 and abs(row.blocks["block0/mlp"] - right) < 1e-6
    assert abs(row.grid - np.corrcoef([0, 0, 2], [4.5, 0, 3])[0, 1]) < 1e-6


def test_pairs_differ_in_the_subject_alone():
    pairs = material.grammar(3)
    assert {pair.kind for pair in pairs} == {"the same number beside", "the other number beside"}
    for pair in pairs[:50]:
        assert [a == b for a, b in zip(pair.clean, pair.corrupted, strict=True)] == [True, False, True, True, True]
        assert (pair.clean[1][-1] == "s") == (pair.right in ("are", "were", "have", "walk", "sing"))


def test_pairs_of_blimp_are_made_of_its_verbs_and_subjects(tmp_path):
    rows = [
        (material.SUBJECT, "The gloves tighten.", "The glove tighten."),
        (material.VERB, "The gloves are new.", "The gloves is new."),
        (material.VERB, "Tina is new.", "Tina are new."),  # of whom no plural is known
        (
            "distractor_agreement_relational_noun",
            "The glove of most gloves is new.",
            "The glove of most gloves are new.",
        ),
        ("anaphor_number_agreement", "The gloves like themselves.", "The gloves like itself."),
    ]
    lines = [json.dumps({"UID": uid, "sentence_good": good, "sentence_bad": bad}) for uid, good, bad in rows]
    (tmp_path / "blimp.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = {(" ".join(one.clean), " ".join(one.corrupted), one.right, one.wrong) for one in material.blimp(
        tmp_path / "blimp.jsonl", 0)}  # fmt: skip
    assert found == {
        ("The gloves", "The glove", "are", "is"),
        ("The glove of most gloves", "The gloves of most gloves", "is", "are"),
    }
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="has no sentences of"):
        material.blimp(tmp_path / "other.jsonl", 0)


@pytest.mark.slow
def test_a_run_leaves_its_results_and_its_page(tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "micro", MICRO)
    running.run(tmp_path, STUDY, preset="micro", seed=3)
    finished = _finished.read(tmp_path, STUDY)
    assert len(finished.found) == 32 and {unit.site for unit in finished.found} == {"block0/mlp/hidden"}
    assert {row.units for row in finished.results.kept} == {1, 4, 32}
    for row in finished.results.kept:
        assert row.units < 32 or abs(row.faithfulness - 1) < 1e-3
    assert [claim.holds in (True, False) for claim in finished.claims] == [True] * 8
    for row in finished.results.outputs:
        assert list(row.blocks) == ["block0/mlp"] and -1 <= row.mean <= 1 and -1 <= row.grid <= 1
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page and "Through which neurons" in page
