"""GPT-NeoX and Pythia (Black et al. 2022, arXiv 2204.06745; Biderman et al. 2023, arXiv 2304.01373)."""

from functools import partial

from jaxneuron_models.architectures import rotary
from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, Raw, activation

ARCHITECTURE = Architecture(
    prefixes=("gpt_neox.",),
    settings=rotary.ROTARY
    | {
        "vocab_size": Field("vocabulary", 50_432),
        "hidden_size": Field("width", 6144),
        "num_hidden_layers": Field("blocks", 44),
        "num_attention_heads": Field("heads", 64),
        "intermediate_size": Field("hidden", 24_576),
        "hidden_act": activation("gelu"),
        "layer_norm_eps": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", False),
        "use_parallel_residual": Field("parallel", True),
        "attention_bias": Field("attention_bias", True),
        "is_causal": Field("causal", True),
        "rotary_emb_base": Raw(10_000.0),
        "rotary_pct": Raw(0.25),
    },
    fields={"positions": "rotary"},
    tensors=fused("layers.{n}.attention.query_key_value", by_head=True)
    | {
        "block{n}.attention.output": "layers.{n}.attention.dense",
        "block{n}.attention_norm": "layers.{n}.input_layernorm",
        "block{n}.up": "layers.{n}.mlp.dense_h_to_4h",
        "block{n}.down": "layers.{n}.mlp.dense_4h_to_h",
        "block{n}.mlp_norm": "layers.{n}.post_attention_layernorm",
        "word": "embed_in.weight",
        "final_norm": "final_layer_norm",
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "embed_out"}),
        "ForSequenceClassification": LAST,
        **LABELS,
    },
    derive=partial(rotary.read, base="rotary_emb_base", share="rotary_pct"),
    instead={"embed_out.weight": "lm_head.weight"},
    unused=(r"layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)", r"rotary_emb\.inv_freq"),
)
