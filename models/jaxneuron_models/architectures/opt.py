"""OPT (Zhang et al. 2022, arXiv 2205.01068), but for its 350m, whose norms follow what they read."""

from typing import Any

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Field, Only, Raw, activation, free, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return where there are biases.

    Raises:
        ValueError: vectors of words that are narrower than the stream.
    """
    if values["word_embed_proj_dim"] not in (None, values["hidden_size"]):
        raise ValueError(
            f"sets {said('word_embed_proj_dim', values['word_embed_proj_dim'])}; only 'hidden_size' is supported"
        )
    return {"attention_bias": values["enable_bias"], "mlp_bias": values["enable_bias"]}


ARCHITECTURE = Architecture(
    prefixes=("model.", "decoder."),
    settings={
        "vocab_size": Field("vocabulary", 50_272),
        "hidden_size": Field("width", 768),
        "num_hidden_layers": Field("blocks", 12),
        "num_attention_heads": Field("heads", 12),
        "ffn_dim": Field("hidden", 3072),
        "activation_function": activation("relu"),
        "max_position_embeddings": Field("longest", 2048, lambda longest: longest + 2),
        "tie_word_embeddings": Field("tied", True),
        "is_causal": Field("causal", True),
        "enable_bias": Raw(True),
        "word_embed_proj_dim": Raw(None),
        "do_layer_norm_before": Only(True),
        "_remove_final_layer_norm": Only(False),
        "layer_norm_elementwise_affine": Only(True),
        **free("dropout", "activation_dropout", "layerdrop", "init_std"),
    },
    fields={"first_position": 2},
    tensors={
        "block{n}.attention.query": "layers.{n}.self_attn.q_proj",
        "block{n}.attention.key": "layers.{n}.self_attn.k_proj",
        "block{n}.attention.value": "layers.{n}.self_attn.v_proj",
        "block{n}.attention.output": "layers.{n}.self_attn.out_proj",
        "block{n}.attention_norm": "layers.{n}.self_attn_layer_norm",
        "block{n}.up": "layers.{n}.fc1",
        "block{n}.down": "layers.{n}.fc2",
        "block{n}.mlp_norm": "layers.{n}.final_layer_norm",
        "word": "embed_tokens.weight",
        "position": "embed_positions.weight",
        "final_norm": "final_layer_norm",
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        "ForQuestionAnswering": LABELS["ForQuestionAnswering"],
    },
    derive=derive,
)
