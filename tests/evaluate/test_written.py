"""Structures are counted as a grammar would."""

import re

import numpy as np
import pytest

from jaxneuron.evaluate import written
from jaxneuron.types import Tokens


def by_hand(text):
    """Take innermost pairs out, round by round, until none is left: as many rounds as the deepest pair is deep."""
    rest, pairs, depth = re.sub("[^()]", "", text), 0, 0
    while "()" in rest:
        # a pair that a removal brings together waits for the next round
        shorter = re.sub(r"\(\)", "", rest)
        pairs, depth, rest = pairs + (len(rest) - len(shorter)) // 2, depth + 1, shorter
    return written.Matched(pairs, rest.count(")"), rest.count("("), depth)


def test_pairs_are_those_that_are_left_when_innermost_ones_are_taken_out():
    random = np.random.default_rng(0)
    for _ in range(200):
        text = "".join(random.choice(list("()1"), 12))
        assert written.matched(text) == by_hand(text)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", (0, 0, 0, 0)),
        ("((1)(2(3)))", (4, 0, 0, 3)),
        (")(", (0, 1, 1, 0)),
        ("(((", (0, 0, 3, 0)),
        ("(()", (1, 0, 1, 1)),
    ],
)
def test_known_texts(text, counts):
    assert tuple(written.matched(text)) == counts


def test_words_may_open_and_close():
    assert written.matched(["begin", "x", "end"], "begin", "end").pairs == 1
    with pytest.raises(ValueError, match="same symbol"):
        written.matched("||", "|", "|")


def test_occurrences_span_lines_and_a_wrong_pattern_is_named():
    assert written.occurrences(["/* a\nb */", "//"], r"/\*.*?\*/") == [1, 0]
    with pytest.raises(ValueError, match="no regular expression"):
        written.occurrences(["a"], "(")


def test_shares_are_over_all_texts_of_a_set():
    ids = np.array([[[0, 1, 1], [2, 2, 0]], [[1, 1, 1], [1, 0, 0]]])
    where = np.array([[[True, True, True], [True, False, False]], [[False] * 3, [False] * 3]])
    classes = np.eye(3, dtype=bool)
    found = written.shares(Tokens(ids, np.ones_like(where)), classes, where)
    np.testing.assert_allclose(found[0], [0.25, 0.5, 0.25])
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(written.shares(Tokens(ids, np.ones_like(where)), classes)[1], [2 / 6, 4 / 6, 0])
