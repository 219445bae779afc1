"""DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT without token types."""

from jaxneuron_models.architectures.architecture import (
    BLOCKS,
    LABELS,
    POST_NORM,
    TOKEN,
    TRANSFORM,
    Architecture,
    StoredHead,
)
from jaxneuron_models.architectures.settings import Field, Only, activation, free

ARCHITECTURE = Architecture(
    prefixes=("distilbert.",),
    settings={
        "vocab_size": Field("vocabulary", 30_522),
        "dim": Field("width", 768),
        "n_layers": Field("blocks", 6),
        "n_heads": Field("heads", 12),
        "hidden_dim": Field("hidden", 3072),
        "activation": activation("gelu"),
        "max_position_embeddings": Field("longest", 512),
        "tie_word_embeddings": Field("tied", True),
        "tie_weights_": Only(True),
        # the table of positions is stored, whoever made it; every word sees all others
        **free("sinusoidal_pos_embds", "is_causal", "dropout", "qa_dropout", "seq_classif_dropout"),
    },
    fields=POST_NORM | {"causal": False, "epsilon": 1e-12},
    tensors={
        "block{n}.attention.query": "transformer.layer.{n}.attention.q_lin",
        "block{n}.attention.key": "transformer.layer.{n}.attention.k_lin",
        "block{n}.attention.value": "transformer.layer.{n}.attention.v_lin",
        "block{n}.attention.output": "transformer.layer.{n}.attention.out_lin",
        "block{n}.attention_norm": "transformer.layer.{n}.sa_layer_norm",
        "block{n}.up": "transformer.layer.{n}.ffn.lin1",
        "block{n}.down": "transformer.layer.{n}.ffn.lin2",
        "block{n}.mlp_norm": "transformer.layer.{n}.output_layer_norm",
        "word": "embeddings.word_embeddings.weight",
        "position": "embeddings.position_embeddings.weight",
        "embedding_norm": "embeddings.LayerNorm",
    },
    heads={
        "ForMaskedLM": StoredHead(
            TRANSFORM | {"head_transform": BLOCKS},
            {
                "head.transform": "vocab_transform",
                "head.norm": "vocab_layer_norm",
                "head.scores": "vocab_projector",
                "head.bias": "vocab_projector.bias",
            },
        ),
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first", "head_transform": "relu"},
            {"head.transform": "pre_classifier", "head.scores": "classifier"},
        ),
        **LABELS,
    },
    aliases={"hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers"},
    unused=(r"embeddings\.position_ids",),
)
