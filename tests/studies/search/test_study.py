"""The whole study on what it trains itself, with few methods; and what it counts."""

import numpy as np
import pytest

from jaxneuron import _discover, find
from jaxneuron.studies import _finished, running
from jaxneuron.studies.search import material, presets, searching, showing
from jaxneuron.studies.search.claims import claims
from jaxneuron.studies.search.options import Options
from jaxneuron.studies.search.presets import Preset
from jaxneuron.studies.search.results import KINDS, Results
from jaxneuron.studies.search.study import STUDY

MICRO = Preset(
    training={
        "imaginet": {"embedding": 8, "units": 8, "epochs": 1, "batch": 512},
        "lstm": {"width": 8, "layers": 1, "embedding": 8, "epochs": 1, "batch": 32},
    },
    sentences=60,
    ngrams=50,
    targets=3,
    budgets={"best": ({"passes": 200, "least": 1},), "fluent": ({"steps": 2},), "gumbel_softmax": ({"steps": 20},)},
    pairs=0,
    widest=0,
    fluent={"steps": 2},
    longer=4,
    rates=(1.0,),
    seeds=1,
    shown=2,
)


@pytest.mark.slow
def test_a_run_leaves_its_results_and_its_page(tmp_path, monkeypatch):
    few = {name: verb for name, verb in _discover.methods(find).items() if name in searching.CONTROLS}
    monkeypatch.setattr(searching._discover, "methods", lambda package: few)
    monkeypatch.setattr(material, "_trained", _lstm)
    monkeypatch.setitem(presets.PRESETS, "micro", MICRO)
    running.run(tmp_path / "run", STUDY, Options(length=3), preset="micro", seed=1)
    results: Results = _finished.read(tmp_path / "run", STUDY).results
    assert {point.kind for point in results.points} == {*KINDS}
    assert {point.method for point in results.points} == {*few}
    units = [point for point in results.points if point.kind == KINDS[0]]
    assert max(point.ratio for point in units) <= 1 + 1e-9 and next(p for p in units if p.method == "best").ratio > 0.5
    (asked,) = results.asked
    assert asked.language == "own" and asked.in_context is not None
    assert [row.of for row in results.fluent] == ["alone", "in context"] and len(results.shown) == 3
    for one in results.shown:
        for text in one.texts:
            assert len(text.words) == len(text.parts) and text.score <= one.corpus + 1e-5 or text.by != "corpus"
    assert len(list(claims(results))) == 1 + 1 + 2 + 2
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "What are the strongest inputs?" in page and (tmp_path / "run" / "passes.png").exists()


def _lstm(given, preset, seed, directory, report):
    """Train the LSTM alone."""
    return [material._lstm(given.sentences, preset, seed, directory / "lstm", report)]


def test_a_word_contributes_what_the_score_loses_without_it():
    import jax.numpy as jnp

    from jaxneuron.studies.search.material import Kind, Subject
    from jaxneuron.targets import Along
    from jaxneuron.types import Tokens

    def forward(params, tokens, edits):
        value = jnp.sum(params[tokens.ids] * tokens.mask, axis=1)[:, None, None]
        return value, {"sum": value}

    targets = Along("sum", jnp.array([[1.0], [-1.0]]), jnp.zeros(2))
    none = Tokens(np.zeros((0, 1), int), np.zeros((0, 1), bool))
    kinds = {KINDS[0]: Kind(jnp.array([1.0, 2.0, 4.0]), targets)}
    subject = Subject("", None, forward, "sum", np.arange(2), (), kinds, none, none, none, np.ones(3, bool))
    first, second = showing._parts(subject, [[0, 1, 2], [2, 0]])
    assert first.tolist() == [7.0, 6.0, 5.0, 3.0] and second.tolist() == [-5.0, -1.0, -4.0]
