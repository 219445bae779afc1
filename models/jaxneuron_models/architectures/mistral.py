"""Mistral (Jiang et al. 2023, arXiv 2310.06825): Llama whose words see a few thousand before them."""

from typing import Any

from jaxneuron_models.architectures import llama, local
from jaxneuron_models.architectures.settings import Field, Raw


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, and how far the blocks look."""
    return llama.derive(values) | local.everywhere(values)


ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings={key: rule for key, rule in llama.SETTINGS.items() if key != "attention_bias"}
    | {
        "intermediate_size": Field("hidden", 14_336),
        "num_key_value_heads": Field("key_heads", 8, lambda heads: heads or 0, nullable=True),
        "max_position_embeddings": Field("longest", 131_072),
        "sliding_window": Raw(4096, nullable=True),
    },
    fields=llama.PLAIN | {"attention_bias": False},
    derive=derive,
)
