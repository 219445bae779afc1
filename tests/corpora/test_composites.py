import pytest

from jaxneuron.corpora.composites import ahead, all_of, any_of, equals, negated, total
from jaxneuron.corpora.hypotheses import Hypothesis, label
from jaxneuron.corpora.text_features import nesting, position, symbols

A, B = symbols("ab", name="a"), symbols("bc", name="b")
SORT = Hypothesis("sort", lambda text: ["digit" if s.isdigit() else "other" for s in text], "categorical")


def row(hypothesis, text="abcd"):
    return [int(value) for value in hypothesis.label(text)]


def test_the_laws_of_logic():
    assert row(all_of(A, B)) == [0, 1, 0, 0] and row(any_of(A, B)) == [1, 1, 1, 0]
    assert row(negated(all_of(A, B))) == row(any_of(negated(A), negated(B)))
    assert row(negated(negated(A))) == row(A) == row(all_of(A)) == row(any_of(A))
    assert all_of(A, B).name == "(a) and (b)" and negated(A).name == "not a" and any_of(A, B, name="x").name == "x"


def test_sums_and_values():
    assert row(total(A, B)) == [1, 2, 1, 0]
    levels = [equals(nesting(), level) for level in (1, 2)]
    assert row(total(levels[0], levels[1], levels[1]), "(()a)") == row(nesting(), "(()a)")
    assert row(equals(SORT, "digit"), "a1") == [0, 1]
    assert label([total(A, position())], ["ab"]).values.tolist() == [[0], [1]]


def test_what_comes_next():
    assert row(ahead(A)) == [1, 0, 0, 0] and row(ahead(A, 9)) == [0] * 4 and row(ahead(A), "") == []
    assert row(ahead(position(), 2), "abcd") == [3, 4, 4, 4]
    assert list(ahead(SORT).label("a1b")) == ["digit", "other", "other"]


def test_a_part_that_fails_is_a_fault_of_the_whole():
    short = Hypothesis("short", lambda text: [True])
    labels = label([all_of(A, short), A], ["ab"])
    assert labels.names == ("a",) and labels.faults[0][:3] == ("(a) and (short)", 0, 1)


def test_errors():
    for make in (all_of, any_of, negated):
        with pytest.raises(ValueError, match="'position in line' is real"):
            make(position())
    with pytest.raises(ValueError, match="'sort' is categorical"):
        total(SORT)
    for make in (all_of, any_of, total):
        with pytest.raises(ValueError, match="at least one"):
            make()
    with pytest.raises(ValueError, match="at least 1 step"):
        ahead(A, 0)
