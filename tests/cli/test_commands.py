"""Each question of the command line, asked of each kind of tiny model: it answers, or says in one line what would."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jaxneuron.cli import _signature, attribute, main
from tests.cli.conftest import rows
from tests.models.test_open import FLAX
from tests.models.test_pretrained import save, tensors
from tests.studies import tiny_imaginet

TEXT = "w1 w2 w3\nw2 w1\nw3 w3 w1\n" * 8
LABELLED = "w1\tA\nw2\tB\nw3\tA\n\nw2\tB\nw1\tA\n\n" * 6
TRANSLATOR = """
from typing import NamedTuple

class Made(NamedTuple):
    forward: object = None
    params: object = None
    vocabulary: tuple = ("<UNK>", "w1")
    writing: object = "what its texts begin and end with"

load = Made
"""
TRAIN = {
    "lstm": "train lstm --symbol word --data text.txt --epochs 1 --width 4 --embedding 3",
    "transformer": "train transformer --data text.txt --epochs 1 --width 4 --heads 2 --blocks 1 --longest 8",
}
SITES = {
    "lstm": "lstm0/hidden",
    "transformer": "block0/mlp/hidden",
    "imaginet": "textual/gru",
    "hf": "block0/mlp/hidden",
    "word_table:load": "embed",
}
WORDS = {"imaginet": "a man"}
LONG = " ".join(["w1", "w2", "w3"] * 5)


def _line(label):
    return json.dumps({"text": f"w1 w{1 + (label == 'b')}", "label": label}) + "\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model of each kind, and texts."""
    here = tmp_path_factory.mktemp("ask")
    (here / "text.txt").write_text(TEXT)
    (here / "labelled.conll").write_text(LABELLED)
    (here / "word_table.py").write_text(FLAX)
    (here / "translator.py").write_text(TRANSLATOR)
    (here / "sorted.jsonl").write_text("".join(map(_line, "a" * 20 + "b" * 20)))
    save(here / "hf", tensors())
    tiny_imaginet.store(here / "imaginet")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        for name, words in TRAIN.items():
            with pytest.raises(SystemExit) as ended:
                main([*words.split(), "--out", name])
            assert not ended.value.code
    return here


def text(model):
    return WORDS.get(model, "w1 w2 w3")


@pytest.mark.parametrize("model", SITES)
def test_its_sites_are_listed_and_a_unit_has_words(ask, model, tmp_path):
    listed = {row["site"]: row["units"] for row in rows(ask("sites", model, "--json"))}
    assert SITES[model] in listed
    options = ["--model", model, "--site", SITES[model], "--units", "1", "--text", text(model), "--text", text(model)]
    found = rows(ask("neuron", *options, "--json"))
    assert {row["side"] for row in found} >= {"high", "low"} and {row["unit"] for row in found} == {1}
    said = ask("neuron", *options, "--out", tmp_path / "page")
    records = json.loads((tmp_path / "page" / "units" / "0000.json").read_text())["units"]
    assert "unknown to the model" in said and [one["identity"]["unit"] for one in records] == [1]
    assert (tmp_path / "page" / "index.html").is_file() and (tmp_path / "page" / "unit.html").is_file()
    lines = (tmp_path / "page" / "answer.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == found


@pytest.mark.parametrize("model", [name for name in SITES if name != "imaginet"])
def test_units_are_ranked_for_a_label(ask, model):
    options = ["--model", model, "--data", "labelled.conll", "--site", SITES[model], "--k", "2"]
    found = rows(ask("rank", "probeless", *options, "--json"))
    assert {row["label"] for row in found} <= {"A", "B", "all of label"} and found[0]["rank"] == 1
    assert all(row["site"] == SITES[model] for row in found)


@pytest.mark.parametrize("model", SITES)
def test_a_score_is_shared_out(ask, model):
    site = (
        "embed/word"
        if model not in ("word_table:load", "lstm")
        else {"word_table:load": "embed", "lstm": "embed"}[model]
    )
    target = f"{SITES[model]}:1"
    options = ["--model", model, "--text", text(model), "--target", target]
    if model == "word_table:load":  # nothing stands above its only site
        options += ["--site", site]
    for method in ("saliency", "ablation"):
        found = rows(ask("attribute", method, *options, "--json"))
        assert [row["token"] for row in found if row["kind"] == "token"]
    assert rows(ask("interact", "harsanyi", *options, "--json"))


def test_what_a_window_of_tokens_takes_is_told_once_for_each_token(ask):
    options = ["--model", "hf", "--text", "w1 w2 w3", "--target", "block0/mlp/hidden:1", "--json"]
    played = [
        {row["place"]: row["score"] for row in rows(ask("attribute", method, *options))}
        for method in ("ablation", "occlusion")
    ]
    assert played[0] == pytest.approx(played[1], rel=1e-4) and len(played[0]) == 3


def test_words_are_taken_out_of_a_text(ask):
    options = ["--text", "w1 w2 w3", "--text", "w3 w1", "--site", SITES["hf"]]
    said = ask("attribute", "omission", "--model", "hf", *options)
    assert "turns furthest (1 - cosine) without 'w" in said
    found = rows(ask("attribute", "omission", "--model", "hf", *options, "--json"))
    assert [(row["text"], row["token"]) for row in found] == [(0, "w1"), (0, "w2"), (0, "w3"), (1, "w3"), (1, "w1")]
    assert all(0 < row["score"] <= 2 for row in found)


def test_units_are_ranked_from_a_store(ask, tmp_path):
    ask("extract", "--model", "hf", "--data", "labelled.conll", "--sites", SITES["hf"], "--out", tmp_path / "store")
    options = ["--model", "hf", "--data", "labelled.conll", "--site", SITES["hf"], "--class", "B", "--json"]
    stored, fresh = (rows(ask("rank", "probeless", *options, *more)) for more in (["--store", tmp_path / "store"], []))
    assert stored == fresh and {row["label"] for row in stored} == {"B"}


def test_each_unit_has_its_words_and_its_spread_on_the_page(ask, tmp_path):
    options = ["--model", "hf", "--site", SITES["hf"], "--units", "0,2", "--text", "w1 w2 w3", "--text", "w2 w3"]
    said = ask("neuron", *options, "--out", tmp_path / "page")
    assert "Unit 2: highest at" in said and "more rows" not in said
    records = json.loads((tmp_path / "page" / "units" / "0000.json").read_text())["units"]
    assert [one["identity"]["unit"] for one in records] == [0, 2]
    found = rows(ask("neuron", *options, "--json"))
    for one in records:
        for side, name in (("positive", "high"), ("negative", "low")):
            top = one["examples"][side]["top"][0]
            line = next(line for line in found if (line["unit"], line["side"]) == (one["identity"]["unit"], name))
            assert line["score"] == pytest.approx(top["values"][top["word"]], rel=1e-4)


@pytest.mark.parametrize("model", [name for name in SITES if name != "word_table:load"])
def test_units_are_switched_off(ask, model):
    options = ["--model", model, "--site", SITES[model], "--units", "0-1", "--text", text(model)]
    said = ask("intervene", "ablate", *options)
    assert "What" not in said and ("nats" in said or "turn by" in said)


def test_where_no_token_has_a_share_none_is_called_strongest():
    found: Any = SimpleNamespace(target="unit", name="unit 3", score=0.0, pieces=["w1", "w2"], word=[0, 1])
    method = _signature.read("jaxneuron.attribute", "input_x_gradient", "attribute")
    given = attribute.Given("hf")
    said = attribute._said(method, found, [0.0, 0.0], 0, None, given)
    assert "unit 3 scores 0" in said and "strongest" not in said and "--position" in said
    assert "strongest: 'w2' (+1)" in attribute._said(method, found, [0.0, 1.0], 0, None, given)
    value = np.array([[0.0, 2, 0], [0, 0, 0]])
    assert [row[6] for row in attribute._rows(found, value, [2.0, 0.0], 0, "embed", 5) if row[1] == "unit"] == [1]


@pytest.mark.parametrize("model", SITES)
def test_n_grams_are_found_and_units_grouped(ask, model):
    options = ["--model", model, "--site", SITES[model], "--text", text(model)]
    found = rows(ask("find", "corpus", *options, "--units", "0,1", "--length", "2", "--k", "1", "--json"))
    assert [row["unit"] for row in found] == [0, 1]
    groups = rows(ask("decompose", "correlation_clusters", *options, "--factors", "2", "--json"))
    assert len(groups) == 2 and not set(groups[0]["units"]) & set(groups[1]["units"])


def test_units_of_a_copy_are_recognised_one_by_one(ask, tmp_path):
    options = ["--model", "hf", "--other", "hf", "--other", "lstm", "--data", "labelled.conll", "--k", "3"]
    found = rows(ask("compare", "max_correlation", *options, "--out", tmp_path / "page", "--json"))
    assert all(row["score"] > 1 - 1e-6 and (row["other site"], row["other unit"]) == (row["site"], row["unit"])
               for row in found if row["score"])  # fmt: skip
    assert found[0]["words"] == found[0]["words there"] != "" and found[0]["excess"] >= found[-1]["excess"]
    page = (tmp_path / "page" / "answer.html").read_text()
    assert (
        page.count("class=heat") == 2
        and page.count("class=bars") == 1
        and "cka: down, layers of hf; across, of lstm" in page
    )


def test_models_are_compared_layer_by_layer_and_by_regression(ask):
    options = ["--model", "lstm", "--other", "hf", "--data", "text.txt", "--other-site", "embed"]
    found = rows(ask("compare", "cka", *options, "--json"))
    assert {row["other site"] for row in found} == {"embed"} and all(0 <= row["score"] <= 1 for row in found)
    found = rows(ask("compare", "linear_regression", *options, "--site", "lstm0/hidden", "--json"))
    assert len(found) == 4 and found[0]["rotated"] is None
    assert found[0]["score"] == max(row["score"] for row in found)


@pytest.mark.parametrize("method", ["pca", "ica", "nmf", "semi_nmf"])
def test_a_site_is_made_of_parts(ask, method, tmp_path):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "2", *["--clip"] * (method == "nmf")]
    said = ask("decompose", method, *options, "--data", "text.txt", "--out", tmp_path / "parts")
    page = (tmp_path / "parts" / "answer.html").read_text()
    assert "together they explain" in said
    assert "2 factors of the 4 units" in said and page.count("factor 1, text") == 2 and "<script" not in page
    assert ("blue below" in page) == ("nmf" not in method)  # these only add
    shares = [json.loads(line)["share"] for line in (tmp_path / "parts" / "answer.jsonl").read_text().splitlines()]
    assert sum(shares) == pytest.approx(1) and shares == sorted(shares, reverse=True)


def test_each_text_is_made_of_parts_of_its_own(ask):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "1", "--clip", "--each", "--text", "w1 w2"]
    found = rows(ask("decompose", "nmf", *options, "--text", "w3", "--json"))
    assert [(row["text"], row["factor"]) for row in found] == [(0, 0), (1, 0)]
    two = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "2", "--clip", "--each", "--text", "w3"]
    said = ask("decompose", "nmf", *two, "--text", "w1 w2")
    assert "1 texts, each in 2 parts" in said and "1 of 2 texts have fewer words than --factors 2" in said
    assert "no text has so many words; 1 is the most" in ask("decompose", "nmf", *two, code=2)
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "1", "--text", "w1 w2", "--each"]
    ask("decompose", "pca", *options, code=2)


@pytest.mark.parametrize("method", ["k_means", "activation_clusters"])
def test_words_are_clustered(ask, method):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "2", "--data", "labelled.conll"]
    found = rows(ask("decompose", method, *options, "--json"))
    assert sum(row["size"] for row in found) == 30 and {row["label"] for row in found} <= {"A", "B"}


def test_clusters_of_words_have_a_map_and_labels(ask, tmp_path):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--factors", "2", "--data", "labelled.conll"]
    said = ask("decompose", "latent_concepts", *options, "--out", tmp_path / "words")
    assert "2 clusters of" in said and "Clusters of one label" in said
    page = (tmp_path / "words" / "answer.html").read_text()
    assert "<h2>The map</h2>" in page and "vega" in page and "http-equiv" in page
    found = [json.loads(line) for line in (tmp_path / "words" / "answer.jsonl").read_text().splitlines()]
    assert sum(row["size"] for row in found) == 30 and {row["label"] for row in found} <= {"A", "B"}


def test_units_of_several_sites_have_one_tree(ask, tmp_path):
    options = ["--model", "transformer", "--site", "block0/mlp/hidden,block0/residual", "--data", "text.txt"]
    found = ask("decompose", "correlation_clusters", *options, "--threshold", "0.5", "--out", tmp_path / "tree")
    page = (tmp_path / "tree" / "answer.html").read_text()
    assert "<h2>The tree</h2>" in page and "<h2>What is alike</h2>" in page and "groups of the" in found
    units = [json.loads(line)["units"] for line in (tmp_path / "tree" / "answer.jsonl").read_text().splitlines()]
    assert {str(unit).rpartition(":")[0] for group in units for unit in group} == {
        "block0/mlp/hidden",
        "block0/residual",
    }


def test_a_model_writes_while_a_unit_is_held(ask):
    options = ["--prompt", "w1", "--length", "4", "--count", "2", "--temperature", "0"]
    found = rows(ask("generate", "--model", "lstm", *options, "--hold", "lstm0/hidden:0-3=1", "--json"))
    assert [row["units"] for row in found] == ["without", "without", "held", "held"]
    assert "cannot write" in ask("generate", "--model", "word_table:load", "--prompt", "w1", code=2)


def test_units_are_taken_held_and_said_a_label(ask):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--units"]
    found = rows(ask("intervene", "greedy", *options, "0-3", "--count", "2", "--text", "w1 w2 w3", "--json"))
    assert [row["step"] for row in found] == [1, 2] and len({row["unit"] for row in found}) == 2
    both = [
        rows(ask("intervene", name, *options, "0-3", "--count", "2", *more, "--text", "w1 w2 w3", "--json"))
        for name, more in (("beam", ["--width", "3"]), ("evolutionary", ["--population", "4", "--elite", "2"]))
    ]
    losses = [found[-1]["loss without it and those before"], both[0][-1]["loss without it and those before"]]
    assert losses[0] <= losses[1] + 1e-5 and both[1][-1]["loss without the best set so far"] >= losses[1] - 1e-5
    labelled = ["--data", "labelled.conll", "--class", "A"]
    alone = [
        rows(ask("intervene", "greedy", *options, "0-3", "--count", "1", *labelled[:2], *more, "--json"))[0]
        for more in ([], labelled[2:])
    ]
    assert alone[0]["loss without it alone"] != alone[1]["loss without it alone"]
    assert "measured at the 12 places of A alone" in ask("intervene", "ablate", *options, "0", *labelled)
    said = ask("intervene", "oracle", *options, "0", *labelled, "--low", "-0.5")
    assert "nats a symbol" in said
    found = rows(ask("intervene", "force", *options, "0,2", "--text", "w1", "--length", "3", "--json"))
    assert [row["units held"] for row in found] == ["none", "0,2", "at random: 1,3"]
    assert all(row["written"].startswith("w1 ") for row in found)


def test_sets_of_units_are_compared(ask, here):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--text", "w1 w2 w3", "--json"]
    alone = rows(ask("intervene", "ablate", *options, "--units", "all", "--each"))
    assert sorted(row["units"] for row in alone) == ["0", "1", "2", "3"]
    assert [row["raw"] for row in alone] == sorted((row["raw"] for row in alone), reverse=True)
    (here / "scores.json").write_text("[0, 3, 1, 2]")
    top = rows(ask("intervene", "ablate", *options, "--ranking", "scores.json", "--top", "25", "--top", "50"))
    found = {row["units"]: row["loss"] for row in alone + top}
    assert found["the top 25% (1 unit)"] == pytest.approx(found["1"], abs=1e-5) and len(top) == 2
    groups = rows(ask("intervene", "ablate", *options, "--units", "1,3", "--units", "0"))
    assert {row["units"]: row["loss"] for row in groups}["1,3"] == pytest.approx(
        found["the top 50% (2 units)"], abs=1e-5
    )
    means = {
        value: rows(ask("intervene", "ablate", *options, "--units", "all", "--each", "--value", value))[0]["raw"]
        for value in ("mean", "resampled", "-0.5")
    }
    assert len(set(means.values())) == 3


def test_one_text_is_put_into_another_place_by_place(ask, tmp_path):
    options = ["--model", "transformer", "--text", "w1 w2 w3", "--source", "w1 w3 w3", "--target", "w1"]
    found = rows(ask("intervene", "patch", *options, "--site", "embed,block0/residual", "--json"))
    assert [abs(row["change"]) for row in found] == sorted((abs(row["change"]) for row in found), reverse=True)
    last = [row for row in found if row["site"] == "block0/residual" and row["place"] == 2]
    assert len(found) == 6 and last[0]["share"] == pytest.approx(1, abs=1e-3)
    assert max(abs(row["change"]) for row in found if row["site"] == "embed" and row["place"] == 0) < 1e-5
    ask("intervene", "patch", *options, "--site", "embed", "--units", "0-1", "--units", "2", "--out", tmp_path)
    assert "class=heat" in (tmp_path / "answer.html").read_text()


def test_a_model_is_pushed(ask, here):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--text", "w1 w2 w3", "--json", "--amounts", "0,300"]
    found = rows(
        ask("intervene", "steer", *options, "--units", "1", "--units", "0,2", "--prompt", "w1", "--length", "2")
    )
    assert [row["amount"] for row in found] == [0, 300, 0, 300] and all(
        row["written"].startswith("w1 ") for row in found
    )
    assert found[0]["divergence"] < 1e-6 < found[1]["divergence"]
    np.save(here / "push.npy", np.eye(4)[:2])
    assert len(rows(ask("intervene", "steer", *options, "--direction", "push.npy"))) == 4
    np.save(here / "wide.npy", np.ones(7))
    assert "has 4 units" in ask("intervene", "steer", *options, "--direction", "wide.npy", code=2)
    assert "in a .npy file" in ask("intervene", "steer", *options, "--direction", "text.txt", code=2)


def test_a_ranking_for_a_label_is_taken_away(ask, tmp_path):
    options = ["--model", "lstm", "--site", "lstm0/hidden", "--data", "labelled.conll"]
    ask("rank", "probeless", *options, "--class", "A", "--k", "2", "--out", tmp_path)
    assert "top 50% (2 units)" in ask(
        "intervene", "ablate", *options, "--ranking", tmp_path, "--top", "50", "--top", "25"
    )
    assert "rank that site alone with --k 4" in ask(
        "intervene", "ablate", *options, "--ranking", tmp_path, "--top", "100", code=2
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("intervene ablate --model lstm --site lstm0/hidden --text w1", "there are no units"),
        ("intervene patch --model lstm --text w1 --source w1_w2 --target w1 --units 1", "give it as --site"),
        ("intervene patch --model lstm --text w1 --source w2 --target lstm0/hidden:1 --site lstm9", "no site 'lstm9'"),
        ("intervene ablate --model lstm --site lstm0/hidden --text w1 --units 1 --top 5", "is of a --ranking"),
        ("intervene ablate --model lstm --site lstm0/hidden --text w1 --ranking text.txt", "in per cent, as --top 5"),
        (
            "intervene ablate --model lstm --site lstm0/hidden --text w1 --ranking text.txt --top 5",
            "expected a folder or",
        ),
        ("intervene ablate --model lstm --site lstm0/hidden --text w1 --ranking text.txt --top 0", "above 0 and up to"),
        ("intervene ablate --model lstm --site lstm0/hidden --text w1 --units 1 --value median", "mean or resampled"),
        ("intervene ablate --model lstm --site lstm0/hidden --data text.txt --units 1 --target w9", "no such output"),
        ("intervene ablate --model lstm --site lstm0/hidden --units 1 --text w1", "each text is one word, after which"),
        ("attribute saliency --model word_table:load --text w1", "no head, so nothing has a score; give a unit"),
        ("attribute conductance --model lstm --text w1", "give the site by which it goes"),
        ("attribute saliency --model lstm --text w1 --target nothing", "no such output"),
        ("attribute omission --model lstm --text w1", "give it as --site"),
        ("attribute omission --model lstm --site lstm0/hidden --text w1", "text 0 has one word"),
        ("attribute omission --model lstm --site lstm0/hidden --text w1 --target w1", "neither --target"),
        ("rank probeless --model lstm --data text.txt", "has no labels"),
        ("rank probeless --model lstm --data labelled.conll --class C", "no such label"),
        ("compare cka --model lstm --other ./nowhere --data text.txt", "--other ./nowhere"),
        ("compare max_correlation --model lstm --other hf --text w1 --site lstm0/hidden", "at least 2 tokens"),
        ("compare linear_regression --model lstm --other hf --data labelled.conll", "which fit anything"),
        ("compare cka --model lstm --other hf --data text.txt --other-site block9", "no site 'block9'"),
        ("neuron --model lstm --site lstm0/hiden --units 1 --text w1", "did you mean 'lstm0/hidden'"),
        ("neuron --model lstm --site lstm0/hidden --units 99 --text w1", "units 0 to 3"),
        ("neuron --model lstm --site lstm0/hidden --units 1", "there is no text"),
        ("generate --model lstm --hold nonsense", "expected site:units=value"),
        ("intervene ablate --model word_table:load --site embed --units 1 --text w1", "nothing comes after"),
        ("intervene oracle --model lstm --site lstm0/hidden --units 1 --text w1", "give it as --class"),
        ("intervene force --model lstm --site lstm0/hidden --units 1 --text w1 --length 2 --class A", "No such option"),
        ("intervene force --model lstm --site lstm0/hidden --units 1 --text w1 --length 99999999", "65,536 at most"),
        ("intervene force --model transformer --site embed --units 1 --text w1 --length 9", "give --length 8"),
        ("intervene ablate --model lstm --site lstm0/hidden --units 1 --text w1 --labels A", "one label of it as"),
        ("intervene greedy --model lstm --site lstm0/hidden --units 1 --text w1 --count 2", "give more units"),
        ("evaluate monitor --model lstm", "it is a loop of your own"),
        (
            "neuron --model translator:load --site encoder/embed --units 1 --text w1",
            "is an encoder-decoder: it reads a",
        ),
        ("attribute saliency --model lstm --text w1 --target lstm9/hidden:1", "no site 'lstm9/hidden' in this model"),
        (
            "attribute saliency --model transformer --position 9 --text",
            "of which the model reads the first 8; give 0 to 7",
        ),
        ("generate --model transformer --prompt w1 --length 9", "give --length 8, or a shorter prompt"),
        ("attribute salience --model lstm --text w1", "did you mean 'saliency'"),
        ("find corpus --model lstm --site lstm0/hidden --units 1 --text w1 --out text.txt", "--out text.txt is a file"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(ask, words, message):
    assert message in ask(*words.split(), *[LONG] * words.endswith("--text"), code=2)


SEARCHES = [("greedy", ""), ("beam", "--width 2"), ("evolutionary", "--population 4 --elite 2")]


@pytest.mark.parametrize(("method", "own"), SEARCHES)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--site lstm0/hidden --units 1,2 --count 3", "--count 3 of 2 --units; give more units"),
        ("--site lstm0/hidden --units 1,2 --count 0", "a count of at least 1"),
        ("--site lstm0/hidden --units 1,9 --count 1", "units 0 to 3"),
        ("--site lstm0/hiden --units 1 --count 1", "did you mean 'lstm0/hidden'"),
        ("--site lstm0/hidden --count 1", "there are no units"),
        ("--site lstm0/hidden --units 1 --count 1 --value nan", "expected a number, mean or resampled"),
        ("--site lstm0/hidden --units 1 --count 1 --data labelled.conll --class C", "no such label"),
    ],
)
def test_what_a_search_cannot_do_is_said_in_one_line(ask, method, own, given, message):
    text = [] if "--data" in given else ["--text", "w1 w2 w3"]
    assert message in ask("intervene", method, "--model", "lstm", *given.split(), *own.split(), *text, code=2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("beam --width 0", "a width of at least 1 set"),
        ("evolutionary --population 4 --elite 5", "an elite from 1 to the population"),
        ("evolutionary --elite 0", "an elite from 1 to the population"),
        ("evolutionary --generations 0", "at least one generation"),
        ("evolutionary --patience 0", "a patience of at least 1"),
        ("evolutionary --mutation 1.5", "a mutation from 0 to 1"),
    ],
)
def test_a_search_says_which_setting_is_out_of_range(ask, words, message):
    options = "--model lstm --site lstm0/hidden --units 0-3 --count 1 --text".split()
    assert message in ask("intervene", *words.split(), *options, "w1 w2 w3", code=2)


@pytest.mark.parametrize("method", _signature.names("jaxneuron.interact"))
def test_whatever_a_method_returns_is_told_of_sets_of_tokens(ask, method):
    options = ["--model", "word_table:load", "--text", "w1 w2", "--target", "embed:1", "--site", "embed"]
    found = rows(ask("interact", method, *options, "--json"))
    assert found and all(row["tokens"] == [["w1", "w2"][place] for place in row["places"]] for row in found)


def test_what_is_no_more_than_rounding_is_no_interaction(ask):
    options = ["--model", "word_table:load", "--text", "w1 w2", "--target", "embed:1", "--site", "embed"]
    assert "no two tokens interact" in ask("interact", "harsanyi", *options)


def test_a_text_longer_than_the_model_is_read_as_far_as_it_goes(ask, capsys):
    found = rows(ask("attribute", "saliency", "--model", "transformer", "--text", LONG, "--json"))
    assert len([row for row in found if row["kind"] == "token"]) == 8
    for words in ("intervene ablate --units 1", "find corpus --units 1 --length 2 --k 1"):
        with pytest.raises(SystemExit):
            main([*words.split(), "--model", "transformer", "--site", SITES["transformer"], "--text", LONG])
        said = " ".join(capsys.readouterr().err.split())
        assert "of 1 text longer than the 8 words that the model reads, only the beginning" in said


def test_texts_that_lie_sorted_by_their_label_are_drawn(ask):
    options = ["--model", "lstm", "--data", "sorted.jsonl", "--most", "20"]
    found = rows(ask("rank", "probeless", *options, "--site", SITES["lstm"], "--json"))
    assert {row["label"] for row in found} == {"a", "b"}
    assert "20 texts" in ask("evaluate", "layers", *options, "--site", SITES["lstm"])


@pytest.mark.parametrize(
    "words",
    [
        "find corpus --length 2 --k 1",
        "intervene ablate",
        "decompose correlation_clusters --factors 2",
        "neuron",
        "evaluate layers",
    ],
)
def test_the_answer_comes_before_what_is_unknown_to_the_model(ask, words):
    text = ["--data", "labelled.conll"] if words.startswith("evaluate") else ["--text", "w1 w2 w3 other"]
    units = ["--units", "1"] if words.split()[0] in ("find", "intervene", "neuron") else []
    said = ask(*words.split(), "--model", "lstm", "--site", SITES["lstm"], *units, *text).splitlines()
    assert "unknown to the model" not in next(line for line in said if line.endswith("."))
