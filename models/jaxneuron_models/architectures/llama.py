"""Llama (Touvron et al. 2023, arXiv 2302.13971)."""

from functools import partial

from jaxneuron_models.architectures import rotary
from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, TOKEN, Architecture, Head
from jaxneuron_models.architectures.settings import Field, Only, Raw, activation, free, optional

ARCHITECTURE = Architecture(
    prefixes=("model.", "transformer."),  # the latter in question answering
    settings=rotary.ROTARY
    | {
        "vocab_size": Field("vocabulary", 32_000),
        "hidden_size": Field("width", 4096),
        "num_hidden_layers": Field("blocks", 32),
        "num_attention_heads": Field("heads", 32),
        "num_key_value_heads": optional("key_heads"),
        "head_dim": optional("head_width"),
        "intermediate_size": Field("hidden", 11_008),
        "hidden_act": activation("silu"),
        "rms_norm_eps": Field("epsilon", 1e-6),
        "max_position_embeddings": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", False),
        "attention_bias": Field("attention_bias", False),
        "mlp_bias": Field("mlp_bias", False),
        "is_causal": Field("causal", True),
        "rope_theta": Raw(10_000.0),
        "rope_interleaved": Only(False),
        # all units of a head are turned, whatever this says; products in slices; the name of a converter
        **free("partial_rotary_factor", "pretraining_tp", "is_llama_config"),
    },
    fields={"positions": "rotary", "norm": "rms", "gated": True},
    tensors={
        "block{n}.attention.query": "layers.{n}.self_attn.q_proj",
        "block{n}.attention.key": "layers.{n}.self_attn.k_proj",
        "block{n}.attention.value": "layers.{n}.self_attn.v_proj",
        "block{n}.attention.output": "layers.{n}.self_attn.o_proj",
        "block{n}.attention_norm": "layers.{n}.input_layernorm",
        "block{n}.up": "layers.{n}.mlp.up_proj",
        "block{n}.gate": "layers.{n}.mlp.gate_proj",
        "block{n}.down": "layers.{n}.mlp.down_proj",
        "block{n}.mlp_norm": "layers.{n}.post_attention_layernorm",
        "word": "embed_tokens.weight",
        "final_norm": "norm",
    },
    heads={
        "ForCausalLM": Head(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        **LABELS,
        "ForTokenClassification": Head(TOKEN, {"head.scores": "score"}),
    },
    derive=partial(rotary.read, base="rope_theta", share=None),
    unused=(r"layers\.\d+\.self_attn\.rotary_emb\.inv_freq", r"rotary_emb\.inv_freq"),
)
