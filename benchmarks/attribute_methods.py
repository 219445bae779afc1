"""How long does each method take that shares a score out? Those that are there are found: a new file is measured."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax

from benchmarks.measure import Row, Times, compare, seconds
from jaxneuron import _discover
from jaxneuron import attribute as package


def methods() -> dict[str, Callable[..., Any]]:
    """Return the methods of `jaxneuron.attribute` by their names."""
    return _discover.methods(package)


def each(given: Mapping[str, Any], names: Sequence[str], *, size: str, repeats: int) -> list[Row]:
    """Return a row for each method, of its own time; nobody is raced.

    Args:
        given: what methods take, by name: key, f, through, x, baseline, baselines, and groups and mask of those that
            play with features; of one that takes words out (kept), x is the mask.
        names: of methods.
        size: what is explained, in words.
        repeats: timed runs of each, after the first, which compiles.
    """
    rows = []
    for name in names:
        method = methods()[name]
        taken = {word: given[word] for word in inspect.signature(method).parameters if word in given}
        taken |= {"x": given["mask"]} if "kept" in taken else {}
        run = partial(_run, method, taken)
        times = Times(seconds(run), [seconds(run) for _ in range(repeats)])
        note = f"{times.spread}; the first run, which compiles, {times.first:.3g} s"
        rows.append(compare(name, size, times.median, None, None, note))
    return rows


def _run(method: Callable[..., Any], taken: Mapping[str, Any]) -> Any:
    return jax.block_until_ready(method(**taken))
