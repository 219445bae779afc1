"""A model without what an erasure takes out, as any other model that is opened."""

import jax.numpy as jnp

from jaxneuron.edits import Project
from jaxneuron.erase import without, without_step
from jaxneuron.types import Site, Tokens, Translation
from jaxneuron_models.model import Model


def with_erasure(model: Model, edit: Project, site: Site) -> Model:
    """Return a model that runs under an erasure.

    Args:
        model: any that `open` opened.
        edit: as `jaxneuron.erase` returns it.
        site: where it acts.

    Raises:
        KeyError, ValueError: see `jaxneuron.erase.without`.
    """
    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    given = Translation(text, text) if model.writing is not None else text
    found = without(model.forward, model.params, edit, given, site=site)
    step = None if model.step is None else without_step(model.step, site)
    return model._replace(forward=found.forward, params=found.params, step=step)
