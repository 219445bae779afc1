import re

import pytest

from jaxneuron.corpora import text_features as features
from jaxneuron.corpora.hypotheses import label
from jaxneuron.corpora.parses import Parsed, nest

TEXT = "One two.\nIs 3.5 (more)? Yes!\n"


def row(hypothesis, text=TEXT):
    return [int(value) for value in hypothesis.label(text)]


def marked(hypothesis, text=TEXT):
    return "".join(symbol for symbol, label in zip(text, hypothesis.label(text), strict=True) if label)


def test_all_take_strings_and_parsed_texts_and_empty_ones():
    every = [
        *(features.symbols("o"), features.pattern("o+"), features.position(), features.position("sentence")),
        *(features.count("o"), features.nesting(), features.each("o", lambda text, i: text[i] == "o")),
    ]
    string = label(every, [TEXT, ""])
    tree = label(every, [Parsed(TEXT, nest([], len(TEXT))), ""])
    assert string.faults == [] and len(string.names) == 7
    assert (string.values == tree.values).all()


def test_symbols_and_patterns():
    assert marked(features.symbols("wOx")) == "Ow"
    assert marked(features.pattern(r"\d\.\d")) == "3.5"
    assert marked(features.pattern(r"\((\w+)\)", group=1)) == "more"
    assert marked(features.pattern(r"\((?P<word>\w+)\)", group="word", mark="impulse")) == "me"
    assert marked(features.pattern(r"x*")) == ""
    assert marked(features.pattern(re.compile("ONE", re.IGNORECASE))) == "One"


def test_positions():
    assert row(features.position(), "ab\n\nc") == [1, 2, 3, 1, 1]
    assert row(features.position("text"), "ab\nc") == [1, 2, 3, 4]
    found = row(features.position("sentence"))
    assert [TEXT[i:].strip()[:3] for i, value in enumerate(found) if value == 1][:3] == ["One", "Is ", "Yes"]
    assert found.count(1) == 4  # 3.5 ends no sentence, and the last line end begins a part of its own
    assert row(features.position(re.compile(";")), "a;bc") == [1, 2, 1, 2]


def test_counts():
    assert row(features.count("ab"), "abab") == [0, 1, 1, 2]
    assert row(features.count("a", within="line"), "aa\na") == [1, 2, 2, 1]
    assert row(features.count(r"\w+"), "an ox") == [0, 1, 1, 1, 2]


def test_nesting_without_a_tree():
    assert row(features.nesting("([", ")]"), ")a([b])]") == [0, 0, 1, 2, 2, 2, 1, 0]


def test_your_own_function():
    odd = features.each("odd", lambda text, i: text[i + 1] == "a", "binary")
    assert label([odd], ["ba"]).faults[0][:3] == ("odd", 0, 1)


def test_errors():
    with pytest.raises(ValueError, match="at least one symbol"):
        features.symbols("")
    with pytest.raises(ValueError, match=r"'\(' is no regular expression"):
        features.pattern("(")
    with pytest.raises(ValueError, match="no group 1 in 'a', which has 0"):
        features.pattern("a", group=1)
    with pytest.raises(ValueError, match="one of line, sentence, text"):
        features.position("paragraph")
    with pytest.raises(ValueError, match="symbols that differ"):
        features.nesting("|", "|")
