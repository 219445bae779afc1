"""A checkpoint that is missing, damaged or another model's is told apart, in words."""

import json
import logging
import resource
import shutil
import warnings

import jax
import numpy as np
import pytest

from jaxneuron.types import Vocabulary
from jaxneuron_models import checkpoints, imaginet

CONFIG = imaginet.ImaginetConfig(vocabulary=5, features=4, embedding=6, units=7)
WORDS = Vocabulary(("<BEG>", "<END>", "<UNK>", "a", "dog"), np.array([0, 0, 0, 7, 2]))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("checkpoint")
    checkpoints.write_header(directory, "imaginet", CONFIG.__dict__, WORDS)
    checkpoints.save(directory / "best", imaginet.build(CONFIG)[1](jax.random.key(0)))
    return directory


@pytest.fixture
def directory(written, tmp_path):
    return shutil.copytree(written, tmp_path / "model")


def files(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_a_moved_checkpoint_loads_silently(directory, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = imaginet.load(directory)
    expected = imaginet.build(CONFIG)[1](jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, model.params, expected)
    assert model.vocabulary.words == WORDS.words and model.vocabulary.counts.tolist() == WORDS.counts.tolist()
    assert model.config == CONFIG
    assert "".join(capfd.readouterr()) == ""


def test_no_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint in .*config.json is missing; train one with"):
        imaginet.load(tmp_path / "nowhere")


def test_no_weights_yet(directory):
    shutil.rmtree(directory / "best")
    with pytest.raises(FileNotFoundError, match="no weights"):
        imaginet.load(directory)


def test_weights_that_a_killed_save_moved_out_of_the_way_are_found_and_replaced(directory):
    tree = imaginet.load(directory).params
    (directory / "best").rename(directory / "best.before")
    jax.tree.map(np.testing.assert_array_equal, imaginet.load(directory).params, tree)
    checkpoints.save(directory / "best", jax.tree.map(lambda leaf: leaf + 1, tree))
    jax.tree.map(np.testing.assert_array_equal, imaginet.load(directory).params, jax.tree.map(lambda x: x + 1, tree))
    assert {path.name for path in directory.iterdir()} == {"best", "config.json", "vocabulary.json"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # tensorstore tells a closed event loop
def test_a_full_disk_is_one_error_and_leaves_what_was_there(directory, capfd):
    params = imaginet.load(directory).params
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="could not write .*best .*File too large.*make room"):
            checkpoints.save(directory / "best", params)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "".join(capfd.readouterr()) == ""
    assert {path.name for path in directory.iterdir()} == {"best", "config.json", "vocabulary.json"}
    jax.tree.map(np.testing.assert_array_equal, imaginet.load(directory).params, params)


def test_every_damage_to_the_weights_is_named(directory, capfd, caplog):
    caplog.set_level(logging.WARNING)
    for path in files(directory / "best"):
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 255]) if whole else b"x", None):
            if damaged == whole or (damaged is None and path.name == checkpoints.LISTING):
                continue
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            with pytest.raises(ValueError, match="damaged"):
                imaginet.load(directory)
            path.write_bytes(whole)
    assert "".join(capfd.readouterr()) == "" and not caplog.records


def test_weights_without_a_listing_are_read_all_the_same(directory):
    (directory / "best" / checkpoints.LISTING).unlink()
    imaginet.load(directory)
    shutil.rmtree(directory / "best" / "state")
    with pytest.raises(ValueError, match="damaged or does not fit"):
        imaginet.load(directory)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json"])
def test_a_truncated_header_is_named(directory, name):
    text = (directory / name).read_text()
    (directory / name).write_text(text[: len(text) // 2])
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        imaginet.load(directory)


def test_a_vocabulary_of_another_size_does_not_fit(directory):
    checkpoints.write_json(directory / "vocabulary.json", {"words": ["a", "b"], "counts": [1, 1]})
    with pytest.raises(ValueError, match="the vocabulary has 2 words, the checkpoint's embedding 5 rows"):
        imaginet.load(directory)


def test_another_architecture_is_named(directory):
    with pytest.raises(ValueError, match="holds a 'imaginet' checkpoint, expected 'lstm_lm'"):
        checkpoints.load(directory, "lstm_lm")


@pytest.mark.parametrize(
    ("change", "message"),
    [({"units": 9}, "does not fit its config.json"), ({"neurons": 9}, "config.json is not Imaginet's")],
)
def test_another_config_does_not_fit(directory, change, message):
    header = json.loads((directory / "config.json").read_text())
    header["config"] |= change
    (directory / "config.json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match=message):
        imaginet.load(directory)
