"""GPT-2 (Radford et al. 2019)."""

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, activation, free, optional

ARCHITECTURE = Architecture(
    prefixes=("transformer.",),
    settings={
        "vocab_size": Field("vocabulary", 50_257),
        "n_embd": Field("width", 768),
        "n_layer": Field("blocks", 12),
        "n_head": Field("heads", 12),
        "n_inner": optional("hidden"),
        "activation_function": activation("gelu_new"),
        "layer_norm_epsilon": Field("epsilon", 1e-5),
        "n_positions": Field("longest", 1024),
        "tie_word_embeddings": Field("tied", True),
        "is_causal": Field("causal", True),
        "scale_attn_weights": Field("attention_scale", True, lambda scaled: 0.0 if scaled else 1.0),
        "scale_attn_by_inverse_layer_idx": Field("scale_by_block", False),
        # the same products in another order, and those always in float32, as ours
        **free("reorder_and_upcast_attn", "embd_pdrop", "attn_pdrop", "resid_pdrop"),
        # of the head for two choices, which is not read, and names of earlier versions
        **free("summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels"),
        **free("summary_first_dropout", "n_ctx", "predict_special_tokens"),
    },
    fields={},
    tensors=fused("h.{n}.attn.c_attn", by_head=False)
    | {
        "block{n}.attention.output": "h.{n}.attn.c_proj",
        "block{n}.attention_norm": "h.{n}.ln_1",
        "block{n}.up": "h.{n}.mlp.c_fc",
        "block{n}.down": "h.{n}.mlp.c_proj",
        "block{n}.mlp_norm": "h.{n}.ln_2",
        "word": "wte.weight",
        "position": "wpe.weight",
        "final_norm": "ln_f",
    },
    heads={
        "LMHeadModel": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        **LABELS,
    },
    aliases={
        "hidden_size": "n_embd",
        "max_position_embeddings": "n_positions",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    },
    unused=(r"h\.\d+\.attn\.(bias|masked_bias)",),
    transposed=False,
)
