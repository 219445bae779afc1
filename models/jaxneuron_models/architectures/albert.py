"""ALBERT (Lan et al. 2020, arXiv 1909.11942): BERT on words of fewer units, whose blocks share their weights."""

from typing import Any

from jaxneuron_models.architectures import bert
from jaxneuron_models.architectures.architecture import (
    BLOCKS,
    LABELS,
    POST_NORM,
    TOKEN,
    TRANSFORM,
    Architecture,
    StoredHead,
)
from jaxneuron_models.architectures.settings import Field, Raw, activation, free, said

LAYER = "encoder.albert_layer_groups.{n}"
WORDS = StoredHead(
    TRANSFORM | {"head_transform": BLOCKS},
    {
        "head.transform": "predictions.dense",
        "head.norm": "predictions.LayerNorm",
        "head.scores": "predictions.decoder",
        "head.bias": "predictions.decoder.bias",
    },
)


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return whose weights each block has: those of its group, which may hold several blocks, one after another.

    Raises:
        ValueError: groups that do not fit the blocks.
    """
    layers, groups, inner = (values[name] for name in ("num_hidden_layers", "num_hidden_groups", "inner_group_num"))
    if not 1 <= groups <= layers:
        raise ValueError(f"sets {said('num_hidden_groups', groups)}; expected one for each of {layers} layers at most")
    if inner < 1:
        raise ValueError(f"sets {said('inner_group_num', inner)}; expected at least 1")
    group = [int(layer / (layers / groups)) for layer in range(layers)]  # rounded as in `transformers`
    names = tuple(f"{number}.albert_layers.{part}" for number in group for part in range(inner))
    return {"blocks": len(names), "weights": names}


ARCHITECTURE = Architecture(
    prefixes=("albert.",),
    settings={
        "vocab_size": Field("vocabulary", 30_000),
        "embedding_size": Field("embedding_width", 128),
        "hidden_size": Field("width", 4096),
        "num_hidden_layers": Raw(12),
        "num_hidden_groups": Raw(1),
        "inner_group_num": Raw(1),
        "num_attention_heads": Field("heads", 64),
        "intermediate_size": Field("hidden", 16_384),
        "hidden_act": activation("gelu_new"),
        "max_position_embeddings": Field("longest", 512),
        "type_vocab_size": Field("types", 2),
        "layer_norm_eps": Field("epsilon", 1e-12),
        "tie_word_embeddings": Field("tied", True),
        **free("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob"),
        # of the program that trained the published ones
        **free("down_scale_factor", "gap_size", "net_structure_type", "num_memory_blocks", "layers_to_keep"),
    },
    fields=POST_NORM | {"causal": False},
    tensors={
        "block{n}.attention.query": f"{LAYER}.attention.query",
        "block{n}.attention.key": f"{LAYER}.attention.key",
        "block{n}.attention.value": f"{LAYER}.attention.value",
        "block{n}.attention.output": f"{LAYER}.attention.dense",
        "block{n}.attention_norm": f"{LAYER}.attention.LayerNorm",
        "block{n}.up": f"{LAYER}.ffn",
        "block{n}.down": f"{LAYER}.ffn_output",
        "block{n}.mlp_norm": f"{LAYER}.full_layer_layer_norm",
        "widen": "encoder.embedding_hidden_mapping_in",
        **{name: bert.TENSORS[name] for name in ("word", "position", "type", "embedding_norm")},
    },
    heads={
        "ForMaskedLM": WORDS,
        "ForPreTraining": WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first", "head_transform": "tanh"},
            {"head.transform": "pooler", "head.scores": "classifier"},
        ),
        **LABELS,
    },
    derive=derive,
    instead={"predictions.decoder.bias": "predictions.bias"},
    unused=(
        r"pooler\.(weight|bias)",
        r"embeddings\.(position_ids|token_type_ids)",
        r"predictions\.bias",
        r"sop_classifier\.classifier\.(weight|bias)",
    ),
)
