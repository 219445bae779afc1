"""Languages that a grammar makes: nested parentheses, arithmetic, and your own; sampled with their parse trees.

`sample` draws texts from a context-free grammar whose rules have weights. `parens` and `arithmetic` are those of the
paper; `parens_walk` is the language that its first experiment took from LSTMVis, which is another one: there, the
printed grammar goes through every level exactly once, and the walk goes up and down.

Source: Sellam et al. 2018, Deep Neural Inspection, sections 4 and 5; Strobelt et al. 2016, LSTMVis (arXiv 1606.07461).
"""

import random
from bisect import bisect
from itertools import accumulate
from typing import Any

import jax
import numpy as np

from jaxneuron.corpora import _notation
from jaxneuron.corpora._rules import Grammar, Rule, Symbol, heights, nonterminals, rule_name
from jaxneuron.corpora.parses import Node, Parsed

__all__ = [
    "Grammar",
    "Rule",
    "arithmetic",
    "heights",
    "level_symbol",
    "parens",
    "parens_walk",
    "parse_notation",
    "sample",
]

_TRIES = 1000
_NODES_PER_SYMBOL = 64  # a text with more is given up: rules that make nothing could go on for ever


def parse_notation(text: str) -> Grammar:
    r"""Read a grammar; the first nonterminal is the start.

    A rule is a name, an arrow (`->`, `→` or `::=`) and alternatives with `|` between. An alternative is a row of names,
    strings in quotes and sets of symbols (`[a-z_]`, drawn evenly), with a weight in braces at its end where it is
    not 1. An empty one makes nothing. What follows `#` is a comment. In quotes and sets, a backslash is as in Python.

    Raises:
        ValueError: what the notation does not know, with its line; a nonterminal without rules; a rule given twice;
            a nonterminal that never ends.

    Example:
        >>> grammar = parse_notation('''
        ...     sum  -> term {2} | sum "+" term   # twice as often a term alone
        ...     term -> [0-9] | "(" sum ")"
        ... ''')
        >>> [rule.name for rule in grammar.rules["term"]]
        ['term -> [0-9]', 'term -> ( sum )']
    """
    read = _notation.read(text)
    known = [name for name, _ in read]
    rules: dict[str, tuple[Rule, ...]] = {}
    for name, alternatives in read:
        new = [Rule(rule_name(name, symbols, known), tuple(symbols), weight) for symbols, weight in alternatives]
        rules[name] = rules.get(name, ()) + tuple(new)
    grammar = Grammar(rules, known[0])
    heights(grammar)
    return grammar


def level_symbol(level: int) -> str:
    """Return the symbol that stands for a level of nesting: a digit, then letters, then letters of other scripts.

    Example:
        >>> "".join(map(level_symbol, (0, 9, 10, 35, 36)))
        '09azA'
    """
    symbols = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return symbols[level] if level < len(symbols) else chr(0x4E00 + level - len(symbols))


def parens(*, depth: int = 4, digits: str | None = None) -> Grammar:
    """Return the grammar of parentheses that the paper prints: before and after each pair, the number of its level.

    `e0 → 0 e0 | ( e1 )`, `ei → ei i | i ei | ( ei+1 )` in between, and `en → n en | ` at the deepest level.

    Args:
        depth: levels of nesting, at least 0; the tree of every text is at least one deeper.
        digits: the symbol of each level from 0 on; by default `level_symbol`.

    Raises:
        ValueError: a depth below 0, or fewer symbols than levels.

    Example:
        >>> [rule.name for rule in parens(depth=1).rules["e1"]]
        ['e1 -> 1 e1', 'e1 -> ε']
    """
    marks = [repr(mark) for mark in _digits(depth, digits)]
    lines = []
    for level, mark in enumerate(marks):
        here, down = f"e{level}", f'"(" e{level + 1} ")"' if level < depth else ""
        after = f"{here} {mark} | " if 0 < level < depth else ""
        lines.append(f"{here} -> {after}{mark} {here} | {down}")
    return parse_notation("\n".join(lines))


def arithmetic() -> Grammar:
    """Return the paper's grammar of arithmetic: single digits, + - * / and parentheses, all rules equally likely.

    Example:
        >>> [rule.name for rule in arithmetic().rules["e"]][:3]
        ['e -> [0-9]', 'e -> ( e )', 'e -> e + e']
    """
    return parse_notation('e -> [0-9] | "(" e ")" | e "+" e | e "-" e | e "*" e | e "/" e')


def sample(key: Any, grammar: Grammar, count: int, *, depth: int, longest: int = 1000) -> list[Parsed]:
    """Draw texts from a grammar, each with the tree of the rules that made it.

    A nonterminal draws among its rules by weight, and only among those that can still end within the depth.

    Args:
        key: a JAX key, or a whole number; the same one gives the same texts, everywhere.
        grammar: see `parse_notation`.
        count: texts.
        depth: the most nodes on a path from the root; a grammar whose rules hold several nonterminals makes texts whose
            length is exponential in it.
        longest: symbols; a longer text is drawn anew.

    Returns:
        The texts; a node for each rule applied, and none for a terminal.

    Raises:
        ValueError: a negative count, a depth in which the start cannot end, or hardly any text that is short enough.

    Example:
        >>> sample(0, parse_notation("pair -> '(' pair ')' | 'x'"), 1, depth=1)
        [Parsed(text='x', tree=Node(name='pair -> x', start=0, stop=1, children=()))]
    """
    needed = heights(grammar)
    if count < 0:
        raise ValueError(f"expected a count of at least 0, got {count}")
    if depth < needed[grammar.start]:
        raise ValueError(
            f"no text of {grammar.start!r} has a tree of depth {depth}; expected a depth of at least "
            f"{needed[grammar.start]}"
        )
    source = random.Random(f"grammar {_seed(key)}")
    choices: dict[tuple[str, int], tuple[list[Rule], list[float]]] = {}
    enough = max(needed.values()) + 1

    def draw(name: str, rest: int) -> Rule:
        at = name, min(rest, enough)
        if at not in choices:
            ends = [r for r in grammar.rules[name] if all(needed[part] < rest for part in nonterminals(r))]
            choices[at] = ends, list(accumulate(rule.weight for rule in ends))
        rules, weights = choices[at]
        return rules[min(bisect(weights, source.random() * weights[-1]), len(rules) - 1)]

    texts: list[Parsed] = []
    tries = 0
    while len(texts) < count:
        parsed = _grow(source, grammar.start, draw, depth, longest)
        if parsed:
            texts.append(parsed)
        tries = 0 if parsed else tries + 1
        if tries == _TRIES:
            raise ValueError(
                f"none of {_TRIES} texts in a row had at most {longest} symbols; lower the depth from {depth}, give "
                "more weight to rules that end, or raise longest"
            )
    return texts


def parens_walk(key: Any, count: int, *, depth: int = 4, length: int = 200, digits: str | None = None) -> list[Parsed]:
    """Draw streams of parentheses as LSTMVis does: at each step any symbol that is legal, all equally likely.

    Legal are `(` above the deepest level, `)` below the outermost, and the number of the level.

    Args:
        key: a JAX key, or a whole number.
        count: streams; each begins outside of all parentheses.
        depth: levels of nesting, at least 0.
        length: symbols in each; pairs that are open at the end have their node end there.
        digits: the symbol of each level from 0 on; by default `level_symbol`.

    Returns:
        The streams; a pair of parentheses is a node `"level1"`, `"level2"` and so on, by the number inside it.

    Raises:
        ValueError: a number below 0, or fewer symbols than levels.

    Example:
        >>> parens_walk(0, 1, depth=0, length=3)[0].text
        '000'
    """
    marks = _digits(depth, digits)
    if count < 0 or length < 0:
        raise ValueError(f"expected a count and a length of at least 0, got {count} and {length}")
    source = random.Random(f"parens {_seed(key)}")
    legal = [mark + "(" * (level < depth) + ")" * (level > 0) for level, mark in enumerate(marks)]
    texts = []
    for _ in range(count):
        symbols: list[str] = []
        starts: list[int] = []
        children: list[list[Node]] = [[]]
        for place in range(length):
            options = legal[len(starts)]
            symbol = options[int(source.random() * len(options))]
            symbols.append(symbol)
            if symbol == "(":
                starts.append(place)
                children.append([])
            elif symbol == ")":
                _close(starts, children, place + 1)
        while starts:
            _close(starts, children, length)
        texts.append(Parsed("".join(symbols), Node("text", 0, length, tuple(children[0]))))
    return texts


def _close(starts: list[int], children: list[list[Node]], stop: int) -> None:
    inside = tuple(children.pop())
    name = f"level{len(starts)}"
    children[-1].append(Node(name, starts.pop(), stop, inside))


def _grow(source: random.Random, start: str, draw: Any, depth: int, longest: int) -> Parsed | None:
    """Expand from left to right without recursion, as trees may be deep; None where the text gets too long."""
    pieces: list[str] = []
    size = nodes = 0
    children: list[list[Node]] = [[]]
    todo: list[tuple[Symbol, int, int]] = [(start, depth, -1)]  # symbol, depth left, or where a finished rule began
    while todo:
        symbol, rest, began = todo.pop()
        if isinstance(symbol, tuple):
            piece = symbol[int(source.random() * len(symbol))]
            pieces.append(piece)
            size += len(piece)
        elif began >= 0:
            inside = tuple(children.pop())
            children[-1].append(Node(symbol, began, size, inside))
        else:
            rule = draw(symbol, rest)
            nodes += 1
            children.append([])
            todo.append((rule.name, 0, size))
            todo += [(part, rest - 1, -1) for part in reversed(rule.symbols)]
        if size > longest or nodes > _NODES_PER_SYMBOL * (longest + depth):
            return None
    return Parsed("".join(pieces), children[0][0])


def _seed(key: Any) -> str:
    """Return the same words for the same key."""
    if isinstance(key, int | np.integer):
        return str(int(key))
    return "-".join(str(word) for word in np.asarray(jax.random.key_data(key)).ravel().tolist())


def _digits(depth: int, digits: str | None) -> str:
    if depth < 0:
        raise ValueError(f"expected a depth of at least 0, got {depth}")
    digits = "".join(map(level_symbol, range(depth + 1))) if digits is None else digits
    if len(set(digits[: depth + 1]) - set("()")) <= depth:
        raise ValueError(
            f"expected a symbol of its own for each level from 0 to {depth}, and no parentheses, got {digits!r}"
        )
    return digits[: depth + 1]
