"""Text with its parse tree: which rule or node covers which symbols.

A tree comes from a grammar that made the text (`grammars`), from a parser of a programming language (`code`), or from
spans that somebody marked (`nest`). Hypotheses about structure (`tree_features`, `shift_reduce`) read nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

RULE = " -> "
"""What stands between a nonterminal and its production in the name of a grammar's node: `"e -> e + e"`."""


class Node(NamedTuple):
    """What covers the symbols from `start` up to, but not including, `stop`. A symbol of its own is no node."""

    name: str  # a node type such as "FunctionDef", or a production such as "e -> ( e )"
    start: int
    stop: int
    children: tuple["Node", ...] = ()  # from left to right, inside this node, not overlapping


class Parsed(NamedTuple):
    """A text and its tree."""

    text: str
    tree: Node  # covers the whole text


def walk(tree: Node) -> Iterator[Node]:
    """Yield every node, a parent before its children, from left to right; trees may be of any depth.

    Example:
        >>> [node.name for node in walk(Node("a", 0, 2, (Node("b", 0, 1), Node("c", 1, 2))))]
        ['a', 'b', 'c']
    """
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def kind(name: str) -> str:
    """Return the type of a node: the nonterminal of a production, or the name itself.

    Example:
        >>> kind("e -> e + e"), kind("Call")
        ('e', 'Call')
    """
    return name.partition(RULE)[0]


def names(texts: Iterable[Parsed]) -> Counter[str]:
    """Count the nodes of each name that cover at least one symbol.

    Returns:
        Name -> how many nodes.

    Example:
        >>> names([Parsed("ab", Node("a", 0, 2, (Node("b", 0, 1), Node("b", 1, 2))))])
        Counter({'b': 2, 'a': 1})
    """
    return Counter(node.name for parsed in texts for node in walk(parsed.tree) if node.start < node.stop)


def nest(spans: Iterable[tuple[str, int, int]], length: int, *, root: str = "text") -> Node:
    """Make a tree of spans; of two that cover the same symbols, the one given first is the parent.

    Args:
        spans: name, start and stop of each, in any order.
        length: symbols in the text.
        root: the name of the node above them all.

    Raises:
        ValueError: a span outside the text, or two that overlap and neither contains the other.

    Example:
        >>> nest([("word", 0, 2), ("line", 0, 5), ("word", 3, 5)], 6).children[0].children
        (Node(name='word', start=0, stop=2, children=()), Node(name='word', start=3, stop=5, children=()))
    """
    ordered = sorted(spans, key=lambda span: (span[1], -span[2]))
    stack: list[tuple[str, int, int, list[Node]]] = [(root, 0, length, [])]

    def close() -> None:
        name, start, stop, children = stack.pop()
        stack[-1][3].append(Node(name, start, stop, tuple(children)))

    for name, start, stop in ordered:
        if not 0 <= start <= stop <= length:
            raise ValueError(f"the span {name!r} from {start} to {stop} is not within the {length} symbols of the text")
        while len(stack) > 1 and stack[-1][2] <= start and (stop > stack[-1][2] or stack[-1][1] < stack[-1][2]):
            close()
        if stop > stack[-1][2]:
            raise ValueError(
                f"the span {name!r} from {start} to {stop} overlaps {stack[-1][0]!r} from {stack[-1][1]} to "
                f"{stack[-1][2]}, and neither contains the other; make trees of them one by one"
            )
        stack.append((name, start, stop, []))
    while len(stack) > 1:
        close()
    return Node(root, 0, length, tuple(stack[0][3]))


def check(parsed: Parsed) -> None:
    """Raise a ValueError that names a node that does not fit into its parent, or a root that is not the text."""
    root = parsed.tree
    if (root.start, root.stop) != (0, len(parsed.text)):
        raise ValueError(
            f"the tree covers the symbols {root.start} to {root.stop} of a text of {len(parsed.text)}: "
            f"{parsed.text!r:.60}; its root has to cover all"
        )
    for node in walk(root):
        place = node.start
        for child in node.children:
            if not place <= child.start <= child.stop <= node.stop:
                raise ValueError(
                    f"the node {child.name!r} from {child.start} to {child.stop} does not fit into {node.name!r} from "
                    f"{node.start} to {node.stop}, whose children before it end at {place}"
                )
            place = child.stop
