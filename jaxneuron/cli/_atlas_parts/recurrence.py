"""Does it recur in other models? The unit of each that goes with it most, over words of the text.

Beside it stands what chance gives where a model knows as much but has no units of its own: the best of as many random
directions of the same site (its units, rotated; Gurnee et al. 2024, arXiv 2401.12181).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxneuron import directions
from jaxneuron.batching import Progress
from jaxneuron.cli import _inputs
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material, standardised
from jaxneuron.extract import to_store
from jaxneuron.report.atlas.unit import Recurrence
from jaxneuron.types import Site


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the most alike unit of each other model."""
    own = at.standard(site)[:, np.asarray(units)]
    found: list[list[Recurrence]] = [[] for _ in units]
    for number, name in enumerate(at.others):
        store = at.once(f"other {name}", lambda name=name: _store(at, name))
        best = [Recurrence("", "", -1, 0.0, 0.0)] * len(units)
        for place, other in enumerate(store.sites, 1):
            values = standardised(np.asarray(store[other][:], np.float32))
            width = values.shape[1]
            turned = standardised(values @ np.asarray(directions.orthonormal(at.key(4), width, width), np.float32))
            alike, chance = (own.T @ one / len(own) for one in (values, turned))
            most = np.argmax(np.abs(alike), axis=1)
            for row, unit in enumerate(most.tolist()):
                if abs(r := float(alike[row, unit])) > abs(best[row].correlation):
                    best[row] = Recurrence(_inputs.short(name), other, unit, r, float(np.abs(chance[row]).max()))
            progress(number * len(units) + len(units) * place // len(store.sites), len(at.others) * len(units))
        for row, one in enumerate(best):
            found[row] += [one] * bool(one.model)
    return [Piece(recurrence=one) for one in found]


def _store(at: Material, name: str) -> Any:
    """Return what another model's units do at the same words."""
    sentences, folder = at.fit.text.sentences, at.folder / f"other-{at.others.index(name)}"
    return to_store.extract(_inputs.load(name), sentences, folder, progress=at.report(f"activations of {name}"))
