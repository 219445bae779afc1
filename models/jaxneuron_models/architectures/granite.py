"""Granite 3 (Granite Team 2024): Llama with four multipliers (Yang et al. 2022, arXiv 2203.03466)."""

from jaxneuron_models.architectures import llama
from jaxneuron_models.architectures.architecture import LANGUAGE, StoredHead
from jaxneuron_models.architectures.settings import Field


def _positive(number: float) -> float:
    if number <= 0:
        raise ValueError("expected a number above 0")
    return number


ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings=llama.SETTINGS
    | {
        "mlp_bias": Field("mlp_bias", False),
        "embedding_multiplier": Field("embedding_scale", 1.0),
        "residual_multiplier": Field("residual_scale", 1.0),
        "attention_multiplier": Field("attention_scale", 1.0, _positive),
        "logits_scaling": Field("head_scale", 1.0, lambda divisor: 1 / _positive(divisor)),
    },
    heads={"ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"})},
)
