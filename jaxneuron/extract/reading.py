"""Text as a model reads it: pieces of words between special tokens, words, or characters, and which word each is of.

One way for every model. What is asked of one is in `Reader`: `jaxneuron_models.model.Model` has it, and anything may.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int
from tokenizers import Tokenizer

from jaxneuron.corpora import subwords, symbols
from jaxneuron.corpora.subwords import Split, Window
from jaxneuron.types import Tokens, Vocabulary

Sentences = Sequence[Sequence[str] | str]
"""Lists of words, or strings, whose words are what stands between white space."""

UNBOUNDED = 2**30
"""Symbols that a model without a bound reads at once."""


@runtime_checkable
class Reader(Protocol):
    """What a model says of the text that it reads."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What each id stands for."""
        ...

    @property
    def tokenizer(self) -> Tokenizer | None:
        """What makes pieces of words; None: the vocabulary has all there is."""
        ...

    @property
    def symbol(self) -> str:
        """What a vocabulary without a tokenizer has: word or character."""
        ...

    @property
    def window(self) -> int | None:
        """Symbols that can be read at once, special ones included; None: no bound."""
        ...


class Read(NamedTuple):
    """Texts as a model reads them, one in each row."""

    tokens: Tokens  # [text, time], on the host
    word: Int[np.ndarray, "text time"]  # the word of each token; -1 for special tokens and padding
    pieces: list[list[str]]  # what each token looks like: the stretch of the text that it stands for
    whole: Bool[np.ndarray, "text"]  # whether the text was read to its end
    unknown: float  # the share of words, of all texts, that the model knows a part of at most


def split(model: Reader, texts: Sentences, *, longest: int | None = None) -> Split:
    """Cut texts into windows that the model can read.

    Args:
        model: says how it reads.
        texts: see `Sentences`.
        longest: symbols in a window, special ones included; by default, and at most, what the model can.

    Returns:
        Every word of every text in exactly one window.

    Raises:
        ValueError: see `subwords.split` and `symbols.split`.
    """
    limit = min(longest or UNBOUNDED, model.window or UNBOUNDED)
    if model.tokenizer is None:
        return symbols.split(model.vocabulary, texts, symbol=model.symbol, longest=limit)
    return subwords.split(model.tokenizer, [_words(text) for text in texts], longest=limit)


def read(model: Reader, texts: Sentences, *, longest: int | None = None, width: int | None = None) -> Read:
    """Return texts as tokens, one in each row; of a text longer than the model, the beginning.

    Args:
        model: says how it reads.
        texts: see `Sentences`.
        longest: tokens that are read of a text, special ones included; by default, and at most, what the model can.
        width: what the rows are padded to; by default the longest of them.

    Raises:
        ValueError: see `split`; or a width that is too small.
    """
    found = split(model, texts, longest=longest)
    windows = [window for window in found.windows if window.first == 0]
    most = max((len(window.ids) for window in windows), default=0)
    width = most if width is None else width
    if width < most:
        raise ValueError(f"expected room for {most} tokens in a row, got {width}; read less with longest={width}")
    shape = (len(texts), width)
    ids, mask, word = np.zeros(shape, np.int32), np.zeros(shape, bool), np.full(shape, -1, np.int32)
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size], mask[row, :size], word[row, :size] = window.ids, True, window.word
    pieces = [_pieces(model, text, window) for text, window in zip(texts, windows, strict=True)]
    counts = [len(_words(text)) for text in texts]
    whole = np.array([window.last == count for window, count in zip(windows, counts, strict=True)], bool)
    share = len(unknown(model, found, texts)) / max(sum(counts), 1)
    return Read(Tokens(ids, mask), word, pieces, whole, share)


def unknown(model: Reader, split: Split, texts: Sentences) -> set[tuple[int, int]]:
    """Return (text, word) of which the model knows a part at most; what is written as its own sign for these is known.

    Args:
        model: says how it reads.
        split: of `split`.
        texts: what was split.
    """
    sign, found = _unknown_id(model), set(split.unknown)
    for window in split.windows if sign is not None else ():
        hit = window.word[window.ids == sign]
        found.update((window.sentence, int(word)) for word in hit if window.first <= word < window.last)
    itself = model.tokenizer.id_to_token(sign) if model.tokenizer is not None and sign is not None else None
    return {(text, word) for text, word in found if _words(texts[text])[word] != itself}


def unknown_share(model: Reader, texts: Sentences) -> float:
    """Return the share of words, from 0 to 1, of which the model knows a part at most.

    Args:
        model: says how it reads.
        texts: see `Sentences`.

    Raises:
        ValueError: see `split`, or no texts.
    """
    if not texts:
        raise ValueError("no sentences; expected at least one, whose words can be counted")
    return len(unknown(model, split(model, texts), texts)) / sum(len(_words(text)) for text in texts)


def _unknown_id(model: Reader) -> int | None:
    """Return the id of what the model does not know, if it has one."""
    if model.tokenizer is None:
        return symbols.unknown_id(model.vocabulary)
    name = getattr(model.tokenizer.model, "unk_token", None)
    return model.tokenizer.token_to_id(name or "<unk>")


def _pieces(model: Reader, text: Sequence[str] | str, window: Window) -> list[str]:
    if model.tokenizer is not None:
        return subwords.pieces(model.tokenizer, _words(text), window)
    joined = text if isinstance(text, str) else " ".join(text)
    return [joined[start:end] for start, end in window.span.tolist()]


def _words(text: Sequence[str] | str) -> Sequence[str]:
    return text.split() if isinstance(text, str) else text
