"""What each published architecture calls its settings and its tensors: one table per family, read by `pretrained.py`.

Names and settings as in `transformers` 5 (Wolf et al. 2020). A `{n}` stands for the number of a block. A `Part` is a
third of a tensor that holds queries, keys and values together.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Part(NamedTuple):
    """One of the equal parts of a fused tensor's outputs."""

    name: str
    index: int
    by_head: bool  # each head holds its own query, key and value, one after another (GPT-NeoX)
    of: int = 3


class Architecture(NamedTuple):
    """Where to find what in a checkpoint."""

    prefixes: tuple[str, ...]  # before the body's names, in a checkpoint that has a head
    config: Callable[[dict[str, Any]], dict[str, Any]]  # config.json -> fields of transformer.Config
    tensors: dict[str, str | Part]  # our module or tensor -> theirs
    heads: dict[str, tuple[dict[str, Any], dict[str, str]]]  # end of the class -> fields of Config, and its tensors
    unused: tuple[str, ...] = ()  # regular expressions of tensors that nobody needs
    transposed: bool = True  # the blocks' matrices are stored [output, input], as the head's always are


HIDDEN_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}

LANGUAGE = {"head": "language"}
TOKEN = {"head": "labels", "head_bias": True}
ANSWER = {"head": "labels", "head_bias": True, "labels": 2}
POST_NORM = {"causal": False, "norm_first": False, "embedding_norm": True}
POOLER = r"pooler\.dense\.(weight|bias)"


def _bert(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError(f"only absolute positions are supported, got {config['position_embedding_type']!r}")
    return POST_NORM | {
        "width": config["hidden_size"],
        "blocks": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "hidden": config["intermediate_size"],
        "activation": HIDDEN_ACTIVATIONS[config["hidden_act"]],
        "epsilon": config["layer_norm_eps"],
        "longest": config["max_position_embeddings"],
        "types": config["type_vocab_size"],
    }


def _roberta(config: dict[str, Any]) -> dict[str, Any]:
    return _bert(config) | {"first_position": config["pad_token_id"] + 1}


def _distilbert(config: dict[str, Any]) -> dict[str, Any]:
    return POST_NORM | {
        "width": config["dim"],
        "blocks": config["n_layers"],
        "heads": config["n_heads"],
        "hidden": config["hidden_dim"],
        "activation": HIDDEN_ACTIVATIONS[config["activation"]],
        "epsilon": 1e-12,
        "longest": config["max_position_embeddings"],
    }


def _gpt2(config: dict[str, Any]) -> dict[str, Any]:
    for option in ("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "add_cross_attention"):
        if config.get(option):
            raise ValueError(f"GPT-2 with {option} is not supported")
    return {
        "width": config["n_embd"],
        "blocks": config["n_layer"],
        "heads": config["n_head"],
        "hidden": config.get("n_inner") or 4 * config["n_embd"],
        "activation": HIDDEN_ACTIVATIONS[config["activation_function"]],
        "epsilon": config["layer_norm_epsilon"],
        "longest": config["n_positions"],
    }


def _rotary(config: dict[str, Any], base: str, share: str) -> dict[str, Any]:
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise ValueError(f"rotary positions of type {kind!r} are not supported, only the plain ones ('default')")
    return {
        "positions": "rotary",
        "rotary_base": rope.get("rope_theta", config.get(base, 10_000.0)),
        "rotary_share": rope.get("partial_rotary_factor", config.get(share, 0.25 if share == "rotary_pct" else 1.0)),
    }


def _gpt_neox(config: dict[str, Any]) -> dict[str, Any]:
    return _rotary(config, "rotary_emb_base", "rotary_pct") | {
        "width": config["hidden_size"],
        "blocks": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "hidden": config["intermediate_size"],
        "activation": HIDDEN_ACTIVATIONS[config["hidden_act"]],
        "epsilon": config["layer_norm_eps"],
        "longest": config["max_position_embeddings"],
        "parallel": config.get("use_parallel_residual", True),
        "attention_bias": config.get("attention_bias", True),
        "tied": config.get("tie_word_embeddings", False),
    }


def _llama(config: dict[str, Any]) -> dict[str, Any]:
    return _rotary(config, "rope_theta", "partial_rotary_factor") | {
        "width": config["hidden_size"],
        "blocks": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "key_heads": config.get("num_key_value_heads") or config["num_attention_heads"],
        "head_width": config.get("head_dim") or 0,
        "hidden": config["intermediate_size"],
        "activation": HIDDEN_ACTIVATIONS[config["hidden_act"]],
        "epsilon": config["rms_norm_eps"],
        "longest": config["max_position_embeddings"],
        "norm": "rms",
        "gated": True,
        "attention_bias": config.get("attention_bias", False),
        "mlp_bias": config.get("mlp_bias", False),
        "tied": config.get("tie_word_embeddings", False),
    }


BERT_BLOCK: dict[str, str | Part] = {
    "block{n}.attention.query": "encoder.layer.{n}.attention.self.query",
    "block{n}.attention.key": "encoder.layer.{n}.attention.self.key",
    "block{n}.attention.value": "encoder.layer.{n}.attention.self.value",
    "block{n}.attention.output": "encoder.layer.{n}.attention.output.dense",
    "block{n}.attention_norm": "encoder.layer.{n}.attention.output.LayerNorm",
    "block{n}.up": "encoder.layer.{n}.intermediate.dense",
    "block{n}.down": "encoder.layer.{n}.output.dense",
    "block{n}.mlp_norm": "encoder.layer.{n}.output.LayerNorm",
    "word": "embeddings.word_embeddings.weight",
    "position": "embeddings.position_embeddings.weight",
    "type": "embeddings.token_type_embeddings.weight",
    "embedding_norm": "embeddings.LayerNorm",
}
TRANSFORM = LANGUAGE | {"head_transform": "gelu", "head_norm": True, "head_bias": True}
BERT_LANGUAGE = (
    TRANSFORM,
    {
        "head.transform": "cls.predictions.transform.dense",
        "head.norm": "cls.predictions.transform.LayerNorm",
        "head.bias": "cls.predictions.bias",
    },
)

ARCHITECTURES: dict[str, Architecture] = {
    "bert": Architecture(
        ("bert.",),
        _bert,
        BERT_BLOCK,
        {
            "ForMaskedLM": BERT_LANGUAGE,
            "ForPreTraining": BERT_LANGUAGE,
            "ForSequenceClassification": (
                TOKEN | {"head": "first", "head_transform": "tanh"},
                {"head.transform": "pooler.dense", "head.scores": "classifier"},
            ),
            "ForTokenClassification": (TOKEN, {"head.scores": "classifier"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (POOLER, r"embeddings\.position_ids", r"cls\.predictions\.decoder\..*", r"cls\.seq_relationship\..*"),
    ),
    "roberta": Architecture(
        ("roberta.",),
        _roberta,
        BERT_BLOCK,
        {
            "ForMaskedLM": (
                TRANSFORM,
                {"head.transform": "lm_head.dense", "head.norm": "lm_head.layer_norm", "head.bias": "lm_head.bias"},
            ),
            "ForSequenceClassification": (
                TOKEN | {"head": "first", "head_transform": "tanh"},
                {"head.transform": "classifier.dense", "head.scores": "classifier.out_proj"},
            ),
            "ForTokenClassification": (TOKEN, {"head.scores": "classifier"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (POOLER, r"embeddings\.position_ids", r"lm_head\.decoder\..*"),
    ),
    "distilbert": Architecture(
        ("distilbert.",),
        _distilbert,
        {
            "block{n}.attention.query": "transformer.layer.{n}.attention.q_lin",
            "block{n}.attention.key": "transformer.layer.{n}.attention.k_lin",
            "block{n}.attention.value": "transformer.layer.{n}.attention.v_lin",
            "block{n}.attention.output": "transformer.layer.{n}.attention.out_lin",
            "block{n}.attention_norm": "transformer.layer.{n}.sa_layer_norm",
            "block{n}.up": "transformer.layer.{n}.ffn.lin1",
            "block{n}.down": "transformer.layer.{n}.ffn.lin2",
            "block{n}.mlp_norm": "transformer.layer.{n}.output_layer_norm",
            "word": "embeddings.word_embeddings.weight",
            "position": "embeddings.position_embeddings.weight",
            "embedding_norm": "embeddings.LayerNorm",
        },
        {
            "ForMaskedLM": (
                TRANSFORM,
                {
                    "head.transform": "vocab_transform",
                    "head.norm": "vocab_layer_norm",
                    "head.bias": "vocab_projector.bias",
                },
            ),
            "ForSequenceClassification": (
                TOKEN | {"head": "first", "head_transform": "relu"},
                {"head.transform": "pre_classifier", "head.scores": "classifier"},
            ),
            "ForTokenClassification": (TOKEN, {"head.scores": "classifier"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (r"vocab_projector\.weight",),
    ),
    "gpt2": Architecture(
        ("transformer.",),
        _gpt2,
        {
            **{
                f"block{{n}}.attention.{name}": Part("h.{n}.attn.c_attn", index, by_head=False)
                for index, name in enumerate(("query", "key", "value"))
            },
            "block{n}.attention.output": "h.{n}.attn.c_proj",
            "block{n}.attention_norm": "h.{n}.ln_1",
            "block{n}.up": "h.{n}.mlp.c_fc",
            "block{n}.down": "h.{n}.mlp.c_proj",
            "block{n}.mlp_norm": "h.{n}.ln_2",
            "word": "wte.weight",
            "position": "wpe.weight",
            "final_norm": "ln_f",
        },
        {
            "LMHeadModel": (LANGUAGE, {}),
            "ForSequenceClassification": ({"head": "last"}, {"head.scores": "score"}),
            "ForTokenClassification": (TOKEN, {"head.scores": "classifier"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (r"h\.\d+\.attn\.(bias|masked_bias)", r"lm_head\.weight"),
        transposed=False,
    ),
    "gpt_neox": Architecture(
        ("gpt_neox.",),
        _gpt_neox,
        {
            **{
                f"block{{n}}.attention.{name}": Part("layers.{n}.attention.query_key_value", index, by_head=True)
                for index, name in enumerate(("query", "key", "value"))
            },
            "block{n}.attention.output": "layers.{n}.attention.dense",
            "block{n}.attention_norm": "layers.{n}.input_layernorm",
            "block{n}.up": "layers.{n}.mlp.dense_h_to_4h",
            "block{n}.down": "layers.{n}.mlp.dense_4h_to_h",
            "block{n}.mlp_norm": "layers.{n}.post_attention_layernorm",
            "word": "embed_in.weight",
            "final_norm": "final_layer_norm",
        },
        {
            "ForCausalLM": (LANGUAGE, {"head.scores": "embed_out"}),
            "ForSequenceClassification": ({"head": "last"}, {"head.scores": "score"}),
            "ForTokenClassification": (TOKEN, {"head.scores": "classifier"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (r"layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)",),
    ),
    "llama": Architecture(
        ("model.", "transformer."),  # the latter in question answering
        _llama,
        {
            "block{n}.attention.query": "layers.{n}.self_attn.q_proj",
            "block{n}.attention.key": "layers.{n}.self_attn.k_proj",
            "block{n}.attention.value": "layers.{n}.self_attn.v_proj",
            "block{n}.attention.output": "layers.{n}.self_attn.o_proj",
            "block{n}.attention_norm": "layers.{n}.input_layernorm",
            "block{n}.up": "layers.{n}.mlp.up_proj",
            "block{n}.gate": "layers.{n}.mlp.gate_proj",
            "block{n}.down": "layers.{n}.mlp.down_proj",
            "block{n}.mlp_norm": "layers.{n}.post_attention_layernorm",
            "word": "embed_tokens.weight",
            "final_norm": "norm",
        },
        {
            "ForCausalLM": (LANGUAGE, {"head.scores": "lm_head"}),
            "ForSequenceClassification": ({"head": "last"}, {"head.scores": "score"}),
            "ForTokenClassification": (TOKEN, {"head.scores": "score"}),
            "ForQuestionAnswering": (ANSWER, {"head.scores": "qa_outputs"}),
        },
        (r"layers\.\d+\.self_attn\.rotary_emb\.inv_freq",),
    ),
}
