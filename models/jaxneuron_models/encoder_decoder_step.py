"""An encoder-decoder that writes word by word: the source is read once, and each word costs one step.

The source's keys and values are kept as they are, those of the target in arrays whose size is chosen at the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.tap import Tap
from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import check_text, encoder_decoder, pure
from jaxneuron_models.attention import Cache
from jaxneuron_models.cross_attention import View
from jaxneuron_models.encoder_decoder import EncoderDecoderPrediction
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig


class EncoderDecoderState(NamedTuple):
    """What has been read, of all blocks of the decoder."""

    keys: Float[Array, "block batch key head unit"]  # of the target
    values: Float[Array, "block batch key head unit"]
    length: Int[Array, ""]  # words of the target read so far
    source_keys: Float[Array, "block batch source head unit"]
    source_values: Float[Array, "block batch source head unit"]
    source_mask: Bool[Array, "batch source"]

    @property
    def room(self) -> int:
        """Words that can still be read; outside of `jit`."""
        return self.keys.shape[2] - int(self.length)


@dataclass(frozen=True)
class EncoderDecoderStep:
    """An `intervene.Step` of the decoder; two steps of one architecture are equal, so `jit` compiles once for both."""

    forward: pure.PureForward
    config: EncoderDecoderConfig

    def begin(
        self, params: Params, source: Tokens, capacity: int, edits: Mapping[Site, Edit] | None = None
    ) -> tuple[Activations, EncoderDecoderState]:
        """Read the source.

        Args:
            params: the weights.
            source: `[batch time]`.
            capacity: words of each target that will be read at most.
            edits: of the encoder's sites.

        Returns:
            The encoder's activations, and the state before the target's first word.

        Raises:
            ValueError: a source that the model has no rows for, a capacity below 1, or beyond the table of positions.
            KeyError: an edit names a site that the encoder does not have.
        """
        window = self.config.window
        if capacity < 1 or (window is not None and capacity > window):
            most = "" if window is None else f", at most {window}, for which the model has positions"
            raise ValueError(f"expected a capacity of at least 1 word{most}, got {capacity}")
        check_text.check(source, vocabulary=self.config.vocabulary, types=0, window=window)
        return _begin(self, params, Tokens(*map(jnp.asarray, source)), dict(edits or {}), capacity)

    def __call__(
        self, params: Params, state: EncoderDecoderState, ids: Array | np.ndarray, edits: Mapping[Site, Edit]
    ) -> tuple[EncoderDecoderPrediction, Activations, EncoderDecoderState]:
        """Read a few more words of each target; agrees with reading all of them at once.

        Args:
            params: the weights.
            state: what has been read, from `begin` or from the last step.
            ids: the next words, `[batch time]`, of all texts alike: none is padding.
            edits: of the decoder's sites; an edit with a time axis takes its row at the position in the whole text.

        Returns:
            Predictions and activations of these words, and the state after them.

        Raises:
            ValueError: ids without a time axis, or, outside of `jit`, more of them than the state has room for, or
                such as are no words.
            KeyError: an edit names a site that the decoder does not have; the encoder's belong to `begin`.
        """
        ids = jnp.asarray(ids)
        if ids.ndim != 2:
            raise ValueError(
                f"expected ids [batch time], got the shape {ids.shape}; one word of each text is ids[:, None]"
            )
        if not isinstance(state.length, Tracer) and ids.shape[1] > state.room:
            raise ValueError(
                f"the cache has room for {state.room} more words, got {ids.shape[1]}; `begin` with a capacity of at "
                f"least {int(state.length) + ids.shape[1]}"
            )
        check_text.check_range("id", ids, None, self.config.target_vocabulary, "words")
        model = nnx.merge(self.forward.graph, params)
        time, key = state.length + jnp.arange(ids.shape[1]), jnp.arange(state.keys.shape[2])
        allowed = jnp.broadcast_to(key[None] <= time[:, None], (len(ids), len(time), len(key)))
        tap = Tap(edits)
        output, memories = model.decode(
            tap,
            Tokens(ids, jnp.ones(ids.shape, bool)),
            View(time, allowed, model.decoder.offset(time, key)),
            _blocks(state.source_keys, state.source_values),
            state.source_mask,
            _blocks(state.keys, state.values),
        )
        keys, values = _stacked(memories)
        return output, tap.activations(), state._replace(keys=keys, values=values, length=state.length + len(time))


@lru_cache
def build(config: EncoderDecoderConfig) -> EncoderDecoderStep:
    """Return the step of an encoder-decoder, such as `pretrained.load(...).config` describes.

    Raises:
        ValueError: its head waits for the last word: nothing to read step by step.
    """
    if config.head == "last":
        raise ValueError("this encoder-decoder cannot read step by step: its head reads the last word")
    return EncoderDecoderStep(encoder_decoder.build(config)[0], config)


@partial(jax.jit, static_argnums=(0, 4))
def _begin(
    step: EncoderDecoderStep, params: Params, source: Tokens, edits: Mapping[Site, Edit], capacity: int
) -> tuple[Activations, EncoderDecoderState]:
    tap = Tap(edits)
    memories, _ = nnx.merge(step.forward.graph, params).encode(tap, source)
    keys, values = _stacked(memories)
    empty = jnp.zeros((*keys.shape[:2], capacity, *keys.shape[3:]), keys.dtype)
    return tap.activations(), EncoderDecoderState(empty, empty, jnp.zeros((), jnp.int32), keys, values, source.mask)


def _stacked(memories: list[Cache]) -> tuple[Array, Array]:
    keys, values = (jnp.stack(leaves) for leaves in zip(*memories, strict=True))
    return keys, values


def _blocks(keys: Array, values: Array) -> list[Cache]:
    return [Cache(*one) for one in zip(keys, values, strict=True)]
