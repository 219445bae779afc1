"""DeBERTa, second and third version (He et al. 2021, arXiv 2006.03654 and 2111.09543): BERT that looks at distances."""

from typing import Any

from jaxneuron_models.architectures import bert
from jaxneuron_models.architectures.architecture import LABELS, POST_NORM, TOKEN, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Field, Only, Raw, free, non_linearity, said
from jaxneuron_models.relative import Vectors

PARTS = ("c2p", "p2c")


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return how attention sees distances; `transformers` counts the names of its parts even where it does not.

    Raises:
        ValueError: distances, a norm or a pooler that is not supported.
    """
    width, pooled = values["hidden_size"], values["pooler_hidden_size"]
    if pooled not in (None, width):
        raise ValueError(f"sets {said('pooler_hidden_size', pooled)}; only 'hidden_size', {width}, is supported")
    parts = _parts(values["pos_att_type"])
    fields = {"width": width, "longest": values["max_position_embeddings"]}
    if not values["relative_attention"]:
        if parts:
            raise ValueError(f"sets {said('pos_att_type', parts)} and 'relative_attention' to false; expected true")
        return fields
    farthest, buckets = values["max_relative_positions"], values["position_buckets"]
    farthest = farthest if farthest > 0 else fields["longest"]
    if buckets > 0 and not 2 <= buckets < 2 * (farthest - 1):
        raise ValueError(
            f"sets {said('position_buckets', buckets)} and 'max_relative_positions' or 'max_position_embeddings' to "
            f"{farthest}; expected at least 2 buckets, and less than 2 for each distance"
        )
    norms = [name.strip() for name in values["norm_rel_ebd"].lower().split("|")]
    if not {*norms} <= {"none", "layer_norm"}:
        raise ValueError(f'sets {said("norm_rel_ebd", values["norm_rel_ebd"])}; expected "none" or "layer_norm"')
    shown = Vectors(
        span=buckets if buckets > 0 else farthest,
        buckets=max(buckets, 0),
        farthest=farthest,
        parts=parts,
        shared=values["share_att_key"],
        norm="layer_norm" in norms,
    )
    return fields | {"relative": shown}


def pooler(values: dict[str, Any]) -> dict[str, Any]:
    """Return the non-linearity before the scores of sentences."""
    return {"head_transform": non_linearity("pooler_hidden_act", values["pooler_hidden_act"])}


def _parts(named: Any) -> tuple[str, ...]:
    parts = [part.strip() for part in named.lower().split("|")] if isinstance(named, str) else named or []
    if not isinstance(parts, list) or not all(part in PARTS for part in parts):
        raise ValueError(f"sets {said('pos_att_type', named)}; expected names out of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in parts)


ARCHITECTURE = Architecture(
    prefixes=("deberta.",),
    settings={
        "vocab_size": Field("vocabulary", 128_100),
        "hidden_size": Raw(1536),
        "num_hidden_layers": Field("blocks", 24),
        "num_attention_heads": Field("heads", 24),
        "intermediate_size": Field("hidden", 6144),
        "hidden_act": bert.SETTINGS["hidden_act"],
        "max_position_embeddings": Raw(512),
        "position_biased_input": Field("positions", True, lambda added: "learned" if added else "none"),
        "type_vocab_size": Field("types", 0),
        "layer_norm_eps": Field("epsilon", 1e-7),
        "tie_word_embeddings": Field("tied", True),
        "relative_attention": Raw(False),
        "max_relative_positions": Raw(-1),
        "position_buckets": Raw(-1),
        "pos_att_type": Raw(None),
        "share_att_key": Raw(False),
        "norm_rel_ebd": Raw("none"),
        "pooler_hidden_act": Raw("gelu"),
        "pooler_hidden_size": Raw(None),
        "conv_kernel_size": Only(0),
        "legacy": Only(True),
        **free("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout", "cls_dropout"),
        **free("conv_act", "conv_groups"),  # of a convolution that is refused
    },
    fields=POST_NORM | {"causal": False},
    tensors=bert.TENSORS
    | {
        "block{n}.attention.query": "encoder.layer.{n}.attention.self.query_proj",
        "block{n}.attention.key": "encoder.layer.{n}.attention.self.key_proj",
        "block{n}.attention.value": "encoder.layer.{n}.attention.self.value_proj",
        "block{n}.attention.far_key": "encoder.layer.{n}.attention.self.pos_key_proj",
        "block{n}.attention.far_query": "encoder.layer.{n}.attention.self.pos_query_proj",
        "relative": "encoder.rel_embeddings.weight",
        "relative_norm": "encoder.LayerNorm",
    },
    heads={
        "ForMaskedLM": bert.WORDS,
        "ForSequenceClassification": StoredHead(
            TOKEN | {"head": "first"},
            {"head.transform": "pooler.dense", "head.scores": "classifier"},
            derive=pooler,
        ),
        **LABELS,
    },
    derive=derive,
    instead=bert.ARCHITECTURE.instead,
    unused=(
        r"embeddings\.(position_ids|position_embeddings\.weight)",  # where words have no positions
        r"encoder\.LayerNorm\.(weight|bias)",  # of distances, where they have no vectors
        r"cls\.predictions\.bias",
        r"(lm|mask)_predictions\..*",  # heads of the program that trained the published ones
    ),
)
