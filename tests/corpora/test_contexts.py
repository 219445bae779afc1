import pytest

from jaxneuron.corpora.contexts import contexts


def test_a_context_is_what_ends_at_a_word():
    rows = [["the", "black", "dog"], ["dog"], [], ["the", "black", "dog", "dog"]]
    ids, names = contexts(rows, 3)
    told = [names[number] for number in ids]
    assert told[:4] == ["^ ^ the", "^ the black", "the black dog", "^ ^ dog"]
    assert told[4:] == [*told[:3], "black dog dog"] and len(names) == 5
    assert contexts(rows, 1).names == ("the", "black", "dog")


@pytest.mark.parametrize(("rows", "order"), [([["a"]], 0), ([[]], 1), ([], 2)])
def test_no_context_is_named(rows, order):
    with pytest.raises(ValueError, match="at least"):
        contexts(rows, order)
