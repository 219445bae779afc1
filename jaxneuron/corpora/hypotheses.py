"""Programs that label text: what a neuron might compute, written down so that it can be compared with neurons.

A hypothesis gives one label to each symbol of a text. Where do they come from?

- `tree_features`: which rule or node of a parse tree the symbol is in, or begins or ends; how deep it is nested
- `shift_reduce`: what a parser does, or what its variables are, after it has read the symbol; any state machine
- `text_features`: symbols, regular expressions, positions, counts, and your own functions
- `composites`: and, or, not, sum, equality, and the label of a later symbol

`label` runs many over many texts. One that fails is reported, and the others go on.

Source: Sellam et al. 2018, Deep Neural Inspection, section 3.1: labels are binary, or numbers normalised to [0, 1].
We add classes.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron.corpora.parses import Parsed
from jaxneuron.tap import nearest

Kind = Literal["binary", "categorical", "real"]
KINDS = ("binary", "categorical", "real")


class Hypothesis(NamedTuple):
    """A program that gives one label to each symbol of a text.

    The contract of `label`: it takes a text as `label` got it (a string or a `Parsed`) and returns, or yields, as many
    labels as the text has symbols: true or false (or 1 and 0) where binary, strings or whole numbers where categorical,
    finite numbers of any range where real. It may raise. A generator's failures are placed at the symbol.
    """

    name: str
    label: Callable[[Any], Any]
    kind: Kind = "binary"


class Fault(NamedTuple):
    """Why a hypothesis was left out; its first failure."""

    name: str
    text: int  # which of the texts, from 0
    position: int | None  # the symbol, from 0; None where an exception does not tell
    reason: str  # what was wrong, with the text around the position


class Labels(NamedTuple):
    """What hypotheses say of texts, the symbols of all texts in a row. Those that failed are not in it."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "symbol hypothesis"]  # binary: 0 or 1; categorical: index of the class; real: 0 to 1
    kind: tuple[str, ...]  # of each hypothesis
    faults: list[Fault]
    classes: dict[str, tuple[str | int | float, ...]]  # categorical hypothesis -> its classes, in the order of numbers
    ranges: dict[str, tuple[float, float]]  # real hypothesis -> the values that became 0 and 1


def text_of(text: str | Parsed) -> str:
    """Return the string of a text with or without a tree."""
    return text if isinstance(text, str) else text.text


def tree_of(text: str | Parsed, name: str) -> Parsed:
    """Return a text with its tree.

    Raises:
        TypeError: a string, which has none.
    """
    if isinstance(text, str):
        raise TypeError(f"{name!r} reads a parse tree, and the text has none; give a Parsed, such as grammars.sample's")
    return text


def label(hypotheses: Sequence[Hypothesis], texts: Sequence[str | Parsed], *, like: Labels | None = None) -> Labels:
    """Label every symbol of every text by every hypothesis.

    Args:
        hypotheses: with different names.
        texts: at least one; with trees where a hypothesis reads them.
        like: labels of other texts, whose classes and ranges are used again; numbers outside a range become 0 or 1, and
            a new class is a fault. By default, classes are sorted, and the lowest and highest number become 0 and 1; a
            number that never changes becomes 0.

    Returns:
        The labels, and the faults: too few or too many labels, NaN, labels of another kind, or an exception.

    Raises:
        ValueError: no texts, an unknown kind, or two hypotheses of one name.
        KeyError: `like` has a class or range for no such hypothesis.

    Example:
        >>> digit = Hypothesis("digit", lambda text: [symbol.isdigit() for symbol in text])
        >>> wrong = Hypothesis("wrong", lambda text: [0] * 3)
        >>> labels = label([digit, wrong], ["a1", "22b"])
        >>> labels.names, labels.values[:, 0].tolist(), labels.faults[0].position
        (('digit',), [0.0, 1.0, 1.0, 1.0, 0.0], 2)
    """
    _check(hypotheses, texts)
    columns: dict[str, list[np.ndarray]] = {hypothesis.name: [] for hypothesis in hypotheses}
    faults: dict[str, Fault] = {}
    for row, text in enumerate(texts):  # a text at a time, so that what hypotheses share is computed once
        for hypothesis in hypotheses:
            if hypothesis.name not in faults:
                found = _read(hypothesis, row, text)
                if isinstance(found, Fault):
                    faults[hypothesis.name] = found
                elif len(found):
                    columns[hypothesis.name].append(found)
    kept, values, classes, ranges = [], [], {}, {}
    for hypothesis in hypotheses:
        name = hypothesis.name
        if name in faults:
            continue
        column = np.concatenate(columns[name] or [np.zeros(0)])
        if hypothesis.kind == "categorical":
            names = _known(like.classes, name) if like else tuple(np.unique(column).tolist())
            column, unknown = _numbered(column, names)
            if unknown is not None:
                reason = f"expected one of the {len(names)} classes of the other texts, got another one"
                faults[name] = _fault(name, *_place(texts, unknown), reason)
                continue
            classes[name] = names
        elif hypothesis.kind == "real":
            ranges[name] = _known(like.ranges, name) if like else _extent(column)
            column = _normalised(column, *ranges[name])
        kept.append(hypothesis)
        values.append(column.astype(np.float32))
    return Labels(
        tuple(hypothesis.name for hypothesis in kept),
        np.stack(values, axis=1) if values else np.zeros((sum(len(text_of(text)) for text in texts), 0), np.float32),
        tuple(hypothesis.kind for hypothesis in kept),
        [faults[hypothesis.name] for hypothesis in hypotheses if hypothesis.name in faults],
        classes,
        ranges,
    )


def _read(hypothesis: Hypothesis, row: int, text: str | Parsed) -> np.ndarray | Fault:
    """Return the labels of one text, checked."""
    found: list = []
    given: Any = None
    try:
        given = hypothesis.label(text)
        if not isinstance(given, np.ndarray):
            for value in given:
                found.append(value)  # what is found before a failure tells where it is
        elif given.ndim != 1:
            raise ValueError(f"expected a row of labels, got an array of the shape {given.shape}")
    except Exception as error:
        position = len(found) if inspect.isgenerator(given) else None
        return _fault(hypothesis.name, row, text, position, f"raised {type(error).__name__}: {error}")
    return _checked(hypothesis, row, text, given if isinstance(given, np.ndarray) else found)


def _checked(hypothesis: Hypothesis, row: int, text: str | Parsed, found: Any) -> np.ndarray | Fault:
    def fault(position: int | None, reason: str) -> Fault:
        return _fault(hypothesis.name, row, text, position, reason)

    size = len(text_of(text))
    if len(found) != size:
        return fault(min(len(found), size), f"expected {size} labels, one for each symbol, got {len(found)}")
    if not size:
        return np.zeros(0)
    if isinstance(found, np.ndarray) and found.dtype == object:
        found = found.tolist()
    words = hypothesis.kind == "categorical" and isinstance(found[0], str)
    odd = None if isinstance(found, np.ndarray) else _first_odd(found, words)
    values = np.asarray(found if odd is None else [])
    if odd is not None or values.dtype.kind not in ("U" if words else "biuf"):
        expected = "strings" if words else "numbers, or strings" if hypothesis.kind == "categorical" else "numbers"
        return fault(odd, f"expected {expected}, got {found[odd or 0]!r:.60}")
    if not words:
        binary = hypothesis.kind == "binary"
        good = (values == 0) | (values == 1) if binary else np.isfinite(values)
        if not good.all():
            position = int(np.argmin(good))
            return fault(position, f"expected {'0 or 1' if binary else 'a finite number'}, got {values[position]}")
    return values


def _first_odd(found: list, words: bool) -> int | None:
    """Return where the first label is that is no word, or no number."""
    expected = str if words else int | float | np.number | np.bool_
    return next((i for i, value in enumerate(found) if not isinstance(value, expected)), None)


def _extent(column: np.ndarray) -> tuple[float, float]:
    return (float(column.min()), float(column.max())) if len(column) else (0.0, 0.0)


def _normalised(column: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map low to 0 and high to 1."""
    if not high > low:
        return np.zeros(len(column))
    return np.clip((column.astype(np.float64) - low) / (high - low), 0, 1)


def _place(texts: Sequence[str | Parsed], symbol: int) -> tuple[int, str | Parsed, int]:
    """Return the number of the text that a symbol of all is in, the text, and the symbol's position there."""
    for row, text in enumerate(texts):
        if symbol < len(text_of(text)):
            return row, text, symbol
        symbol -= len(text_of(text))
    raise IndexError(symbol)


def _fault(name: str, row: int, text: str | Parsed, position: int | None, reason: str) -> Fault:
    string = text_of(text)
    start = max(0, (position or 0) - 20)
    place = "in" if position is None else f"at symbol {position}, in"
    return Fault(name, row, position, f"{reason}; {place} text {row}, {string[start : start + 40]!r}")


def _known(table: dict[str, Any], name: str) -> Any:
    if name not in table:
        raise KeyError(f"the other labels have no classes or range of {name!r}{nearest(name, table)}")
    return table[name]


def _numbered(column: np.ndarray, classes: tuple) -> tuple[np.ndarray, int | None]:
    """Return the index of each label's class, and where the first label is that is none of them."""
    index = {name: i for i, name in enumerate(classes)}
    names, inverse = np.unique(column, return_inverse=True)
    numbers = np.array([index.get(name, -1) for name in names.tolist()], np.int64)[inverse]
    return numbers, int(np.argmax(numbers < 0)) if (numbers < 0).any() else None


def _check(hypotheses: Sequence[Hypothesis], texts: Sequence[str | Parsed]) -> None:
    if not texts:
        raise ValueError("no texts to label; expected at least one")
    seen = set()
    for hypothesis in hypotheses:
        if hypothesis.kind not in KINDS:
            raise ValueError(f"the hypothesis {hypothesis.name!r} is {hypothesis.kind!r}; expected {', '.join(KINDS)}")
        if hypothesis.name in seen:
            raise ValueError(f"two hypotheses are called {hypothesis.name!r}; give each a name of its own")
        seen.add(hypothesis.name)
