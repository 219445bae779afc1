import numpy as np
import pytest

from jaxneuron.corpora import ngrams
from jaxneuron.types import Tokens


def sentences(seed, *, count=30, longest=7, words=3):
    draw = np.random.default_rng(seed)
    return [draw.integers(0, words, draw.integers(0, longest + 1)).tolist() for _ in range(count)]


def tokens(rows):
    width = max(map(len, rows))
    ids = np.array([row + [0] * (width - len(row)) for row in rows], np.int32)
    return Tokens(ids, np.array([[i < len(row) for i in range(width)] for row in rows]))


def brute_force(rows, length):
    """N-gram -> all that precedes it, with it, where it first occurs."""
    first = {}
    for row in rows:
        whole = [row[i : i + length] for i in range(len(row) - length + 1)] or ([row] if row else [])
        for i, gram in enumerate(whole):
            first.setdefault(tuple(gram), row[: i + length])
    return first


def rows_of(found):
    return [row[mask].tolist() for row, mask in zip(found.ids, found.mask, strict=True)]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_brute_force(length, seed):
    rows = sentences(seed)
    expected = brute_force(rows, length)
    alone = ngrams.unique(tokens(rows), length)
    assert [tuple(row) for row in rows_of(alone)] == list(expected)
    assert alone.ids.shape[1] == length
    assert rows_of(ngrams.unique(tokens(rows), length, in_sentence=True)) == list(expected.values())


def test_padding_is_on_the_right_and_not_part_of_the_ngram():
    rows = [[0], [0, 0], [1, 0]]  # the padding id is a word's id, too
    found = ngrams.unique(tokens(rows), 2)
    assert rows_of(found) == rows
    assert (np.diff(found.mask.astype(int), axis=1) <= 0).all()
