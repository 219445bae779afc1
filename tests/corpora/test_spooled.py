"""Sentences on disk are those that were given."""

import pytest

from jaxneuron.corpora.spooled import Spooled

GIVEN = [["a", "cat"], [], ["a\x00b", 'quoted "word"', "naïve", "猫"], ["\ud800 alone"]]


def test_sentences_are_those_that_were_given():
    kept = Spooled(iter(GIVEN))
    assert len(kept) == len(GIVEN) and list(kept) == GIVEN and kept[-1] == GIVEN[-1] and kept[1:3] == GIVEN[1:3]
    with pytest.raises(IndexError):
        kept[len(GIVEN)]
    assert list(Spooled([])) == []
