"""Every key of every config class of `transformers`: with another value the model agrees, or the key is refused."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models  # noqa: E402

from jaxneuron.types import Pairs, Tokens  # noqa: E402
from jaxneuron_models import pretrained  # noqa: E402
from jaxneuron_models.architectures import ARCHITECTURES  # noqa: E402
from jaxneuron_models.architectures.settings import SHARED, Field, Only, Raw  # noqa: E402

WORDS = 13
BERT = {
    "vocab_size": WORDS,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 9,
    "type_vocab_size": 3,
}
NEOX = {key: value for key, value in BERT.items() if key != "type_vocab_size"} | {"hidden_size": 16}
GROUPED = NEOX | {"num_key_value_heads": 1}
LLAMA = GROUPED | {"head_dim": 6}
FAMILIES = {
    "bert": ("Bert", BERT),
    "roberta": ("Roberta", BERT),
    "xlm-roberta": ("XLMRoberta", BERT),
    "camembert": ("Camembert", BERT),
    "electra": ("Electra", BERT | {"embedding_size": 6}),
    "mpnet": ("MPNet", {key: value for key, value in BERT.items() if key != "type_vocab_size"}),
    "albert": ("Albert", BERT | {"embedding_size": 6}),
    "deberta-v2": (
        "DebertaV2",
        BERT | {"relative_attention": True, "pos_att_type": "p2c|c2p"},
    ),
    "modernbert": ("ModernBert", NEOX | {"num_hidden_layers": 4, "local_attention": 4, "pad_token_id": 0}),
    "distilbert": (
        "DistilBert",
        {
            "vocab_size": WORDS,
            "dim": 8,
            "n_layers": 2,
            "n_heads": 2,
            "hidden_dim": 12,
            "max_position_embeddings": 9,
        },
    ),
    "gpt2": ("GPT2", {"vocab_size": WORDS, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_inner": 12, "n_positions": 9}),
    "gpt_neox": ("GPTNeoX", NEOX),
    "llama": ("Llama", LLAMA),
    "mistral": ("Mistral", LLAMA),
    "qwen2": ("Qwen2", LLAMA),
    "qwen3": ("Qwen3", LLAMA),
    "gemma": ("Gemma", LLAMA),
    "gemma2": ("Gemma2", LLAMA),
    "gemma3_text": ("Gemma3", LLAMA),
    "smollm3": ("SmolLM3", LLAMA | {"pad_token_id": 1}),
    "olmo2": ("Olmo2", GROUPED),
    "granite": ("Granite", GROUPED),
    "phi": ("Phi", GROUPED),
    "phi3": ("Phi3", GROUPED | {"pad_token_id": 1}),
    "stablelm": ("StableLm", GROUPED),
    "gpt_neo": (
        "GPTNeo",
        {
            "vocab_size": WORDS,
            "hidden_size": 8,
            "num_layers": 2,
            "num_heads": 2,
            "max_position_embeddings": 9,
            "attention_types": [[["global", "local"], 1]],
        },
    ),
    "opt": ("OPT", {key: value for key, value in NEOX.items() if key != "intermediate_size"} | {"ffn_dim": 12}),
    "gptj": (
        "GPTJ",
        {"vocab_size": WORDS, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 9, "rotary_dim": 4},
    ),
    "bloom": ("Bloom", {"vocab_size": WORDS, "hidden_size": 16, "n_layer": 2, "n_head": 2}),
    "falcon": ("Falcon", {key: value for key, value in NEOX.items() if "intermediate" not in key}),
}
ENCODERS = [family for family, (name, _) in FAMILIES.items() if hasattr(transformers, f"{name}ForMaskedLM")]
LANGUAGE = {"gpt2": "LMHeadModel"} | dict.fromkeys(ENCODERS, "ForMaskedLM")
CONFIGS = {"gemma3_text": "Gemma3TextConfig"}
COMPLETED = (  # by the class from other settings, where a file does not say them
    *(
        "num_key_value_heads",
        "num_kv_heads",
        "head_dim",
        "ffn_hidden_size",
        "word_embed_proj_dim",
        "pooler_hidden_size",
    ),
    *("layer_types", "attention_layers", "no_rope_layers"),
)
UNUSED = [("qwen2", "sliding_window"), ("qwen3", "sliding_window")]  # unless another setting asks for it
OTHER = {  # values that the type of the default does not tell
    "dtype": "float16",
    "id2label": {"0": "no", "1": "yes"},
    "label2id": {"no": 0, "yes": 1},
    "problem_type": "regression",
    "chunk_size_feed_forward": 1,
    "hidden_act": "relu",
    "activation": "silu",
    "pooler_hidden_act": "tanh",
    "hidden_activation": "relu",
    "classifier_activation": "silu",
    "classifier_pooling": "mean",
    "norm_eps": 0.3,
    "layer_types": ["sliding_attention", "full_attention", "full_attention", "sliding_attention"],
    "activation_function": "relu",
    "layer_norm_eps": 0.3,
    "layer_norm_epsilon": 0.3,
    "rms_norm_eps": 0.3,
    "attention_layers": ["local", "global"],
    "no_rope_layers": [0, 1],
    "query_pre_attn_scalar": 5,
    "sliding_window": 3,
    "summary_type": "last",
    "summary_activation": "tanh",
    "rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
    "transformers_version": "4.1.0",
}
KWARGS = [  # no fields of the classes, but known to their code, or to that of earlier versions or other families
    ("is_causal", False),
    ("is_decoder", True),
    ("num_labels", 3),
    ("torch_dtype", "bfloat16"),
    ("tie_last_hidden_states", True),
    ("output_attentions", True),
    ("use_cache", False),
    ("rope_theta", 50.0),
    ("rope_scaling", {"rope_type": "default", "rope_theta": 20.0}),
    ("rope_scaling", {"rope_type": "linear", "factor": 2.0}),
    ("rope_parameters", {"rope_type": "default", "rope_theta": 50.0, "partial_rotary_factor": 0.75}),
    ("partial_rotary_factor", 0.5),
    ("rotary_pct", 0.4),  # three units, an odd number
    ("rotary_emb_base", 50),
    ("position_embedding_type", "relative_key"),
    ("pruned_heads", {"0": [0]}),
    ("add_cross_attention", True),
    ("is_encoder_decoder", True),
    ("quantization_config", {"quant_method": "gptq", "bits": 4}),
    ("sliding_window", 2),
    ("attn_logit_softcapping", 0.1),
    ("token_classification_bias", False),
]
OWN = {  # more values, and keys that the family's code reads though its class has no field for them
    "electra": [("embedding_size", 8)],
    "albert": [("embedding_size", 8), ("num_hidden_groups", 2), ("num_hidden_groups", 3), ("inner_group_num", 2)],
    "modernbert": [
        ("global_attn_every_n_layers", 2),
        ("layer_types", ["sliding_attention", "full_attention"]),
        ("global_rope_theta", 50.0),
        ("local_rope_theta", 50.0),
        ("rope_parameters", {"sliding_attention": {"rope_theta": 50.0, "rope_type": "default"}}),
        ("rope_parameters", {"full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 9.0}}),
        ("rope_parameters", {"full_attention": {"rope_theta": 9.0, "partial_rotary_factor": 0.5}}),
        ("local_attention", 1),
        ("local_attention", 3),
        ("head_dim", 4),
        ("layer_norm_eps", 0.3),
    ],
    "deberta-v2": [
        ("pos_att_type", []),
        ("pos_att_type", ["p2c"]),
        ("pos_att_type", "c2p"),
        ("pos_att_type", "p2p|c2p"),
        ("share_att_key", True),
        ("norm_rel_ebd", "layer_norm"),
        ("norm_rel_ebd", "none|layer_norm"),
        ("position_buckets", 4),
        ("position_buckets", 30),
        ("max_relative_positions", 3),
        ("type_vocab_size", 0),
        ("conv_kernel_size", 3),
        ("attention_head_size", 2),
        ("embedding_size", 6),
        ("pooler_hidden_size", 8),
    ],
}


def checkpoint(folder, family, *, ending=None, **settings):
    """Save a model with these settings, in the words of config.json, and return torch's."""
    torch.manual_seed(0)
    name, tiny = FAMILIES[family]
    described = tiny | settings
    model = getattr(transformers, name + (ending or LANGUAGE.get(family, "ForCausalLM")))
    config = getattr(transformers, CONFIGS.get(family, f"{name}Config"))(**json.loads(json.dumps(described)))
    config._attn_implementation = "eager"
    model = model(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    model.save_pretrained(folder)
    said = {"model_type": family, "architectures": [type(model).__name__]} | described
    (folder / "config.json").write_text(json.dumps(said))
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(WORDS)}, unk_token="w0")).save(str(folder / "tokenizer.json"))
    return model


IDS = np.array([[4, 7, 12, 5, 9, 6, 2], [11, 3, 8, 10, 1, 1, 1]])
MASK = np.arange(7)[None] < np.array([[7], [4]])
TEXT = Tokens(jnp.asarray(IDS), jnp.asarray(MASK))


def logits(model, **given):
    with torch.no_grad():
        return model(torch.tensor(IDS), attention_mask=torch.tensor(MASK), return_dict=True, **given)


def close(ours, theirs, mask=None):
    ours, theirs = np.asarray(ours), theirs.float().numpy()
    mask = np.ones(ours.shape[:2], bool) if mask is None else mask
    np.testing.assert_allclose(ours[mask], theirs[mask], rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


OF_SENTENCES = [
    ("deberta-v2", "pooler_hidden_act", "silu"),
    ("deberta-v2", "pooler_hidden_act", "mish"),
    ("modernbert", "classifier_activation", "relu"),
    ("modernbert", "classifier_activation", "mish"),
    ("modernbert", "classifier_bias", True),
    ("modernbert", "classifier_pooling", "mean"),
]


@pytest.mark.parametrize(("family", "key", "value"), OF_SENTENCES)
def test_a_setting_of_the_head_for_sentences_agrees_or_is_refused(family, key, value, tmp_path):
    model = checkpoint(tmp_path, family, ending="ForSequenceClassification", **{key: value})
    if value == "mish":
        with pytest.raises(ValueError, match=f"'{key}' to \"mish\"; of the non-linearities"):
            pretrained.load(tmp_path)
        return
    ours = pretrained.load(tmp_path)
    close(ours.forward(ours.params, TEXT, {})[0].logits[:, 0], logits(model).logits)


def agrees_or_is_refused(folder, family, key, value):
    try:
        model = checkpoint(folder, family, **{key: value})
        theirs = logits(model).logits
    except Exception as error:
        pytest.skip(f"torch cannot: {error}")
    try:
        ours = pretrained.load(folder)
    except ValueError as error:
        assert repr(key) in str(error)
        return
    close(ours.forward(ours.params, TEXT, {})[0].logits, theirs, MASK)


def keys():
    for family, (name, tiny) in FAMILIES.items():
        for key, value in getattr(transformers, CONFIGS.get(family, f"{name}Config"))().to_dict().items():
            if key in tiny or key in ("model_type", "architectures", "_name_or_path"):
                continue
            if isinstance(value, bool):
                yield family, key, not value
            elif key in OTHER:
                yield family, key, OTHER[key]
            else:
                yield family, key, 3 if value is None or isinstance(value, int) else 0.5
        yield from ((family, key, value) for key, value in KWARGS if key not in tiny)
        yield from ((family, *setting) for setting in OWN.get(family, []))


@pytest.mark.parametrize(("family", "key", "value"), list(keys()))
def test_a_setting_agrees_or_is_refused(family, key, value, tmp_path):
    agrees_or_is_refused(tmp_path, family, key, value)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_knows_every_key_and_its_default(family):
    config = getattr(transformers, CONFIGS.get(family, f"{FAMILIES[family][0]}Config"))()
    rules = SHARED | ARCHITECTURES[family].settings
    for key, default in config.to_dict().items():
        rule = rules[key]
        if isinstance(rule, Field | Raw | Only) and key not in ("id2label", "rope_parameters", "layer_types"):
            ours = rule.value if isinstance(rule, Only) else rule.default
            assert ours == default or (ours is None and key in COMPLETED) or (family, key) in UNUSED, key
    assert ARCHITECTURES[family].aliases == config.attribute_map


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [True, False])
def test_a_head_of_its_own_is_the_head(family, tied, tmp_path):
    """Whatever config.json says, `transformers` takes the stored matrix where it is not the word table."""
    model = checkpoint(tmp_path, family, tie_word_embeddings=False)
    said = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(said | {"tie_word_embeddings": tied}))
    ours = pretrained.load(tmp_path)
    close(ours.forward(ours.params, TEXT, {})[0].logits, logits(model).logits, MASK)
    assert not ours.config.tied


def test_a_file_with_sizes_alone_is_googles_bert(tmp_path):
    """Neither family nor class nor epsilon: the tensors tell the first two, the config class the last."""
    model = checkpoint(tmp_path, "bert")
    (tmp_path / "config.json").write_text(json.dumps(BERT))
    ours = pretrained.load(tmp_path)
    close(ours.forward(ours.params, TEXT, {})[0].logits, logits(model).logits, MASK)


def test_a_body_saved_under_the_name_of_a_head_is_loaded_as_the_body(tmp_path):
    model = checkpoint(tmp_path, "roberta", ending="Model", architectures=["RobertaForMaskedLM"])
    with pytest.raises(ValueError, match="is missing; .*choose it with head=, such as head='Model'"):
        pretrained.load(tmp_path)
    ours = pretrained.load(tmp_path, head="Model")
    _, activations = ours.forward(ours.params, TEXT, {})
    close(activations["block1/residual"], logits(model).last_hidden_state, MASK)


@pytest.mark.parametrize("ending", ["ForSequenceClassification", "ForQuestionAnswering"])
def test_pairs_agree(ending, tmp_path):
    model = checkpoint(tmp_path, "bert", ending=ending)
    types = np.array([[0, 0, 0, 1, 1, 2, 2], [0, 1, 1, 1, 0, 0, 0]])
    theirs = logits(model, token_type_ids=torch.tensor(types))
    ours = pretrained.load(tmp_path)
    found = ours.forward(ours.params, Pairs(TEXT.ids, TEXT.mask, jnp.asarray(types)), {})[0].logits
    if ending == "ForSequenceClassification":
        close(found[:, 0], theirs.logits)
    else:
        close(found, torch.stack([theirs.start_logits, theirs.end_logits], -1), MASK)
