"""The study of embeddings on its scenes, and a unit of frequency that was planted."""

import gzip

import numpy as np
import pytest

from jaxneuron.studies import _finished, running
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.embeddings import erasing, experts, material, page, presets, vectors
from jaxneuron.studies.embeddings.claims import claims
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import (
    GAMMAS,
    STATIC,
    Block,
    Component,
    Expert,
    Few,
    Importance,
    Localised,
    Origin,
    Results,
)
from jaxneuron.studies.embeddings.study import STUDY
from jaxneuron.studies.embeddings.vectors import Static

TRAINING = {"heads": 1, "blocks": 1, "width": 8, "longest": 24, "epochs": 1, "batch": 20}
MICRO = Preset(
    TRAINING,
    300,
    300,
    150,
    width=6,
    steps=5,
    counts=(1, 2),
    least=5,
    hidden=6,
    fitting=5,
    sentences=40,
    concepts=4,
    having=4,
    top=5,
)

KINDS = ("masked", "causal")
MODELS = tuple(f"{kind} model" for kind in KINDS)


def test_a_planted_unit_is_missed_most_and_is_one_of_frequency():
    draw = np.random.default_rng(0)
    words = tuple(f"{a}{b}" for a in "bcdfghklmn" for b in draw.permutation([f"{c}{d}" for c in "aeiou" for d in "st"]))
    value = draw.normal(size=(100, 5)).astype(np.float32)
    value[:, 2] = np.linspace(2, -2, 100)
    tagged = {"kind": [(word, "frequent" if place < 50 else "rare") for place, word in enumerate(words)]}
    static, preset = Static(words, value), MICRO._replace(fitting=150, hidden=12)
    asked = erasing.tasks(static, tagged, preset, 0)
    assert asked.names == ["kind", "frequency"]  # of three letters: they have no beginnings and ends
    found = erasing.erased(static, asked, preset, 0, lambda what: None)
    assert len(found) == 3 * 2 * 2 and found[0].without == [] and found[4].without == [2]
    for row in found[:4]:
        assert np.argmax(row.importance) == 2 and row.accuracy > row.majority
    assert all(abs(row.importance[2]) < 1e-6 for row in found[4:])
    result = Results(frequent=[0.1, 0.0, 0.99, 0.2, 0.3], erased=found)
    first, mean, second, frequent, named, dropout = list(claims(result))[:6]
    assert first.holds and first.figure == 1 and frequent.figure > 0 and named.holds is None
    assert mean.holds and second.claim.endswith("when the first is left out") and isinstance(dropout.holds, bool)


def test_vectors_are_read_from_lines_and_arrays(tmp_path):
    (tmp_path / "a.vec").write_text("2 2\nthe 1 2\ndog 3 4\n", encoding="utf-8")
    with gzip.open(tmp_path / "a.txt.gz", "wt", encoding="utf-8") as file:
        file.write("the 1 2\ndog 3 4\n")
    np.savez(tmp_path / "a.npz", words=np.array(["the", "dog"]), vectors=np.array([[1, 2], [3, 4]], np.float16))
    for name in ("a.vec", "a.txt.gz", "a.npz"):
        found = vectors.read(tmp_path / name)
        assert found.words == ("the", "dog") and found.vectors.tolist() == [[1, 2], [3, 4]]
    assert found.rows(["Dog", "cat", "the"]).tolist() == [1, -1, 0]
    (tmp_path / "b.txt").write_text("the 1 2\ndog 3\n", encoding="utf-8")
    with pytest.raises(ValueError, match="as many numbers in each line"):
        vectors.read(tmp_path / "b.txt")
    np.savez(tmp_path / "b.npz", names=np.arange(2))
    with pytest.raises(ValueError, match="expected words and vectors"):
        vectors.read(tmp_path / "b.npz")


def test_claims_say_who_tells_more():
    rows = [Few("upos", source, 2, 0.5, told, 0.3) for source, told in ((STATIC, 0.4), ("m, last layer", 0.2))]
    rows += [Few("Number", source, 2, 0.5, told, 0.3) for source, told in ((STATIC, 0.1), ("m, last layer", 0.2))]
    assert page.ahead(rows, STATIC, "m, last layer", 2) == [("upos", 0.2, 0.0), ("Number", -0.1, 0.0)]
    even = Importance("t", 9, 2, False, [], 0.9, 0.5, [1.0, 1.0], [0.0, 0.0], 2.0)
    assert erasing.effective(np.array(even.importance)) == pytest.approx(2) and erasing.effective(-np.ones(2)) == 0


def results():
    """Return what a run of two models could leave."""
    few = [
        Few(of, source, k, 0.5, 0.1 * k, 0.3)
        for of in ("kind", "after_article")
        for source in (STATIC, *(f"{name}, {what}" for name in MODELS for what in ("words", "last layer")))
        for k in (1, 2)
    ]
    parts = [
        Component(name, f"block0/{part}", 0, part, 8, 0.5, [0.5] * len(GAMMAS), [0.9 if part == "mlp" else 0.5, 0.6])
        for name in MODELS
        for part in material.PARTS
    ]
    return Results(
        sources=[Origin(STATIC, 2, "static", 0.9), *(Origin(f"{one} model", 8, one, 1.0) for one in KINDS)],
        frequent=[0.7, -0.1],
        erased=[
            Importance("kind", 9, 2, dropout, without, 0.9, 0.5, [1.0, 0.1], [0.1, 0.1], 1.2 + dropout)
            for without in ([], [0], [0, 1])
            for dropout in (False, True)
        ],
        few=few,
        classes=[
            Localised(source, name, 1 + number * place, 8, 9, 0.5)
            for number, source in enumerate((STATIC, *MODELS))
            for place, name in enumerate("abcd")
        ],
        blocks=[
            Block(of, name, ["embed", "block0/residual"], [1 - deep, deep], deep, 0.9)
            for name in MODELS
            for of, deep in (("kind", 0.2), ("after_article", 0.6))
        ],
        parts=parts,
        experts=[
            Expert(name, gamma, 0.1 + 0.1 * more * (gamma == 0.7), 0.5, 0.0)
            for more, name in enumerate(MODELS)
            for gamma in GAMMAS
        ],
    )


def test_claims_and_the_page_say_what_was_measured(tmp_path):
    made = results()
    held = {claim.claim: claim for claim in claims(made)}
    assert experts.star(made.experts) == 0.7
    assert held["with dropout, what is missed is distributed over more units in every task"].holds
    assert held[next(claim for claim in held if claim.startswith("a causal model has"))].figure == pytest.approx(0.1)
    assert [held[claim].holds for claim in held if "lie in lower blocks" in claim] == [True, True]
    assert [held[claim].holds for claim in held if "better experts" in claim] == [True, True]
    assert [held[claim].holds for claim in held if "XLNet" in claim] == [None, None]
    assert [held[claim].holds for claim in held if "the same classes" in claim] == [None, None, True]
    assert held["this is no matter of nought alone: set to its mean, it is missed at least half as much"].holds is False
    _finished.write(tmp_path, STUDY, Finished("embeddings", made, list(held.values()), made.few))
    drawn = running.draw(tmp_path, STUDY)
    assert drawn.results == made and len(page.headlines(drawn)) == 5
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    charts = page.content(drawn)["charts"]
    assert len(charts) == 9 and all(f'class="chart" id="{name}"' in text for name in charts)


@pytest.mark.slow
def test_a_run_goes_from_text_to_page(tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "micro", MICRO)
    monkeypatch.setattr(material, "models", lambda *given: [])
    content = running.run(tmp_path / "run", STUDY, STUDY.command.options(labels="kind"), preset="micro")
    found: Results = content.results
    assert [one.what for one in found.sources] == ["static"] and len(found.frequent) == 6
    assert {row.of for row in found.few} == {"kind"} and {row.source for row in found.classes} == {STATIC}
    assert all(1 <= row.units <= 6 for row in found.classes) and not found.blocks + found.parts
