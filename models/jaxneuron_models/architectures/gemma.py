"""Gemma (Gemma Team 2024, arXiv 2403.08295), Gemma 2 (arXiv 2408.00118) and the text model of Gemma 3 (2503.19786)."""

from typing import Any

from jaxneuron_models.architectures import llama, local, rotary
from jaxneuron_models.architectures.architecture import LANGUAGE, LAST, TOKEN, Part, StoredHead
from jaxneuron_models.architectures.qwen import NORMS
from jaxneuron_models.architectures.settings import Field, Raw, Rule, activation, cap, free, known_activation, said

FIELDS = llama.PLAIN | {"norm": "rms_less_one"}
HEADS = {
    "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
    "ForSequenceClassification": LAST,
    "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "score"}),
}
AROUND: dict[str, str | Part] = {
    "block{n}.attention_output_norm": "layers.{n}.post_attention_layernorm",
    "block{n}.mlp_norm": "layers.{n}.pre_feedforward_layernorm",
    "block{n}.mlp_output_norm": "layers.{n}.post_feedforward_layernorm",
}


def _scale(scalar: int) -> float:
    if scalar < 1:
        raise ValueError("expected a number of at least 1")
    return scalar**-0.5


def _activation(key_default: str) -> Field:
    """Return the rule of the non-linearity, where "gelu" always meant its approximation."""
    return Field("activation", key_default, lambda name: known_activation("gelu_new" if name == "gelu" else name))


SETTINGS: dict[str, Rule] = llama.SETTINGS | {
    "vocab_size": Field("vocabulary", 256_000),
    "hidden_size": Field("width", 3072),
    "num_hidden_layers": Field("blocks", 28),
    "num_attention_heads": Field("heads", 16),
    "num_key_value_heads": Field("key_heads", 16),
    "head_dim": Field("head_width", 256),
    "intermediate_size": Field("hidden", 24_576),
    "hidden_act": _activation("gelu_pytorch_tanh"),
    "max_position_embeddings": Field("longest", 8192),
    "tie_word_embeddings": Field("tied", True),
    "use_bidirectional_attention": Raw(None),
    **free("hidden_activation", "cache_implementation"),
}
SETTINGS2: dict[str, Rule] = SETTINGS | {
    "hidden_size": Field("width", 2304),
    "num_hidden_layers": Field("blocks", 26),
    "num_attention_heads": Field("heads", 8),
    "num_key_value_heads": Field("key_heads", 4),
    "intermediate_size": Field("hidden", 9216),
    "hidden_activation": activation("gelu_pytorch_tanh"),
    "query_pre_attn_scalar": Field("attention_scale", 256, _scale),
    "attn_logit_softcapping": cap("attention_cap", 50.0),
    "final_logit_softcapping": cap("head_cap", 30.0),
    "sliding_window": Raw(4096, nullable=True),
    "layer_types": Raw(None),
    **free("hidden_act", "sliding_window_size"),
}
SETTINGS3: dict[str, Rule] = SETTINGS2 | {
    "vocab_size": Field("vocabulary", 262_208),
    "max_position_embeddings": Field("longest", 131_072),
    "final_logit_softcapping": cap("head_cap", None),
    "use_bidirectional_attention": Raw(False),
    "rope_theta": Raw(1_000_000.0),
    "rope_local_base_freq": Raw(10_000.0),
    "sliding_window_pattern": Raw(6),
    # of attention, whose scores stay as they are; and a note of the pattern that `transformers` writes
    **free("attn_logit_softcapping", "_sliding_window_pattern"),
}


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions of Gemma, and the scale of its words' vectors."""
    return llama.derive(values) | _common(values)


def derive2(values: dict[str, Any]) -> dict[str, Any]:
    """Return those of Gemma 2, and how far its blocks look: every other one near."""
    kinds = [local.KINDS[number % 2 == 0] for number in range(values["num_hidden_layers"])]
    return derive(values) | local.by_kind(values, kinds, values["sliding_window"])


def derive3(values: dict[str, Any]) -> dict[str, Any]:
    """Return those of Gemma 3, which has positions of their own for the blocks that look near.

    Raises:
        ValueError: positions or a pattern of blocks that is not supported.
    """
    pattern = values["sliding_window_pattern"]
    if pattern < 1:
        raise ValueError(f"sets {said('sliding_window_pattern', pattern)}; expected a number of at least 1")
    kinds = [local.KINDS[(number + 1) % pattern != 0] for number in range(values["num_hidden_layers"])]
    rope = values["rope_parameters"] or {}
    if not isinstance(rope, dict) or set(rope) - set(local.KINDS):
        raise ValueError(f"sets {said('rope_parameters', rope)}; expected those of {' and '.join(local.KINDS)}")
    scaled = values["rope_scaling"] or {}
    if not isinstance(scaled, dict) or (scaled and "rope_type" not in scaled):
        raise ValueError(f"sets {said('rope_scaling', scaled)}; expected an object with 'rope_type'")
    far = (rope.get(local.KINDS[0]) or {}) | scaled
    near = rotary.one(
        "rope_parameters", rope.get(local.KINDS[1]) or {}, values, base="rope_local_base_freq", share=None
    )
    if near["rotary_scaling"] is not None:
        raise ValueError(f"sets {said('rope_parameters', rope)}; only those of {local.KINDS[0]} can be scaled")
    name = "rope_scaling" if scaled else "rope_parameters"
    return (
        rotary.one(name, far, values, base="rope_theta", share=None)
        | {"local_base": near["rotary_base"]}
        | local.by_kind(values, kinds, values["sliding_window"])
        | _common(values)
    )


def _common(values: dict[str, Any]) -> dict[str, Any]:
    if values["use_bidirectional_attention"]:
        name = "use_bidirectional_attention"
        raise ValueError(f"sets {said(name, values[name])}; only false is supported")
    return {"embedding_scale": values["hidden_size"] ** 0.5}


GEMMA = llama.ARCHITECTURE._replace(settings=SETTINGS, fields=FIELDS, heads=HEADS, derive=derive)
GEMMA2 = GEMMA._replace(
    settings=SETTINGS2, fields=FIELDS | {"output_norms": True}, tensors=llama.TENSORS | AROUND, derive=derive2
)
GEMMA3 = GEMMA2._replace(
    settings=SETTINGS3,
    fields=GEMMA2.fields | {"query_norm": "head"},
    tensors=GEMMA2.tensors | NORMS,
    heads={name: head for name, head in HEADS.items() if name != "ForTokenClassification"},
    derive=derive3,
)
