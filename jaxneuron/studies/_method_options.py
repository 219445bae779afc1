"""What a person may say of a search: the options of a method by name, type and range, checked before the work.

The types are those of the method's own signature, so that a new method needs nothing here. All that counts something
starts at 1, all that measures something is above 0; what else a method wants, it says itself.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from jaxneuron._discover import settings
from jaxneuron.tap import nearest

OURS = {"k", "budget", "progress", "mesh"}
"""What the caller of a method decides, not its options."""

COUNTS = {"start"}
"""Options that are arrays to the method, and a number of n-grams to a person."""

LARGEST = 2**31 - 1


def checked(method: str, verb: Callable, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a method as its function takes them.

    Args:
        method: its name.
        verb: its function.
        options: name -> value, as JSON has them.

    Raises:
        ValueError: a name that the method does not have, or a value of another type or out of range.
    """
    parameters, default = inspect.signature(verb).parameters.values(), settings(verb)
    known = {one.name: one.annotation for one in parameters if one.kind is one.KEYWORD_ONLY and one.name not in OURS}
    if default is not None:
        del known["settings"]
        known |= type(default).__annotations__
    for name in options:
        if name not in known:
            has = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{method} has no option {name!r}{nearest(name, known)}; it has {has}")
    found = {name: _value(f"{method}'s option {name!r}", known[name], value, name) for name, value in options.items()}
    if default is None:
        return found
    own = {name: value for name, value in found.items() if name in default._fields}
    return {name: value for name, value in found.items() if name not in own} | {"settings": default._replace(**own)}


def _value(what: str, kind: Any, value: Any, name: str) -> Any:
    kinds = get_args(kind)
    if name in COUNTS:
        return _count(what, value)
    if type(None) in kinds:
        if value is None:
            return None
        kind = next(one for one in kinds if one is not type(None))
    if kind is int:
        return _count(what, value)
    if kind is float:
        return _measure(what, value)
    if kind in (str, bool):
        if type(value) is not kind:
            raise ValueError(f"{what} must be {'text' if kind is str else 'true or false'}, got {value!r}")
        return value
    pair = get_args(kind)  # of numbers
    if not isinstance(value, list | tuple) or len(value) != len(pair):
        raise ValueError(f"{what} must be {len(pair)} numbers, such as [2.0, 0.5], got {value!r}")
    return tuple(_measure(what, one) for one in value)


def _count(what: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= LARGEST:
        raise ValueError(f"{what} must be a whole number from 1 to {LARGEST:,}, got {value!r}")
    return value


def _measure(what: str, value: Any) -> float:
    if type(value) not in (int, float) or not (0 < value <= LARGEST and math.isfinite(value)):
        raise ValueError(f"{what} must be a number above 0, got {value!r}")
    return float(value)
