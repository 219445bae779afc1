"""Which units go with it? By what units do over words of the text, and by what feeds them and what they feed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron.batching import Progress
from jaxneuron.cli._atlas_parts import Piece, _direct
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.report.atlas import records
from jaxneuron.report.atlas.unit import Neighbour
from jaxneuron.types import Site

SHOWN = 5
"""Units of each kind; of correlated ones, those of the same site and those of the other sites together."""

WORDS = 48
"""Words at which it is read what feeds a unit."""


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the units that are most alike or opposite, what feeds each unit, and what it feeds."""
    own = at.standard(site)[:, np.asarray(units)]
    near: list[list[Neighbour]] = [[] for _ in units]
    far: list[list[Neighbour]] = [[] for _ in units]
    for number, other in enumerate(at.found, 1):
        correlation = own.T @ at.standard(other) / len(own)
        for row, chosen in enumerate(_most(correlation, units if other == site else None)):
            for unit in chosen:
                value = float(correlation[row, unit])
                extremes = at.found[site].exemplars, at.found[other].exemplars
                shared = records.shared(*extremes, units[row], unit, alike=value > 0)
                (near if other == site else far)[row].append(
                    Neighbour(other, unit, "correlation", value, shared=shared)
                )
        progress(number, len(at.found) + 1)
    weighed = at.once("direct", lambda: _weighed(at))
    fed = _alike(site, units, weighed.inputs[site], "cosine of inputs")
    feed = _alike(site, units, weighed.outputs[site], "cosine of outputs")
    progress(len(at.found) + 1, len(at.found) + 1)
    pieces = []
    for row, unit in enumerate(units):
        by_weights = [*weighed.upstream[site][unit], *weighed.downstream[site][unit], *fed[row], *feed[row]]
        pieces.append(Piece(neighbours=[*near[row], *_nearest(far[row]), *by_weights]))
    return pieces


def _weighed(at: Material) -> _direct.Weighed:
    spread = {site: np.sqrt(np.asarray(one.moments.variance, np.float32)) for site, one in at.found.items()}
    options: dict[str, Any] = {"shown": SHOWN, "budget": at.budget, "progress": at.report("what feeds the units")}
    return _direct.weighed(at.model, at.beginnings(WORDS), spread, **options)


def _alike(
    site: Site, units: Sequence[int], cosine: Float[np.ndarray, "unit unit"] | None, measure: str
) -> list[list[Neighbour]]:
    """Return the units of the site with the highest cosines, or the lowest."""
    if cosine is None:
        return [[] for _ in units]
    some = cosine[np.asarray(units)]
    return [
        [Neighbour(site, unit, measure, float(some[row, unit])) for unit in chosen]
        for row, chosen in enumerate(_most(some, units))
    ]


def _most(values: Float[np.ndarray, "row unit"], own: Sequence[int] | None) -> list[list[int]]:
    """Return the units of the farthest values of each row, none that is 0; without the row's own unit."""
    size = np.abs(values)
    if own is not None:
        size[np.arange(len(size)), np.asarray(own)] = 0
    best = np.argsort(-size, axis=1, kind="stable")[:, :SHOWN]
    return [[unit for unit in chosen if size[row, unit]] for row, chosen in enumerate(best.tolist())]


def _nearest(found: list[Neighbour]) -> list[Neighbour]:
    return sorted(found, key=lambda one: -abs(one.value))[:SHOWN]
