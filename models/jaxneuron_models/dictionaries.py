"""A model with a dictionary's features among its sites: all that can be asked of a model can be asked of this one."""

import jax.numpy as jnp

from jaxneuron.dictionary import Dictionary, attach, featured_step
from jaxneuron.types import Tokens, Translation
from jaxneuron_models.model import Model


def with_dictionary(model: Model, dictionary: Dictionary) -> Model:
    """Return a model that has the features as a site, such as `block3/residual/features`.

    Args:
        model: any that `open` opened.
        dictionary: of one of its sites.

    Raises:
        KeyError, ValueError: see `jaxneuron.dictionary.attach`.
    """
    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    given = Translation(text, text) if model.writing is not None else text
    found = attach(model.forward, model.params, dictionary, given)
    step = None if model.step is None else featured_step(model.step, found.site)
    return model._replace(forward=found.forward, params=found.params, step=step)
