"""RoBERTa (Liu et al. 2019, arXiv 1907.11692): BERT's body, whose positions begin after that of the padding."""

from jaxneuron_models.architectures import bert
from jaxneuron_models.architectures.architecture import LABELS, POST_NORM, TOKEN, TRANSFORM, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Field

WORDS = StoredHead(
    TRANSFORM | {"head_transform": "gelu"},  # whatever the blocks have
    {
        "head.transform": "lm_head.dense",
        "head.norm": "lm_head.layer_norm",
        "head.scores": "lm_head.decoder",
        "head.bias": "lm_head.decoder.bias",
    },
)

ARCHITECTURE = Architecture(
    prefixes=("roberta.",),
    settings=bert.SETTINGS
    | {
        "vocab_size": Field("vocabulary", 50_265),
        "pad_token_id": Field("first_position", 1, lambda padding: padding + 1),
    },
    fields=POST_NORM,
    tensors=bert.TENSORS,
    heads={
        "ForMaskedLM": WORDS,
        "ForCausalLM": WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first", "head_transform": "tanh"},
            {"head.transform": "classifier.dense", "head.scores": "classifier.out_proj"},
        ),
        **LABELS,
    },
    derive=bert.derive,
    instead={"lm_head.decoder.bias": "lm_head.bias"},
    unused=(*bert.UNUSED, r"lm_head\.bias"),
)
