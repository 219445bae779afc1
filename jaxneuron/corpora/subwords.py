"""Words to a tokenizer's sub-words and back: every word of every sentence keeps exactly one place.

A sentence is joined by single spaces, tokenised as running text (so that a byte-level tokenizer sees its spaces), and
each sub-word is given to the word that holds its last character. A word of which the tokenizer leaves nothing is read
as the unknown token. A sentence longer than the model is read in windows that overlap by half, and each word is taken
from the window where it stands nearest to the middle; of a word longer than a window, only the beginning is read.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from tokenizers import Tokenizer

HOW = ("first", "last", "mean", "max")


class Window(NamedTuple):
    """A piece of a sentence that the model reads at once."""

    sentence: int  # which
    ids: Int[np.ndarray, "time"]  # sub-words, special tokens included
    word: Int[np.ndarray, "time"]  # the word of the sentence that each belongs to; -1 for special tokens
    first: int  # the words that are taken from this window: first ...
    last: int  # ... to just before last


class Split(NamedTuple):
    """A corpus as windows, and what was not plain."""

    windows: list[Window]  # sentence by sentence
    unknown: list[tuple[int, int]]  # (sentence, word) of which the tokenizer left nothing, read as the unknown token
    cut: list[tuple[int, int]]  # (sentence, word) longer than a window


def split(tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], *, longest: int) -> Split:
    """Tokenise sentences of words.

    Args:
        tokenizer: the model's.
        sentences: lists of words; a word may hold spaces ("1 000"), but not only spaces.
        longest: sub-words that the model reads at once, special tokens included.

    Returns:
        The windows, with every word of every sentence in exactly one of them.

    Raises:
        ValueError: an empty sentence, a blank word, or a model too short for its own special tokens.
    """
    before, after = _specials(tokenizer)
    room = longest - len(before) - len(after)
    if room < 2:
        raise ValueError(f"expected room for at least 2 sub-words beside the special tokens, got {room} (of {longest})")
    check(sentences)
    encodings = tokenizer.encode_batch([" ".join(sentence) for sentence in sentences], add_special_tokens=False)
    windows: list[Window] = []
    unknown: list[tuple[int, int]] = []
    cut: list[tuple[int, int]] = []
    for number, (sentence, encoding) in enumerate(zip(sentences, encodings, strict=True)):
        ids, word = _fill(tokenizer, sentence, encoding, number, unknown)
        if len(ids) > room:
            ids, word = _shorten(ids, word, room, number, cut)
        for start, stop, first, last in _windows(word, room):
            inside = ids[start:stop], word[start:stop]
            windows.append(
                Window(
                    number,
                    np.concatenate([before, inside[0], after]).astype(np.int32),
                    np.pad(inside[1], (len(before), len(after)), constant_values=-1).astype(np.int32),
                    first,
                    last,
                )
            )
    return Split(windows, unknown, cut)


def check(sentences: Sequence[Sequence[str]]) -> None:
    """Raise a ValueError if a sentence has no words, or a blank one."""
    for number, sentence in enumerate(sentences):
        odd = [word for word in sentence if not word.strip()]
        if odd or not sentence:
            fault = f"the word {odd[0]!r}" if odd else "no words"
            raise ValueError(f"sentence {number} has {fault}; expected at least one word, none of them blank")


def _specials(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after a text."""
    encoding = tokenizer.encode("a")
    plain = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
    first, last = (plain[0], plain[-1] + 1) if plain else (len(encoding.ids), len(encoding.ids))
    return encoding.ids[:first], encoding.ids[last:]


def _fill(
    tokenizer: Tokenizer, sentence: Sequence[str], encoding: object, number: int, unknown: list[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sub-words and their words; a word that has none gets the unknown token in its place."""
    lengths = np.array([len(word) + 1 for word in sentence])
    ends = np.cumsum(lengths)
    offsets = np.array(encoding.offsets).reshape(-1, 2)  # type: ignore[attr-defined]
    kept = offsets[:, 1] > offsets[:, 0]
    ids = np.array(encoding.ids)[kept]  # type: ignore[attr-defined]
    word = np.searchsorted(ends, offsets[kept, 1] - 1, side="right")
    missing = np.setdiff1d(np.arange(len(sentence)), word)
    if len(missing):
        unknown += [(number, int(index)) for index in missing]
        place = np.searchsorted(word, missing)
        ids, word = np.insert(ids, place, _unknown(tokenizer)), np.insert(word, place, missing)
    return ids, word


def _unknown(tokenizer: Tokenizer) -> int:
    for name in ("[UNK]", "<unk>", "<|endoftext|>"):
        if (known := tokenizer.token_to_id(name)) is not None:
            return known
    return tokenizer.encode("?", add_special_tokens=False).ids[0]


def _shorten(
    ids: np.ndarray, word: np.ndarray, room: int, number: int, cut: list[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Keep of each word what fits into a window."""
    place = np.arange(len(word)) - np.searchsorted(word, word)
    cut += [(number, int(index)) for index in np.unique(word[place >= room])]
    return ids[place < room], word[place < room]


def _windows(word: np.ndarray, room: int) -> list[tuple[int, int, int, int]]:
    """Return (first sub-word, last, first word, last) of each window; windows begin and end with whole words."""
    if len(word) <= room:
        return [(0, len(word), 0, int(word[-1]) + 1)]
    begins = np.flatnonzero(np.diff(word, prepend=-1))  # where each word begins
    ends = np.append(begins[1:], len(word))
    spans = []
    first = 0
    while True:
        last = int(np.searchsorted(ends, begins[first] + room, side="right"))  # words up to here fit
        spans.append((first, last))
        if last == len(begins):
            break
        halfway = int(np.searchsorted(begins, begins[first] + room // 2))
        first = max(first + 1, min(halfway, last))
    middles = np.array([(begins[first] + ends[last - 1]) / 2 for first, last in spans])
    own = (begins + ends) / 2
    inside = np.array([[first <= index < last for index in range(len(begins))] for first, last in spans])
    owner = np.argmin(np.where(inside, np.abs(own[None] - middles[:, None]), np.inf), axis=0)
    return [
        (int(begins[first]), int(ends[last - 1]), int(mine[0]), int(mine[-1]) + 1)
        for number, (first, last) in enumerate(spans)
        if len(mine := np.flatnonzero(owner == number))
    ]


def aggregate(
    value: Float[Array, "time unit"], word: Int[Array, "time"], *, words: int, how: str = "last"
) -> Float[Array, "word unit"]:
    """Return one vector per word from those of its sub-words.

    Args:
        value: activations of sub-words, of one sentence or of several in a row.
        word: the word of each sub-word, counted from 0; anything outside of `[0, words)` is left out.
        words: how many words to return; those without a sub-word are 0.
        how: first, last, mean or max over the word's sub-words.

    Raises:
        ValueError: another `how`.

    Example:
        >>> import jax.numpy as jnp
        >>> aggregate(jnp.array([[1.0], [2.0], [6.0]]), jnp.array([0, 1, 1]), words=2, how="mean").tolist()
        [[1.0], [4.0]]
    """
    if how not in HOW:
        raise ValueError(f"sub-words are aggregated by {', '.join(HOW)}, got {how!r}")
    word = jnp.where((word >= 0) & (word < words), word, words)
    time = jnp.arange(len(word))
    count = jax.ops.segment_sum(jnp.ones_like(word), word, words + 1)[:words, None]
    if how in ("first", "last"):
        pick = jax.ops.segment_min if how == "first" else jax.ops.segment_max
        return jnp.where(count > 0, value[jnp.clip(pick(time, word, words + 1)[:words], 0, len(word) - 1)], 0)
    if how == "mean":
        share = (word[None] == jnp.arange(words)[:, None]) / jnp.maximum(
            count, 1
        )  # a product is faster than scattered sums
        return share.astype(value.dtype) @ value
    return jnp.where(count > 0, jax.ops.segment_max(value, word, words + 1)[:words], 0)
