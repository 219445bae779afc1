"""The two tasks without data of one's own: does a caption of the embedded scenes speak of several things of a kind, and
which words name the first thing?

Number is a label that a small language model has reason to know: a verb agrees with its noun, however far away that is.
Whether an animal is named it has not: the mean of its states told that for 58 % of the captions.
"""

import numpy as np

from jaxneuron.corpora import scenes

LABELS = ("one of each", "several of a kind")
"""No plural in the caption, or one at least."""

NOUNS = [tuple(name.split("/")) for kind in scenes.lexicon.OBJECTS.values() for name in kind.words.split()]

SAME = {one for one, many in NOUNS if one == many}
"""Nouns whose plural looks like the singular; captions with one are left out, as their label is not in the noun."""

PLURAL = tuple(many for one, many in NOUNS if one != many)
SINGULAR = tuple(one for one, many in NOUNS if one != many)


def several(split: str) -> tuple[list[list[str]], list[str]]:
    """Return captions that have a plural and as many that have none, with the label of each."""
    captions = [words for words in scenes.read(split).sentences if not SAME & set(words)]
    plural = np.array([bool(set(PLURAL) & set(words)) for words in captions])
    fewer = min(plural.sum(), np.sum(~plural))
    rows = np.sort(np.concatenate([np.flatnonzero(plural)[:fewer], np.flatnonzero(~plural)[:fewer]]))
    return [captions[row] for row in rows], [LABELS[int(plural[row])] for row in rows]


def things(split: str) -> tuple[list[list[str]], list[tuple[int, int]]]:
    """Return captions with the first thing and its qualities, such as "small brown dog", as its first and last word."""
    lexicon = scenes.lexicon
    qualities = {*lexicon.COLOURS, *lexicon.SIZES}
    sentences, spans = [], []
    for words in scenes.read(split).sentences:
        meant = [scenes.MEANING.get(word, "") for word in words]
        last = next((i for i, name in enumerate(meant) if name in lexicon.OBJECTS), None)
        if last is not None:
            first = last
            while first and meant[first - 1] in qualities:
                first -= 1
            sentences.append(words)
            spans.append((first, last))
    return sentences, spans
