"""ModernBERT (Warner et al. 2024, arXiv 2412.13663): pre-norm, gated, few biases; most blocks see near words only."""

from typing import Any

from jaxneuron_models.architectures.architecture import TOKEN, TRANSFORM, Architecture, Part, StoredHead, fused
from jaxneuron_models.architectures.settings import Field, Only, Raw, activation, free, non_linearity, number, said

KINDS = ("full_attention", "sliding_attention")
KNOWN = ("rope_type", "type", "rope_theta")
TRANSFORMED = {"head.transform": "head.dense", "head.norm": "head.norm"}
POOLED = {"cls": "first", "mean": "mean"}


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return how far each block sees, and the bases of the angles, which are others where it does not see all.

    Raises:
        ValueError: kinds of blocks, or a reach, that are not known.
    """
    blocks, near = values["num_hidden_layers"], values["local_attention"]
    if near < 0:
        raise ValueError(f"sets {said('local_attention', near)}; expected a number of words")
    every, kinds = values["global_attn_every_n_layers"], values["layer_types"]
    if every < 1:
        raise ValueError(f"sets {said('global_attn_every_n_layers', every)}; expected at least 1")
    if kinds is None:
        kinds = [KINDS[block % every > 0] for block in range(blocks)]
    if not isinstance(kinds, list) or len(kinds) != blocks or not all(kind in KINDS for kind in kinds):
        raise ValueError(f"sets {said('layer_types', kinds)}; expected one of {', '.join(KINDS)} for each of {blocks}")
    return {
        "blocks": blocks,
        "local": tuple(near // 2 + 1 if kind == KINDS[1] else 0 for kind in kinds),
        "rotary_base": _base(values["rope_parameters"], KINDS[0], values["global_rope_theta"]),
        "local_base": _base(values["rope_parameters"], KINDS[1], values["local_rope_theta"]),
    }


def _base(parameters: Any, kind: str, base: float) -> float:
    """Return the base of the angles in blocks of this kind."""
    name = "rope_parameters"
    rope = {} if parameters is None else parameters
    if not isinstance(rope, dict) or not {*rope} <= {*KINDS}:
        raise ValueError(f"sets {said(name, parameters)}; expected an object with {' and '.join(KINDS)}")
    rope = rope.get(kind) or {}
    turned = rope.get("rope_type", rope.get("type", "default")) if isinstance(rope, dict) else None
    if turned != "default" or not {*rope} <= {*KNOWN}:
        raise ValueError(f"sets {said(name, {kind: rope})}; only the type 'default' and 'rope_theta' are supported")
    return number(f"{name}.{kind}.rope_theta", rope.get("rope_theta", base))


def transform(values: dict[str, Any]) -> dict[str, Any]:
    """Return what stands before the scores of every head."""
    name = "classifier_activation"
    return {"head_transform": non_linearity(name, values[name]), "head_transform_bias": values["classifier_bias"]}


def words(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the head for words has."""
    return transform(values) | {"head_bias": values["decoder_bias"]}


def sentence(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the head for sentences reads: the first word or the mean of all.

    Raises:
        ValueError: another way to pool.
    """
    pooled = values["classifier_pooling"]
    if pooled not in POOLED:
        raise ValueError(f"sets {said('classifier_pooling', pooled)}; expected one of {', '.join(POOLED)}")
    return transform(values) | {"head": POOLED[pooled]}


LABELLED = TRANSFORMED | {"head.scores": "classifier"}

ARCHITECTURE = Architecture(
    prefixes=("model.",),
    settings={
        "vocab_size": Field("vocabulary", 50_368),
        "hidden_size": Field("width", 768),
        "num_hidden_layers": Raw(22),
        "num_attention_heads": Field("heads", 12),
        "intermediate_size": Field("hidden", 1152),
        "hidden_activation": activation("gelu"),
        "max_position_embeddings": Field("longest", 8192),
        "norm_eps": Field("epsilon", 1e-5),
        "norm_bias": Field("norm", False, lambda biased: "layer" if biased else "layer_unbiased"),
        "attention_bias": Field("attention_bias", False),
        "mlp_bias": Field("mlp_bias", False),
        "tie_word_embeddings": Field("tied", True),
        "local_attention": Raw(128),
        "layer_types": Raw(None),
        "global_attn_every_n_layers": Raw(3),
        "rope_parameters": Raw(None),
        "rope_scaling": Only(None),
        "global_rope_theta": Raw(160_000.0),
        "local_rope_theta": Raw(10_000.0),
        "decoder_bias": Raw(True),
        "classifier_pooling": Raw("cls"),
        "classifier_activation": Raw("gelu"),
        "classifier_bias": Raw(False),
        **free("embedding_dropout", "mlp_dropout", "initializer_cutoff_factor"),
        # how it is run and trained; the published files name the epsilon twice, and `norm_eps` is the one that is read
        **free("deterministic_flash_attn", "reference_compile", "repad_logits_with_grad", "layer_norm_eps"),
        **free("sparse_prediction", "sparse_pred_ignore_index"),
    },
    fields={"causal": False, "positions": "rotary", "gated": True, "embedding_norm": True, "first_norm": False},
    tensors=fused("layers.{n}.attn.Wqkv", by_head=False)
    | {
        "block{n}.attention.output": "layers.{n}.attn.Wo",
        "block{n}.attention_norm": "layers.{n}.attn_norm",
        "block{n}.gate": Part("layers.{n}.mlp.Wi", 0, False, of=2),
        "block{n}.up": Part("layers.{n}.mlp.Wi", 1, False, of=2),
        "block{n}.down": "layers.{n}.mlp.Wo",
        "block{n}.mlp_norm": "layers.{n}.mlp_norm",
        "word": "embeddings.tok_embeddings.weight",
        "embedding_norm": "embeddings.norm",
        "final_norm": "final_norm",
    },
    heads={
        "ForMaskedLM": StoredHead(
            TRANSFORM,
            TRANSFORMED | {"head.scores": "decoder", "head.bias": "decoder.bias"},
            derive=words,
        ),
        "ForSequenceClassification": StoredHead(TOKEN | {"head_norm": True}, LABELLED, derive=sentence),
        "ForTokenClassification": StoredHead(TOKEN | {"head_norm": True}, LABELLED, derive=transform),
        "ForQuestionAnswering": StoredHead(TOKEN | {"head_norm": True}, LABELLED, ("start", "end"), transform),
    },
    derive=derive,
)
