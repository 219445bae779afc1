"""What is done stays done: results on disk, read back as the type that they were."""

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import jax.numpy as jnp
import numpy as np

from jaxneuron.files import beside, write_json
from jaxneuron.types import Probe

Result = TypeVar("Result")


def keep(file: Path, kind: Any, compute: Callable[[], Result]) -> Result:
    """Return what an earlier run left in a JSON file, or compute it and leave it there.

    Args:
        file: its path.
        kind: the type, see `typed`.
        compute: what was not done yet.

    Returns:
        What the file holds, in both cases, so that a run that was stopped is the same as one that was not.
    """
    if not file.exists():
        write_json(file, plain(compute()))
    return typed(kind, json.loads(file.read_text(encoding="utf-8")), file.name)


def plain(value: Any) -> Any:
    """Return what JSON can hold: named tuples as objects, arrays as lists, and null for what is not finite.

    A field that is None by default, and is None, is left out: there is no such thing.

    Example:
        >>> plain({"counts": np.arange(2), "share": np.float32(0.5), "none": float("nan")})
        {'counts': [0, 1], 'share': 0.5, 'none': None}
    """
    if hasattr(value, "_asdict"):
        absent = [name for name, default in value._field_defaults.items() if default is getattr(value, name) is None]
        value = {name: item for name, item in value._asdict().items() if name not in absent}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def typed(kind: Any, value: Any, where: str) -> Any:
    """Return a JSON value as a type: the inverse of `plain`.

    Args:
        kind: a NamedTuple, whose fields may be missing where they have defaults; `list`, `tuple`, `dict` or an optional
            of types; an enumeration; a float is NaN where JSON has null; anything else is taken as it is.
        value: what JSON has.
        where: the value comes from, for the message.

    Raises:
        ValueError: a field is missing, or an object or a list is something else.

    Example:
        >>> from jaxneuron.studies import Claim
        >>> typed(list[Claim], [{"claim": "c", "source": "s", "holds": True, "figure": None}], "claims")
        [Claim(claim='c', source='s', holds=True, figure=None, note='')]
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in parts:
            return None
        others = [part for part in parts if part is not NoneType]
        return typed(others[0], value, where) if len(others) == 1 else value
    if hasattr(kind, "_fields"):
        return _fields(kind, _is(value, dict, where), where)
    if origin in (dict, Mapping):
        return {key: typed(parts[1], item, f"{where}: {key}") for key, item in _is(value, dict, where).items()}
    if origin in (list, Sequence) or (origin is tuple and parts[1:] == (...,)):
        items = [typed(parts[0], item, f"{where} [{place}]") for place, item in enumerate(_is(value, list, where))]
        return tuple(items) if origin is tuple else items
    if origin is tuple:
        return tuple(typed(part, item, where) for part, item in zip(parts, _is(value, list, where), strict=True))
    if isinstance(kind, type) and issubclass(kind, Enum):
        if value not in [member.value for member in kind]:
            expected = ", ".join(repr(member.value) for member in kind)
            raise ValueError(f"{where}: expected one of {expected}, got {value!r}; run the study again in a new folder")
        return kind(value)
    if kind is float:
        return math.nan if value is None else float(value)
    return value


def _fields(kind: Any, value: Mapping[str, Any], where: str) -> Any:
    missing = [name for name in kind._fields if name not in value and name not in kind._field_defaults]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}; run the study again, in a new folder")
    hints = _hints(kind)
    return kind(**{name: typed(hints[name], value[name], f"{where}: {name}") for name in kind._fields if name in value})


_hints = functools.cache(get_type_hints)


def _is(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        wanted = {dict: "an object", list: "a list"}[kind]
        raise ValueError(f"{where}: expected {wanted}, got {str(value)[:80]!r}; run the study again, in a new folder")
    return value


def arrays(path: Path, compute: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return named arrays from a file, or compute them and write it."""
    if not path.exists():
        found = {name: np.asarray(value) for name, value in compute().items()}
        with beside(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **found)  # pyright: ignore[reportArgumentType] (its stub takes the names for options)
    with np.load(path) as stored:
        return dict(stored)


def probe(path: Path, compute: Callable[[], Probe]) -> Probe:
    """Return a probe from a file, or fit it and write it; its settings are not kept."""
    fields = Probe._fields[:4]
    found = arrays(path, lambda: dict(zip(fields, compute()[:4], strict=True)))
    return Probe(settings={}, **{field: jnp.asarray(found[field]) for field in fields})
