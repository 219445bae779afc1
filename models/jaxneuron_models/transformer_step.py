"""A causal transformer that reads on from where it stopped: a word costs one step, however long the text before it is.

The keys and values of what has been read are kept (`TransformerState`), in arrays whose size is chosen at the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.core import Tracer
from jaxtyping import Array

from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import pure, transformer
from jaxneuron_models.model import Model
from jaxneuron_models.rotary import Dynamic, Long
from jaxneuron_models.transformer import TransformerPrediction, TransformerState
from jaxneuron_models.transformer_config import TransformerConfig


@dataclass(frozen=True)
class TransformerStep:
    """An `intervene.Step`; two steps of one architecture are equal, so `jit` compiles once for both."""

    forward: pure.PureForward

    def __call__(
        self, params: Params, state: TransformerState, ids: Array | np.ndarray, edits: Mapping[Site, Edit]
    ) -> tuple[TransformerPrediction, Activations, TransformerState]:
        """Read a few more words of each sentence; agrees with reading all of them at once.

        Args:
            params: the weights.
            state: what has been read, from `initial_state` or from the last step.
            ids: the next words, `[batch time]`, of all sentences alike: none is padding.
            edits: as for a forward; an edit with a time axis takes its row at the position in the whole text.

        Returns:
            Predictions and activations of these words, and the state after them.

        Raises:
            ValueError: ids without a time axis, or, outside of `jit`, more of them than the state has room for, or
                such as are no words.
            KeyError: an edit names a site that the model does not have.
        """
        ids = jnp.asarray(ids)
        if ids.ndim != 2:
            raise ValueError(
                f"expected ids [batch time], got the shape {ids.shape}; one word of each text is ids[:, None]"
            )
        if not isinstance(state.length, Tracer) and ids.shape[1] > state.room:
            raise ValueError(
                f"the cache has room for {state.room} more words, got {ids.shape[1]}; begin with an `initial_state` of "
                f"a capacity of at least {int(state.length) + ids.shape[1]}"
            )
        tokens = Tokens(ids, jnp.ones(ids.shape, bool))
        return nnx.merge(self.forward.graph, params).step(tokens, state, edits)


@lru_cache
def build(config: TransformerConfig) -> TransformerStep:
    """Return the step of a transformer, such as `pretrained.load(...).config` describes.

    Args:
        config: the architecture, causal and with a head for words or labels of words, or none.

    Raises:
        ValueError: each word sees those after it, or the head waits for the last one: nothing to read step by step.
    """
    if not config.causal or config.head in ("first", "last"):
        what = f"its head reads the {config.head} word" if config.causal else "its words see those that follow"
        raise ValueError(f"this transformer cannot read step by step: {what}; take a causal language model")
    return TransformerStep(transformer.build(config)[0])


def initial_state(config: TransformerConfig, batch: int, capacity: int, dtype: Any = jnp.float32) -> TransformerState:
    """Return the state of `batch` texts before their first word, with room for `capacity` words of each.

    Args:
        config: the architecture.
        batch: texts.
        capacity: words that are read of each at most.
        dtype: of keys and values; that of the weights.

    Raises:
        ValueError: a capacity below 1, or beyond the table of positions.

    Example:
        >>> initial_state(TransformerConfig(vocabulary=9, width=8, blocks=1, heads=2), 1, capacity=3).room
        3
    """
    bound = config.steps
    if capacity < 1 or (bound is not None and capacity > bound):
        most = f", at most {bound}, for which the model has positions" if bound else ""
        if isinstance(config.rotary_scaling, Dynamic | Long):
            most = f", at most {bound}, as those of longer texts are turned by the whole length"
        raise ValueError(f"expected a capacity of at least 1 word{most}, got {capacity}")
    return transformer.initial_state(config, batch, capacity, dtype)


def reading_on(model: Model) -> Model:
    """Return a transformer with its step and what that begins with, if it can read step by step."""
    config = model.config
    if not config.causal or config.head in ("first", "last"):
        return model
    dtype = jax.tree.leaves(model.params)[0].dtype
    return model._replace(
        step=build(config), initial_state=lambda batch, room: initial_state(config, batch, room, dtype)
    )
