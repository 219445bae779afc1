"""Text in batches, and whose each vector of a batch is: which word of which sentence, drawn or not, with which label.

The sizes of what is counted are few, whatever the lengths of the sentences, so that little is compiled.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int
from xxhash import xxh3_128_intdigest

from jaxneuron.atlas import Places, Rows
from jaxneuron.corpora.subwords import Window
from jaxneuron.extract._batches import Reading, batches, pack
from jaxneuron.extract._source import Source
from jaxneuron.extract.reading import split
from jaxneuron.types import Packed, Tokens

BLOCK = 2**14
"""Words of a block: what a kill may cost."""

TEXTS = 8
"""Tokens of a batch for each sentence that it has room for, mostly."""


class ReadText(NamedTuple):
    """The text, and what is known of its words beforehand."""

    sentences: Sequence[Sequence[str]]
    labels: Sequence[Any] | None = None  # of each text its class, or one class for each of its words; -1: none
    drawn: Mapping[int, int] = {}  # sentence -> the first of the places for its words, of those drawn at random
    first: Any = None  # `Int[text]`, of each text the first one that is the same, of `firsts`; None: itself


class Batch(NamedTuple):
    """What goes through the model, and whose vectors are counted."""

    tokens: Tokens | Packed
    texts: Int[Any, "text"]  # which of its rows are looked at, of sites with one vector for each
    places: Places  # of words: `[1, batch * time]`


def blocks(sentences: Sequence[Sequence[str]], words: int = BLOCK) -> list[range]:
    """Return the sentences of each block: as many whole ones as have so many words, at least one.

    Example:
        >>> blocks([["a"] * 3, ["a"] * 3, ["a"]], words=4)
        [range(0, 1), range(1, 3)]
    """
    found, first, held = [], 0, 0
    for number, sentence in enumerate(sentences):
        if held and held + len(sentence) > words:
            found.append(range(first, number))
            first, held = number, 0
        held += len(sentence)
    return [*found, range(first, len(sentences))] if len(sentences) else []


def firsts(sentences: Sequence[Sequence[str]]) -> Int[np.ndarray, "text"]:
    """Return for each text the number of the first one with the same words: by it, a text is an exemplar once.

    Example:
        >>> firsts([["a", "b"], ["a"], ["a", "b"]]).tolist()
        [0, 1, 0]
    """
    seen: dict[int, int] = {}
    keys = (xxh3_128_intdigest("\0".join(sentence).encode()) for sentence in sentences)
    return np.array([seen.setdefault(key, number) for number, key in enumerate(keys)], np.int32)


def draw(sentences: Sequence[Sequence[str]], count: int, *, seed: int = 0) -> dict[int, int]:
    """Draw whole sentences at random, while their words fit into a number of places.

    Args:
        sentences: the words of each.
        count: places, for a word each.
        seed: of the draw.

    Returns:
        Sentence -> the place of its first word. Where no sentence fits, one of which the beginning does.
    """
    order = np.random.default_rng(seed).permutation(len(sentences)).tolist()
    found, held = {}, 0
    for number in order:
        if held + len(sentences[number]) <= count:
            found[number] = held
            held += len(sentences[number])
    return found or dict.fromkeys(order[:1], 0)


def placed(model: Source, corpus: ReadText, reading: Reading, part: Sequence[int]) -> list[Batch]:
    """Return the batches of some sentences of a text.

    Args:
        model: which reads.
        corpus: the text.
        reading: how it is read.
        part: numbers of sentences.
    """
    windows = split(model, [corpus.sentences[number] for number in part]).windows
    windows = [window._replace(sentence=part[window.sentence]) for window in windows]
    full = pack(windows, reading.lengths) if reading.packed else [[window] for window in windows]
    sizes = [sum(len(window.ids) for window in row) for row in full]
    return [
        _laid([full[number] for number in numbers], height, length, corpus, reading)
        for numbers, height, length in batches(sizes, reading)
    ]


def _laid(rows: list[list[Window]], height: int, length: int, corpus: ReadText, reading: Reading) -> Batch:
    """Return a batch of rows."""
    ids, segment = np.zeros((height, length), np.int32), np.full((height, length), length, np.int32)
    mask, marks = np.zeros((height, length), bool), np.full((4, height, length), -1, np.int32)
    whole, sentences = list[tuple[int, ...]](), list[int]()  # of the first windows: row, sentence, place, label
    for row, windows in enumerate(rows):
        start = 0
        for number, window in enumerate(windows):
            here = slice(start, start + len(window.ids))
            ids[row, here], mask[row, here], segment[row, here] = window.ids, True, number
            place = start + _ends(window, reading.how)
            word, first = window.word[place - start], corpus.drawn.get(window.sentence)
            drawn = -1 if first is None else first + word
            label = np.asarray(-1 if corpus.labels is None else corpus.labels[window.sentence])
            marks[0, row, place], marks[1, row, place] = len(sentences), word
            marks[2, row, place], marks[3, row, place] = drawn, label[word] if label.ndim else label
            if window.first == 0:
                order = list(corpus.drawn).index(window.sentence) if first is not None else -1
                whole.append((row, len(sentences), order, -1 if label.ndim else int(label)))
            sentences.append(window.sentence if corpus.first is None else int(corpus.first[window.sentence]))
            start = here.stop
    size = max(height * length, reading.tokens)
    texts = size // TEXTS if len(sentences) <= size // TEXTS else size  # one of two numbers: little is compiled
    sentence = np.pad(np.array(sentences, np.int32), (0, texts - len(sentences)), constant_values=-1)
    first = np.full((texts, 4), -1, np.int32)
    first[: len(whole)] = np.array(whole, np.int32).reshape(-1, 4)
    of_texts = Rows(*(one[:, None] for one in (first[:, 1], np.zeros(texts, np.int32), first[:, 2], first[:, 3])))
    tokens = Packed(ids, mask, segment) if reading.packed else Tokens(ids, mask)
    places = Places(sentence, Rows(*marks.reshape(4, 1, -1)), of_texts)
    return Batch(tokens, np.maximum(first[:, 0], 0), places)


def _ends(window: Window, how: str) -> Int[np.ndarray, "word"]:
    """Return where the vectors of a window's own words are: at the first or the last sub-word of each."""
    word = window.word
    beside = np.append(word[1:], -1) if how == "last" else np.append(-1, word[:-1])
    return np.flatnonzero((word >= window.first) & (word < window.last) & (word != beside))
