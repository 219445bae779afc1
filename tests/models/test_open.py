"""Whatever a name stands for is opened, and its forward runs on a text; of a wrong name, what is near is said."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models

from jaxneuron import store
from jaxneuron.cli import main
from jaxneuron.targets import Logit
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models import heads, text_cnn_training
from jaxneuron_models.kind import kind
from jaxneuron_models.model import Model
from jaxneuron_models.open import open as open_model
from jaxneuron_models.train import Schedule
from tests.models.test_pretrained import save, tensors

TEXT = "w1 w2 w3\nw2 w1\nw3 w3 w1\n" * 8
FLAX = """
from typing import NamedTuple
import jax, jax.numpy as jnp
from flax import nnx
from jaxneuron.tap import Tap, lookup
from jaxneuron_models import pure

class Mine(nnx.Module):
    def __init__(self, rngs):
        self.word = nnx.Embed(4, 5, rngs=rngs)

    def __call__(self, tokens, edits):
        tap = Tap(edits)
        x = tap("embed", lookup(self.word.embedding[...], tokens.ids), jnp.arange(tokens.mask.shape[-1]))
        return None, tap.activations()

class Made(NamedTuple):
    forward: object
    params: object
    vocabulary: tuple = ("<UNK>", "w1", "w2", "w3")

def load():
    forward, init = pure.split(lambda rngs: Mine(rngs))
    return Made(forward, init(jax.random.key(0)))
"""
TRAIN = {
    "imaginet": "train imaginet --data captions --epochs 1 --embedding 4 --units 4 --min-count 1",
    "lstm": "train lstm --data text.txt --epochs 1 --width 4 --embedding 3",
    "transformer": "train transformer --data text.txt --epochs 1 --width 4 --heads 2 --blocks 1 --longest 8",
}
CHANGED = {"words": ("lstm", "symbol", "word"), "masked": ("transformer", "causal", False)}
GIVES = {
    "imaginet": ("next word", "word"),
    "lstm": ("next word", "character"),
    "words": ("next word", "word"),
    "transformer": ("next word", "word"),
    "masked": ("masked word", "word"),
    "text_cnn": ("text label", "word"),
    "head": ("text label", "word"),
    "hf": ("next word", "piece"),
    "of_a_user:load": ("none", "word"),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    here = tmp_path_factory.mktemp("opened")
    (here / "text.txt").write_text(TEXT)
    (here / "of_a_user.py").write_text(FLAX)
    (here / "other.py").write_text("class Empty: forward = params = 1\ndef load(): return Empty()\n")
    save(here / "hf", tensors())
    (here / "captions").mkdir()
    for split in ("train", "dev", "test"):
        (here / "captions" / f"{split}.txt").write_text("w1 w2 w3\n" * 10)
        np.save(here / "captions" / f"{split}.npy", np.ones((2, 3), np.float32))
    before = os.getcwd()
    os.chdir(here)
    try:
        for name, command in TRAIN.items():
            with pytest.raises(SystemExit) as ended:
                main([*command.split(), "--out", name])
            assert not ended.value.code
    finally:
        os.chdir(before)
    for name, (other, setting, value) in CHANGED.items():  # the same weights, another config: nothing to train
        shutil.copytree(here / other, here / name)
        header = json.loads((here / other / "config.json").read_text())
        header["config"][setting] = value
        (here / name / "config.json").write_text(json.dumps(header))
    texts = [line.split() for line in TEXT.splitlines()]
    labels = ["a" if "w2" in text else "b" for text in texts]
    key = jax.random.key(0)
    text_cnn_training.fit(
        key, *[(texts, labels)] * 2, here / "text_cnn", schedule=Schedule(epochs=1), embedding=4, filters=3, widths=(2,)
    )
    encoder = open_model(here / "transformer")
    config = heads.HeadConfig("final", 4, 2, hidden=3, names=("a", "b"))
    examples = Tokens(np.full((4, 3), 3, np.int32), np.ones((4, 3), bool)), np.array([0, 1, 0, 1])
    heads.fit(key, encoder, config, examples, examples, here / "head", schedule=Schedule(epochs=1))
    return here


@pytest.mark.parametrize("name", GIVES)
def test_whatever_a_name_stands_for_is_opened_and_runs(here, monkeypatch, name):
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    model = open_model(name)
    assert isinstance(model, Model) and model.source == name
    assert (model.head, model.symbol) == GIVES[name]
    tokens = Tokens(jnp.array([[1, 3, 2]]), jnp.ones((1, 3), bool))
    output, activations = jax.jit(model.forward)(model.params, tokens, {})
    assert all(bool(jnp.isfinite(value).all()) for value in activations.values())
    outputs = len(model.labels or model.vocabulary.words)
    if model.scores is not None:
        assert activations[model.scores].shape[-1] == outputs
        score = Logit(1)(output, activations, tokens)
        np.testing.assert_array_equal(score, activations[model.scores][:, -1, 1])
    assert set(model.linear) <= set(activations)
    if model.step is not None:
        assert model.initial_state is not None and model.scores is not None
        _, stepped, state = model.step(model.params, model.initial_state(1, 3), tokens.ids[:, :2], {})
        _, last, _ = model.step(model.params, state, tokens.ids[:, 2:], {})
        np.testing.assert_allclose(last[model.scores][:, 0], activations[model.scores][:, 2], atol=1e-5)
    assert (model.step is None) == (name not in ("lstm", "words", "transformer", "hf"))


@pytest.mark.parametrize("name", ["lstm", "head", "of_a_user:load"])
def test_whatever_is_opened_is_extracted_from(here, tmp_path, monkeypatch, name):
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "few.txt").write_text("w1 w2\nw3 w2 w1\n")
    with pytest.raises(SystemExit) as ended:
        main(["extract", "--model", name, "--data", str(tmp_path / "few.txt"), "--out", str(tmp_path / "store")])
    assert not ended.value.code
    assert store.open(tmp_path / "store").manifest.words == 5


def test_a_head_moves_with_its_encoder_and_says_what_it_lacks(here, tmp_path):
    (tmp_path / "head").symlink_to(here / "head")
    with pytest.raises(FileNotFoundError, match="is a head over .*transformer, which is not there"):
        open_model(tmp_path / "head")
    (tmp_path / "transformer").symlink_to(here / "transformer")
    assert open_model(tmp_path / "head").labels == ("a", "b")


def test_a_head_of_an_earlier_version_says_what_to_add_and_then_opens(here, tmp_path):
    shutil.copytree(here / "head", tmp_path / "head")
    (tmp_path / "transformer").symlink_to(here / "transformer")
    config = json.loads((tmp_path / "head" / "config.json").read_text())
    over = {"over": config.pop("over")}
    (tmp_path / "head" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"does not say over which .*add \"over\": \"../transformer\" to it"):
        kind(tmp_path / "head")
    (tmp_path / "head" / "config.json").write_text(json.dumps(config | over))
    assert open_model(tmp_path / "head").labels == ("a", "b")


def test_a_head_of_a_checkpoint_is_chosen(here):
    assert open_model(here / "hf", head="Model", dtype="bfloat16").scores is None
    with pytest.raises(ValueError, match="a dtype and a head can be chosen of Hugging Face checkpoints only"):
        open_model(here / "lstm", head="Model")


class Own(NamedTuple):
    forward: object
    params: object
    vocabulary: object = None
    tokenizer: object = None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Own(1, 2, vocabulary=["a", "b"]), ("a", "b")),
        (Own(1, 2, vocabulary={"b": 1, "c": 3, "a": 0}), ("a", "b", "<2>", "c")),
        (Own(1, 2, vocabulary=Vocabulary(("a",), np.ones(1, int))), ("a",)),
        (Own(1, 2, tokenizer=Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))), ("a", "b")),
    ],
)
def test_what_a_function_returns_becomes_a_model(monkeypatch, given, words):
    monkeypatch.setitem(sys.modules, "someones", type(sys)("someones"))
    monkeypatch.setattr(sys.modules["someones"], "load", lambda: given, raising=False)
    model = open_model("someones:load")
    assert model.vocabulary.words == words
    assert model.symbol == ("word" if given.tokenizer is None else "piece")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Own(1, 2), "returned Own, without vocabulary or tokenizer"),
        (Own(1, 2, vocabulary=7), "the vocabulary is a int; expected a types.Vocabulary, a list"),
        (Own(1, 2, tokenizer="bert"), "the tokenizer is a str; expected one of `tokenizers`"),
    ],
)
def test_what_a_function_returns_wrongly_is_named(monkeypatch, given, message):
    monkeypatch.setitem(sys.modules, "someones", type(sys)("someones"))
    monkeypatch.setattr(sys.modules["someones"], "load", lambda: given, raising=False)
    with pytest.raises(ValueError, match=message):
        open_model("someones:load")


def test_a_wrong_name_is_refused_with_what_is_near(here, monkeypatch):
    monkeypatch.chdir(here.parent)
    with pytest.raises(
        FileNotFoundError, match=f"no folder {here.name}/lsmt, but .*{here.name}/lstm.*; expected a fold"
    ):
        kind(f"{here.name}/lsmt")
    with pytest.raises(FileNotFoundError, match=f"no config.json in {here.name}, but in {here.name}/head"):
        kind(here.name)
    (here / "unknown").mkdir(exist_ok=True)
    (here / "unknown" / "config.json").write_text('{"architecture": "rnn"}')
    with pytest.raises(ValueError, match="names the architecture 'rnn', of which nothing is known"):
        kind(here / "unknown")


def test_what_a_name_stands_for_is_told_without_jax(here):
    code = f"import sys; from jaxneuron_models.kind import kind; kind({str(here / 'lstm')!r}); assert 'jax' not in "
    code += "sys.modules"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root}:{root / 'models'}"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_stories_of_a_real_llama():
    weights = Path(__file__).parents[2] / "../shared/weights/stories260K"
    if not weights.is_dir():
        pytest.skip("the weights are not here")
    model = open_model(weights)
    assert model.tokenizer is not None
    ids = model.tokenizer.encode("Once upon a time, there was a little").ids
    output, _ = jax.jit(model.forward)(model.params, Tokens(jnp.array([ids]), jnp.ones((1, len(ids)), bool)), {})
    assert model.head == "next word" and model.vocabulary.words[int(output.logits[0, -1].argmax())].strip("▁").isalpha()
