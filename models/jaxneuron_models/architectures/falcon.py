"""Falcon (Almazrouei et al. 2023, arXiv 2311.16867): its first decoder, with one head of keys or all; its second."""

from typing import Any

from jaxneuron_models.architectures import rotary
from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, Only, Raw, activation, free, optional, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, the heads of keys, the biases, and which norms there are.

    Raises:
        ValueError: heads, norms or a width that are not supported.
    """
    heads, keys, norms = values["num_attention_heads"], values["num_kv_heads"], values["num_ln_in_parallel_attn"]
    second, parallel = values["new_decoder_architecture"], values["parallel_attn"]
    if keys is not None and (type(keys) is not int or keys < 1):
        raise ValueError(f"sets {said('num_kv_heads', keys)}; expected a whole number of at least 1, or null")
    if not second and values["multi_query"]:
        keys = 1
    elif not second and keys not in (None, heads):
        raise ValueError(f"sets {said('num_kv_heads', keys)}; without 'multi_query', only {heads} are supported")
    if second and not parallel:
        raise ValueError(
            f"sets {said('parallel_attn', parallel)}; with 'new_decoder_architecture', only true is supported"
        )
    norms = (2 if second else 1) if norms is None else norms
    if norms not in ((1, 2) if second else (1,)) and parallel:
        name = "num_ln_in_parallel_attn"
        raise ValueError(f"sets {said(name, norms)}; expected 1{', or 2' * second}")
    width = values["n_embed"]
    if width is not None and type(width) is not int:
        raise ValueError(f"sets {said('n_embed', width)}; expected a whole number")
    return rotary.read(values, base="rope_theta", share=None) | {
        "width": values["hidden_size"] if width is None else width,
        "key_heads": keys or heads,
        "attention_bias": values["bias"],
        "mlp_bias": values["bias"],
        "parallel": parallel,
        "one_norm": parallel and norms == 1,
    }


ARCHITECTURE = Architecture(
    prefixes=("transformer.",),
    settings=rotary.ROTARY
    | {
        "vocab_size": Field("vocabulary", 65_024),
        "hidden_size": Raw(4544),
        "n_embed": Raw(None),
        "num_hidden_layers": Field("blocks", 32),
        "num_attention_heads": Field("heads", 71),
        "num_kv_heads": Raw(None),
        "ffn_hidden_size": optional("hidden"),
        "activation": activation("gelu"),
        "layer_norm_epsilon": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", True),
        "is_causal": Field("causal", True),
        "alibi": Only(False),  # `transformers` adds it once or twice, as attention is reckoned
        "bias": Raw(False),
        "multi_query": Raw(True),
        "parallel_attn": Raw(True),
        "new_decoder_architecture": Raw(False),
        "num_ln_in_parallel_attn": Raw(None),
        "rope_theta": Raw(10_000.0),
        "partial_rotary_factor": Raw(None),
        **free("apply_residual_connection_post_layernorm"),  # read by nobody any more
    },
    fields={"positions": "rotary"},
    tensors=fused("h.{n}.self_attention.query_key_value", by_head=True)
    | {
        "block{n}.attention.output": "h.{n}.self_attention.dense",
        "block{n}.attention_norm": "h.{n}.input_layernorm",
        "block{n}.up": "h.{n}.mlp.dense_h_to_4h",
        "block{n}.down": "h.{n}.mlp.dense_4h_to_h",
        "block{n}.mlp_norm": "h.{n}.post_attention_layernorm",
        "word": "word_embeddings.weight",
        "final_norm": "ln_f",
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        **LABELS,
    },
    derive=derive,
    renamed={r"(h\.\d+)\.ln_attn\.": r"\1.input_layernorm.", r"(h\.\d+)\.ln_mlp\.": r"\1.post_attention_layernorm."},
)
