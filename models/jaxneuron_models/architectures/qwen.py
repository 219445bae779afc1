"""Qwen 2 and 2.5 (Yang et al. 2024, arXiv 2407.10671), and Qwen 3 (Yang et al. 2025, arXiv 2505.09388)."""

from typing import Any

from jaxneuron_models.architectures import llama, local
from jaxneuron_models.architectures.architecture import Part
from jaxneuron_models.architectures.settings import Field, Only, Rule

SETTINGS: dict[str, Rule] = {
    key: rule for key, rule in (llama.SETTINGS | local.QWEN).items() if key != "attention_bias"
} | {
    "vocab_size": Field("vocabulary", 151_936),
    "intermediate_size": Field("hidden", 22_016),
    "num_key_value_heads": Field("key_heads", 32, lambda heads: heads or 0, nullable=True),
    "max_position_embeddings": Field("longest", 32_768),
    "use_mrope": Only(False),
}
NORMS: dict[str, str | Part] = {
    "block{n}.attention.query_norm": "layers.{n}.self_attn.q_norm",
    "block{n}.attention.key_norm": "layers.{n}.self_attn.k_norm",
}


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, and how far the blocks look."""
    return llama.derive(values) | local.qwen(values)


QWEN2 = llama.ARCHITECTURE._replace(
    settings=SETTINGS, fields=llama.PLAIN | {"attention_bias": True, "output_bias": False}, derive=derive
)
QWEN3 = QWEN2._replace(
    settings=SETTINGS | {"head_dim": Field("head_width", 128), "attention_bias": llama.SETTINGS["attention_bias"]},
    fields=llama.PLAIN | {"query_norm": "head"},
    tensors=llama.TENSORS | NORMS,
)
