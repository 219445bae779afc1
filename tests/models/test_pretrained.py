"""What a checkpoint may lack or hold too much of is named; agreement with torch is in tests/peers."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.flax import save_file
from tokenizers import Tokenizer, models

from jaxneuron.types import Tokens
from jaxneuron_models import pretrained

GPT2 = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "vocab_size": 11,
    "n_embd": 8,
    "n_layer": 2,
    "n_head": 2,
    "n_inner": None,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "n_positions": 9,
}


def tensors():
    shapes = {"wte.weight": (11, 8), "wpe.weight": (9, 8), "ln_f.weight": (8,), "ln_f.bias": (8,)}
    for n in range(2):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{n}.{norm}.weight": (8,), f"h.{n}.{norm}.bias": (8,)}
        for name, width, out in [
            ("attn.c_attn", 8, 24),
            ("attn.c_proj", 8, 8),
            ("mlp.c_fc", 8, 32),
            ("mlp.c_proj", 32, 8),
        ]:
            shapes |= {f"h.{n}.{name}.weight": (width, out), f"h.{n}.{name}.bias": (out,)}
    random = np.random.default_rng(0)
    return {
        f"transformer.{name}": jnp.asarray(random.normal(size=shape), jnp.float32) for name, shape in shapes.items()
    }


def save(folder, weights, words=11, **config):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(GPT2 | config))
    save_file(weights, folder / "model.safetensors")
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(words)}, unk_token="w0")).save(str(folder / "tokenizer.json"))
    return folder


def logits(model):
    tokens = Tokens(jnp.array([[3, 4, 5]]), jnp.ones((1, 3), bool))
    return model.forward(model.params, tokens, {})[0].logits


def test_a_folder_is_loaded(tmp_path):
    model = pretrained.load(save(tmp_path, tensors()))
    assert logits(model).shape == (1, 3, 11)
    assert model.vocabulary.words[4] == "w4"
    assert model.linear == {"logits": "final"}
    assert model.config.tied


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_weights_and_activations_have_the_dtype_asked_for(dtype, tmp_path):
    model = pretrained.load(save(tmp_path, tensors()), dtype=dtype)
    assert {leaf.dtype for leaf in jax.tree.leaves(model.params)} == {jnp.dtype(dtype)}
    assert logits(model).dtype == dtype


def test_names_without_the_bodys_prefix_are_the_same_model(tmp_path):
    plain = {name.removeprefix("transformer."): value for name, value in tensors().items()}
    one, other = (pretrained.load(save(tmp_path / f"{len(w)}{n}", w)) for n, w in enumerate((tensors(), plain)))
    np.testing.assert_array_equal(logits(one), logits(other))


def test_a_missing_tensor_is_named_with_the_nearest(tmp_path):
    weights = tensors()
    weights["transformer.h.1.ln_2.wieght"] = weights.pop("transformer.h.1.ln_2.weight")
    with pytest.raises(ValueError, match=r"'h.1.ln_2.weight' is missing: did you mean 'h.1.ln_2.wieght'"):
        pretrained.load(save(tmp_path, weights))


def test_a_tensor_that_nobody_reads_is_named(tmp_path):
    with pytest.raises(ValueError, match="nothing here reads the tensor h.0.adapter.weight"):
        pretrained.load(save(tmp_path, tensors() | {"transformer.h.0.adapter.weight": jnp.ones(3)}))


def test_buffers_of_old_checkpoints_are_no_fault(tmp_path):
    pretrained.load(save(tmp_path, tensors() | {"transformer.h.0.attn.bias": jnp.ones((1, 1, 9, 9))}))


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"model_type": "t5"}, "'t5' is not supported; it must be one of bert, roberta"),
        ({"model_type": "gpt3"}, "did you mean 'gpt2'"),
        ({"architectures": ["GPT2DoubleHeadsModelX"]}, "head of GPT2DoubleHeadsModelX is not supported"),
        ({"n_positions": 10}, r"'wpe.weight' gives \(9, 8\), but config.json says \(10, 8\)"),
        ({"activation_function": "sine"}, "lacks 'sine'"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx is not supported"),
    ],
)
def test_what_is_not_supported_is_said(config, fault, tmp_path):
    with pytest.raises(ValueError, match=fault):
        pretrained.load(save(tmp_path, tensors(), **config))


def test_a_tokenizer_of_another_model_is_told_apart(tmp_path):
    with pytest.raises(ValueError, match="ids up to 11, the model 11 words"):
        pretrained.load(save(tmp_path, tensors(), words=12))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(name, tmp_path):
    save(tmp_path, tensors())
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name.replace("model", "")):
        pretrained.load(tmp_path)


def test_a_cut_file_is_named(tmp_path):
    path = save(tmp_path, tensors()) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="model.safetensors is damaged"):
        pretrained.load(tmp_path)


def test_a_folder_that_is_not_there_is_no_hub_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        pretrained.load(tmp_path / "nothing")
