"""How a number is written for a person (where there is none, as a dash), and how two are compared: as they are written.

A sentence that says "more" shows two figures, and a reader compares those. So nothing here compares numbers that round
to the same figure: they are equal.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row")

Show = Callable[[float], str]
"""How a number is written."""


def known(*values: float | None) -> bool:
    """Tell whether all numbers are there: none is missing, and none is NaN.

    Example:
        >>> known(0.5, 1), known(0.5, None), known(float("nan"))
        (True, False, False)
    """
    return all(value is not None and value == value for value in values)


def number(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """Return a number with so many decimals; nought has no sign.

    Args:
        value: None is written as a dash.
        digits: decimals.
        sign: whether a number above 0 has a plus.

    Example:
        >>> number(1234.5), number(-0.5, sign=True), number(-0.001), number(None)
        ('1,234.50', '−0.50', '0.00', '–')
    """
    if value is None or value != value:
        return "–"
    written = f"{value:{'+' if sign else ''},.{digits}f}"
    return (written if any(digit in written for digit in "123456789") else written.lstrip("+-")).replace("-", "−")


def percent(value: float, digits: int = 0) -> str:
    """Return a share in percent.

    Example:
        >>> percent(0.314), percent(0.314, 1)
        ('31%', '31.4%')
    """
    return f"{number(100 * value, digits)}%"


def rate(value: float | None) -> str:
    """Return a share in percent with one decimal, as the sentences and the tables of probes have it.

    Example:
        >>> rate(0.31416), rate(None)
        ('31.4%', '–')
    """
    return "–" if value is None or value != value else percent(value, 1)


def p_value(value: float | None) -> str:
    """Return a p-value as one prints it.

    Example:
        >>> p_value(0.0), p_value(0.0312), p_value(None)
        ('< 0.001', '0.031', '–')
    """
    return "–" if value is None or value != value else "< 0.001" if value < 0.001 else f"{value:.3f}"


def shown(value: Any) -> str:
    """Return any JSON value as a reader wants to see it: of numbers, four digits that mean something.

    Example:
        >>> shown(None), shown(0.123456), shown([1, 2]), shown(61234.5)
        ('–', '0.1235', '1, 2', '61,234')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return str(value)


def count(part: int, whole: int) -> str:
    """Return "3 of 4", in words where that reads better.

    Example:
        >>> count(3, 4), count(4, 4), count(0, 4)
        ('3 of 4', 'all 4', 'none of 4')
    """
    return f"all {whole}" if part == whole else f"none of {whole}" if part == 0 else f"{part} of {whole}"


def order(one: float, other: float, show: Show) -> int:
    """Return 1 where the first number is written as a larger one than the second, -1 as a smaller one, else 0.

    Args:
        one: a number.
        other: another.
        show: how they are written.

    Example:
        >>> order(5.24, 5.16, number), order(5.241, 5.239, number), order(1, 2, number)
        (1, 0, -1)
    """
    return 0 if show(one) == show(other) else 1 if one > other else -1


def change(first: float, last: float, show: Show, *, unit: str = "", places: tuple[str, str]) -> str:
    """Return the end of a sentence about a number that was followed from one place to another.

    Args:
        first: the number at the first place.
        last: at the last.
        show: how they are written.
        unit: what follows the first number.
        places: what the places are called.

    Example:
        >>> change(5.2, 5.4, number, unit=" bits", places=("block0", "block2"))
        'rises from 5.20 bits at block0 to 5.40 at block2'
        >>> change(5.201, 5.199, number, unit=" bits", places=("block0", "block2"))
        'is 5.20 bits at block0 and at block2'
    """
    begin, end = places
    way = order(last, first, show)
    if way == 0:
        return f"is {show(first)}{unit} at {begin} and at {end}"
    return f"{'rises' if way > 0 else 'falls'} from {show(first)}{unit} at {begin} to {show(last)} at {end}"


def most(rows: Sequence[Row], value: Callable[[Row], float], show: Show) -> list[Row]:
    """Return the rows whose number is written like the largest one's, in their order; there may be several.

    Args:
        rows: to choose from.
        value: the number of a row.
        show: how it is written.

    Example:
        >>> most([0.501, 0.502, 0.4], lambda one: one, number)
        [0.501, 0.502]
    """
    highest = max(map(value, rows))
    return [row for row in rows if order(value(row), highest, show) == 0]


def claims_held(holds: Sequence[bool | None]) -> str | None:
    """Return how many claims held; None where none was measured.

    Example:
        >>> claims_held([True, False, None])
        '1 of 2 claims that this run re-measured held.'
    """
    measured = [one for one in holds if one is not None]
    if not measured:
        return None
    held = count(sum(measured), len(measured))
    return f"{capital(held)} claims that this run re-measured held."


def listed(items: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def capital(text: str) -> str:
    """Return a text that begins a sentence."""
    return text[:1].upper() + text[1:]
