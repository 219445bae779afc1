"""`jaxneuron extract` as a user types it: what it leaves, and what it says of what it cannot read."""

import json
import re
from types import SimpleNamespace

import jax
import pytest
from safetensors.flax import save_file
from tokenizers import Tokenizer, pre_tokenizers

from jaxneuron import store
from jaxneuron.cli import main
from jaxneuron.corpora import texts, vocabulary
from jaxneuron.store import _files
from jaxneuron_models import checkpoints, transformer
from tests.models.test_pretrained import save, tensors


@pytest.fixture
def checkpoint(tmp_path):
    folder = save(tmp_path / "gpt", tensors())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def run(checkpoint, tmp_path, monkeypatch, capsys):
    def run(content, *options, name="text.txt", model=checkpoint):
        data = tmp_path / name
        data.write_bytes(content if isinstance(content, bytes) else content.encode())
        arguments = ["--model", model, "--data", data, "--out", tmp_path / "store", *options]
        monkeypatch.setattr("sys.argv", ["jaxneuron", "extract", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_a_text_becomes_a_store(run, tmp_path):
    code, out, err = run("w1 w2 w3\n\nw4 w5\n", "--sites", "embed,block1/mlp/hidden", "--dtype", "float16")
    assert code == 0, err
    assert "5 words" in out and "at 2 sites" in out
    found = store.open(tmp_path / "store")
    assert found.sentences == [["w1", "w2", "w3"], ["w4", "w5"]]
    assert found["block1/mlp/hidden"].shape == (5, 32) and found["embed"].dtype == "float16"


def test_a_sentence_of_10000_words_is_read_whole(run, tmp_path):
    code, out, _ = run(" ".join(f"w{n % 11}" for n in range(10_000)) + "\n")
    assert code == 0 and "1 sentences are longer than the model" in " ".join(out.split())
    assert store.open(tmp_path / "store").manifest.words == 10_000


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("w1 w2\n\n \n", "text.tsv", "text.tsv, line 1: expected 2 columns"),
        (b"w1 w2\nw3 \xff\n", "text.txt", "text.txt, line 2, byte 4 .*expected UTF-8"),
        ("w1\tO\nw2\n", "text.conll", "text.conll, line 2: expected 2 columns"),
        ("w1 w2", "text.pdf", "expected the ending .conllu"),
        ("", "text.txt", "no sentences in .*text.txt"),
    ],
)
def test_a_text_that_cannot_be_read_is_named(run, tmp_path, content, name, message):
    code, _, err = run(content, name=name)
    assert code == 2 and "Traceback" not in err
    assert re.search(message, err), err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "xlnet"}, "the architecture 'xlnet' is not supported.*must be one of bert, roberta"),
        ({"architectures": ["GPT2DoubleHeadsModel"]}, "the head of GPT2DoubleHeadsModel is not supported"),
        ({"n_layer": 3}, "the tensor 'h.2.* is missing"),
        ({"vocab_size": 10}, "config.json says|the tokenizer has ids up to 10"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_named(run, checkpoint, change, message):
    path = checkpoint / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    code, _, err = run("w1 w2\n")
    assert code == 2 and "Traceback" not in err
    assert re.search(message, err), err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sites", "block0/mpl"], "no site 'block0/mpl'.*did you mean 'block0/mlp'"),
        (["--how", "median"], "--how.*first, last, mean, max, got 'median'"),
    ],
)
def test_a_wrong_option_is_named(run, tmp_path, options, message):
    code, _, err = run("w1 w2\n", *options)
    assert code == 2 and re.search(message, err), err
    assert not (tmp_path / "store").exists()


def test_a_store_that_has_no_room_is_refused_before_the_work(run, tmp_path, monkeypatch):
    monkeypatch.setattr(_files.shutil, "disk_usage", lambda path: SimpleNamespace(free=100))
    code, _, err = run("w1 w2 w3\n")
    assert code == 2 and "store: the store takes" in err and "make room, or store fewer sites" in err, err
    assert not (tmp_path / "store").exists()


def test_a_value_that_overflows_is_named(run, checkpoint, tmp_path):
    weights = tensors()
    weights["transformer.h.1.mlp.c_proj.bias"] += 1e5
    save_file(weights, checkpoint / "model.safetensors")
    code, _, err = run("w1 w2\nw3\n", "--dtype", "float16")
    assert code == 2 and "Traceback" not in err
    assert re.search("unit 0 at 'block1/residual' is inf at word 0, 'w1' in sentence 0 .*range of float16", err), err


def test_the_columns_that_are_named_are_read(run, monkeypatch):
    asked = []

    def read(path, split, **columns):
        asked.append(columns)
        raise ValueError("enough")

    monkeypatch.setattr(texts, "read", read)
    assert run("w1\tw2\n", "--text-column", "sentence", "--label-column", "0")[0] == 2
    assert asked == [{"text": "sentence", "label": "0"}]


def test_a_transformer_of_our_own_is_read(run, tmp_path):
    words = vocabulary.build([["w1", "w2", "w3"]])
    config = transformer.TransformerConfig(len(words.words), width=8, blocks=1, heads=2, longest=16)
    checkpoints.write_header(tmp_path / "ours", "transformer", config.__dict__, words)
    checkpoints.save(tmp_path / "ours" / "best", transformer.build(config)[1](jax.random.key(0)))
    code, out, err = run("w1 w2 w3\nw2 other\n", model=tmp_path / "ours")
    assert code == 0 and "1 kB will be written to" in out, err
    assert "1 words were unknown to the model (20%)" in out and "the first is 'other' in sentence 1" in out
    assert store.open(tmp_path / "store").manifest.words == 5


def test_a_model_that_is_not_there_is_named(run, tmp_path):
    code, _, err = run("w1 w2\n", model=tmp_path / "nowhere")
    assert code == 2 and "no folder" in err and not (tmp_path / "store").exists()
