"""Words to the symbols of a closed vocabulary, which are whole words or single characters, and back.

The counterpart of `subwords` for a model without a tokenizer: what comes out is the same. Of a model of characters, a
sentence is read with single spaces between its words, and a space counts with the word after it.
"""

import re
from collections.abc import Sequence

import numpy as np

from jaxneuron.corpora._windows import Split, Symbols, add
from jaxneuron.corpora.subwords import check
from jaxneuron.types import Vocabulary

UNKNOWN = ("<UNK>", "<unk>", "[UNK]")
"""What a vocabulary calls a symbol that it does not have."""

_WORD = re.compile(r"\S+")


def split(
    vocabulary: Vocabulary, sentences: Sequence[Sequence[str] | str], *, symbol: str = "word", longest: int
) -> Split:
    """Turn sentences into symbols.

    Args:
        vocabulary: the symbols known.
        sentences: lists of words, or strings, whose words are what stands between white space; of a string, a model of
            characters reads all, white space as it is.
        symbol: word or character: what the vocabulary has.
        longest: symbols that the model reads at once.

    Returns:
        The windows, with every word of every sentence in exactly one of them.

    Raises:
        ValueError: an empty sentence, a word that is blank or no text, or one that is not known to a vocabulary without
            a sign for that.

    Example:
        >>> known = Vocabulary(("<UNK>", "a", "b"), np.zeros(3))
        >>> [window.ids.tolist() for window in split(known, [["a", "c", "b"]], longest=9).windows]
        [[1, 0, 2]]
        >>> [window.word.tolist() for window in split(known, ["ab a"], symbol="character", longest=9).windows]
        [[0, 0, 1, 1]]
    """
    if symbol not in ("word", "character"):
        raise ValueError(f"the symbols of a vocabulary are word or character, got {symbol!r}")
    check([one.split() if isinstance(one, str) else one for one in sentences])
    index = {word: number for number, word in enumerate(vocabulary.words)}
    unknown, found = unknown_id(vocabulary), Split([], [], [])
    for number, sentence in enumerate(sentences):
        text, starts, ends = _places(sentence)
        if symbol == "word":
            parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
            word, span = np.arange(len(parts)), np.stack([starts, ends], axis=1)
        else:
            parts, place = list(text), np.arange(len(text))
            word = np.minimum(np.searchsorted(ends, place, side="right"), len(ends) - 1)
            span = np.stack([place, place + 1], axis=1)
        ids = [index.get(part, unknown) for part in parts]
        if None in ids:
            raise ValueError(
                f"sentence {number} has {parts[ids.index(None)]!r}, which the model's vocabulary does not have, nor "
                f"{' or '.join(UNKNOWN)} for what it has not"
            )
        add(found, number, Symbols(np.array(ids, np.int64), word, span), room=longest, around=([], []))
    return found


def unknown_id(vocabulary: Vocabulary) -> int | None:
    """Return the id that stands for a symbol that is not known, if there is one."""
    return next((vocabulary.words.index(name) for name in UNKNOWN if name in vocabulary.words), None)


def _places(sentence: Sequence[str] | str) -> tuple[str, np.ndarray, np.ndarray]:
    """Return a sentence as one text, and where in it its words start and end."""
    if isinstance(sentence, str):
        starts, ends = zip(*(match.span() for match in _WORD.finditer(sentence)), strict=True)
        return sentence, np.array(starts), np.array(ends)
    ends = np.cumsum([len(word) + 1 for word in sentence]) - 1
    return " ".join(sentence), ends - [len(word) for word in sentence], ends
