"""ELECTRA (Clark et al. 2020, arXiv 2003.10555): BERT on words of fewer units, a discriminator or a generator."""

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
from jaxneuron_models.architectures.settings import Field, Raw, free

WORDS = StoredHead(
    TRANSFORM | {"head_transform": "gelu"},  # whatever the blocks have
    {
        "head.transform": "generator_predictions.dense",
        "head.norm": "generator_predictions.LayerNorm",
        "head.scores": "generator_lm_head",
        "head.bias": "generator_lm_head.bias",
    },
)


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the widths: the product from one to the other is there where they differ."""
    width, words = values["hidden_size"], values["embedding_size"]
    return bert.derive(values) | {"width": width, "embedding_width": words if words != width else 0}


ARCHITECTURE = Architecture(
    prefixes=("electra.",),
    settings=bert.SETTINGS
    | {
        "hidden_size": Raw(256),
        "embedding_size": Raw(128),
        "num_attention_heads": Field("heads", 4),
        "intermediate_size": Field("hidden", 1024),
        # of the head for several choices, which is not read
        **free("summary_type", "summary_use_proj", "summary_activation", "summary_last_dropout"),
    },
    fields=POST_NORM,
    tensors=bert.TENSORS | {"widen": "embeddings_project"},
    heads={
        "ForPreTraining": StoredHead(
            TOKEN | {"head_transform": BLOCKS},
            {
                "head.transform": "discriminator_predictions.dense",
                "head.scores": "discriminator_predictions.dense_prediction",
            },
            ("replaced",),
        ),
        "ForMaskedLM": WORDS,
        "ForCausalLM": WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first", "head_transform": "gelu"},
            {"head.transform": "classifier.dense", "head.scores": "classifier.out_proj"},
        ),
        **LABELS,
    },
    derive=derive,
    unused=(r"embeddings\.(position_ids|token_type_ids)",),
)
