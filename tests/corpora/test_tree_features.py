import numpy as np
import pytest

from jaxneuron.corpora import tree_features
from jaxneuron.corpora.grammars import arithmetic, parens_walk, sample
from jaxneuron.corpora.hypotheses import label
from jaxneuron.corpora.parses import Node, Parsed, walk
from jaxneuron.corpora.text_features import nesting

E = "e -> ( e )"
FIGURE1 = Parsed(
    "((1+2))",
    Node(E, 0, 7, (Node(E, 1, 6, (Node("e -> e + e", 2, 5, (Node("e -> 1", 2, 3), Node("e -> 2", 4, 5))),)),)),
)
TEXTS = sample(0, arithmetic(), 10, depth=6)


def row(hypothesis, text=FIGURE1):
    return "".join(str(int(value)) for value in hypothesis.label(text))


def test_the_features_of_figure_1():
    assert row(tree_features.in_range(E, level=1)) == "1111111"
    assert row(tree_features.in_range(E, level=2)) == "0111110"
    assert row(tree_features.impulse(E, level=1)) == "1000001"
    assert row(tree_features.impulse(E, level=2)) == "0100010"
    assert row(tree_features.depth(E)) == "1222221"
    assert row(tree_features.in_range("e -> e + e")) == "0011100"
    assert row(tree_features.impulse(E)) == "1100011"


def test_against_a_loop():
    for parsed in TEXTS:
        nodes = list(walk(parsed.tree))
        for name in (E, "e", "e -> e + e", "e -> [0-9]", "nothing"):
            own = [node for node in nodes if name in (node.name, node.name.split(" -> ")[0])]
            inside = [sum(node.start <= i < node.stop for node in own) for i in range(len(parsed.text))]
            assert tree_features.depth(name).label(parsed).tolist() == inside
            assert tree_features.in_range(name).label(parsed).tolist() == [count > 0 for count in inside]
            ends = {node.start for node in own} | {node.stop - 1 for node in own}
            assert np.flatnonzero(tree_features.impulse(name).label(parsed)).tolist() == sorted(ends)


def test_levels_add_up_to_the_depth():
    for parsed in TEXTS:
        depth = tree_features.depth(E).label(parsed)
        levels = [tree_features.in_range(E, level=level).label(parsed) for level in range(1, 8)]
        assert (np.sum(levels, axis=0) == depth).all()
        assert depth.tolist() == list(nesting().label(parsed))
    (stream,) = parens_walk(0, 1)
    pairs = [tree_features.in_range(f"level{level}").label(stream) for level in range(1, 5)]
    assert (np.sum(pairs, axis=0) == list(nesting().label(stream))).all()
    assert (tree_features.depth().label(stream) == np.sum(pairs, axis=0) + 1).all()


def test_of_trees_gives_the_same_as_one_by_one():
    found = tree_features.of_trees(TEXTS, least=2)
    single = [
        make(name)
        for name in [hypothesis.name.removeprefix("range of ") for hypothesis in found[::2]]
        for make in (tree_features.in_range, tree_features.impulse)
    ]
    assert len(found) == 12 and [hypothesis.name for hypothesis in found] == [one.name for one in single]
    np.testing.assert_array_equal(label(found, TEXTS).values, label(single, TEXTS).values)
    np.testing.assert_array_equal(label(found, TEXTS[::-1]).values, label(single, TEXTS[::-1]).values)
    assert tree_features.of_trees(TEXTS, least=10**6) == []


def test_a_text_without_a_tree_is_a_fault():
    labels = label([tree_features.in_range("e"), nesting()], ["1+1"])
    assert labels.names == ("nesting of ()",) and labels.faults[0][:3] == ("range of e", 0, None)
    assert "the text has none; give a Parsed" in labels.faults[0].reason
    for make in (tree_features.in_range, tree_features.impulse):
        with pytest.raises(ValueError, match="level of at least 1"):
            make("e", level=0)
