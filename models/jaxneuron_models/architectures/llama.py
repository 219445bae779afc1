"""Llama (Touvron et al. 2023, arXiv 2302.13971), whose settings and names most later decoders keep."""

from functools import partial

from jaxneuron_models.architectures import rotary
from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, TOKEN, Architecture, Part, StoredHead
from jaxneuron_models.architectures.settings import Field, Only, Raw, Rule, activation, free, optional

SETTINGS: dict[str, Rule] = rotary.ROTARY | {
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
    "is_causal": Field("causal", True),
    "rope_theta": Raw(10_000.0),
    "partial_rotary_factor": Raw(None),  # all units of a head are turned, whatever this says
}
"""What its kin have in common, with Llama's defaults."""
FIELDS = {"positions": "rotary", "norm": "rms", "gated": True}
PLAIN = FIELDS | {"mlp_bias": False}
"""Where no setting tells of biases in the MLP."""
TENSORS: dict[str, str | Part] = {
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
}
HEADS = {
    "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
    "ForSequenceClassification": LAST,
    **LABELS,
    "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "score"}),
}
PREFIXES = ("model.", "transformer.")  # the latter in question answering
UNUSED = (r"layers\.\d+\.self_attn\.rotary_emb\.inv_freq", r"rotary_emb\.inv_freq")
derive = partial(rotary.read, base="rope_theta", share=None)

ARCHITECTURE = Architecture(
    prefixes=PREFIXES,
    settings=SETTINGS
    | {
        "mlp_bias": Field("mlp_bias", False),
        "rope_interleaved": Only(False),
        **free("pretraining_tp", "is_llama_config"),  # products in slices; the name of a converter
    },
    fields=FIELDS,
    tensors=TENSORS,
    heads=HEADS,
    derive=derive,
    unused=UNUSED,
)
