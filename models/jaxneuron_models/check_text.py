"""What a transformer can't read is refused: more words than it has positions, unknown ones, padding on the left.

JAX itself would clamp an index and go on with finite numbers. The length is known while a function is traced, and is
always checked; ids, types and masks are checked where they are at hand, that is outside of `jit`.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxneuron.types import Packed, Pairs, Text


def check(tokens: Text, *, vocabulary: int, types: int, window: int | None) -> None:
    """Raise unless a model has a row in its tables for all that `tokens` asks for.

    Args:
        tokens: what it is to read.
        vocabulary: words of the model.
        types: types of tokens that it tells apart.
        window: tokens of a text at most; None: no bound.

    Raises:
        ValueError: with the numbers that do not fit, and what to do.
    """
    mask = concrete(tokens.mask)
    time = tokens.mask.shape[-1] if not isinstance(tokens, Packed) else _longest(concrete(tokens.segment), mask)
    if window is not None and time > window:
        raise ValueError(
            f"got a text of {time} tokens, but the model has positions for {window}; cut it, or read it in windows as "
            "`jaxneuron.corpora.subwords.split` does"
        )
    if mask is not None and np.any(late := mask[..., 1:] > mask[..., :-1]):
        row = int(np.argmax(np.any(late.reshape(-1, late.shape[-1]), axis=-1)))
        raise ValueError(f"the mask of row {row} has padding before words; put the words first, and the padding right")
    check_range("id", tokens.ids, mask, vocabulary, "words")
    if isinstance(tokens, Pairs):
        if not types:
            raise ValueError("this model has no types of tokens to tell two texts by; give it `Tokens(ids, mask)`")
        check_range("type", tokens.types, mask, types, "types of tokens")


def check_range(name: str, numbers: Any, mask: np.ndarray | None, end: int, what: str) -> None:
    """Raise a ValueError if a number, where there is a word, is none of `end` rows; soft words always are.

    Args:
        name: of the numbers.
        numbers: such as the ids of words.
        mask: true where there is a word; None: everywhere.
        end: how many rows there are.
        what: the rows are called.
    """
    found = concrete(numbers) if jnp.issubdtype(numbers.dtype, jnp.integer) else None
    if found is None:
        return
    wrong = ((found < 0) | (found >= end)) & (True if mask is None else mask)
    if wrong.any():
        raise ValueError(
            f"got the {name} {int(found[wrong][0])}, but the model has {end} {what}, from 0 to {end - 1}; give it what "
            "its own tokenizer makes of the text"
        )


def concrete(numbers: Any) -> np.ndarray | None:
    """Return the numbers, or None while they are traced."""
    return None if isinstance(numbers, Tracer) else np.asarray(numbers)


def _longest(segment: np.ndarray | None, mask: np.ndarray | None) -> int:
    """Return the tokens of the longest of several sentences in a row; 0 while that is not known."""
    if segment is None or mask is None:
        return 0
    rows = zip(segment.reshape(-1, segment.shape[-1]), mask.reshape(-1, mask.shape[-1]), strict=True)
    return max((int(np.unique(row[real], return_counts=True)[1].max(initial=0)) for row, real in rows), default=0)
