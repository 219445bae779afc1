"""The tables account for every setting: what published files say is read, anything else is refused by name."""

import pytest

from jaxneuron_models import encoder_decoder, transformer
from jaxneuron_models.architectures import ARCHITECTURES, rotary
from jaxneuron_models.architectures.settings import SHARED, Field, Free, Only, Raw, read
from jaxneuron_models.relative import Vectors

SHARED_BY_OLD_FILES = {
    "_name_or_path": "somewhere",
    "architectures": ["SomeModel"],
    "bos_token_id": 0,
    "eos_token_id": 2,
    "finetuning_task": "sst-2",
    "gradient_checkpointing": False,
    "id2label": {"0": "NEGATIVE", "1": "POSITIVE"},
    "initializer_range": 0.02,
    "label2id": {"NEGATIVE": 0, "POSITIVE": 1},
    "output_past": True,
    "pruned_heads": {},
    "quantization_config": None,
    "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
    "torch_dtype": "bfloat16",
    "transformers_version": "4.40.1",
    "use_cache": True,
    "some_option_that_is_off": None,
}
PUBLISHED = {  # beside the sizes, as in the files of well-known checkpoints
    "bert": {
        "attention_probs_dropout_prob": 0.1,
        "classifier_dropout": None,
        "directionality": "bidi",
        "hidden_dropout_prob": 0.1,
        "pad_token_id": 0,
        "pooler_fc_size": 768,
        "pooler_num_attention_heads": 12,
        "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128,
        "pooler_type": "first_token_transform",
        "position_embedding_type": "absolute",
        "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity",
    },
    "roberta": {"hidden_act": "gelu", "layer_norm_eps": 1e-05, "pad_token_id": 1, "type_vocab_size": 1},
    "xlm-roberta": {"hidden_act": "gelu", "layer_norm_eps": 1e-05, "output_past": True, "type_vocab_size": 1},
    "camembert": {"hidden_act": "gelu", "layer_norm_eps": 1e-05, "pad_token_id": 1, "type_vocab_size": 1},
    "electra": {
        "attention_probs_dropout_prob": 0.1,
        "embedding_size": 128,
        "summary_activation": "gelu",
        "summary_last_dropout": 0.1,
        "summary_type": "first",
        "summary_use_proj": True,
        "position_embedding_type": "absolute",
    },
    "mpnet": {"hidden_act": "gelu", "layer_norm_eps": 1e-05, "pad_token_id": 1, "relative_attention_num_buckets": 32},
    "albert": {
        "classifier_dropout_prob": 0.1,
        "down_scale_factor": 1,
        "embedding_size": 128,
        "gap_size": 0,
        "hidden_act": "gelu_new",
        "inner_group_num": 1,
        "net_structure_type": 0,
        "num_hidden_groups": 1,
        "num_memory_blocks": 0,
    },
    "deberta-v2": {
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "pos_att_type": "p2c|c2p",
        "position_biased_input": False,
        "position_buckets": 256,
        "relative_attention": True,
        "share_att_key": True,
        "type_vocab_size": 0,
    },
    "modernbert": {
        "classifier_pooling": "mean",
        "deterministic_flash_attn": False,
        "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000.0,
        "layer_norm_eps": 1e-05,
        "local_rope_theta": 10000.0,
        "position_embedding_type": "absolute",
        "reference_compile": None,
        "repad_logits_with_grad": False,
        "sparse_pred_ignore_index": -100,
        "sparse_prediction": False,
    },
    "distilbert": {
        "activation": "gelu",
        "attention_dropout": 0.1,
        "dropout": 0.1,
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
    },
    "gpt2": {
        "activation_function": "gelu_new",
        "attn_pdrop": 0.1,
        "embd_pdrop": 0.1,
        "n_ctx": 1024,
        "predict_special_tokens": True,
        "reorder_and_upcast_attn": True,
        "resid_pdrop": 0.1,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
    },
    "gpt_neox": {
        "attention_dropout": 0.0,
        "classifier_dropout": 0.1,
        "hidden_dropout": 0.0,
        "rotary_emb_base": 10000,
        "rotary_pct": 0.25,
        "use_parallel_residual": True,
    },
    "llama": {
        "attention_dropout": 0.0,
        "head_dim": None,
        "is_llama_config": True,
        "pretraining_tp": 1,
        "rope_interleaved": False,
        "rope_scaling": None,
        "rope_theta": 100000,
        "transformers.js_config": {"dtype": {"q4": "float32"}},
    },
    "marian": {
        "activation_dropout": 0.0,
        "activation_function": "swish",
        "add_bias_logits": False,
        "add_final_layer_norm": False,
        "bad_words_ids": [[58100]],
        "classif_dropout": 0.0,
        "decoder_layerdrop": 0.0,
        "decoder_start_token_id": 58100,
        "dropout": 0.1,
        "is_encoder_decoder": True,
        "normalize_before": False,
        "normalize_embedding": False,
        "num_beams": 6,
        "num_hidden_layers": 12,
        "scale_embedding": True,
        "static_position_embeddings": True,
    },
    "bart": {
        "activation_function": "gelu",
        "add_bias_logits": False,
        "add_final_layer_norm": False,
        "classif_dropout": 0.1,
        "extra_pos_embeddings": 2,
        "forced_bos_token_id": 0,
        "is_encoder_decoder": True,
        "no_repeat_ngram_size": 3,
        "normalize_before": False,
        "normalize_embedding": True,
        "num_hidden_layers": 12,
        "scale_embedding": False,
    },
    "t5": {
        "d_kv": 64,
        "dropout_rate": 0.1,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": True,
        "n_positions": 512,
        "num_decoder_layers": 6,
        "relative_attention_num_buckets": 32,
        "tie_word_embeddings": False,
    },
}

BOTH_SIDES = (  # their words see those that follow
    *("bert", "roberta", "xlm-roberta", "camembert", "electra", "mpnet", "albert", "deberta-v2", "modernbert"),
    "distilbert",
)


def fields(family, **described):
    architecture = ARCHITECTURES[family]
    settings = read({"model_type": family} | described, architecture.settings, architecture.aliases)
    return architecture.fields | settings.fields | architecture.derive(settings.raw)


def config(family, **described):
    two_texts = ARCHITECTURES[family].two_texts
    kind = encoder_decoder.EncoderDecoderConfig if two_texts else transformer.TransformerConfig
    return kind(**fields(family, **described), head="none")


def rules(family):
    return SHARED | ARCHITECTURES[family].settings


@pytest.mark.parametrize("family", ARCHITECTURES)
def test_an_empty_file_is_the_published_model(family):
    model = config(family)
    if isinstance(model, transformer.TransformerConfig):
        assert model.causal == (family not in BOTH_SIDES)


@pytest.mark.parametrize("family", PUBLISHED)
def test_published_files_are_read(family):
    assert config(family, **SHARED_BY_OLD_FILES | PUBLISHED[family])


@pytest.mark.parametrize("family", ARCHITECTURES)
def test_each_rule_holds(family):
    standard = fields(family)
    for key, rule in rules(family).items():
        odd = {"unheard of": 7}
        if isinstance(rule, Only):
            with pytest.raises(ValueError, match=f"sets '{key}' to .*; only .* is supported"):
                fields(family, **{key: odd})
            assert fields(family, **{key: rule.value}) == standard
        elif isinstance(rule, Free):
            assert fields(family, **{key: odd}) == standard
        elif isinstance(rule, Field) or (isinstance(rule, Raw) and rule.default is not None):
            with pytest.raises(ValueError, match=f"sets '{key}' to"):
                fields(family, **{key: odd})
            assert fields(family, **{key: rule.default}) == standard


@pytest.mark.parametrize("family", ARCHITECTURES)
@pytest.mark.parametrize("value", [True, False, 0, 4, 0.5, "yes", [1], {"a": 1}])
def test_a_setting_that_is_not_known_is_refused(family, value):
    with pytest.raises(ValueError, match="sets 'glyph_embedding' to .*not known here what that changes"):
        fields(family, glyph_embedding=value)


@pytest.mark.parametrize(
    ("family", "described", "expected"),
    [
        ("bert", {"is_decoder": True}, {"causal": True}),
        ("bert", {"is_decoder": True, "is_causal": False}, {"causal": False}),
        ("roberta", {"is_decoder": True}, {"causal": True}),
        ("roberta", {"pad_token_id": 0}, {"first_position": 1}),
        ("xlm-roberta", {"pad_token_id": 0}, {"first_position": 1, "vocabulary": 30_522}),
        ("electra", {"embedding_size": 256}, {"embedding_width": 0, "width": 256}),
        ("electra", {"embedding_size": 64}, {"embedding_width": 64, "width": 256}),
        ("mpnet", {"pad_token_id": 0}, {"first_position": 2}),
        (
            "albert",
            {"num_hidden_layers": 3, "num_hidden_groups": 2, "inner_group_num": 1},
            {"weights": ("0.albert_layers.0", "0.albert_layers.0", "1.albert_layers.0")},
        ),
        ("albert", {"num_hidden_layers": 1, "inner_group_num": 2}, {"blocks": 2}),
        (
            "deberta-v2",
            {"relative_attention": True, "pos_att_type": "P2C | c2p", "norm_rel_ebd": "layer_norm"},
            {"relative": Vectors(512, 0, 512, ("c2p", "p2c"), shared=False, norm=True)},
        ),
        ("modernbert", {"num_hidden_layers": 3, "local_attention": 5}, {"local": (0, 3, 3)}),
        ("modernbert", {"local_rope_theta": 5.0}, {"rotary_base": 160_000.0, "local_base": 5.0}),
        ("modernbert", {"norm_bias": True}, {"norm": "layer"}),
        ("distilbert", {"is_decoder": True}, {"causal": False}),
        ("distilbert", {"num_hidden_layers": 3}, {"blocks": 3}),
        ("gpt2", {"is_causal": False}, {"causal": False}),
        ("gpt2", {"scale_attn_weights": False}, {"attention_scale": 1.0}),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, {"scale_by_block": True}),
        ("gpt2", {"hidden_size": 8, "n_embd": 8}, {"width": 8}),
        ("gpt2", {"n_inner": None}, {"hidden": 0}),
        ("gpt_neox", {"rotary_pct": 0.5, "rotary_emb_base": 50}, {"rotary_share": 0.5, "rotary_base": 50.0}),
        ("gpt_neox", {"rope_parameters": {"rope_theta": 9.0}}, {"rotary_share": 0.25, "rotary_base": 9.0}),
        ("llama", {"rope_theta": 50.0}, {"rotary_base": 50.0}),
        ("llama", {"rope_theta": 50.0, "rope_scaling": {"type": "default"}}, {"rotary_base": 50.0}),
        ("llama", {"rope_theta": 5.0, "rope_parameters": {"rope_theta": 7.0}}, {"rotary_base": 7.0}),
        (
            "llama",
            {"rope_scaling": {"rope_theta": 3.0}, "rope_parameters": {"rope_theta": 7.0}},
            {"rotary_base": 3.0},
        ),
        ("llama", {"partial_rotary_factor": 0.5}, {"rotary_share": 1.0}),
        ("bart", {}, {"longest": 1026, "first_position": 2}),
        ("marian", {"decoder_vocab_size": 9}, {"target_vocabulary": 0, "shared": True}),
        (
            "marian",
            {"decoder_vocab_size": 9, "share_encoder_decoder_embeddings": False},
            {"target_vocabulary": 9, "shared": False},
        ),
        ("t5", {"feed_forward_proj": "gated-gelu"}, {"activation": "gelu_tanh", "gated": True, "head_scaled": True}),
        ("t5", {"feed_forward_proj": "gelu"}, {"activation": "gelu", "gated": False}),
        ("t5", {"tie_word_embeddings": False}, {"head_scaled": False}),
        ("t5", {"scale_decoder_outputs": False}, {"head_scaled": False}),
    ],
)
def test_settings_mean_what_transformers_makes_of_them(family, described, expected):
    assert fields(family, **described).items() >= expected.items()


@pytest.mark.parametrize(
    ("family", "described", "fault"),
    [
        ("bert", {"hidden_act": "mish"}, "'hidden_act' to \"mish\"; of the non-linearities, gelu"),
        ("bert", {"hidden_size": "768"}, "'hidden_size' to \"768\"; expected a whole number"),
        ("bert", {"layer_norm_eps": None}, "'layer_norm_eps' to null; expected a number"),
        ("bert", {"layer_norm_eps": float("nan")}, "'layer_norm_eps' to NaN; expected a number"),
        ("roberta", {"pad_token_id": None}, "'pad_token_id' to null; expected a whole number"),
        ("mpnet", {"relative_attention_num_buckets": 64}, "'relative_attention_num_buckets' to 64; only 32"),
        ("albert", {"num_hidden_groups": 13}, "'num_hidden_groups' to 13; expected one for each of 12"),
        ("albert", {"inner_group_num": 0}, "'inner_group_num' to 0; expected at least 1"),
        ("deberta-v2", {"conv_kernel_size": 3}, "'conv_kernel_size' to 3; only 0"),
        ("deberta-v2", {"pos_att_type": "c2p"}, "'pos_att_type' to .* and 'relative_attention' to false"),
        ("deberta-v2", {"relative_attention": True, "pos_att_type": ["p2p"]}, "'pos_att_type' to .*c2p, p2c"),
        ("deberta-v2", {"relative_attention": True, "pos_att_type": 3}, "'pos_att_type' to 3"),
        ("deberta-v2", {"relative_attention": True, "position_buckets": 1}, "'position_buckets' to 1"),
        ("deberta-v2", {"relative_attention": True, "norm_rel_ebd": "rms"}, "'norm_rel_ebd' to"),
        ("deberta-v2", {"legacy": False}, "'legacy' to false; only true"),
        ("modernbert", {"layer_types": ["full_attention"]}, "'layer_types' to .*for each of 22"),
        ("modernbert", {"rope_scaling": {"rope_type": "yarn"}}, "'rope_scaling' to .*only null"),
        ("modernbert", {"rope_parameters": {"rope_theta": 9.0}}, "'rope_parameters' to"),
        ("gpt2", {"hidden_size": 8, "n_embd": 9}, "'n_embd' to 8 and 'n_embd' to 9|which are one setting"),
        ("llama", {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "'llama3' without 'low_freq_factor'"),
        ("llama", {"rope_scaling": {"rope_type": "axial"}}, "'rope_scaling' to positions of the type 'axial'; only"),
        ("llama", {"rope_scaling": {"type": "linear", "factor": 0}}, "'rope_scaling.factor' to 0.0; expected a number"),
        ("llama", {"rope_scaling": {"type": "linear", "factor": 2, "beta": 1}}, "'rope_scaling.beta' to 1, and it is"),
        ("phi3", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "of the type 'linear'; only 'default'"),
        ("mistral", {"sliding_window": 0}, "'sliding_window' to 0; expected a whole number of at least 1"),
        ("qwen2", {"layer_types": ["sliding_attention"]}, "'layer_types' to .*, of 1 blocks; the model has 32"),
        ("qwen2", {"layer_types": ["chunked_attention"] * 32}, "'layer_types' to .*; expected one of full_attention"),
        ("gpt_neo", {"attention_types": [[["global"], 3]]}, "'attention_types' to .*; .* for each of 24 blocks"),
        ("gemma2", {"use_bidirectional_attention": True}, "'use_bidirectional_attention' to true; only false"),
        ("opt", {"do_layer_norm_before": False}, "'do_layer_norm_before' to false; only true is supported"),
        ("opt", {"word_embed_proj_dim": 512}, "'word_embed_proj_dim' to 512; only 'hidden_size'"),
        ("smollm3", {"no_rope_layers": [1, 2]}, r"'no_rope_layers' to \[1, 2\]; expected 1 .* or 0 for each block"),
        ("granite", {"logits_scaling": 0}, "'logits_scaling' to 0.0; expected a number above 0"),
        ("stablelm", {"qk_layernorm": True}, "'qk_layernorm' to true; only false"),
        ("gptj", {"rotary_dim": 3}, "'rotary_dim' to 3; expected an even number"),
        ("falcon", {"alibi": True}, "'alibi' to true; only false"),
        ("falcon", {"new_decoder_architecture": True, "parallel_attn": False}, "'parallel_attn' to false; with"),
        ("llama", {"rope_parameters": {"factor": 8.0}}, "'rope_parameters.factor' to 8.0"),
        ("llama", {"rope_parameters": {"rope_theta": None}}, "'rope_parameters.rope_theta' to null"),
        ("llama", {"head_dim": 0}, "'head_dim' to 0; expected a whole number of at least 1, or null"),
        ("llama", {"quantization_config": {"quant_method": "fp8"}}, "'quantization_config' to .*only null"),
        ("gpt_neox", {"rope_theta": 50.0}, "'rope_theta' to 50.0, and it is not known"),
        ("t5", {"feed_forward_proj": "double-relu"}, "'feed_forward_proj' to \"double-relu\"; expected"),
        ("t5", {"feed_forward_proj": "mish"}, "'feed_forward_proj' to \"mish\".*of the non-linearities, gelu"),
        ("bart", {"normalize_before": True}, "'normalize_before' to true; only false"),
        ("bart", {"is_encoder_decoder": False}, "'is_encoder_decoder' to false; only true"),
        ("marian", {"decoder_vocab_size": -3}, "'decoder_vocab_size' to -3; expected a whole number"),
    ],
)
def test_what_is_refused_is_named(family, described, fault):
    with pytest.raises(ValueError, match=fault):
        fields(family, **described)


def test_families_name_each_field_once():
    for family, architecture in ARCHITECTURES.items():
        names = [rule.name for rule in rules(family).values() if isinstance(rule, Field)]
        assert len(names) == len(set(names)) and not set(names) & set(architecture.fields)
        assert set(architecture.aliases.values()) <= set(architecture.settings)
        assert set(rotary.ROTARY) & set(architecture.settings) in (set(), set(rotary.ROTARY))
