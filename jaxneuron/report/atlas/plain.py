"""Records as JSON has them, and back: absent fields are left out, numbers keep six digits, NaN is null."""

import math
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from jaxneuron.report.atlas.unit import Unit

Record = TypeVar("Record")

DIGITS = 6
"""Of a number, of which float32 knows seven."""


def plain(value: Any) -> Any:
    """Return a record, or a value of one, as JSON has it.

    Example:
        >>> from jaxneuron.report.atlas.unit import Estimate
        >>> plain(Estimate(1 / 3)), plain(Estimate(float("nan"), 0, 1.0))
        ({'value': 0.333333}, {'value': None, 'low': 0, 'high': 1.0})
    """
    if isinstance(value, float):  # first what there is most of
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "_asdict"):
        optional = value._field_defaults
        return {name: plain(item) for name, item in value._asdict().items() if name not in optional or _present(item)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return plain(np.asarray(value).tolist())


def unit(content: Mapping[str, Any]) -> Unit:
    """Return the record that a JSON object is.

    Raises:
        ValueError: a field that a record does not have, or lacks one that it must have; the message names it.
    """
    return record(Unit, content)


def record(kind: type[Record], content: Mapping[str, Any]) -> Record:
    """Return the record of a kind that a JSON object is.

    Raises:
        ValueError: see `unit`.
    """
    hints = _hints(kind)
    if unknown := sorted(set(content) - set(hints)):
        raise ValueError(
            f"{kind.__name__} has no {unknown[0]!r}, only {', '.join(hints)}; was it written by a newer jaxneuron?"
        )
    missing = [name for name in hints if name not in content and name not in getattr(kind, "_field_defaults", {})]
    if missing:
        raise ValueError(f"{kind.__name__} lacks {missing[0]!r}; see unit.schema.json")
    return kind(**{name: _value(hints[name], item) for name, item in content.items()})


def _present(value: Any) -> bool:
    return value is not None and value is not False and (not hasattr(value, "__len__") or len(value) > 0)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, content: Any) -> Any:
    """Return a JSON value as a field of this type has it."""
    if get_origin(hint) in (Union, types.UnionType):
        return None if content is None else _value(_telling(get_args(hint)), content)
    if hasattr(hint, "_fields"):
        return record(hint, content)
    if get_origin(hint) is Sequence:  # its origin is that of `collections.abc`
        inner = get_args(hint)[0]
        if inner is float:
            return tuple(math.nan if item is None else item for item in content)
        return tuple(content) if inner in (str, int) else tuple(_value(inner, item) for item in content)
    return math.nan if content is None and hint is float else content


def _telling(hints: Sequence[Any]) -> Any:
    """Return the member of a union that says what it is made of."""
    made = [one for one in hints if hasattr(one, "_fields") or get_origin(one) is Sequence]
    return made[0] if made else next(one for one in hints if one is not types.NoneType)
