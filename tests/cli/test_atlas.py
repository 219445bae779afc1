"""`jaxneuron atlas`: a killed worker goes on, workers join, and what is wrong is said."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

OWN = """
import jax
import jax.numpy as jnp
import numpy as np
from types import SimpleNamespace

from jaxneuron.types import Vocabulary
from tests import tiny


def load():
    words = ("<unk>", "the", "cat", "dog", "a", "in", "red", "house")
    vocabulary = Vocabulary(words, np.zeros(8, int))
    return SimpleNamespace(forward=tiny.bag_of_words, params=tiny.planted(jax.random.key(0)), vocabulary=vocabulary)


def broken():
    model = load()
    model.params["table"] = model.params["table"].at[3, 2].set(jnp.nan)
    return model
"""
TEXT = "the cat in a red house\na dog\nthe dog in the house\nred red red\nin a house the cat\n"

CAT = 2
LABELLED = [("words.conll", "embed", "cat", ["OTHER", "cat", "dog"]), ("texts.tsv", "bag", "True", ["False", "True"])]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    (folder / "own.py").write_text(OWN)
    (folder / "text.txt").write_text(TEXT * 6)
    words = [f"{word}\t{word if word in ('cat', 'dog') else 'OTHER'}" for word in TEXT.split()]
    (folder / "words.conll").write_text("\n".join(words[:6] + [""] + words[6:8] + [""] + words[8:]) + "\n")
    (folder / "texts.tsv").write_text("".join(f"{'cat' in one}\t{one}\n" for one in TEXT.splitlines()))
    (folder / "blank.txt").write_text("\n\n")
    return folder


@pytest.fixture
def small(monkeypatch):
    """Cut the text into blocks of a few words, and save after each."""
    from jaxneuron.cli import _atlas_pass
    from jaxneuron.extract.placing import blocks

    monkeypatch.setattr(_atlas_pass, "blocks", lambda sentences: blocks(sentences, words=20))
    monkeypatch.setattr(_atlas_pass, "SAVED", 0.0)


def asked(*more, out, model="own:load", data="text.txt"):
    words = ["atlas", "--model", model, "--data", data, "--out", out, "--sites", "embed,bag", "--exemplars", 3]
    return [*words, "--samples", 30, *more]


def numbers(folder, site="embed"):
    with np.load(folder / "statistics" / f"{site}.npz") as content:
        return {name: content[name] for name in content}


def same(one, other):
    """Check that two atlases say the same: counts and exemplars exactly."""
    assert set(one) == set(other)
    for name, value in one.items():
        if name.startswith(("moments", "means")) and name.rpartition(".")[2] not in ("low", "high", "tokens", "count"):
            np.testing.assert_allclose(value, other[name], rtol=1e-5, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_every_unit_gets_a_page_whatever_the_split_and_the_order(ask, here, small):
    ask(*asked(out="whole"))
    record = json.loads((here / "whole/units/0000.json").read_text())["units"][2]
    top = record["examples"]["positive"]["top"][0]
    assert top["tokens"][top["word"]] == "cat" and record["identity"]["unit"] == 2
    assert "np/own-load/0-embed, np/own-load/0-bag" in ask("atlas", "export", "whole", "--out", "np")
    assert "no atlas.json" in ask("atlas", "export", "np", "--out", "other", code=2)
    for worker in (1, 0):
        ask(*asked("--worker", worker, "--of", 2, out="parts"))
    ask("atlas", "merge", "parts")
    for site in ("embed", "bag"):
        same(numbers(here / "whole", site), numbers(here / "parts", site))


@pytest.mark.parametrize(("data", "site", "label", "labels"), LABELLED)
def test_labels_are_told_by_the_units_that_carry_them(ask, here, small, data, site, label, labels):
    ask(*asked("--labels", "label", data=data, out=f"{label}-whole"))
    for worker in (0, 1):
        ask(*asked("--labels", "label", "--worker", worker, "--of", 2, data=data, out=f"{label}-parts"))
    ask("atlas", "merge", f"{label}-parts")
    found = numbers(here / f"{label}-whole", site)
    same(found, numbers(here / f"{label}-parts", site))
    assert found["labels"].tolist() == labels
    row = labels.index(label)
    assert found["means.count"][row] == 2
    for name in ("rising", "auroc", "iou"):
        assert found[f"thresholds.{name}"][row, CAT] == 1 > found[f"thresholds.{name}"][row, CAT + 1], name
    assert found["means.mean"][row, CAT] > found["means.others"][row, CAT] + 0.2
    if site == "embed":
        assert "labels" not in numbers(here / f"{label}-whole", "bag")  # of a text, whose words have them


def test_without_a_text_the_captions_of_the_embedded_scenes_are_read(ask, here, monkeypatch):
    from jaxneuron.corpora import scenes

    monkeypatch.setitem(scenes.SIZES, "test", 3)
    said = ask("atlas", "--model", "own:load", "--out", "embedded", "--split", "test", "--sites", "bag")
    assert said.splitlines()[-1] == "open embedded/index.html"
    corpus = json.loads((here / "embedded/atlas.json").read_text())["provenance"]["corpus"]
    assert (corpus["name"], corpus["split"], corpus["texts"]) == ("the embedded scenes", "test", 15)
    ask("atlas", "merge", "embedded", "--out", "merged")
    same(numbers(here / "embedded", "bag"), numbers(here / "merged", "bag"))


def test_a_killed_run_goes_on_and_ends_the_same(ask, here, small, monkeypatch):
    from jaxneuron.extract import to_statistics

    ask(*asked(out="unbroken"))
    read = to_statistics.read

    def killed(*given, **more):
        for number, state in enumerate(read(*given, **more)):
            yield state
            if number == 1:
                raise OSError("the machine went away")

    monkeypatch.setattr(to_statistics, "read", killed)
    ask(*asked(out="killed"), code=2)
    assert not (here / "killed/index.html").exists()
    monkeypatch.setattr(to_statistics, "read", read)
    ask(*asked(out="killed"))
    for name, value in numbers(here / "unbroken").items():
        np.testing.assert_array_equal(value, numbers(here / "killed")[name], err_msg=name)


SLOWLY = """
import sys, time
from jaxneuron.cli import _atlas_pass, main
from jaxneuron.extract import states
from jaxneuron.extract.placing import blocks

save = states.save
states.save = lambda *given: (save(*given), time.sleep(0.5))
_atlas_pass.blocks = lambda sentences: blocks(sentences, words=20)
_atlas_pass.SAVED = 0.0
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_worker_that_is_killed_and_started_again_finds_the_same(ask, here, small):
    ask(*asked(out="at once"))
    words = [str(word) for word in asked("--worker", 0, "--of", 2, out="shared")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen([sys.executable, "-c", SLOWLY, *words], cwd=here, env=environment)
    told, done = here / "shared/state-0-of-2.json", 0
    while not done:
        assert worker.poll() is None
        time.sleep(0.01)
        done = json.loads(told.read_text())["done"] if told.exists() else 0
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert json.loads(told.read_text())["done"] < json.loads(told.read_text())["blocks"]
    for number in (1, 0):
        ask(*asked("--worker", number, "--of", 2, out="shared"))
    ask("atlas", "merge", "shared")
    for site in ("embed", "bag"):
        same(numbers(here / "at once", site), numbers(here / "shared", site))


def test_a_text_that_occurs_again_is_an_exemplar_once(ask, here, small):
    ask(*asked(out="again"))
    found = numbers(here / "again", "bag")
    assert found["moments.tokens"] == 30  # five texts, each six times
    assert found["exemplars.highest.sentence"].max() < 5
    assert all(len(set(row)) == 3 for row in found["exemplars.lowest.sentence"].tolist())


def test_what_is_wrong_is_said(ask, here, small):
    nan = "activation of unit 2 at 'embed' is nan at word 1, 'dog', of sentence 1"
    assert nan in ask(*asked(out="nan", model="own:broken"), code=2)
    assert "no sentences in blank.txt" in ask(*asked(out="blank", data="blank.txt"), code=2)
    wrong = asked(out="site")
    wrong[wrong.index("embed,bag")] = "embde"
    assert "did you mean 'embed'" in ask(*wrong, code=2)
    ask(*asked("--worker", 0, "--of", 2, out="half"))
    assert "worker 1 of 2 has no state there" in ask("atlas", "merge", "half", code=2)
    wrong = asked("--worker", 1, "--of", 2, out="other")
    wrong[wrong.index("--exemplars") + 1] = 2
    ask(*wrong)
    assert "another exemplars" in ask("atlas", "merge", "half", "other", code=2)
    assert "the last is 1" in ask(*asked("--worker", 2, "--of", 2, out="beyond"), code=2)
    assert "no such layer; words.conll has label" in ask(
        *asked("--labels", "upos", data="words.conll", out="x"), code=2
    )
    assert "has no labels" in ask(*asked("--labels", "upos", out="layer"), code=2)
    few = asked("--labels", "label", "--budget", 1, data="words.conll", out="few")
    ask(*few)
    assert numbers(here / "few")["thresholds.auroc"][1, CAT] == 1  # with fewer digits
    assert "there is no --out" in ask("atlas", "--model", "own:load", code=2)
    scenes = ("atlas", "--model", "own:load", "--out", "scenes")
    assert "no split 'tset'" in ask(*scenes, "--split", "tset", code=2)
    assert "have none; give --data" in ask(*scenes, "--label-column", 1, code=2)
    (state,) = (here / "half").glob("state-*.npz")
    state.write_bytes(b"damaged")
    assert "its checksum is another" in ask(*asked("--worker", 0, "--of", 2, out="half"), code=2)
