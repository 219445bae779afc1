"""StableLM 3B and 2 (Bellagente et al. 2024, arXiv 2402.17834): Llama with layer norms and heads turned in part."""

from typing import Any

from jaxneuron_models.architectures import llama, rotary
from jaxneuron_models.architectures.architecture import LANGUAGE, LAST, TOKEN, StoredHead
from jaxneuron_models.architectures.settings import Field, Only, Raw


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, and whether attention and MLP stand side by side."""
    parallel = values["use_parallel_residual"]
    turned = rotary.read(values, base="rope_theta", share="partial_rotary_factor")
    return turned | {"parallel": parallel, "one_norm": parallel}


ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings={
        key: rule for key, rule in llama.SETTINGS.items() if key not in ("attention_bias", "rms_norm_eps", "head_dim")
    }
    | {
        "vocab_size": Field("vocabulary", 50_304),
        "hidden_size": Field("width", 2560),
        "num_key_value_heads": Field("key_heads", 32),
        "intermediate_size": Field("hidden", 6912),
        "layer_norm_eps": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 4096),
        "use_qkv_bias": Field("attention_bias", False),
        "use_parallel_residual": Raw(False),
        "partial_rotary_factor": Raw(0.25),
        "qk_layernorm": Only(False),  # a norm for each head
    },
    fields=llama.PLAIN | {"norm": "layer", "output_bias": False},
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "score"}),
    },
    derive=derive,
)
