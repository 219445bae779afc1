"""What a model writes: the text that it begins with, as the model has it, and what it wrote, as a person reads it."""

from collections.abc import Mapping
from typing import Any

from jaxneuron.cli import _inputs
from jaxneuron.cli._options import LONGEST
from jaxneuron.cli._shared import counted

NOTE = (
    "log p a symbol: the mean logarithm of the probabilities of what was drawn; nearer to 0, the model was surer. "
    "Texts are counted from 0."
)
"""How to read the columns."""


def prompts(model: Any, texts: list[str]) -> Any:
    """Return the beginnings of texts as the model reads them; without a word, its own sign of a beginning.

    Raises:
        ValueError: the model cannot read on from word to word.
    """
    import numpy as np

    from jaxneuron.types import Tokens

    if model.step is None or model.initial_state is None:
        raise ValueError(
            "the model cannot write: it does not read on from word to word; give a causal language model, such as one "
            "of `jaxneuron train lstm` or a GPT"
        )
    if not any(texts):
        ids = np.full((len(texts), 1), _start(model), np.int32)
        return Tokens(ids, np.ones(ids.shape, bool))
    given: Any = texts if model.symbol == "character" else [text.split() for text in texts]
    tokens = _inputs.beginnings(model, given).tokens
    mask = np.asarray(tokens.mask)
    longest = int(mask.sum(-1).max())
    return Tokens(np.asarray(tokens.ids)[:, :longest], mask[:, :longest])


def length(told: Mapping[str, Any]) -> int:
    """Return how many symbols are written.

    Raises:
        ValueError: more than anybody reads.
    """
    from jaxneuron.intervene import Sampling

    asked = told.get("length", Sampling().length)
    if asked > LONGEST:
        raise ValueError(f"--length {asked:,}: expected {LONGEST:,} at most")
    return asked


def state(model: Any, texts: int, prompts: Any, length: int) -> Any:
    """Return what the model begins with, that has room for prompts and what is written after them.

    Raises:
        ValueError: it has not so much room.
    """
    begins = prompts.ids.shape[1]
    room = begins + length - 1  # the last symbol is not read
    if model.window is not None and room > model.window:
        raise ValueError(
            f"--length {length}: the prompt has {counted(begins, model.symbol)}, and the model reads {model.window} at "
            f"most; give --length {max(model.window - begins + 1, 0)}, or a shorter prompt"
        )
    return model.initial_state(texts, room)


def written(model: Any, found: Any) -> list[str]:
    """Return texts `[batch time]` as a person reads them."""
    return [_text(model, ids[mask].tolist()) for ids, mask in zip(found.ids, found.mask, strict=True)]


def _start(model: Any) -> int:
    """Return the symbol that a text begins with: the model's own sign of it, or the first that is none of its signs."""
    words = model.vocabulary.words
    for sign in ("<s>", "<bos>", "<|endoftext|>", "<start>", "\n<s>\n", "\n", "."):
        if sign in words:
            return words.index(sign)
    return next((number for number, word in enumerate(words) if not word.startswith("<")), 0)


def _text(model: Any, ids: list[int]) -> str:
    if model.tokenizer is not None:
        return model.tokenizer.decode(ids)
    between = "" if model.symbol == "character" else " "
    return between.join(model.vocabulary.words[number] for number in ids)
