"""What a study left in its folder, read back and checked."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.report import timings


class Run(NamedTuple):
    """A finished study. Numbers that JSON can't hold (NaN, infinities) are None."""

    results: dict[str, Any]  # results.json
    found: list[dict[str, Any]]  # found.jsonl, a row per target and method


def read(directory: Path) -> Run:
    """Read `results.json`, with the times of `timings.json` if it is there, and `found.jsonl`.

    Args:
        directory: where the study wrote.

    Raises:
        FileNotFoundError: one of the two is not there.
        ValueError: one of the two is not what a study writes.
    """
    results = _parse(_text(directory / "results.json"), "results.json")
    if not isinstance(results, dict) or not {"study", "results"} <= results.keys():
        raise ValueError(
            f"{directory / 'results.json'} should be an object with the keys 'study' and 'results'; "
            "give the folder that `jaxneuron study ... --out` wrote"
        )
    if (directory / timings.FILE).exists():
        results = timings.together(results, _parse(_text(directory / timings.FILE), timings.FILE))
    rows = []
    for number, line in enumerate(_text(directory / "found.jsonl").splitlines(), 1):
        if line.strip():
            row = _parse(line, f"found.jsonl, line {number}")
            missing = {"setting", "target", "name", "method", "ngram", "score"} - set(row)
            if missing:
                raise ValueError(f"found.jsonl, line {number}, lacks {', '.join(sorted(missing))}; run the study again")
            rows.append(row)
    return Run(results, rows)


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {path.parent}; give the folder of a finished study, "
            "or run `jaxneuron study` with the same --out to finish it"
        )
    return path.read_text(encoding="utf-8")


def _parse(text: str, where: str) -> Any:
    try:
        return finite(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{where} is not JSON ({error.msg} at column {error.colno}); it may have been cut off: "
            "run `jaxneuron study` with the same --out to write it again"
        ) from None


def finite(value: Any) -> Any:
    """Return the same JSON value with None in place of NaN and infinities, which no browser parses.

    Example:
        >>> finite({"score": [1.0, float("-inf")]})
        {'score': [1.0, None]}
    """
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
