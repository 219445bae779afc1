"""Words to a tokenizer's sub-words and back: every word of every sentence keeps exactly one place.

A sentence is joined by single spaces and tokenised as running text (so that a byte-level tokenizer sees its spaces).
All sub-words are read, and each is given to the word that it begins in; the space between two words counts with the
second one, so that a sub-word that is only a space belongs to the word after it, as in `word_ids()` of transformers.
A word of which the tokenizer leaves nothing, or nothing but a share in a sub-word that begins in another word, is read
as the unknown token. A sentence longer than the model is read in windows that overlap by half, and each word is taken
from the window where it stands nearest to the middle; of a word longer than a window, only the beginning is read.
"""

import re
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from tokenizers import Tokenizer, models, pre_tokenizers

from jaxneuron.corpora._windows import Split, Symbols, Window, add

HOW = ("first", "last", "mean", "max")

_NOWHERE = (-1, -1)
_HALF = re.compile("[\ud800-\udfff]")


def split(tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], *, longest: int) -> Split:
    """Tokenise sentences of words.

    Args:
        tokenizer: the model's.
        sentences: lists of words; a word may hold spaces ("1 000"), but not only spaces.
        longest: sub-words that the model reads at once, special tokens included.

    Returns:
        The windows, with every word of every sentence in exactly one of them.

    Raises:
        ValueError: an empty sentence, a word that is blank or no text, or a model too short for its own special tokens.
    """
    tokenizer = _plain(tokenizer)
    before, after = _specials(tokenizer)
    room = longest - len(before) - len(after)
    if room < 2:
        raise ValueError(f"expected room for at least 2 sub-words beside the special tokens, got {room} (of {longest})")
    check(sentences)
    encodings = tokenizer.encode_batch([" ".join(sentence) for sentence in sentences], add_special_tokens=False)
    found = Split([], [], [])
    for number, (sentence, encoding) in enumerate(zip(sentences, encodings, strict=True)):
        symbols = _fill(tokenizer, sentence, encoding, number, found.unknown)
        add(found, number, symbols, room=room, around=(before, after))
    return found


def pieces(tokenizer: Tokenizer, sentence: Sequence[str], window: Window) -> list[str]:
    """Return what the sub-words of a window look like: the stretch of the sentence that each stands for.

    Args:
        tokenizer: the one of `split`.
        sentence: the window's.
        window: of `split`.

    Returns:
        A string for each sub-word, without the spaces around it. One that is only a space is `" "`; of several
        that share a character (the bytes of a letter), the last one has it and the others are `""`; a special token,
        and the unknown token in the place of a word that the tokenizer drops, have their names.
    """
    text, spans = " ".join(sentence), window.span.tolist()
    shown = []
    for id, (start, stop), (following, _) in zip(window.ids.tolist(), spans, [*spans[1:], _NOWHERE], strict=True):
        if (start, stop) == _NOWHERE:
            shown.append(tokenizer.id_to_token(id) or "")
        else:
            own = text[start : min(stop, following) if following >= start else stop]
            shown.append(own.strip(" ") or (" " if own or start == stop else ""))
    return shown


def check(sentences: Sequence[Sequence[str]]) -> None:
    """Raise a ValueError if a sentence has no words, a blank one, or one with half of a surrogate pair."""
    for number, sentence in enumerate(sentences):
        odd = [word for word in sentence if not word.strip()]
        if odd or not sentence:
            fault = f"the word {odd[0]!r}" if odd else "no words"
            raise ValueError(f"sentence {number} has {fault}; expected at least one word, none of them blank")
        broken = next((word for word in sentence if not word.isascii() and _HALF.search(word)), None)
        if broken is not None:
            raise ValueError(
                f"sentence {number} has the word {broken!r:.60}, with half of a surrogate pair, which is no text; "
                "replace it, as by U+FFFD"
            )


def _specials(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after a text."""
    encoding = tokenizer.encode("a")
    plain = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
    first, last = (plain[0], plain[-1] + 1) if plain else (len(encoding.ids), len(encoding.ids))
    return encoding.ids[:first], encoding.ids[last:]


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    """Return the tokenizer, or a copy of it that neither pads nor cuts, and that reads whole words word by word."""
    uncut = isinstance(tokenizer.model, models.WordLevel) and tokenizer.pre_tokenizer is None
    if tokenizer.padding is None and tokenizer.truncation is None and not uncut:
        return tokenizer
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.no_padding()
    copy.no_truncation()
    if uncut:  # its words would be whole texts
        copy.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return copy


def _fill(
    tokenizer: Tokenizer, sentence: Sequence[str], encoding: Any, number: int, unknown: list[tuple[int, int]]
) -> Symbols:
    """Return the sub-words, their words and their spans; a word that has none gets the unknown token in its place."""
    ends = np.cumsum([len(word) + 1 for word in sentence]) - 1  # of the words, where the spaces after them stand
    ids, span = np.array(encoding.ids, np.int64), np.array(encoding.offsets, np.int64).reshape(-1, 2)
    word = np.minimum(np.searchsorted(ends, span[:, 0], side="right"), len(sentence) - 1)
    word = np.maximum.accumulate(word)  # what a tokenizer puts in may have no place of its own
    missing = np.setdiff1d(np.arange(len(sentence)), word)
    if len(missing):
        unknown += [(number, int(index)) for index in missing]
        place = np.searchsorted(word, missing)
        ids, word = np.insert(ids, place, _stand_in(tokenizer)), np.insert(word, place, missing)
        span = np.insert(span, place, _NOWHERE, axis=0)
    return Symbols(ids, word, span)


def _stand_in(tokenizer: Tokenizer) -> int:
    """Return the id that is read in the place of a word of which nothing is left."""
    for name in ("[UNK]", "<unk>", "<|endoftext|>"):
        if (known := tokenizer.token_to_id(name)) is not None:
            return known
    return tokenizer.encode("?", add_special_tokens=False).ids[0]


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
