"""BART (Lewis et al. 2020, arXiv 1910.13461)."""

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, TOKEN, Architecture, Part, StoredHead
from jaxneuron_models.architectures.settings import Field, Only, Raw, Rule, activation, free

SETTINGS: dict[str, Rule] = {
    "is_encoder_decoder": Only(True),
    "vocab_size": Field("vocabulary", 50_265),
    "d_model": Field("width", 1024),
    "encoder_layers": Field("encoder_blocks", 12),
    "decoder_layers": Field("decoder_blocks", 12),
    "encoder_attention_heads": Field("encoder_heads", 16),
    "decoder_attention_heads": Field("decoder_heads", 16),
    "encoder_ffn_dim": Field("encoder_hidden", 4096),
    "decoder_ffn_dim": Field("decoder_hidden", 4096),
    "activation_function": activation("gelu"),
    "max_position_embeddings": Field("longest", 1024, lambda words: words + 2),
    "scale_embedding": Field("embedding_scaled", False),
    "tie_word_embeddings": Field("tied", True),
    "num_labels": Raw(3),
    # written by earlier versions, which had other models in one class; what this one always did
    "normalize_before": Only(False),
    "normalize_embedding": Only(True),
    "add_final_layer_norm": Only(False),
    "add_bias_logits": Only(False),
    "static_position_embeddings": Only(False),
    "extra_pos_embeddings": Only(2),
    **free("encoder_layerdrop", "decoder_layerdrop", "dropout", "activation_dropout", "classif_dropout", "init_std"),
    **free("force_bos_token_to_be_generated", "save_step"),  # the first for writing
}
ALIASES = {
    "num_attention_heads": "encoder_attention_heads",
    "hidden_size": "d_model",
    "num_hidden_layers": "encoder_layers",
}


def tensors(parts: dict[str, str]) -> dict[str, str | Part]:
    """Return where the tensors of both stacks are, but for their tables of words; `parts` are those beside blocks."""
    attention = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}
    block = {"attention_norm": "self_attn_layer_norm", "up": "fc1", "down": "fc2", "mlp_norm": "final_layer_norm"}
    block |= {f"attention.{ours}": f"self_attn.{theirs}" for ours, theirs in attention.items()}
    cross = {"cross_norm": "encoder_attn_layer_norm"}
    cross |= {f"cross.{ours}": f"encoder_attn.{theirs}" for ours, theirs in attention.items()}
    found: dict[str, str | Part] = {}
    for side, blocks in (("encoder", block), ("decoder", block | cross)):
        found |= {f"{side}.{ours}": f"{side}.{theirs}" for ours, theirs in parts.items()}
        found |= {f"{side}.block{{n}}.{ours}": f"{side}.layers.{{n}}.{theirs}" for ours, theirs in blocks.items()}
    return found


WORDS = StoredHead(LANGUAGE, {"head.scores": "lm_head", "head.bias": "final_logits_bias"})
ARCHITECTURE = Architecture(
    two_texts=True,
    prefixes=("model.",),
    settings=SETTINGS,
    fields={"positions": "learned", "first_position": 2, "embedding_norm": True},
    tensors=tensors({"embedding_norm": "layernorm_embedding", "position": "embed_positions.weight"}),
    heads={
        "ForConditionalGeneration": WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "last", "head_transform": "tanh"},
            {"head.transform": "classification_head.dense", "head.scores": "classification_head.out_proj"},
        ),
        "ForQuestionAnswering": LABELS["ForQuestionAnswering"],
    },
    aliases=ALIASES,
    unused=("(encoder|decoder)\\.version",),
)
