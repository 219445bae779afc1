"""Words to ids and back.

Ids are given in order of first appearance, as in the dictionary of Poerner et al. 2018, so that the original
draw of "units 0 to 1,023" means the same words here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from jaxneuron.types import Tokens, Vocabulary

BEG, END, UNK = 0, 1, 2
SPECIALS = ("<BEG>", "<END>", "<UNK>")


def build(sentences: Iterable[Sequence[str]], *, min_count: int = 1) -> Vocabulary:
    """Collect the words that occur at least `min_count` times.

    Example:
        >>> build([["a", "dog"], ["a", "cat"]], min_count=2).words
        ('<BEG>', '<END>', '<UNK>', 'a')
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = {word: count for word, count in counts.items() if count >= min_count and word not in SPECIALS}
    return Vocabulary(SPECIALS + tuple(kept), np.array([0] * len(SPECIALS) + list(kept.values())))


def encode(vocabulary: Vocabulary, sentences: Sequence[Sequence[str]], *, length: int | None = None) -> Tokens:
    """Turn sentences into ids, padded on the right; unknown words become `<UNK>`.

    Args:
        vocabulary: the words known.
        sentences: lists of words.
        length: words kept of each sentence; by default all of the longest.

    Returns:
        Host arrays `[sentence, time]`.
    """
    index = {word: i for i, word in enumerate(vocabulary.words)}
    length = length or max(map(len, sentences), default=0)
    ids = np.zeros((len(sentences), length), np.int32)
    mask = np.zeros((len(sentences), length), bool)
    for row, sentence in enumerate(sentences):
        known = [index.get(word, UNK) for word in sentence[:length]]
        ids[row, : len(known)] = known
        mask[row, : len(known)] = True
    return Tokens(ids, mask)


def unknown_share(vocabulary: Vocabulary, sentences: Sequence[Sequence[str]]) -> float:
    """Return the share of words, from 0 to 1, that a vocabulary does not have, and `encode` makes `<UNK>` of.

    Raises:
        ValueError: no words.

    Example:
        >>> unknown_share(build([["a", "dog"]]), [["a", "cat"], ["dog", "s"]])
        0.5
    """
    known, words = set(vocabulary.words), [word for sentence in sentences for word in sentence]
    if not words:
        raise ValueError("no words; expected at least one that can be counted")
    return sum(word not in known for word in words) / len(words)


def decode(vocabulary: Vocabulary, tokens: Tokens) -> list[list[str]]:
    """Turn ids `[sentence, time]` back into words, without padding.

    Returns:
        The words of each sentence.
    """
    return [
        [vocabulary.words[i] for i in row[mask]]
        for row, mask in zip(np.asarray(tokens.ids), np.asarray(tokens.mask), strict=True)
    ]


def candidates(vocabulary: Vocabulary, *, min_count: int = 1) -> np.ndarray:
    """Return which words an optimiser may use, `Bool[vocab]`: no specials, and frequent enough."""
    allowed = vocabulary.counts >= max(min_count, 1)
    allowed[: len(SPECIALS)] = False
    return allowed
