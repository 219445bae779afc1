"""Hypotheses from parse trees: is the symbol in a node, does it begin or end one, how deep is it nested?

A node is named by its type, such as `"FunctionDef"`, or by its production, such as `"e -> e + e"`; the nonterminal
alone, `"e"`, stands for all its productions. Read from the tree of a `Parsed`; a text without one is a fault.

Source: Sellam et al. 2018, Deep Neural Inspection, section 4: range and impulse of a node, and nesting depth.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Int

from jaxneuron.corpora.hypotheses import Hypothesis, tree_of
from jaxneuron.corpora.parses import Parsed, kind, names, walk

_Spans = Callable[[Parsed], dict[str, np.ndarray]]


def in_range(name: str, *, level: int | None = None) -> Hypothesis:
    """Return the hypothesis that holds of every symbol of the nodes of a name, from the first to the last.

    Args:
        name: of the nodes.
        level: only nodes that are nested this deep in nodes of the same name, 1 for the outermost; by default all.

    Raises:
        ValueError: a level below 1.

    Example:
        >>> from jaxneuron.corpora.parses import nest
        >>> in_range("pair").label(Parsed("a(b)", nest([("pair", 1, 4)], 4))).astype(int).tolist()
        [0, 1, 1, 1]
    """
    return _in_range(name, level, _spans)


def impulse(name: str, *, level: int | None = None) -> Hypothesis:
    """Return the hypothesis that holds of the first and of the last symbol of the nodes of a name.

    Args:
        name: of the nodes.
        level: as in `in_range`.

    Raises:
        ValueError: a level below 1.

    Example:
        >>> from jaxneuron.corpora.parses import nest
        >>> impulse("pair").label(Parsed("a(b)", nest([("pair", 1, 4)], 4))).astype(int).tolist()
        [0, 1, 0, 1]
    """
    return _impulse(name, level, _spans)


def depth(name: str | None = None) -> Hypothesis:
    """Return the number of nodes that a symbol is in: those of a name, or all.

    Example:
        >>> from jaxneuron.corpora.parses import nest
        >>> depth("pair").label(Parsed("((a))", nest([("pair", 0, 5), ("pair", 1, 4)], 5))).tolist()
        [1, 2, 2, 2, 1]
    """
    title = f"depth of {name}" if name else "depth"

    def labels(text: str | Parsed) -> Int[np.ndarray, "symbol"]:
        parsed = tree_of(text, title)
        if name:
            return _cover(_of(_spans(parsed), name), len(parsed.text))
        return _cover(_array([(node.start, node.stop) for node in walk(parsed.tree)]), len(parsed.text))

    return Hypothesis(title, labels, "real")


def of_trees(texts: Sequence[Parsed], *, least: int = 20, most: int | None = None) -> list[Hypothesis]:
    """Return range and impulse of every name that occurs, the most frequent first.

    Faster than one by one: they share the spans of a text.

    Args:
        texts: with trees.
        least: nodes of a name for it to count.
        most: names; by default all.

    Returns:
        For each name `in_range(name)` and `impulse(name)`.

    Example:
        >>> from jaxneuron.corpora.grammars import arithmetic, sample
        >>> texts = sample(0, arithmetic(), 100, depth=3)
        >>> [hypothesis.name for hypothesis in of_trees(texts, most=1)]
        ['range of e -> [0-9]', 'impulse of e -> [0-9]']
    """
    spans = _remember(_spans)
    counted = sorted(names(texts).items(), key=lambda item: (-item[1], item[0]))
    kept = [name for name, count in counted if count >= least][:most]
    return [make(name, None, spans) for name in kept for make in (_in_range, _impulse)]


def _in_range(name: str, level: int | None, spans: _Spans) -> Hypothesis:
    title = _title("range", name, level)

    def labels(text: str | Parsed) -> Bool[np.ndarray, "symbol"]:
        parsed = tree_of(text, title)
        return _cover(_at(_of(spans(parsed), name), level), len(parsed.text)) > 0

    return Hypothesis(title, labels)


def _impulse(name: str, level: int | None, spans: _Spans) -> Hypothesis:
    title = _title("impulse", name, level)

    def labels(text: str | Parsed) -> Bool[np.ndarray, "symbol"]:
        parsed = tree_of(text, title)
        found = _at(_of(spans(parsed), name), level)
        marked = np.zeros(len(parsed.text), bool)
        marked[found[:, 0]] = marked[found[:, 1] - 1] = True
        return marked

    return Hypothesis(title, labels)


def _title(what: str, name: str, level: int | None) -> str:
    if level is not None and level < 1:
        raise ValueError(f"expected a level of at least 1, the outermost, got {level}")
    return f"{what} of {name}" if level is None else f"{what} of {name} at level {level}"


def _spans(parsed: Parsed) -> dict[str, np.ndarray]:
    """Return start and stop of the nodes of each name that cover a symbol, parents first."""
    found: dict[str, list[tuple[int, int]]] = {}
    for node in walk(parsed.tree):
        if node.start < node.stop:
            found.setdefault(node.name, []).append((node.start, node.stop))
    return {name: _array(spans) for name, spans in found.items()}


def _remember(spans: _Spans) -> _Spans:
    """Keep the answer of the last text."""
    last: list = [None, {}]

    def remembered(parsed: Parsed) -> dict[str, np.ndarray]:
        if last[0] is not parsed:
            last[:] = [parsed, spans(parsed)]
        return last[1]

    return remembered


def _of(table: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return the spans of a name, or of all productions of a nonterminal, parents first."""
    found = [spans for key, spans in table.items() if name in (key, kind(key))]
    if len(found) == 1:
        return found[0]
    joined = np.concatenate(found) if found else _array([])
    return joined[np.lexsort((-joined[:, 1], joined[:, 0]))]


def _at(spans: np.ndarray, level: int | None) -> np.ndarray:
    if level is None:
        return spans
    stops: list[int] = []
    kept = []
    for start, stop in spans.tolist():
        while stops and stops[-1] <= start:
            stops.pop()
        stops.append(stop)
        if len(stops) == level:
            kept.append((start, stop))
    return _array(kept)


def _array(spans: list[tuple[int, int]]) -> np.ndarray:
    return np.array(spans, np.int64).reshape(-1, 2)


def _cover(spans: np.ndarray, length: int) -> np.ndarray:
    """Return how many spans cover each symbol."""
    change = np.zeros(length + 1, np.int64)
    np.add.at(change, spans[:, 0], 1)
    np.add.at(change, spans[:, 1], -1)
    return np.cumsum(change)[:length]
