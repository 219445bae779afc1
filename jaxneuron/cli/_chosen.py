"""Which units of a site are meant: numbers, several groups of them, each alone, or the first of a ranking."""

import math
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _inputs, _ranked
from jaxneuron.cli._options import existing

ALL = "all"


class Sets(NamedTuple):
    """Sets of units."""

    masks: Any  # Bool[set unit]
    names: list[str]  # of each, as it was named

    @property
    def title(self) -> str:
        """Return what to call the units of one set.

        Example:
            >>> Sets(None, ["3"]).title, Sets(None, ["0-9"]).title, Sets(None, ["top 5%"]).title
            ('unit 3', 'units 0-9', 'top 5%')
        """
        name = self.names[0]
        return f"unit{'s' * (not name.isdigit())} {name}" if name[:1].isdigit() else name


class Chosen(NamedTuple):
    """A site and units of it."""

    site: _inputs.Site
    units: Annotated[
        list[str] | None,
        typer.Option(help="Unit numbers: 3, 3,5, 0-9, or all; several times for several groups."),
    ] = None
    each: Annotated[bool, typer.Option("--each", help="Each of the units alone.")] = False
    ranking: Annotated[
        Path | None,
        typer.Option(
            help="Instead of --units: a folder or answer.jsonl of `jaxneuron rank`, or a score for each unit, as .npy "
            "or .json."
        ),
    ] = None
    top: Annotated[
        list[float] | None,
        typer.Option(help="Per cent of the site's units, the first of --ranking; several times for several groups."),
    ] = None

    def check(self) -> None:
        """Check what can be checked before anything is loaded.

        Raises:
            ValueError, FileNotFoundError: what is wrong.
        """
        if self.units and self.ranking is not None:
            raise ValueError("--units and --ranking are both given; give one of them")
        if self.top and self.ranking is None:
            raise ValueError(f"--top {self.top[0]:g} is of a --ranking; give one, or leave --top out")
        if not self.units and self.ranking is None:
            raise ValueError("there are no units; give --units 3,5 (or all), or a --ranking with --top 5")
        if self.ranking is not None:
            existing("--ranking", self.ranking, _ranked.EXPECTED)
            if not self.top:
                raise ValueError("--ranking: give how many of the site's units, in per cent, as --top 5")
            if wrong := [share for share in self.top if not 0 < share <= 100]:
                raise ValueError(f"--top {wrong[0]:g}: expected per cent, above 0 and up to 100")
        for group in self.groups:
            if group != ALL:
                _inputs.numbers(group)

    @property
    def groups(self) -> list[str]:
        """Return the groups of numbers, as they were typed."""
        return list(self.units or ())

    def sets(self, model: Any) -> Sets:
        """Return the sets of units.

        Raises:
            KeyError, ValueError: no such site or unit, or a ranking of others.
        """
        import numpy as np

        width = _inputs.shape(model, self.site).shape[-1]
        named: list[tuple[str, list[int]]] = []
        for group in self.groups:
            units = list(range(width)) if group == ALL else _inputs.numbers(group)
            _inputs.units_there(model, self.site, units)
            named.append((f"all {width:,} units" if group == ALL else group, units))
        if self.ranking is not None:
            most = math.ceil(max(self.top or ()) * width / 100)
            order = _ranked.order(self.ranking, self.site, width, most)
            for share in self.top or ():
                count = math.ceil(share * width / 100)
                named.append((f"the top {share:g}% ({count:,} unit{'s' * (count > 1)})", order[:count]))
        if self.each:
            alone = sorted({unit for _, units in named for unit in units})
            named = [(str(unit), [unit]) for unit in alone]
        masks = np.zeros((len(named), width), bool)
        for row, (_, units) in zip(masks, named, strict=True):
            row[units] = True
        return Sets(masks, [name for name, _ in named])
