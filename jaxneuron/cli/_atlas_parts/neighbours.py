"""Which units go with it? Units of all sites of the atlas by their correlation over words of the text."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from jaxneuron.batching import Progress
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.report.atlas.unit import Neighbour
from jaxneuron.types import Site

SHOWN = 5
"""Units of the same site, and units of the other sites together."""


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the units of the site that are most alike or opposite, and those of other sites."""
    own = _standard(at.values(at.fit, site))[:, np.asarray(units)]
    near: list[list[Neighbour]] = [[] for _ in units]
    far: list[list[Neighbour]] = [[] for _ in units]
    for number, other in enumerate(at.found, 1):
        correlation = own.T @ _standard(at.values(at.fit, other)) / len(own)
        if other == site:
            correlation[np.arange(len(units)), units] = 0
        best = np.argsort(-np.abs(correlation), axis=1, kind="stable")[:, :SHOWN]
        for row, chosen in enumerate(best.tolist()):
            for unit in chosen:
                if value := float(correlation[row, unit]):
                    shared = _shared(at, (site, units[row]), (other, unit), value > 0)
                    (near if other == site else far)[row].append(
                        Neighbour(other, unit, "correlation", value, shared=shared)
                    )
        progress(number, len(at.found))
    return [Piece(neighbours=near[row] + _nearest(far[row])) for row in range(len(units))]


def _nearest(found: list[Neighbour]) -> list[Neighbour]:
    return sorted(found, key=lambda one: -abs(one.value))[:SHOWN]


def _standard(values: Float[np.ndarray, "token unit"]) -> Float[np.ndarray, "token unit"]:
    """Return values with mean 0 and variance 1; 0 for a unit that never changes."""
    values = values - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.sqrt(np.square(values, dtype=np.float64).mean(axis=0)).astype(np.float32)
    return values / np.where(spread > 0, spread, 1)


def _shared(at: Material, one: tuple[Site, int], other: tuple[Site, int], alike: bool) -> int:
    """Return in how many of the texts where one is highest the other is highest, or, of opposite units, lowest."""
    own = at.found[one[0]].exemplars.highest.sentence[one[1]]
    found = at.found[other[0]].exemplars
    return int(np.isin(own[own >= 0], (found.highest if alike else found.lowest).sentence[other[1]]).sum())
