"""BLOOM (Scao et al. 2022, arXiv 2211.05100): attention that falls with the distance, in place of positions."""

from typing import Any

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, Only, Raw, free, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the width by its earlier name, which comes first.

    Raises:
        ValueError: a width that is no whole number.
    """
    width = values["n_embed"]
    if width is None:
        return {}
    if type(width) is not int:
        raise ValueError(f"sets {said('n_embed', width)}; expected a whole number")
    return {"width": width}


ARCHITECTURE = Architecture(
    prefixes=("transformer.",),
    settings={
        "vocab_size": Field("vocabulary", 250_880),
        "hidden_size": Field("width", 64),
        "n_embed": Raw(None),
        "n_layer": Field("blocks", 2),
        "n_head": Field("heads", 8),
        "layer_norm_epsilon": Field("epsilon", 1e-5),
        "tie_word_embeddings": Field("tied", True),
        "is_causal": Field("causal", True),
        "apply_residual_connection_post_layernorm": Only(False),
        # the same products in slices; how it was trained
        **free("pretraining_tp", "slow_but_exact", "masked_softmax_fusion", "bias_dropout_fusion", "seq_length"),
        **free("attention_softmax_in_fp32", "offset_alibi", "skip_bias_add", "skip_bias_add_qkv", "n_inner"),
    },
    fields={"positions": "alibi", "embedding_norm": True, "activation": "gelu_tanh"},
    tensors=fused("h.{n}.self_attention.query_key_value", by_head=True)
    | {
        "block{n}.attention.output": "h.{n}.self_attention.dense",
        "block{n}.attention_norm": "h.{n}.input_layernorm",
        "block{n}.up": "h.{n}.mlp.dense_h_to_4h",
        "block{n}.down": "h.{n}.mlp.dense_4h_to_h",
        "block{n}.mlp_norm": "h.{n}.post_attention_layernorm",
        "word": "word_embeddings.weight",
        "embedding_norm": "word_embeddings_layernorm",
        "final_norm": "ln_f",
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        **LABELS,
    },
    derive=derive,
    aliases={"num_hidden_layers": "n_layer", "num_attention_heads": "n_head"},
)
