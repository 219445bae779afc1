import numpy as np
import pytest

from jaxneuron.corpora import shift_reduce
from jaxneuron.corpora.grammars import arithmetic, parens, parens_walk, parse_notation, sample
from jaxneuron.corpora.hypotheses import label
from jaxneuron.corpora.parses import Node, Parsed, check, names, walk


def test_a_trace_by_hand():
    found = shift_reduce.trace(shift_reduce.parse(arithmetic(), "(1+2)"))
    assert found.largest.tolist() == [1, 2, 3, 4, 3]
    assert found.left.tolist() == [1, 2, 3, 2, 1]
    assert found.reduced == [(), ("e -> [0-9]",), (), ("e -> [0-9]", "e -> e + e"), ("e -> ( e )",)]


def test_every_rule_is_reduced_once_and_one_symbol_is_left():
    for parsed in [
        *sample(0, arithmetic(), 5, depth=6),
        *sample(0, parens(), 5, depth=12),
        *parens_walk(0, 2, length=50),
    ]:
        found = shift_reduce.trace(parsed)
        assert found.left[-1] == 1 and (found.largest >= found.left).all() and (found.left >= 1).all()
        assert sum(map(len, found.reduced)) == sum(1 for _ in walk(parsed.tree))
        for name in names([parsed]):
            marked = shift_reduce.reduced(name).label(parsed)
            assert marked.tolist() == [name in rules for rules in found.reduced]
        assert shift_reduce.stack_size().label(parsed).tolist() == found.largest.tolist()
        assert shift_reduce.stack_size(largest=False).label(parsed).tolist() == found.left.tolist()


def test_rules_that_make_nothing():
    empty = Parsed("x", Node("s", 0, 1, (Node("none", 0, 0), Node("none", 1, 1))))
    found = shift_reduce.trace(empty)
    assert found.largest.tolist() == [3] and found.reduced == [("none", "s")]
    assert shift_reduce.reduced("none").label(empty).tolist() == [True]
    assert shift_reduce.trace(Parsed("", Node("s", 0, 0))).reduced == []


def test_the_greedy_parser():
    tree = shift_reduce.parse(arithmetic(), "1-2*3").tree
    assert (tree.name, tree.children[0].name) == ("e -> e * e", "e -> e - e")
    for parsed in sample(0, arithmetic(), 20, depth=6):
        again = shift_reduce.parse(arithmetic(), parsed.text)
        check(again)
        assert names([again]) == names([parsed])  # the operators may hang together otherwise
    words = parse_notation("s -> 'if ' s | v\nv -> 'x' | 'yy'")
    assert [node.name for node in walk(shift_reduce.parse(words, "if if yy").tree)] == [
        *("s -> 'if ' s", "s -> 'if ' s", "s -> v", "v -> yy")
    ]
    for text, place in (("", 0), ("12", 1), ("1+", 1), ("(1", 1), ("x", 0)):
        with pytest.raises(ValueError, match=f"begins at symbol {place}"):
            shift_reduce.parse(arithmetic(), text)
    with pytest.raises(ValueError, match="'e4 -> ε' is empty"):
        shift_reduce.parse(parens(), "(((())))")
    with pytest.raises(ValueError, match="no 's'"):  # rules that rename each other end, too
        shift_reduce.parse(parse_notation("s -> 's' a\na -> b | 'x'\nb -> a"), "x")


def test_variables_of_any_procedure():
    def parser(text):
        stack = []
        for symbol in text:
            if symbol == ")":
                while stack.pop() != "(":
                    pass
            stack.append(symbol)
            yield {"stack": stack, "closed": symbol == ")"}

    size = shift_reduce.variable("size", parser, lambda state: len(state["stack"]))
    closed = shift_reduce.variable("closed", parser, lambda state: state["closed"], kind="binary")
    labels = label([size, closed], ["(ab)c"])
    assert labels.ranges["size"] == (1.0, 3.0)
    assert np.array(labels.values).T.tolist() == [[0, 0.5, 1, 0, 0.5], [0, 0, 0, 1, 0]]
    assert label([size], ["a)"]).faults[0][:3] == ("size", 0, 1)


def test_state_machines():
    step = {("even", "1"): "odd", ("even", "0"): "even", ("odd", "1"): "even", ("odd", "0"): "odd"}
    parity = shift_reduce.machine("parity", lambda state, symbol: step[state, symbol], "even")
    labels = label([parity], ["0110", "1"])
    assert labels.classes == {"parity": ("even", "odd")} and labels.values[:, 0].tolist() == [0, 1, 0, 0, 1]
    assert label([parity], ["01x"]).faults[0][:3] == ("parity", 0, 2)
