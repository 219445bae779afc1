"""Pairs of two forms of a word, as a model reads them: where it decides, and what it has to predict for each form."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from jaxneuron.corpora.agreement import Pair
from jaxneuron.extract import reading
from jaxneuron.extract.reading import Reader
from jaxneuron.types import Tokens


class Forms(NamedTuple):
    """Texts in pairs: the one with the right form, then the one with the wrong form."""

    tokens: Tokens  # [2 pair, time], on the host
    answers: Int[np.ndarray, "_text time"]  # what follows each place, of the form (and the piece after it); else -1
    where: Bool[np.ndarray, "_text time"]  # the place after which the two differ for the first time
    own: Int[np.ndarray, "_text"]  # which value the right form of the pair has
    kept: Int[np.ndarray, "pair"]  # the numbers of the pairs that the model can read

    def some(self, pairs: Bool[np.ndarray, "pair"]) -> "Forms":
        """Return some of the pairs."""
        rows = np.repeat(pairs, 2)
        tokens = Tokens(*(np.asarray(leaf)[rows] for leaf in self.tokens))
        return Forms(tokens, self.answers[rows], self.where[rows], self.own[rows], self.kept[pairs])


def read(model: Reader, pairs: Sequence[Pair]) -> Forms:
    """Return pairs as texts, without those that tell nothing.

    A form may be several pieces: all are asked for, and the first piece of what follows, so that "walk" is not a part
    of "walks". Left out are pairs with a word up to the verb that the model does not know, those that are longer than
    it reads, and those of which one form begins the other and nothing follows.

    Args:
        model: says how it reads.
        pairs: the pairs.

    Raises:
        ValueError: none is left.
    """
    tokens, answers, where, kept = _asked_of(model, pairs)
    if not kept:
        raise ValueError(
            f"the model reads none of {len(pairs)} pairs so that they can be told apart: it knows too few of the "
            "words, or nothing comes before the verb; give other pairs, or another model"
        )
    chosen = np.ravel([(2 * number, 2 * number + 1) for number in kept])
    own = np.repeat([pairs[number].value for number in kept], 2)
    ids, mask = (np.asarray(leaf)[chosen] for leaf in tokens)
    return Forms(Tokens(ids, mask), answers[chosen], where[chosen], own, np.array(kept))


def readable(model: Reader, pairs: Sequence[Pair]) -> Int[np.ndarray, "pair"]:
    """Return the numbers of the pairs that `read` would keep, none or more."""
    return np.array(_asked_of(model, pairs)[-1], int)


def _asked_of(model: Reader, pairs: Sequence[Pair]) -> tuple[Tokens, np.ndarray, np.ndarray, list[int]]:
    """Return all texts, what is asked of each, where each pair differs, and which pairs tell something."""
    follows = model.tokenizer is not None
    known = set(model.vocabulary.words) if not follows else set()
    texts = [
        [*(_known(word, known) for word in (*one.before, form)), *one.after[: int(follows)]]
        for one in pairs
        for form in one.forms
    ]
    found = reading.read(model, texts)
    lost = {text for text, _ in reading.unknown(model, reading.split(model, texts), texts)} if texts else set()
    answers, where = np.full(found.word.shape, -1, np.int32), np.zeros(found.word.shape, bool)
    kept = []
    for number, one in enumerate(pairs):
        rows = 2 * number, 2 * number + 1
        for row in rows:
            answers[row] = _asked(found.tokens.ids[row], found.word[row], len(one.before))
        differ = np.flatnonzero(
            (answers[rows[0]] != answers[rows[1]]) & (answers[rows[0]] >= 0) & (answers[rows[1]] >= 0)
        )
        if len(differ) and found.whole[list(rows)].all() and not lost & {*rows}:
            where[list(rows), differ[0]] = True
            kept.append(number)
    return found.tokens, answers, where, kept


def _asked(ids: Int[np.ndarray, "time"], word: Int[np.ndarray, "time"], form: int) -> Int[np.ndarray, "time"]:
    """Return the pieces of a form, and the next one, each at the place before it."""
    asked = np.full(len(ids), -1, np.int32)
    there = np.flatnonzero(word == form)
    there = [*there, *np.flatnonzero(word == form + 1)[:1]]
    for place in there:
        if place:
            asked[place - 1] = ids[place]
    return asked if len(there) and there[0] else np.full(len(ids), -1, np.int32)


def _known(word: str, known: set[str]) -> str:
    """Return a word as a model of words has it: in small letters, and without a full stop, where it knows none else."""
    small = word.lower()
    return next((one for one in (word, small, small.rstrip(".,")) if one in known), word)
