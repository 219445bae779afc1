"""Phi 3, 3.5 and 4 (Abdin et al. 2024, arXiv 2404.14219): Llama with its products fused."""

from typing import Any

from jaxneuron_models.architectures import llama, local, rotary
from jaxneuron_models.architectures.architecture import LANGUAGE, LAST, TOKEN, Part, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, Raw, free


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, whose scaled kind had other names, and how far the blocks look.

    Raises:
        ValueError: positions of another type.
    """
    name = "rope_scaling" if values["rope_scaling"] else "rope_parameters"
    rope = values[name] or {}
    if isinstance(rope, dict):
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind not in ("default", "longrope", "su", "yarn"):
            raise ValueError(
                f"sets {name!r} to positions of the type {kind!r}; only 'default', 'longrope' are supported"
            )
        rope = rope | ({} if kind == "default" else {"rope_type": "longrope"})
    turned = rotary.one(name, rope, values, base="rope_theta", share="partial_rotary_factor")
    return turned | local.everywhere(values)


ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings={key: rule for key, rule in llama.SETTINGS.items() if key != "attention_bias"}
    | {
        "vocab_size": Field("vocabulary", 32_064),
        "hidden_size": Field("width", 3072),
        "intermediate_size": Field("hidden", 8192),
        "rms_norm_eps": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 4096),
        "original_max_position_embeddings": Raw(4096),
        "partial_rotary_factor": Raw(1.0),
        "sliding_window": Raw(None),
        **free("resid_pdrop", "embd_pdrop"),
    },
    fields=llama.PLAIN | {"attention_bias": False},
    tensors=llama.TENSORS
    | fused("layers.{n}.self_attn.qkv_proj", by_head=False)
    | {
        "block{n}.gate": Part("layers.{n}.mlp.gate_up_proj", 0, by_head=False, of=2),
        "block{n}.up": Part("layers.{n}.mlp.gate_up_proj", 1, by_head=False, of=2),
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "score"}),
    },
    derive=derive,
)
