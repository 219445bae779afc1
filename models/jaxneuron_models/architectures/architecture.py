"""What is known of a published architecture: where its checkpoints hold what, and what its settings mean to us.

A `{n}` in a name stands for the number of a block, or for the name of its weights where blocks share them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxneuron_models.architectures.settings import Rule


class Part(NamedTuple):
    """One of the parts of a fused tensor's outputs: queries, keys or values; or of `of` equal ones."""

    name: str
    index: int
    by_head: bool  # each head of keys holds its own queries, key and value, one after another (GPT-NeoX)
    of: int = 3


class StoredHead(NamedTuple):
    """What stands on the body."""

    fields: dict[str, Any]  # of TransformerConfig
    tensors: dict[str, str]  # our module or tensor -> theirs; a language head's own matrix is "head.scores"
    labels: tuple[str, ...] = ()  # of its outputs, where not config.json names them
    derive: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: {}  # as the architecture's, of this head


class Architecture(NamedTuple):
    """Where to find what in a checkpoint, and what it fills: a `transformer`, or an `encoder_decoder`."""

    prefixes: tuple[str, ...]  # before the body's names, in a checkpoint that has a head
    settings: dict[str, Rule]  # every key of its config.json, beside those of `settings.SHARED`
    fields: dict[str, Any]  # of TransformerConfig, which no setting changes
    tensors: dict[str, str | Part]  # our module or tensor -> theirs
    heads: dict[str, StoredHead]  # the end of the class's name -> its head
    derive: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: {}  # their values -> fields
    aliases: dict[str, str] = {}  # other names of settings
    instead: dict[str, str] = {}  # a tensor -> the one that stands for it where it is not stored
    renamed: dict[str, str] = {}  # regular expressions of tensors -> how they are called in `tensors`
    interleaved: bool = False  # the units of queries and keys that are turned together lie side by side (GPT-J)
    unused: tuple[str, ...] = ()  # regular expressions of tensors that no setting makes us read
    two_texts: bool = False  # an encoder-decoder, whose fields are of EncoderDecoderConfig
    transposed: bool = True  # the blocks' matrices are stored [output, input], as the head's always are


BLOCKS = "that of the blocks"
"""The `head_transform` of a head whose activation is the blocks' own."""

LANGUAGE = {"head": "language"}
TOKEN = {"head": "labels", "head_bias": True}
TRANSFORM = LANGUAGE | {"head_norm": True, "head_bias": True}
POST_NORM = {"norm_first": False, "embedding_norm": True}
LABELS = {
    "ForTokenClassification": StoredHead(TOKEN, {"head.scores": "classifier"}),
    "ForQuestionAnswering": StoredHead(TOKEN, {"head.scores": "qa_outputs"}, ("start", "end")),
}
"""Heads that most families have."""
LAST = StoredHead({"head": "last"}, {"head.scores": "score"})
"""The head that decoders tell sentences apart with."""


def fused(name: str, *, by_head: bool) -> dict[str, str | Part]:
    """Return where queries, keys and values are in a tensor that holds all three."""
    return {
        f"block{{n}}.attention.{part}": Part(name, index, by_head)
        for index, part in enumerate(("query", "key", "value"))
    }
