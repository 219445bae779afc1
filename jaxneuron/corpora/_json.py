r"""JSON documents and JSON lines, with errors that say in which file and line what is missing.

Half of a surrogate pair (`"\ud83d"` alone), which JSON can write and no text can hold, is read as U+FFFD.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxneuron.corpora._lines import lines, whole


def read_json(path: Path) -> Any:
    """Parse one JSON document, gzipped or not."""
    text = whole(path)
    try:
        return _parsed(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"cannot read {path} as a JSON document ({error}); it may be cut short or damaged: fetch it again"
        ) from error


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSON-lines file, gzipped or not."""
    for line, text in lines(path):
        if text.strip():
            try:
                yield line, _parsed(text)
            except (ValueError, RecursionError) as error:
                raise ValueError(
                    f"{path}, line {line}: expected one JSON object per line ({error}); mend the line"
                ) from error


def field(value: Any, name: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Return `value[name]`, a string without byte order mark, or say where a field of which kind is missing."""
    if not isinstance(value, dict) or not isinstance(value.get(name), kind):
        expected = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
        raise ValueError(f"{where}: expected an object with the field {name!r} ({expected}), got {_shown(value, name)}")
    return value[name].removeprefix("\ufeff") if isinstance(value[name], str) else value[name]


def _shown(value: Any, name: str) -> str:
    if not isinstance(value, dict):
        return type(value).__name__
    return f"{value[name]!r:.60}" if name in value else f"fields {', '.join(map(str, value)) or 'none'}"


def _parsed(text: str) -> Any:
    value = json.loads(text)
    return _mended(value) if "\\ud" in text or "\\uD" in text else value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(name): _mended(held) for name, held in value.items()}
    return [_mended(held) for held in value] if isinstance(value, list) else value
