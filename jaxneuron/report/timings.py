"""What the clock said, apart from what came out: two equal runs differ in nothing else.

A time is what stands under the key `seconds`, wherever it is.
"""

from itertools import zip_longest
from typing import Any

FILE = "timings.json"
"""Beside `results.json`."""


def apart(value: Any) -> tuple[Any, Any]:
    """Return a JSON value without its times, and the times in the same structure, None where there are none.

    Example:
        >>> apart({"corpus": {"mean": 2.5, "seconds": 0.1}, "rows": [{"seconds": 3}, {"epoch": 2}]})
        ({'corpus': {'mean': 2.5}, 'rows': [{}, {'epoch': 2}]}, {'corpus': {'seconds': 0.1}, 'rows': [{'seconds': 3}, None]})
    """  # noqa: E501
    if isinstance(value, dict):
        pairs = {key: apart(item) for key, item in value.items() if key != "seconds"}
        times = {key: time for key, (_, time) in pairs.items() if time is not None}
        times |= {"seconds": value["seconds"]} if "seconds" in value else {}
        return {key: rest for key, (rest, _) in pairs.items()}, times or None
    if isinstance(value, list | tuple):
        pairs = [apart(item) for item in value]
        times = [time for _, time in pairs]
        return [rest for rest, _ in pairs], times if any(time is not None for time in times) else None
    return value, None


def together(value: Any, times: Any) -> Any:
    """Return a JSON value with its times in their places again.

    Example:
        >>> together({"corpus": {"mean": 2.5}}, {"corpus": {"seconds": 0.1}})
        {'corpus': {'mean': 2.5, 'seconds': 0.1}}
    """
    if isinstance(value, dict) and isinstance(times, dict):
        own = {key: together(item, times.get(key)) for key, item in value.items()}
        return own | {key: time for key, time in times.items() if key not in own}
    if isinstance(value, list) and isinstance(times, list):
        return [together(item, time) for item, time in zip_longest(value, times[: len(value)])]
    return value
