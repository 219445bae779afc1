"""A model without what an erasure takes out: all that is asked of a model can be asked of this one.

The erasure acts on a site wherever the model runs, and before any other edit of that site.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, PyTree

from jaxneuron.edits import Project, Then
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Text


class Lessened(NamedTuple):
    """The weights of a model, and what is taken out of it."""

    params: Params
    edit: Project


class Without(NamedTuple):
    """A model under an erasure."""

    forward: Forward
    params: Lessened


def without(forward: Forward, params: Params, edit: Project, tokens: Text, *, site: Site) -> Without:
    """Return a model that runs without what an erasure takes out.

    Args:
        forward: the model.
        params: its weights.
        edit: as `erase` returns it.
        tokens: an example input; its shape is all that matters.
        site: where it acts: at every word, and inside a recurrence at every step.

    Raises:
        KeyError: the model has no such site.
        ValueError: an erasure of another width than the site.
    """
    shapes = sites(forward, params, tokens)
    check_site(site, shapes)
    if np.shape(edit.read)[-1] != shapes[site].shape[-1]:
        raise ValueError(
            f"the erasure is of {np.shape(edit.read)[-1]} units, and {site!r} has {shapes[site].shape[-1]}; give the "
            "model and the site that it was learnt on"
        )
    return Without(_Forward(forward, site), Lessened(params, edit))


def without_step(step: Callable[..., Any], site: Site) -> Callable[..., Any]:
    """Return the incremental form of such a model, which takes the weights that `without` returned.

    Args:
        step: of the model as it was, an `intervene.Step`.
        site: where the erasure acts.
    """
    return _Step(step, site)


@dataclass(frozen=True)
class _Forward:
    forward: Forward
    site: Site

    def __call__(self, params: Lessened, tokens: Any, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        """Run the model under the erasure."""
        return self.forward(params.params, tokens, _with(params.edit, self.site, edits))


@dataclass(frozen=True)
class _Step:
    step: Callable[..., Any]
    site: Site

    def __call__(
        self, params: Lessened, state: PyTree, ids: Array, edits: Mapping[Site, Edit]
    ) -> tuple[Output, Activations, PyTree]:
        """Read on under the erasure."""
        return self.step(params.params, state, ids, _with(params.edit, self.site, edits))


def _with(edit: Project, site: Site, edits: Mapping[Site, Edit]) -> dict[Site, Edit]:
    return {**edits, site: Then(edit, edits[site]) if site in edits else edit}
