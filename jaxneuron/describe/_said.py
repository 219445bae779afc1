"""Say in one line at which words, or in which contexts, a unit goes far out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _lookup
from jaxneuron.describe._lookup import Codes, Groups, Means
from jaxneuron.describe._nouns import Described

LISTED = 6
"""Words that a line names, of the side that the unit goes farther out on; half as many of the other."""

NEAR = 0.5
"""What is named lies at least this share as far out as the first."""

SAID = 0.01
"""Where groups explain less of a unit's variance than this share, nothing is named."""

OFTEN = 3
"""Words of a group that is named; what was met twice may be chance."""

SHARPER = 1.25
"""A finer group is named instead of the one that it is part of if it lies this many times as far out."""

UNITS = 256
"""Units of which the groups are sorted at a time."""


def quoted(words: Sequence[str], place: int = 0) -> str:
    """Return words in quotation marks, the one that is meant in brackets if there are others.

    Example:
        >>> quoted(["in", "the"], 1), quoted(["wall"])
        ('“in [the]”', '“wall”')
    """
    if len(words) == 1:
        return f"“{words[0]}”"
    return "“" + " ".join(f"[{word}]" if at == place else word for at, word in enumerate(words)) + "”"


def never(constant: float) -> str:
    """Return what is said of a unit that never changes."""
    return "never on" if constant == 0 else f"never on: always {constant:.3g}"


def described(
    source: str, means: Means, codes: Callable[[Labelled], Codes], name: Callable[[int], str], nothing: str
) -> Described:
    """Return what a method says that looks units up.

    Args:
        source: the method.
        means: of groups of words.
        codes: of the words of any text.
        name: what a group is called.
        nothing: what is said if the groups tell little.
    """
    said = lines(means, name, nothing)
    return Described(said, means.side, (source,) * len(said), lambda text: _lookup.predicted(means, codes(text)))


def lines(means: Means, name: Callable[[int], str], nothing: str) -> tuple[str, ...]:
    """Return a line for each unit; see `described`."""
    units = means.value.shape[1]
    said: list[str] = []
    for first in range(0, units, UNITS):
        here = slice(first, min(first + UNITS, units))
        apart = means.side[here] * (means.value[:, here] - means.middle[here])
        far, near = (_farthest(sign * apart, means.groups) for sign in (1, -1))
        for unit, column in enumerate(range(here.start, here.stop)):
            if means.side[column] == 0:
                said.append(never(float(means.middle[column])))
                continue
            parent, top = means.groups.parent, float(far.apart[unit, 0])
            sides = _named(far, unit, parent, top, LISTED), _named(near, unit, parent, top, LISTED // 2)
            words = ("high at", "low at")[:: int(means.side[column])]
            listed = [f"{word} {', '.join(map(name, side))}" for word, side in zip(words, sides, strict=True) if side]
            said.append("; ".join(listed) if means.explained[column] >= SAID and listed else nothing)
    return tuple(said)


class _Far(NamedTuple):
    """The groups that lie farthest out, the farthest first."""

    group: Int[np.ndarray, "unit k"]
    apart: Float[np.ndarray, "unit k"]  # from the median of all words: what most words do is not far out


def _farthest(apart: Float[np.ndarray, "group unit"], groups: Groups) -> _Far:
    """Return the groups that lie farthest above 0 and clearly above what they are part of."""
    sharp = (apart > SHARPER * np.maximum(apart[groups.parent], 0)) & (groups.count >= OFTEN)[:, None]
    masked = np.where(sharp, apart, 0).T
    few = min(2 * LISTED, masked.shape[1])
    some = np.argpartition(-masked, few - 1, axis=1)[:, :few]
    value = np.take_along_axis(masked, some, axis=1)
    order = np.lexsort((some, -value), axis=1)
    return _Far(np.take_along_axis(some, order, axis=1), np.take_along_axis(value, order, axis=1))


def _named(far: _Far, unit: int, parent: Int[np.ndarray, "group"], top: float, most: int) -> list[int]:
    """Return the groups that are named: near the farthest one, and none that is part of another."""
    found: list[int] = []
    least = max(NEAR * max(top, float(far.apart[unit, 0])), np.finfo(np.float32).tiny)
    for group in far.group[unit, far.apart[unit] >= least].tolist():
        if int(parent[group]) not in found and group not in [int(parent[one]) for one in found]:
            found.append(group)
    return found[:most]
