"""What an evaluation found, as columns, rows and words; any result plainly, where nobody has better words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxneuron.cli._answer import shown
from jaxneuron.cli._pictures import Heat


class Told(NamedTuple):
    """What was found."""

    columns: tuple[str, ...]
    rows: list[Any]
    said: list[str]
    note: str = ""  # what the columns are
    heat: Sequence[Heat] = ()


class About(NamedTuple):
    """Of what it was found."""

    sites: dict[str, slice]  # the columns of each
    names: list[str]  # of the labels that a probe tells apart
    all_names: list[str]  # of all labels
    methods: tuple[str, ...]  # that ranked the units
    k: int  # units of each label that are shown
    words: tuple[str, ...] = ()  # what each number of the vocabulary stands for

    def unit(self, column: int) -> tuple[str, int]:
        """Return the site and the number of a unit."""
        site = next(site for site, own in self.sites.items() if own.start <= column < own.stop)
        return site, int(column) - self.sites[site].start


def plain(found: Any, about: Any = None) -> Told:
    """Return any result: each number of it, by the name of its field and its place."""
    import numpy as np

    rows: list[Any] = []

    def walk(name: str, value: Any) -> None:
        if hasattr(value, "_fields"):
            for field in value._fields:
                walk(f"{name}.{field}".lstrip("."), getattr(value, field))
        elif isinstance(value, str) or np.ndim(value) == 0:
            rows.append((name, "", value))
        else:
            array = np.asarray(value)
            rows.extend((name, " ".join(map(str, place)), array[place]) for place in np.ndindex(array.shape))

    walk("" if hasattr(found, "_fields") else "value", found)
    said = [f"{name}: {shown(value)}." for name, place, value in rows if not place]
    return Told(("measure", "place", "value"), rows, said)
