"""T5, and its gated form, T5 1.1 and Flan-T5 (Raffel et al. 2020, arXiv 1910.10683; Shazeer 2020, arXiv 2002.05202)."""

from typing import Any

from jaxneuron_models.architectures.architecture import LANGUAGE, Architecture, Part, StoredHead
from jaxneuron_models.architectures.settings import HIDDEN_ACTIVATIONS, Field, Only, Raw, Rule, free, said

SETTINGS: dict[str, Rule] = {
    "is_encoder_decoder": Only(True),
    "vocab_size": Field("vocabulary", 32_128),
    "d_model": Field("width", 512),
    "d_kv": Field("head_width", 64),
    "d_ff": Field("encoder_hidden", 2048),
    "num_layers": Field("encoder_blocks", 6),
    "num_decoder_layers": Raw(None),
    "num_heads": Field("encoder_heads", 8),
    "relative_attention_num_buckets": Field("buckets", 32),
    "relative_attention_max_distance": Field("farthest", 128),
    "layer_norm_epsilon": Field("epsilon", 1e-6),
    "feed_forward_proj": Raw("relu"),
    "dense_act_fn": Raw(None),
    "is_gated_act": Raw(None),
    "tie_word_embeddings": Raw(True),
    "scale_decoder_outputs": Raw(None),
    **free("dropout_rate", "n_positions"),
}


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the MLP's form, and what older files say in one word and newer ones in two.

    Raises:
        ValueError: a number of blocks or a non-linearity that is not supported, or two that differ.
    """
    written = values["feed_forward_proj"]
    *gated, name = written.split("-")
    if gated not in ([], ["gated"]):
        raise ValueError(f"sets {said('feed_forward_proj', written)}; expected a non-linearity, or gated- before it")
    asked = {"dense_act_fn": "gelu_new" if written == "gated-gelu" else name, "is_gated_act": bool(gated)}
    # untied models do not scale what the head reads; the file of an untied model says so, whatever the weights are
    asked["scale_decoder_outputs"] = values["tie_word_embeddings"]
    for key, default in asked.items():
        value = default if values[key] is None else values[key]
        if type(value) is not type(default):
            raise ValueError(f"sets {said(key, value)}; expected such as {default!r}")
        asked[key] = value
    if asked["dense_act_fn"] not in HIDDEN_ACTIVATIONS:
        raise ValueError(
            f"sets {said('feed_forward_proj', written)} and {said('dense_act_fn', asked['dense_act_fn'])}; of the "
            f"non-linearities, {', '.join(HIDDEN_ACTIVATIONS)} are supported"
        )
    blocks = values["num_decoder_layers"]
    if blocks is not None and (type(blocks) is not int or blocks < 1):
        raise ValueError(f"sets {said('num_decoder_layers', blocks)}; expected a whole number of at least 1, or null")
    return {
        "decoder_blocks": blocks or 0,
        "activation": HIDDEN_ACTIVATIONS[asked["dense_act_fn"]],
        "gated": asked["is_gated_act"],
        "head_scaled": asked["scale_decoder_outputs"],
        "tied": True,
    }


def tensors() -> dict[str, str | Part]:
    """Return where the tensors are; a part of a block is known by its number."""
    attention = {"query": "q", "key": "k", "value": "v", "output": "o"}
    found: dict[str, str | Part] = {}
    for side, parts in (("encoder", ["attention", "mlp"]), ("decoder", ["attention", "cross", "mlp"])):
        found[f"{side}.distance"] = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        found[f"{side}.final_norm"] = f"{side}.final_layer_norm"
        for number, part in enumerate(parts):
            ours, theirs = f"{side}.block{{n}}", f"{side}.block.{{n}}.layer.{number}"
            found[f"{ours}.{part}_norm"] = f"{theirs}.layer_norm"
            name = "EncDecAttention" if part == "cross" else "SelfAttention"
            if part != "mlp":
                found |= {f"{ours}.{part}.{one}": f"{theirs}.{name}.{other}" for one, other in attention.items()}
        dense = f"{side}.block.{{n}}.layer.{len(parts) - 1}.DenseReluDense"
        found |= {f"{side}.block{{n}}.down": f"{dense}.wo", f"{side}.block{{n}}.gate": f"{dense}.wi_0"}
        found[f"{side}.block{{n}}.up"] = f"{dense}.wi_1"  # or wi, see below
    return found


ARCHITECTURE = Architecture(
    two_texts=True,
    prefixes=("transformer.",),
    settings=SETTINGS,
    fields={"positions": "relative", "norm": "rms", "norm_first": True, "bias": False, "attention_scale": 1.0},
    tensors=tensors(),
    heads={"ForConditionalGeneration": StoredHead(LANGUAGE, {"head.scores": "lm_head"})},
    derive=derive,
    aliases={
        "hidden_size": "d_model",
        "num_attention_heads": "num_heads",
        "num_hidden_layers": "num_layers",
        "head_dim": "d_kv",
    },
    instead={
        f"{side}.block.{{n}}.layer.{number}.DenseReluDense.wi_1.weight": (
            f"{side}.block.{{n}}.layer.{number}.DenseReluDense.wi.weight"
        )
        for side, number in (("encoder", 1), ("decoder", 2))
    },
    # stored by the first versions, and read by none
    unused=(r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight",),
)
