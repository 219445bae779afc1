"""The command line as a person meets it: what is wrong is said in one line, with exit code 2."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jaxneuron.corpora import scenes
from tests.studies import tiny_imaginet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a model and its captions, in the shared layout."""
    folder = tmp_path_factory.mktemp("cli")
    tiny_imaginet.store(folder / "model")
    write_captions(folder / "data", tiny_imaginet.data())
    lines = [" ".join(sentence) for sentence in tiny_imaginet.data().train.sentences]
    (folder / "text.txt").write_text("\n".join(lines) + "\n")
    return folder


def write_captions(path, data, change=lambda word: word):
    path.mkdir()
    (path / "categories.json").write_text(json.dumps([{"name": name} for name in scenes.NAMES]))
    for split, captions in zip(("train", "dev", "test"), data, strict=True):
        rows = [{"captions": [], "objects": features.nonzero()[0].tolist()} for features in captions.features]
        for sentence, image in zip(captions.sentences, captions.image, strict=True):
            rows[image]["captions"].append(" ".join(change(word) for word in sentence))
        with gzip.open(path / f"{split}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'models'}",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    environment.pop("JAXNEURON_DATA", None)

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "jaxneuron.cli", *map(str, arguments)],
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def refused(done, message):
    """Check that a command ended with exit code 2 and one line on stderr that says `message`."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("jaxneuron: "), done.stderr
    assert re.search(message, lines[0]), lines[0]


def find(folder, out, method="corpus", **changed):
    options = {"model": folder / "model", "site": "visual/projection", "units": "0-2", "data": folder / "text.txt"}
    options |= {"k": 2, "length": 3, "out": out} | changed
    return [
        "find",
        method,
        *(text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", value)),
    ]


def test_n_grams_are_found_and_written(folder, run, tmp_path):
    done = run(*find(folder, tmp_path / "found"))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    rows = [json.loads(line) for line in (tmp_path / "found" / "answer.jsonl").read_text().splitlines()]
    assert [row["unit"] for row in rows] == [0, 0, 1, 1, 2, 2]
    assert all(row["n-gram"] in done.stdout for row in rows) and "answer.html" in done.stdout


def test_units_are_clustered_and_written(folder, run, tmp_path):
    options = ["--site", "visual/gru", "--factors", 3, "--data", folder / "text.txt", "--out", tmp_path / "groups"]
    done = run("decompose", "correlation_clusters", "--model", folder / "model", *options)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "groups" / "answer.jsonl").read_text().splitlines()]
    assert sorted(unit for row in rows for unit in row["units"]) == list(range(10))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": "nowhere"}, "--data nowhere: no file or folder nowhere"),
        ({"site": "visual/projektion"}, "no site 'visual/projektion' .*did you mean 'visual/projection'"),
        ({"step": 3}, "No such option.*--step"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_option_is_one_line(folder, run, tmp_path, changed, message):
    refused(run(*find(folder, tmp_path / "found.jsonl", **changed)), message)
    assert not list(tmp_path.iterdir())


def test_a_malformed_line_is_named(folder, run, tmp_path):
    (tmp_path / "text.jsonl").write_text('{"text": "a man"}\n{"text": "a d\n')
    refused(run(*find(folder, tmp_path / "found", data=tmp_path / "text.jsonl")), "text.jsonl, line 2")


def test_words_that_the_model_does_not_know_are_counted(folder, run, tmp_path):
    (tmp_path / "text.txt").write_text("namum iu namum iu\nmen sitting on a bench\n")
    done = run(*find(folder, tmp_path / "found", data=tmp_path / "text.txt", k=1))
    assert done.returncode == 0 and re.search(r"\d of 9 words \(\d+%\) are unknown to the model", done.stderr), done


def test_a_vocabulary_that_does_not_fit_is_refused(folder, run, tmp_path):
    model = shutil.copytree(folder / "model", tmp_path / "model")
    (model / "vocabulary.json").write_text('{"words": ["a"], "counts": [1]}')
    refused(run(*find(folder, tmp_path / "found.jsonl", model=model)), "the vocabulary has 1 words")


@pytest.mark.parametrize("damage", ["halved", "deleted"])
def test_a_damaged_checkpoint_is_named(folder, run, tmp_path, damage):
    model = shutil.copytree(folder / "model", tmp_path / "model")
    largest = max(
        (path for path in (model / "best").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = largest.read_bytes()
    largest.unlink()
    if damage == "halved":
        largest.write_bytes(content[: len(content) // 2])
    refused(run(*find(folder, tmp_path / "found.jsonl", model=model)), "best is damaged or cut short")


def test_an_unknown_command_or_a_missing_option_is_a_usage_error(run):
    for arguments, message in ((["fnd"], "No such command"), (["find", "corpus"], "Missing option")):
        done = run(*arguments)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_every_command_explains_itself(run):
    done = run("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("train", "study", "report", "find", "decompose"))


@pytest.mark.slow
def test_a_model_is_trained_and_searched_in(folder, run, tmp_path):
    options = ["--epochs", 1, "--embedding", 6, "--units", 8, "--min-count", 1, "--data", folder / "data"]
    done = run("train", "imaginet", "--out", tmp_path / "model", *options)
    assert done.returncode == 0 and "best dev loss" in done.stdout, done.stderr
    options = {"steps": 20, "epoch": 10, "samples": 2, "keep": "step"}
    done = run(*find(folder, tmp_path / "found", model=tmp_path / "model", method="gumbel_softmax", **options))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "found" / "answer.jsonl").read_text().splitlines()]
    # at this learning rate the argmax may never leave the corpus optimum: then one n-gram per unit is all there is
    assert {row["unit"] for row in rows if row["rank"] == 1} == {0, 1, 2}
