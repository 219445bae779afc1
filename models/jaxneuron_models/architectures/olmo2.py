"""OLMo 2 (OLMo Team 2025, arXiv 2501.00656): Llama whose norms stand behind attention and MLP, and before the heads."""

from jaxneuron_models.architectures import llama
from jaxneuron_models.architectures.architecture import LANGUAGE, LAST, StoredHead
from jaxneuron_models.architectures.qwen import NORMS
from jaxneuron_models.architectures.settings import Field

ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings=llama.SETTINGS | {"vocab_size": Field("vocabulary", 50_304), "rms_norm_eps": Field("epsilon", 1e-5)},
    fields=llama.PLAIN | {"input_norms": False, "output_norms": True, "query_norm": "all"},
    tensors=llama.TENSORS
    | NORMS
    | {
        "block{n}.attention_output_norm": "layers.{n}.post_attention_layernorm",
        "block{n}.mlp_output_norm": "layers.{n}.post_feedforward_layernorm",
    },
    heads={"ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}), "ForSequenceClassification": LAST},
)
