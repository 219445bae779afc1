"""Phi 1, 1.5 and 2 (Gunasekar et al. 2023, arXiv 2306.11644): attention and MLP side by side, behind one norm."""

from functools import partial

from jaxneuron_models.architectures import rotary
from jaxneuron_models.architectures.architecture import LANGUAGE, LAST, TOKEN, Architecture, StoredHead
from jaxneuron_models.architectures.llama import PREFIXES, UNUSED
from jaxneuron_models.architectures.settings import Field, Raw, activation, free, optional

ARCHITECTURE = Architecture(
    prefixes=PREFIXES,
    settings=rotary.ROTARY
    | {
        "vocab_size": Field("vocabulary", 51_200),
        "hidden_size": Field("width", 2048),
        "num_hidden_layers": Field("blocks", 24),
        "num_attention_heads": Field("heads", 32),
        "num_key_value_heads": optional("key_heads"),
        "intermediate_size": Field("hidden", 8192),
        "hidden_act": activation("gelu_new"),
        "layer_norm_eps": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", False),
        "is_causal": Field("causal", True),
        "qk_layernorm": Field("query_norm", False, lambda there: "head" if there else ""),
        "partial_rotary_factor": Raw(0.5),
        "rope_theta": Raw(10_000.0),
        **free("resid_pdrop", "embd_pdrop"),
    },
    fields={"positions": "rotary", "parallel": True, "one_norm": True},
    tensors={
        "block{n}.attention.query": "layers.{n}.self_attn.q_proj",
        "block{n}.attention.key": "layers.{n}.self_attn.k_proj",
        "block{n}.attention.value": "layers.{n}.self_attn.v_proj",
        "block{n}.attention.output": "layers.{n}.self_attn.dense",
        "block{n}.attention.query_norm": "layers.{n}.self_attn.q_layernorm",
        "block{n}.attention.key_norm": "layers.{n}.self_attn.k_layernorm",
        "block{n}.attention_norm": "layers.{n}.input_layernorm",
        "block{n}.up": "layers.{n}.mlp.fc1",
        "block{n}.down": "layers.{n}.mlp.fc2",
        "word": "embed_tokens.weight",
        "final_norm": "final_layernorm",
    },
    heads={
        "ForCausalLM": StoredHead(
            LANGUAGE | {"head_bias": True}, {"head.scores": "lm_head", "head.bias": "lm_head.bias"}
        ),
        "ForSequenceClassification": LAST,
        "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "score"}),
    },
    derive=partial(rotary.read, base="rope_theta", share="partial_rotary_factor"),
    unused=UNUSED,
)
