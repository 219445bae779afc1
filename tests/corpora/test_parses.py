import random

import pytest

from jaxneuron.corpora.parses import Node, Parsed, check, kind, names, nest, walk


def spans(tree):
    return [(node.name, node.start, node.stop) for node in walk(tree)]


def test_nesting_puts_every_span_under_the_smallest_that_contains_it():
    given = [("a", 0, 9), ("b", 0, 4), ("c", 4, 9), ("d", 5, 6), ("same", 5, 6), ("e", 9, 10)]
    expected = nest(given, 12)
    assert spans(expected) == [("text", 0, 12), *given]
    for seed in range(5):
        mixed = given[:3] + given[5:]
        random.Random(seed).shuffle(mixed)
        tree = nest([*mixed, *given[3:5]], 12)
        assert tree == expected
        check(Parsed("x" * 12, tree))
    assert nest([("outer", 0, 1), ("inner", 0, 1)], 1).children[0].name == "outer"


def test_empty_spans_make_a_tree_too():
    tree = nest([("a", 0, 2), ("none", 2, 2), ("b", 2, 3), ("end", 3, 3)], 3)
    check(Parsed("xyz", tree))
    assert sorted(spans(tree)) == sorted([("text", 0, 3), ("a", 0, 2), ("none", 2, 2), ("b", 2, 3), ("end", 3, 3)])
    assert names([Parsed("xyz", tree)]) == {"text": 1, "a": 1, "b": 1}


def test_spans_that_cross_or_leave_the_text():
    with pytest.raises(ValueError, match="'b' from 1 to 3 overlaps 'a' from 0 to 2"):
        nest([("a", 0, 2), ("b", 1, 3)], 3)
    for start, stop in ((-1, 2), (0, 4), (2, 1)):
        with pytest.raises(ValueError, match="not within the 3 symbols"):
            nest([("a", start, stop)], 3)


def test_trees_may_be_deep():
    tree = Node("leaf", 0, 1)
    for _ in range(5000):
        tree = Node("up", 0, 1, (tree,))
    assert names([Parsed("x", tree)]) == {"up": 5000, "leaf": 1}
    check(Parsed("x", tree))


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (Node("a", 0, 2), "its root has to cover all"),
        (Node("a", 0, 3, (Node("b", 1, 4),)), "'b' from 1 to 4 does not fit into 'a' from 0 to 3"),
        (Node("a", 0, 3, (Node("b", 0, 2), Node("c", 1, 3))), "whose children before it end at 2"),
    ],
)
def test_a_tree_that_does_not_fit(tree, message):
    with pytest.raises(ValueError, match=message):
        check(Parsed("xyz", tree))


def test_the_type_of_a_production():
    assert (kind("e -> e + e"), kind("Call"), kind("->")) == ("e", "Call", "->")
