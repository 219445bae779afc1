"""Hypotheses from parsers: what a procedure does, or what its variables are, between two symbols that it reads.

A shift-reduce parser reads a symbol onto a stack, then replaces what it can on top of the stack by the rule that made
it. `trace` runs the one that follows a given tree, so that it works for every grammar, and for trees of source code.
`parse` is the paper's greedy parser, for plain text and grammars without empty rules. `variable` takes any procedure
that yields its state after each symbol, and `machine` any state machine.

Source: Sellam et al. 2018, Deep Neural Inspection, section 4; the state machines are those of Sellam et al. 2018, "I
Like the Way You Think!".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron.corpora import parses
from jaxneuron.corpora.grammars import Grammar
from jaxneuron.corpora.hypotheses import Hypothesis, Kind, text_of, tree_of
from jaxneuron.corpora.parses import Node, Parsed


class Trace(NamedTuple):
    """What a shift-reduce parser does after it has read each symbol, and before it reads the next one."""

    largest: Int[np.ndarray, "symbol"]  # the most that is on the stack
    left: Int[np.ndarray, "symbol"]  # what is on the stack in the end
    reduced: list[tuple[str, ...]]  # [symbol], the rules or nodes that are completed, in their order


def trace(parsed: Parsed) -> Trace:
    """Run the shift-reduce parser that builds a given tree; it reduces as soon as a node is complete.

    What covers no symbols is reduced after the symbol before it; at the beginning of a text, nothing tells of it but
    the size of the stack.

    Example:
        >>> from jaxneuron.corpora.grammars import arithmetic
        >>> found = trace(parse(arithmetic(), "(1)"))
        >>> found.largest.tolist(), found.left.tolist(), found.reduced
        ([1, 2, 3], [1, 2, 1], [(), ('e -> [0-9]',), ('e -> ( e )',)])
    """
    size = len(parsed.text)
    largest, left = np.zeros(size, np.int64), np.zeros(size, np.int64)
    reduced: list[list[str]] = [[] for _ in range(size)]
    read = stack = 0
    todo: list[tuple[Node, int, int]] = [(parsed.tree, 0, 0)]  # a node, how many children are done, stack before it
    while todo:
        node, done, before = todo.pop()
        stop = node.children[done].start if done < len(node.children) else node.stop
        for place in range(read, stop):
            stack += 1
            largest[place] = left[place] = stack
        read = stop
        if done < len(node.children):
            todo += [(node, done + 1, before), (node.children[done], 0, stack)]
            continue
        stack = before + 1
        if read:
            largest[read - 1] = max(largest[read - 1], stack)
            left[read - 1] = stack
            reduced[read - 1].append(node.name)
    return Trace(largest, left, [tuple(names) for names in reduced])


def stack_size(*, largest: bool = True) -> Hypothesis:
    """Return the size of the parser's stack between a symbol and the next: the largest, or what is left in the end.

    Example:
        >>> from jaxneuron.corpora.grammars import arithmetic
        >>> stack_size().label(parse(arithmetic(), "1+2")).tolist()
        [1, 2, 3]
    """
    title = "largest stack" if largest else "stack left"

    def labels(text: str | Parsed) -> Int[np.ndarray, "symbol"]:
        found = trace(tree_of(text, title))
        return found.largest if largest else found.left

    return Hypothesis(title, labels, "real")


def reduced(name: str) -> Hypothesis:
    """Return the hypothesis that the parser completes a rule or node of a name after the symbol.

    Args:
        name: a production such as `"e -> e + e"`, a nonterminal for all its productions, or a node type.

    Example:
        >>> from jaxneuron.corpora.grammars import arithmetic
        >>> reduced("e -> e + e").label(parse(arithmetic(), "1+2")).tolist()
        [False, False, True]
    """
    title = f"reduced {name}"

    def labels(text: str | Parsed) -> np.ndarray:
        parsed = tree_of(text, title)
        marked = np.zeros(len(parsed.text), bool)
        for node in parses.walk(parsed.tree):
            if node.stop and name in (node.name, parses.kind(node.name)):
                marked[node.stop - 1] = True
        return marked

    return Hypothesis(title, labels)


def variable(
    name: str,
    procedure: Callable[[Any], Iterable[Any]],
    read: Callable[[Any], Any] | None = None,
    *,
    kind: Kind = "real",
) -> Hypothesis:
    """Return a variable or an event of any procedure that reads a text symbol by symbol.

    Args:
        name: of the hypothesis.
        procedure: takes the text, a string or `Parsed`, and yields its state after each symbol.
        read: state -> label; by default the state itself.
        kind: of the labels.

    Example:
        >>> def parser(text):
        ...     stack = []
        ...     for symbol in text:
        ...         stack.append(symbol)
        ...         yield {"size": len(stack), "top": symbol}
        >>> list(variable("size", parser, lambda state: state["size"]).label("ab"))
        [1, 2]
    """

    def run(text: str | Parsed) -> Iterator[Any]:
        for state in procedure(text):
            yield state if read is None else read(state)

    return Hypothesis(name, run, kind)


def machine(name: str, step: Callable[[Any, str], Any], start: Any) -> Hypothesis:
    """Return the state of a state machine after each symbol, as a class.

    Args:
        name: of the hypothesis.
        step: (state, symbol) -> state; states are strings or whole numbers.
        start: the state before the first symbol.

    Example:
        >>> list(machine("parity", lambda state, symbol: state ^ (symbol == "1"), 0).label("0110"))
        [0, 1, 0, 0]
    """

    def run(text: str | Parsed) -> Iterator[Any]:
        state = start
        for symbol in text_of(text):
            state = step(state, symbol)
            yield state

    return Hypothesis(name, run, "categorical")


def parse(grammar: Grammar, text: str) -> Parsed:
    """Parse a text by the paper's loop: reduce whenever a rule's right side is on top of the stack, else read.

    The longest right side is taken, and of equally long ones the rule that comes first; nothing is ever undone. So all
    operators of arithmetic bind equally and to the left.

    Args:
        grammar: without empty rules.
        text: made by the grammar.

    Raises:
        ValueError: an empty rule, or a text that this parser cannot reduce to the start, with where it was stuck.

    Example:
        >>> from jaxneuron.corpora.grammars import arithmetic
        >>> parse(arithmetic(), "1-2-3").tree.children[0].name
        'e -> e - e'
    """
    sides = []
    for left, rules in grammar.rules.items():
        for rule in rules:
            if not rule.symbols:
                raise ValueError(f"the rule {rule.name!r} is empty, and a greedy parser would apply it for ever")
            sides += [(side, left, rule.name) for side in _sides(rule.symbols)]
    sides.sort(key=lambda side: -len(side[0]))
    stack: list[tuple[Any, Node | None, int]] = []  # a symbol or nonterminal, its node, where it starts
    for place, symbol in enumerate(text):
        stack.append((frozenset(symbol), None, place))
        seen: set[str] = set()
        while (found := _reduction(sides, stack)) and found[2] not in seen:
            side, left, name = found
            top = stack[-len(side) :]
            del stack[-len(side) :]
            node = Node(name, top[0][2], place + 1, tuple(part for _, part, _ in top if part))
            stack.append((left, node, node.start))
            seen = seen | {name} if len(side) == 1 else set()  # a ring of rules that rename would never end
    if len(stack) == 1 and stack[0][0] == grammar.start and stack[0][1]:
        return Parsed(text, stack[0][1])
    stuck = stack[1][2] if len(stack) > 1 else 0
    raise ValueError(
        f"the text {text!r:.60} is no {grammar.start!r} to a greedy parser; what begins at symbol {stuck} does not "
        "join what is before it. Mend the text, or bring a tree of your own"
    )


def _sides(symbols: tuple) -> list[tuple]:
    """Return right sides with a set for each symbol of the text: terminals are spelled out."""
    sides: list[tuple] = [()]
    for symbol in symbols:
        if isinstance(symbol, str):
            ways: list[tuple] = [(symbol,)]
        elif all(len(option) == 1 for option in symbol):
            ways = [(frozenset(symbol),)]
        else:
            ways = [tuple(map(frozenset, option)) for option in symbol]
        sides = [side + way for side in sides for way in ways]
    return sides


def _reduction(sides: list[tuple], stack: list[tuple]) -> tuple | None:
    for side, left, name in sides:
        if len(side) <= len(stack) and all(
            part == want if isinstance(want, str) else not isinstance(part, str) and part <= want
            for want, (part, _, _) in zip(side, stack[-len(side) :], strict=True)
        ):
            return side, left, name
    return None
