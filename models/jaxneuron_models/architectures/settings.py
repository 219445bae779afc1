"""What a key of a published config.json means to us: every one is read, or has one value only, or changes nothing.

A family's table has a rule for every key of its config class; a key that is missing has the class's default; a key
without a rule is refused by its name, because what is not known may change what the model computes.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Field(NamedTuple):
    """A setting that a field of `TransformerConfig` holds."""

    name: str
    default: Any  # of the config class
    convert: Callable[[Any], Any] | None = None  # their value -> ours; a ValueError says what is not supported
    nullable: bool = False  # null is a value of its own


class Raw(NamedTuple):
    """A setting that is read together with others, by `Architecture.derive`."""

    default: Any
    nullable: bool = False


class Only(NamedTuple):
    """A setting of which one value is supported."""

    value: Any


class Free(NamedTuple):
    """A setting that changes nothing of what the model computes."""


Rule = Field | Raw | Only | Free


class Settings(NamedTuple):
    """What a config.json says."""

    fields: dict[str, Any]  # of TransformerConfig
    raw: dict[str, Any]  # by their names, of rules that are `Raw` or `Field`; not converted


HIDDEN_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
}
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}
NOTHING = (None, {}, [], "")


def free(*names: str) -> dict[str, Rule]:
    """Return the rules of settings that change nothing."""
    return dict.fromkeys(names, Free())


def known_activation(name: str) -> str:
    """Return what `activations.ACTIVATIONS` calls a non-linearity, or raise a ValueError."""
    if name not in HIDDEN_ACTIVATIONS:
        raise ValueError(f"of the non-linearities, {', '.join(HIDDEN_ACTIVATIONS)} are supported")
    return HIDDEN_ACTIVATIONS[name]


def activation(key_default: str) -> Field:
    """Return the rule of the setting that names the non-linearity."""
    return Field("activation", key_default, known_activation)


def cap(name: str, default: float | None) -> Field:
    """Return the rule of a number that caps others, or null, which is our 0."""
    return Field(name, default, _cap, nullable=True)


def optional(name: str) -> Field:
    """Return the rule of a whole number that may be null, which is our 0."""
    return Field(name, None, _optional)


SHARED: dict[str, Rule] = {
    # what is read
    "id2label": Raw(None),
    "num_labels": Raw(None),
    # what only other programs do
    "is_encoder_decoder": Only(False),
    "add_cross_attention": Only(False),
    "cross_attention_hidden_size": Only(None),
    "tie_encoder_decoder": Only(False),
    "pruned_heads": Only({}),
    "per_layer_config": Only(None),
    "position_embedding_type": Only("absolute"),
    "quantization_config": Only(None),
    "compression_config": Only(None),
    # where it comes from
    **free("model_type", "architectures", "transformers_version", "_name_or_path", "name_or_path", "_commit_hash"),
    **free("auto_map", "finetuning_task", "task_specific_params", "tokenizer_class", "problem_type", "label2id"),
    **free("_num_labels", "transformers.js_config", "unsloth_fixed", "unsloth_version"),
    # how it is run: number format, speed, what is returned
    **free("dtype", "torch_dtype", "use_bfloat16", "use_cache", "chunk_size_feed_forward", "gradient_checkpointing"),
    **free("attn_implementation", "_attn_implementation", "_attn_implementation_internal", "experts_implementation"),
    **free("_attn_implementation_autoset", "_experts_implementation", "_experts_implementation_internal"),
    **free("_flash_attn_2_enabled", "torchscript", "tf_legacy_loss", "xla_device", "return_dict", "output_past"),
    **free("output_attentions", "output_hidden_states", "tie_last_hidden_states", "_output_attentions", "is_decoder"),
    # how sentence-transformers goes on with the scores
    **free("sentence_transformers", "sbert_ce_default_activation_function", "matryoshka_dimensions"),
    # how it was trained
    **free("initializer_range", "initializer_factor", "classifier_dropout", "hidden_dropout", "attention_dropout"),
    # which tokens the tokenizer adds
    **free("bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "cls_token_id", "mask_token_id"),
    **free("unk_token_id", "decoder_start_token_id", "prefix", "model_max_length", "max_sequence_length"),
    # how text is generated
    **free("max_length", "max_new_tokens", "min_length", "do_sample", "early_stopping", "num_beams", "temperature"),
    **free("top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size"),
    **free("encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores"),
    **free("return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values"),
    **free("exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "epsilon_cutoff"),
    **free("eta_cutoff", "encoder_repetition_penalty", "num_beam_groups", "diversity_penalty"),
    **free("num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold"),
    **free("assistant_lookbehind", "target_lookbehind", "generation_config"),
}
"""Keys of every family, today's and those that earlier versions wrote; a family's own rule comes first."""


def read(described: Mapping[str, Any], rules: Mapping[str, Rule], aliases: Mapping[str, str]) -> Settings:
    """Return what a config.json says, in our words.

    Args:
        described: the file.
        rules: the family's, beside those that all share.
        aliases: other names of settings -> the name in `rules`.

    Returns:
        Fields of `TransformerConfig` and raw values; a setting that is missing has its default.

    Raises:
        ValueError: a setting that is not known or not supported, named with its value.

    Example:
        >>> read({"hidden_size": 8}, {"hidden_size": Field("width", 768), "n": Field("blocks", 12)}, {}).fields
        {'width': 8, 'blocks': 12}
    """
    rules = SHARED | dict(rules)
    values: dict[str, Any] = {}
    for key, value in described.items():
        name = aliases.get(key, key)
        rule = rules.get(name)
        if rule is None and value not in NOTHING:
            raise ValueError(
                f"sets {said(key, value)}, and it is not known here what that changes; if it changes nothing of what "
                "the model computes, take it out of the file"
            )
        if isinstance(rule, Only) and value != rule.value and not (value in NOTHING and rule.value in NOTHING):
            raise ValueError(f"sets {said(key, value)}; only {json.dumps(rule.value)} is supported")
        if isinstance(rule, Field | Raw):
            value = _checked(key, value, rule)
            if values.setdefault(name, value) != value:
                raise ValueError(
                    f"sets {said(name, values[name])} and {said(key, value)}, which are one setting; keep one"
                )
    values = {name: rule.default for name, rule in rules.items() if isinstance(rule, Field | Raw)} | values
    fields = {
        rule.name: values[name] if rule.convert is None else _converted(name, values[name], rule.convert)
        for name, rule in rules.items()
        if isinstance(rule, Field)
    }
    return Settings(fields, values)


def said(key: str, value: Any) -> str:
    """Return a setting as the file has it, long ones cut.

    Example:
        >>> said("is_decoder", True)
        "'is_decoder' to true"
    """
    written = json.dumps(value)
    return f"{key!r} to {written if len(written) <= 100 else written[:97] + '...'}"


def number(key: str, value: Any) -> float:
    """Return a number, or say which setting is none."""
    return _checked(key, value, Raw(0.0))


def non_linearity(key: str, value: str) -> str:
    """Return the non-linearity that a raw setting names."""
    return _converted(key, value, known_activation)


def _checked(key: str, value: Any, rule: Field | Raw) -> Any:
    """Return a value of the type of the rule's default."""
    kind = type(rule.default)
    if value is None and rule.nullable:
        return None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind in KINDS and (type(value) is not kind or kind is float):
        raise ValueError(f"sets {said(key, value)}; expected {KINDS[kind]}")
    return value


def _converted(key: str, value: Any, convert: Callable[[Any], Any]) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        raise ValueError(f"sets {said(key, value)}; {error}") from error


def _optional(value: Any) -> int:
    if value is not None and (type(value) is not int or value < 1):
        raise ValueError("expected a whole number of at least 1, or null")
    return value or 0


def _cap(value: Any) -> float:
    if value is not None and not (isinstance(value, int | float) and value > 0):
        raise ValueError("expected a number above 0, or null")
    return float(value or 0)
