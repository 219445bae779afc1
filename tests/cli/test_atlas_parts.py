"""`jaxneuron atlas --with`: a planted unit gets what it deserves of every part; what is done stays done."""

import json
from types import SimpleNamespace

import jax.numpy as jnp
import jsonschema
import numpy as np
import pytest

from jaxneuron.cli import _atlas_parts
from jaxneuron.cli._atlas_parts import _direct, describe, effect, find
from jaxneuron.cli._signature import names
from jaxneuron.tap import Tap, lookup
from jaxneuron.types import Tokens
from tests.cli.test_atlas import OWN, TEXT
from tests.report.atlas.test_plain import SCHEMA

EVERY = names("jaxneuron.cli._atlas_parts")
PARTS = ",".join(part for part in EVERY if part != "recurrence")
TAGS = {"the": "DET", "a": "DET", "in": "ADP", "red": "ADJ"}
MODELS = ("--with", ",".join(EVERY), "--encoder", "own:load", "--other", "own:load")
CAT = 2


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    (folder / "own.py").write_text(OWN)
    lines = (TEXT * 20).splitlines()
    tagged = ["".join(f"{word}\t{TAGS.get(word, 'NOUN')}\n" for word in line.split()) for line in lines]
    (folder / "words.conll").write_text("\n".join(tagged))
    (folder / "few.txt").write_text(TEXT)
    (folder / "found.jsonl").write_text(
        json.dumps({"setting": "embed", "target": 1, "name": "thing", "method": "logit", "words": ["cat"], "score": 9})
    )
    return folder


def asked(*more, out, data="words.conll", parts=PARTS):
    words = ["atlas", "--model", "own:load", "--data", data, "--out", out, "--sites", "embed,bag", "--with", parts]
    return [*words, *more]


def units(folder):
    return {
        (one["identity"]["site"], one["identity"]["unit"]): one
        for one in json.loads((folder / "units/0000.json").read_text())["units"]
    }


@pytest.fixture(scope="module")
def made(here):
    """Return the folder of an atlas with all parts of three units of each site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.syspath_prepend(str(here))
        patch.setattr(find, "TEXTS", 64)
        from jaxneuron.cli import main

        words = asked("--few", 2, *MODELS, out="made")
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        assert not ended.value.code
    return here / "made"


def test_a_planted_unit_has_every_part(made):
    found = units(made)
    for one in found.values():
        jsonschema.validate(one, SCHEMA)
    chosen = {unit for site, unit in found if site == "embed" and "effects" in found[site, unit]}
    assert len(chosen) == 4  # two on each end; the description is of all
    one = found["embed", CAT]
    said = one["descriptions"][0]
    assert "cat" in said["text"] and said["score"]["value"] > 0.9 > said["control"]["value"]
    assert {other["measure"] for other in said["others"]} == {"auroc", "detection", "fuzzing", describe.MEANT}
    assert said["split"] == "left-out"
    assert found["embed", 8]["distribution"]["dead"] and "descriptions" not in found["embed", 8]
    most = next(
        found["embed", unit] for unit in chosen if found["embed", unit]["descriptions"][0]["score"]["value"] > 0.9
    )
    assert most["effects"][0]["turned"]["value"] > 0 and most["effects"][0]["at"] == "projection"
    sides = {(entry["method"], entry.get("sign", "+")) for entry in most["inputs"]}
    assert sides == {(method, sign) for method in (find.PASS, *find.METHODS) for sign in "+-"}
    measures = {near["measure"] for near in most["neighbours"]}
    assert measures == {"correlation", "downstream"}  # nothing feeds the embedding, and each unit feeds another
    (same,) = most["recurrence"]
    assert same["correlation"] == pytest.approx(1, abs=1e-4) and same["baseline"] < 0.99
    assert 0 <= most["writes"][0]["null_quantile"] <= 1
    assert "least explained units of each site" in json.loads((made / "atlas.json").read_text())["note"]


def test_what_feeds_a_unit_passes_no_other_one():
    """Return to arithmetic: with `c = tanh(b) V + a` and `b = a W`, what `a` does to `c` by way of `b` is b's."""
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=(4, 4)).astype(np.float32) for name in ("table", "w", "v")}

    def forward(params, tokens, edits):
        tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
        a = tap("a", lookup(params["table"], tokens.ids), time)
        b = tap("b", a @ params["w"], time)
        return tap("c", jnp.tanh(b) @ params["v"] + a, time), tap.activations()

    tokens = Tokens(np.array([[0, 1, 2], [3, 0, 0]]), np.array([[True, True, True], [True, False, False]]))
    spread = {"a": np.ones(4, np.float32), "b": np.ones(4, np.float32), "c": np.array([1, 2, 1, 0], np.float32)}
    model = SimpleNamespace(forward=forward, params=params)
    told = _direct.weighed(model, tokens, spread, shown=8, budget=2**20, progress=lambda done, total: None)

    slope = 1 - np.tanh(params["table"][[0, 1, 2, 3]] @ params["w"]) ** 2
    way = {"a": {"b": params["w"]}, "b": {"c": slope.mean(0)[:, None] * params["v"]}}
    way["a"]["c"] = np.eye(4)
    for unit in range(4):
        near = {(one.site, one.unit): one.value for one in told.upstream["c"][unit]}
        wanted = {
            (site, other): way[site]["c"][other, unit] / [1, 2, 1, np.inf][unit] for site in "ab" for other in range(4)
        }
        assert near == pytest.approx({place: value for place, value in wanted.items() if value}, rel=1e-5)
    assert {one.site for one in told.downstream["b"][0]} == {"c"} and not told.upstream["a"][0]
    written = np.concatenate([way["a"]["b"], way["a"]["c"] / [1, 2, 1, np.inf]], axis=1)
    cosine = written @ written.T / np.linalg.norm(written, axis=1) / np.linalg.norm(written, axis=1)[:, None]
    np.testing.assert_allclose(told.outputs["a"], cosine, rtol=1e-4, atol=1e-6)
    assert told.inputs["a"] is None and told.outputs["c"] is None


def test_concepts_are_found_on_some_texts_and_scored_on_others(made):
    best = max(
        (one["concepts"][0] for one in units(made).values() if "concepts" in one),
        key=lambda one: one["held_out"]["value"],
    )
    assert best["formula"] in {*TAGS.values(), "NOUN"} and best["held_out"]["value"] > 0.95
    assert best["control"]["value"] < 0.8 and best["held_out"]["low"] < best["held_out"]["value"] <= 1


def test_what_a_study_found_is_taken_and_gives_a_unit_its_name(here, ask):
    ask(*asked("--found", "found.jsonl", "--units", "1,2", out="named", parts="find"))
    found = units(here / "named")
    assert found["embed", 1]["identity"]["name"] == "thing" and "name" not in found["embed", 2]["identity"]
    assert [one["method"] for one in found["embed", 1]["inputs"]] == ["logit", find.PASS, find.PASS]
    place, low = found["embed", 2]["inputs"]
    assert low["sign"] == "-" and "lowest of" in low["certificate"] and low["percentile"] == 0
    assert place["tokens"][-1] == "cat" and place["percentile"] == 100 and "highest of" in place["certificate"]


def test_a_stopped_run_makes_what_is_missing(here, ask, made, monkeypatch):
    kept = sorted(made.glob("parts/*/*.json"))
    assert len(kept) == 2 * len(EVERY)
    (made / "parts/effect/bag.json").unlink()
    begun = []

    def join(at, site, some, progress):
        begun.append((site, list(some)))
        raise OSError("the machine went away")

    monkeypatch.setattr(effect, _atlas_parts.VERB, join)
    monkeypatch.setattr(find, _atlas_parts.VERB, join)
    ask(*asked("--few", 2, *MODELS, out="made"), code=2)
    assert len(begun) == 1 and begun[0][0] == "bag"


def test_what_is_wrong_with_the_parts_is_said(ask, here):
    assert "did you mean 'effect'" in ask("atlas", "--model", "own:load", "--out", "x", "--with", "efect", code=2)
    assert "belong together" in ask(*asked(out="x", parts="recurrence"), code=2)
    assert "give --with" in ask("atlas", "--model", "own:load", "--out", "x", "--all", code=2)
    assert "give one of them" in ask(*asked("--all", "--units", 1, out="x"), code=2)
    assert "has no splits" in ask(*asked("--held-out", "dev", out="x"), code=2)
    assert "give at least 10" in ask(*asked(out="x", data="few.txt"), code=2)
    (here / "other.jsonl").write_text('{"name": "action"}')
    assert "expected found.jsonl of" in ask(*asked("--found", "other.jsonl", out="y"), code=2)
