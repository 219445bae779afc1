"""Hypotheses made of hypotheses: and, or, not, sum, equality, and what holds of a later symbol."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jaxneuron.corpora.hypotheses import Hypothesis, Kind
from jaxneuron.corpora.parses import Parsed


def all_of(*hypotheses: Hypothesis, name: str | None = None) -> Hypothesis:
    """Return the hypothesis that all of some binary ones hold.

    Raises:
        ValueError: no hypotheses, or one that is not binary.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> list(all_of(symbols("ab"), symbols("bc")).label("abc"))
        [False, True, False]
    """
    _binary(*hypotheses)
    return _rowwise(name or _joined(" and ", hypotheses), all, hypotheses, "binary")


def any_of(*hypotheses: Hypothesis, name: str | None = None) -> Hypothesis:
    """Return the hypothesis that at least one of some binary ones holds.

    Raises:
        ValueError: no hypotheses, or one that is not binary.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> list(any_of(symbols("a"), symbols("b")).label("abc"))
        [True, True, False]
    """
    _binary(*hypotheses)
    return _rowwise(name or _joined(" or ", hypotheses), any, hypotheses, "binary")


def negated(hypothesis: Hypothesis, *, name: str | None = None) -> Hypothesis:
    """Return the hypothesis that a binary one does not hold.

    Raises:
        ValueError: it is not binary.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> list(negated(symbols("a")).label("ab"))
        [False, True]
    """
    _binary(hypothesis)
    return _rowwise(name or f"not {hypothesis.name}", lambda row: not row[0], [hypothesis], "binary")


def total(*hypotheses: Hypothesis, name: str | None = None) -> Hypothesis:
    """Return the sum of some binary or real hypotheses, before they are normalised: of levels, the nesting depth.

    Raises:
        ValueError: no hypotheses, or a categorical one.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> list(total(symbols("ab"), symbols("b")).label("abc"))
        [1, 2, 0]
    """
    _given(hypotheses)
    for hypothesis in hypotheses:
        if hypothesis.kind == "categorical":
            raise ValueError(f"classes have no sum, and {hypothesis.name!r} is categorical; use equals")
    return _rowwise(name or _joined(" + ", hypotheses), _sum, hypotheses, "real")


def equals(hypothesis: Hypothesis, value: Any, *, name: str | None = None) -> Hypothesis:
    """Return the hypothesis that another one has a value: a class, or a number before it is normalised.

    Args:
        hypothesis: the other one.
        value: which.
        name: of the new hypothesis; by default made of both.

    Example:
        >>> from jaxneuron.corpora.text_features import nesting
        >>> list(equals(nesting(), 1).label("a(b)"))
        [False, True, True, True]
    """
    return _rowwise(name or f"{hypothesis.name} is {value}", lambda row: bool(row[0] == value), [hypothesis], "binary")


def ahead(hypothesis: Hypothesis, steps: int = 1, *, name: str | None = None) -> Hypothesis:
    """Return the label of the symbol some steps later, which is what a language model predicts.

    The last symbols of a text, which have no such symbol, keep the label of the last one of all if real or categorical,
    and do not hold if binary.

    Args:
        hypothesis: the other one.
        steps: symbols later, at least 1.
        name: of the new hypothesis; by default made of both.

    Raises:
        ValueError: fewer than 1 step.

    Example:
        >>> from jaxneuron.corpora.text_features import symbols
        >>> list(ahead(symbols("b")).label("abb"))
        [True, True, False]
    """
    if steps < 1:
        raise ValueError(f"expected at least 1 step, got {steps}")

    def labels(text: str | Parsed) -> Iterator[Any]:
        found = list(hypothesis.label(text))
        yield from found[steps:]
        rest = [False if hypothesis.kind == "binary" else found[-1]] if found else []
        yield from rest * min(steps, len(found))

    return Hypothesis(name or f"{hypothesis.name}, {steps} ahead", labels, hypothesis.kind)


def _rowwise(name: str, join: Callable[[Any], Any], parts: Iterable[Hypothesis], kind: Kind) -> Hypothesis:
    parts = tuple(parts)

    def labels(text: str | Parsed) -> Iterator[Any]:
        for row in zip(*(part.label(text) for part in parts), strict=True):
            yield join(row)

    return Hypothesis(name, labels, kind)


def _sum(row: Iterable[Any]) -> Any:
    return sum(value * 1 for value in row)


def _joined(word: str, hypotheses: Iterable[Hypothesis]) -> str:
    return word.join(f"({hypothesis.name})" for hypothesis in hypotheses)


def _given(hypotheses: tuple[Hypothesis, ...]) -> None:
    if not hypotheses:
        raise ValueError("expected at least one hypothesis, got none")


def _binary(*hypotheses: Hypothesis) -> None:
    _given(hypotheses)
    for hypothesis in hypotheses:
        if hypothesis.kind != "binary":
            raise ValueError(f"expected binary hypotheses, and {hypothesis.name!r} is {hypothesis.kind}; use equals")
