import re
from collections import Counter

import jax
import pytest

from jaxneuron.corpora import parses
from jaxneuron.corpora.grammars import (
    Grammar,
    Rule,
    arithmetic,
    heights,
    level_symbol,
    parens,
    parens_walk,
    parse_notation,
    sample,
)


def height(node):
    return 1 + max(map(height, node.children), default=0)


def test_the_tree_is_that_of_the_text():
    """Each node spells out its rule: its children where nonterminals are, and symbols in between."""
    rules = {rule.name: rule for rule in arithmetic().rules["e"]}
    for parsed in sample(0, arithmetic(), 50, depth=5):
        parses.check(parsed)
        assert height(parsed.tree) <= 5
        eval(parsed.text.replace("/", "+"))  # Python reads it
        for node in parses.walk(parsed.tree):
            place, children = node.start, list(node.children)
            for symbol in rules[node.name].symbols:
                if isinstance(symbol, str):
                    child = children.pop(0)
                    assert child.start == place
                    place = child.stop
                else:
                    assert parsed.text[place] in symbol
                    place += 1
            assert (place, children) == (node.stop, [])


def test_the_printed_grammar_goes_through_every_level_once():
    texts = sample(0, parens(depth=2), 200, depth=20)
    assert all(re.fullmatch(r"0*\(1*\(2*\)1*\)", parsed.text) for parsed in texts)
    assert [rule.name for rule in parens().rules["e3"]] == ["e3 -> e3 3", "e3 -> 3 e3", "e3 -> ( e4 )"]
    assert [rule.name for rule in parens().rules["e0"]] == ["e0 -> 0 e0", "e0 -> ( e1 )"]
    assert [rule.name for rule in parens().rules["e4"]] == ["e4 -> 4 e4", "e4 -> ε"]
    assert {parsed.text for parsed in sample(0, parens(depth=40), 5, depth=41)} == {"(" * 40 + ")" * 40}
    assert sample(0, parens(depth=1, digits="xy"), 1, depth=2)[0].text == "()"


def test_the_walk_is_legal_and_its_choices_are_even():
    (stream,) = parens_walk(0, 1, depth=2, length=6000)
    parses.check(stream)
    level, seen = 0, {0: Counter(), 1: Counter(), 2: Counter()}
    for symbol in stream.text:
        seen[level][symbol] += 1
        level += (symbol == "(") - (symbol == ")")
    assert [set(seen[level]) for level in range(3)] == [set("0("), set("1()"), set("2)")]
    for counts in seen.values():
        for count in counts.values():
            assert count / counts.total() == pytest.approx(1 / len(counts), abs=0.05)
    for node in list(parses.walk(stream.tree))[1:]:
        inside = stream.text[node.start : node.stop]
        assert inside[0] == "(" and (
            node.stop == 6000 or (inside[-1] == ")" and inside.count("(") == inside.count(")"))
        )
        assert set(inside[1:-1].split("(")[0]) - set("()") <= {node.name[-1]}


def test_the_same_key_gives_the_same_texts():
    draw = lambda key, count=5: [parsed.text for parsed in sample(key, arithmetic(), count, depth=4)]
    assert draw(1) == draw(1) == draw(1, 9)[:5] != draw(2)
    key = jax.random.key(3)
    assert draw(key) == draw(key) != draw(jax.random.key(4))
    assert parens_walk(key, 2) == parens_walk(key, 2) != parens_walk(0, 2)


def test_weights_and_sets():
    grammar = parse_notation("s -> [ab] {3} | 'long' {1}")
    counts = Counter(parsed.text for parsed in sample(0, grammar, 2000, depth=1))
    shares = {text: count / 2000 for text, count in counts.items()}
    assert shares == pytest.approx({"a": 0.375, "b": 0.375, "long": 0.25}, abs=0.04)


def test_the_notation():
    grammar = parse_notation(
        r"""
        # a comment with 'quotes'
        list ::= item | item ", " list | "#"   # and another
        item →  [a-c\]\-\n] {2} | list2 | ''
        list2 -> "[" list "]" | "it's" | 'list' | '\t'
        item -> "more"
        """
    )
    assert grammar.start == "list" and list(grammar.rules) == ["list", "item", "list2"]
    assert [rule.name for rule in grammar.rules["list"]] == ["list -> item", "list -> item ', ' list", "list -> #"]
    item = grammar.rules["item"]
    assert item[0] == Rule("item -> [abc]-\\n]", (("a", "b", "c", "]", "-", "\n"),), 2.0)
    assert [rule.symbols for rule in item[1:]] == [("list2",), (), (("more",),)]
    assert [rule.name for rule in grammar.rules["list2"]][1:] == [
        *('list2 -> "it\'s"', "list2 -> 'list'", "list2 -> '\\t'")
    ]


def test_heights_are_those_of_the_shallowest_trees():
    assert heights(parens(depth=3)) == {"e0": 4, "e1": 3, "e2": 2, "e3": 1}
    for parsed in sample(0, parens(depth=3), 20, depth=4):
        assert height(parsed.tree) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rules in the grammar"),
        ("'a' -> b", "line 1: expected a rule to begin with a name and an arrow"),
        ("a -> 'x'\nb -> 'y' -> 'z'", "line 2: expected a name before the arrow"),
        ("a -> 'x' ?", r"line 1: expected a name, a string in quotes, .* got '\?'"),
        ("a -> 'x", "line 1: expected a name, a string"),
        ("a -> {2} 'x'", "expected a weight at the end"),
        ("a -> 'x' {2} b\nb -> 'y'", "expected a weight at the end"),
        ("a -> 'x' {-1}", "expected a weight above 0"),
        ("a -> [z-a]", "from a lower to a higher symbol, got z-a"),
        (r"a -> '\x1'", "no such string"),
        ("sum -> term\nterm -> smu", "no rules for 'smu' in 'term -> smu': did you mean 'sum'"),
        ("a -> 'x' | 'x'", "'a -> x' is given twice"),
        ("a -> 'x' | b\nb -> 'y' b", "nonterminals b never end"),
    ],
)
def test_a_grammar_that_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        parse_notation(text)


def test_errors():
    with pytest.raises(ValueError, match="depth of at least 5"):
        sample(0, parens(), 1, depth=4)
    with pytest.raises(ValueError, match="count of at least 0"):
        sample(0, parens(), -1, depth=5)
    with pytest.raises(ValueError, match="none of 1000 texts in a row had at most 3 symbols"):
        sample(0, parens(), 1, depth=5, longest=3)
    with pytest.raises(ValueError, match="no rules for the start 'f'"):
        sample(0, Grammar(arithmetic().rules, "f"), 1, depth=5)
    for digits in ("01", "0011", "01()"):
        with pytest.raises(ValueError, match="a symbol of its own for each level from 0 to 3"):
            parens(depth=3, digits=digits)
    with pytest.raises(ValueError, match="depth of at least 0"):
        parens_walk(0, 1, depth=-1)
    with pytest.raises(ValueError, match="count and a length"):
        parens_walk(0, 1, length=-1)


def test_rules_that_make_nothing_do_not_go_on_for_ever():
    (parsed,) = sample(0, parse_notation("s -> s s s {99} | ''"), 1, depth=25, longest=1)
    assert parsed.text == ""


def test_every_level_has_a_symbol_of_its_own():
    assert len(set(map(level_symbol, range(500)))) == 500
    assert all(level_symbol(level).isprintable() for level in range(500))
