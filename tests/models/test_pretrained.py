"""What a checkpoint may lack or hold too much of is named; agreement with torch is in tests/peers."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.flax import save_file
from tokenizers import AddedToken, Tokenizer, models

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
        ({"model_type": "xlnet"}, "'xlnet' is not supported; it must be one of bert, roberta, [a-z0-9, _-]*$"),
        ({"model_type": "mamba"}, "'mamba' is not supported; it must be one of bert"),
        ({"model_type": None}, "'model_type' in config.json must be one of bert, roberta"),
        ({"architectures": ["GPT2DoubleHeadsModelX"]}, "head of GPT2DoubleHeadsModelX is not supported"),
        ({"n_positions": 10}, r"'wpe.weight' gives \(9, 8\), but config.json says \(10, 8\)"),
        ({"activation_function": "sine"}, "config.json sets 'activation_function' to \"sine\""),
        ({"add_cross_attention": True}, "config.json sets 'add_cross_attention' to true; only false is supported"),
        ({"n_head": 3}, "config.json: a width of 8 can't be split into 3 heads"),
    ],
)
def test_what_is_not_supported_is_said(config, fault, tmp_path):
    with pytest.raises(ValueError, match=fault):
        pretrained.load(save(tmp_path, tensors(), **config))


def test_a_missing_setting_has_the_default_of_its_class(tmp_path):
    save(tmp_path, tensors())
    said = json.loads((tmp_path / "config.json").read_text())
    whole = pretrained.load(tmp_path).config
    for key in ("n_inner", "activation_function", "layer_norm_epsilon"):
        del said[key]
    (tmp_path / "config.json").write_text(json.dumps(said))
    assert pretrained.load(tmp_path).config == whole


def own_head(**change):
    return tensors() | {"lm_head.weight": jnp.asarray(tensors()["transformer.wte.weight"]) * 2} | change


def test_a_language_head_of_its_own_is_used_where_it_is_stored(tmp_path):
    word = tensors()["transformer.wte.weight"]
    tied = pretrained.load(save(tmp_path / "tied", tensors()))
    for name, weights, config, factor in [
        ("untied", own_head(), {"tie_word_embeddings": False}, 2),
        ("different", own_head(), {}, 2),
        ("equal", own_head(**{"lm_head.weight": word}), {}, 1),
        ("head only", {("lm_head.weight" if "wte" in n else n): w for n, w in tensors().items()}, {}, 1),
    ]:
        model = pretrained.load(save(tmp_path / name, weights, **config))
        np.testing.assert_allclose(logits(model), factor * logits(tied), rtol=1e-5)
        assert model.config.tied == (factor == 1)


def test_an_untied_head_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="'lm_head.weight' is missing; if .* set 'tie_word_embeddings' to true"):
        pretrained.load(save(tmp_path, tensors(), tie_word_embeddings=False))


def test_the_head_is_chosen(tmp_path):
    weights = tensors() | {"score.weight": jnp.ones((2, 8))}
    body = {"architectures": ["GPT2Model"]}
    with pytest.raises(ValueError, match="the tensor score.weight; .*head='ForSequenceClassification' reads"):
        pretrained.load(save(tmp_path / "a", weights, **body))
    assert pretrained.load(tmp_path / "a", head="ForSequenceClassification").labels == ("LABEL_0", "LABEL_1")
    assert pretrained.load(tmp_path / "a", head="GPT2Model").config.head == "none"
    assert pretrained.load(save(tmp_path / "b", weights, architectures=None)).config.head == "last"
    with pytest.raises(ValueError, match="'classifier.bias' is missing; .*choose it with head="):
        pretrained.load(save(tmp_path / "c", tensors(), architectures=["GPT2ForTokenClassification"]))
    with pytest.raises(ValueError, match="head of MyOwn is not supported; .* choose one of them with head="):
        pretrained.load(save(tmp_path / "d", tensors(), architectures=["MyOwn"]))
    two = weights | {"qa_outputs.weight": jnp.ones((2, 8)), "qa_outputs.bias": jnp.ones(2)}
    with pytest.raises(ValueError, match="may be those of ForSequenceClassification, ForQuestionAnswering; choose"):
        pretrained.load(save(tmp_path / "e", two, architectures=None))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "float8_e4m3fn", "bool"])
def test_numbers_that_are_no_weights_are_refused(kind, tmp_path):
    weights = tensors()
    weights["transformer.wte.weight"] = weights["transformer.wte.weight"].astype(kind)
    with pytest.raises(ValueError, match=r"the tensor 'transformer.wte.weight' is stored as [A-Z0-9_]+, quantised"):
        pretrained.load(save(tmp_path, weights))


@pytest.mark.parametrize("value", [jnp.nan, jnp.inf])
def test_weights_that_are_not_finite_are_counted(value, tmp_path):
    weights = tensors()
    name = "transformer.h.1.attn.c_attn.weight"
    weights[name] = weights[name].at[2, :3].set(value)
    with pytest.raises(ValueError, match=f"3 of the 192 numbers of the tensor '{name}' are not finite"):
        pretrained.load(save(tmp_path, weights))


def test_a_number_too_large_for_the_dtype_is_not_finite(tmp_path):
    weights = tensors()
    weights["transformer.ln_f.bias"] = weights["transformer.ln_f.bias"].at[0].set(1e5)
    with pytest.raises(ValueError, match="1 of the 8 numbers .* are not finite, as float16"):
        pretrained.load(save(tmp_path, weights), dtype=jnp.float16)


def test_a_tensor_stored_under_two_names_is_named(tmp_path):
    with pytest.raises(ValueError, match="'wte.weight' is stored twice, as 'transformer.wte.weight' and 'wte.weight'"):
        pretrained.load(save(tmp_path, tensors() | {"wte.weight": jnp.ones((11, 8))}))


def test_a_tokenizer_of_another_model_is_told_apart(tmp_path):
    with pytest.raises(ValueError, match="ids up to 11, the model 11 words"):
        pretrained.load(save(tmp_path, tensors(), words=12))


@pytest.mark.parametrize("words", [10, 11])
def test_one_padding_word_more_or_less_changes_nothing(words, tmp_path):
    save(tmp_path, tensors(), words=words)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("[PAD]", special=True)])
    tokenizer.enable_padding(pad_id=words, pad_token="[PAD]")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    model = pretrained.load(tmp_path)
    assert max(model.tokenizer.encode("w3").ids) == 3 and max(model.tokenizer.get_vocab().values()) == 10
    assert len(model.vocabulary.words) == 11


def test_an_added_word_that_the_model_lacks_is_no_padding(tmp_path):
    save(tmp_path, tensors())
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.add_special_tokens(["[E1]"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="ids up to 11, the model 11 words"):
        pretrained.load(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(name, tmp_path):
    save(tmp_path, tensors())
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"no {name}"):
        pretrained.load(tmp_path)


def test_a_folder_that_is_not_there_is_no_hub_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        pretrained.load(tmp_path / "nothing")
