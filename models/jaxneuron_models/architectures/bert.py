"""BERT (Devlin et al. 2019, arXiv 1810.04805)."""

from typing import Any

from jaxneuron_models.architectures.architecture import (
    BLOCKS,
    LABELS,
    POST_NORM,
    TOKEN,
    TRANSFORM,
    Architecture,
    Part,
    StoredHead,
)
from jaxneuron_models.architectures.settings import Field, Raw, Rule, activation, free

SETTINGS: dict[str, Rule] = {
    "vocab_size": Field("vocabulary", 30_522),
    "hidden_size": Field("width", 768),
    "num_hidden_layers": Field("blocks", 12),
    "num_attention_heads": Field("heads", 12),
    "intermediate_size": Field("hidden", 3072),
    "hidden_act": activation("gelu"),
    "max_position_embeddings": Field("longest", 512),
    "type_vocab_size": Field("types", 2),
    "layer_norm_eps": Field("epsilon", 1e-12),
    "tie_word_embeddings": Field("tied", True),
    "is_decoder": Raw(False),
    "is_causal": Raw(True),
    **free("hidden_dropout_prob", "attention_probs_dropout_prob"),
    # of the pooler, which no head but that for sentences has, and that always in one form
    **free("directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers"),
    **free("pooler_size_per_head", "pooler_type"),
}
TENSORS: dict[str, str | Part] = {
    "block{n}.attention.query": "encoder.layer.{n}.attention.self.query",
    "block{n}.attention.key": "encoder.layer.{n}.attention.self.key",
    "block{n}.attention.value": "encoder.layer.{n}.attention.self.value",
    "block{n}.attention.output": "encoder.layer.{n}.attention.output.dense",
    "block{n}.attention_norm": "encoder.layer.{n}.attention.output.LayerNorm",
    "block{n}.up": "encoder.layer.{n}.intermediate.dense",
    "block{n}.down": "encoder.layer.{n}.output.dense",
    "block{n}.mlp_norm": "encoder.layer.{n}.output.LayerNorm",
    "word": "embeddings.word_embeddings.weight",
    "position": "embeddings.position_embeddings.weight",
    "type": "embeddings.token_type_embeddings.weight",
    "embedding_norm": "embeddings.LayerNorm",
}
UNUSED = (r"pooler\.dense\.(weight|bias)", r"embeddings\.(position_ids|token_type_ids)")
WORDS = StoredHead(
    TRANSFORM | {"head_transform": BLOCKS},
    {
        "head.transform": "cls.predictions.transform.dense",
        "head.norm": "cls.predictions.transform.LayerNorm",
        "head.scores": "cls.predictions.decoder",
        "head.bias": "cls.predictions.decoder.bias",
    },
)


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return whether a word sees only those before it."""
    return {"causal": values["is_decoder"] and values["is_causal"]}


ARCHITECTURE = Architecture(
    prefixes=("bert.",),
    settings=SETTINGS,
    fields=POST_NORM,
    tensors=TENSORS,
    heads={
        "ForMaskedLM": WORDS,
        "ForPreTraining": WORDS,
        "LMHeadModel": WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first", "head_transform": "tanh"},
            {"head.transform": "pooler.dense", "head.scores": "classifier"},
        ),
        **LABELS,
    },
    derive=derive,
    instead={"cls.predictions.decoder.bias": "cls.predictions.bias"},
    unused=(*UNUSED, r"cls\.predictions\.bias", r"cls\.seq_relationship\.(weight|bias)"),
)
