"""An encoder that reads one text and a decoder that writes another: Marian, BART and T5 are a config each.

Vaswani et al. 2017 (arXiv 1706.03762); Junczys-Dowmunt et al. 2018 (Marian, arXiv 1804.00344); Lewis et al. 2020 (BART,
arXiv 1910.13461); Raffel et al. 2020 (T5, arXiv 1910.10683). It reads a `types.Translation`.

Sites: those of `transformer.py`, after `encoder/` (as long as the source) or `decoder/` (as long as the target), and of
each block of the decoder `cross/heads` and `cross`, what its attention to the source adds; `logits` where there is a
head. Of a gated MLP also `mlp/gate` (after the non-linearity) and `mlp/in`, whose product is `mlp/hidden`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import at_position
from jaxneuron.types import Activations, Edit, Params, Site, Text, Tokens, Translation
from jaxneuron_models import check_text, positions, pure, relative
from jaxneuron_models.activations import ACTIVATIONS
from jaxneuron_models.attention import Cache
from jaxneuron_models.cross_attention import CrossAttention, View, extended
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig
from jaxneuron_models.norms import LayerNorm, RMSNorm


class EncoderDecoderPrediction(NamedTuple):
    """What an encoder-decoder returns beside its activations; probabilities that nobody reads, nobody computes."""

    logits: Float[Array, "batch time output"] | None  # time is 1 for a head that reads the last word; None: no head
    attention: Float[Array, "block batch head time key"]  # of the target to itself
    cross: Float[Array, "block batch head time key"]  # of the target to the source
    encoder: Float[Array, "block batch head time key"] | None  # of the source to itself; None where it was read before


class EncoderDecoderBlock(nnx.Module):
    """Attention, in a decoder attention to the source, then an MLP, each added to the stream."""

    def __init__(self, config: EncoderDecoderConfig, heads: int, hidden: int, *, cross: bool, rngs: nnx.Rngs):
        width = config.width
        unit = config.head_width or width // heads
        linear = partial(nnx.Linear, use_bias=config.bias, rngs=rngs)
        attention = partial(
            CrossAttention,
            width,
            heads,
            head_width=unit,
            scale=config.attention_scale or unit**-0.5,
            bias=config.bias,
            rngs=rngs,
        )
        self.attention, self.attention_norm = attention(), norm(config)
        if cross:
            self.cross, self.cross_norm = attention(), norm(config)
        self.up, self.down, self.mlp_norm = linear(width, hidden), linear(hidden, width), norm(config)
        self.gate = linear(width, hidden) if config.gated else None
        self.activation, self.norm_first = config.activation, config.norm_first

    def __call__(
        self,
        tap: Tap,
        site: Site,
        x: Float[Array, "batch time unit"],
        view: View,
        cache: Cache | None,
        source: tuple[Cache, View] | None,
    ) -> tuple[Float[Array, "batch time unit"], list[Float[Array, "batch head time key"]], Cache]:
        """Return the stream after this block, the probabilities, and the keys and values of its own text up to now."""
        entering = self.attention_norm(x) if self.norm_first else x
        memory = self.attention.remember(entering)
        if cache is not None:
            memory = extended(cache, memory, view.time[0])
        attended, probability = self.attention(tap, site, entering, memory, view)
        probabilities = [probability]
        x = self._added(self.attention_norm, x, tap(f"{site}/attention", attended, view.time))
        if source is not None:
            asking = self.cross_norm(x) if self.norm_first else x
            attended, probability = self.cross(tap, f"{site}/cross", asking, *source)
            probabilities.append(probability)
            x = self._added(self.cross_norm, x, tap(f"{site}/cross", attended, view.time))
        x = self._added(self.mlp_norm, x, self.mlp(tap, site, self.mlp_norm(x) if self.norm_first else x, view.time))
        return tap(f"{site}/residual", x, view.time), probabilities, memory

    def mlp(self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], time: Int[Array, "time"]) -> Array:
        """Return what the MLP adds to the stream.

        Args:
            tap: of this run.
            site: of the block.
            x: the stream, as the MLP reads it.
            time: of each word, its place.
        """
        activation = ACTIVATIONS[self.activation]
        if self.gate is None:
            hidden = activation(self.up(x))
        else:
            gate = tap(f"{site}/mlp/gate", activation(self.gate(x)), time)
            hidden = gate * tap(f"{site}/mlp/in", self.up(x), time)
        return tap(f"{site}/mlp", self.down(tap(f"{site}/mlp/hidden", hidden, time)), time)

    def _added(self, after: Callable[[Array], Array], x: Array, part: Array) -> Array:
        return x + part if self.norm_first else after(x + part)


class Stack(nnx.Module):
    """The encoder, or the decoder: words and their places, then blocks."""

    def __init__(self, config: EncoderDecoderConfig, side: str, *, rngs: nnx.Rngs):
        normal = nnx.initializers.normal(0.02)
        self.side, self.reads_source = side, side == "decoder"
        heads = config.decoder_heads if self.reads_source else config.encoder_heads
        hidden = config.decoder_hidden if self.reads_source else config.encoder_hidden
        words = config.target_vocabulary if self.reads_source else config.vocabulary
        if not (self.reads_source and config.shared):
            self.word = nnx.Param(normal(rngs.params(), (words, config.width)))
        self.position = (
            nnx.Param(normal(rngs.params(), (config.longest, config.width))) if config.positions == "learned" else None
        )
        self.distance = (
            nnx.Param(normal(rngs.params(), (config.buckets, heads))) if config.positions == "relative" else None
        )
        self.embedding_norm = norm(config) if config.embedding_norm else None
        self.blocks = config.decoder_blocks if self.reads_source else config.encoder_blocks
        for number in range(self.blocks):
            setattr(
                self, f"block{number}", EncoderDecoderBlock(config, heads, hidden, cross=self.reads_source, rngs=rngs)
            )
        self.final_norm = norm(config) if config.norm_first else None
        self.config = config

    def offset(self, time: Int[Array, "time"], key: Int[Array, "key"]) -> Float[Array, "head time key"] | None:
        """Return what the distance of two words adds to the product of their query and key."""
        if self.distance is None:
            return None
        count, farthest = self.config.buckets, self.config.farthest
        bucket = relative.buckets(time, key, count=count, farthest=farthest, both=not self.reads_source)
        return jnp.moveaxis(self.distance[...][bucket], -1, 0)

    def __call__(
        self,
        tap: Tap,
        ids: Array,
        table: Float[Array, "vocab unit"],
        view: View,
        caches: Sequence[Cache] | None,
        sources: Sequence[tuple[Cache, View]] | None,
    ) -> tuple[Float[Array, "batch time unit"], list[Float[Array, "block batch head time key"]], list[Cache]]:
        """Send words through all blocks; see `EncoderDecoderBlock`."""
        x = tap(f"{self.side}/embed/word", lookup(table, jnp.asarray(ids)), view.time)
        x = tap(f"{self.side}/embed", self.embed(x, view.time), view.time)
        probabilities, memories = [], []
        for number in range(self.blocks):
            cache, source = (None if kept is None else kept[number] for kept in (caches, sources))
            x, probability, memory = getattr(self, f"block{number}")(
                tap, f"{self.side}/block{number}", x, view, cache, source
            )
            probabilities.append(probability)
            memories.append(memory)
        x = x if self.final_norm is None else tap(f"{self.side}/final", self.final_norm(x), view.time)
        return x, [jnp.stack(part) for part in zip(*probabilities, strict=True)], memories

    def embed(self, x: Float[Array, "batch time unit"], time: Int[Array, "time"]) -> Float[Array, "batch time unit"]:
        """Add the places to the words' vectors.

        Returns:
            What enters the first block.
        """
        x = x * self.config.width**0.5 if self.config.embedding_scaled else x
        if self.config.positions != "relative":
            place = time + self.config.first_position
            rows = positions.sines(place, x.shape[-1]) if self.position is None else self.position[...][place]
            x = x + jnp.broadcast_to(rows.astype(x.dtype), x.shape)
        return x if self.embedding_norm is None else self.embedding_norm(x)


class EncoderDecoderHead(nnx.Module):
    """From the decoder's last states to scores: of words, of each word's labels, or of the text's."""

    def __init__(self, config: EncoderDecoderConfig, *, rngs: nnx.Rngs):
        language = config.head == "language"
        outputs = config.target_vocabulary if language else config.labels
        self.transform = nnx.Linear(config.width, config.width, rngs=rngs) if config.head_transform else None
        tied = language and config.tied
        self.scores = None if tied else nnx.Linear(config.width, outputs, use_bias=not language, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros((1, outputs))) if language and config.head_bias else None
        self.config = config

    def __call__(
        self, x: Float[Array, "batch time unit"], target: Tokens, table: Float[Array, "vocab unit"]
    ) -> Float[Array, "batch position output"]:
        """Return the scores, of one position for a head that reads the last word."""
        x = at_position(x, target, -1)[:, None] if self.config.head == "last" else x
        if self.transform is not None:
            x = ACTIVATIONS[self.config.head_transform](self.transform(x))
        x = x * self.config.width**-0.5 if self.config.head_scaled and self.config.head == "language" else x
        scores = x @ table.T if self.scores is None else self.scores(x)
        return scores if self.bias is None else scores + jnp.broadcast_to(self.bias[...], scores.shape)


class EncoderDecoder(nnx.Module):
    """Both stacks, with every activation tapped."""

    def __init__(self, config: EncoderDecoderConfig, *, rngs: nnx.Rngs):
        self.encoder, self.decoder = Stack(config, "encoder", rngs=rngs), Stack(config, "decoder", rngs=rngs)
        self.head = EncoderDecoderHead(config, rngs=rngs) if config.head != "none" else None
        self.config = config

    def __call__(self, tokens: Text, edits: Mapping[Site, Edit]) -> tuple[EncoderDecoderPrediction, Activations]:
        """Read both texts whole; see `types.Forward` and, for what is refused, `check_text`."""
        if not isinstance(tokens, Translation):
            raise TypeError(
                f"an encoder-decoder reads two texts, got {type(tokens).__name__}; give it "
                "`Translation(source, target)` of two `Tokens`, the target beginning with the word it starts from"
            )
        self.check(tokens.source, self.config.vocabulary)
        self.check(tokens.target, self.config.target_vocabulary)
        tap = Tap(edits)
        source, attention = self.encode(tap, tokens.source)
        time = jnp.arange(tokens.target.mask.shape[-1])
        allowed = jnp.asarray(tokens.target.mask)[:, None] & (time[None] <= time[:, None])[None]
        view = View(time, allowed, self.decoder.offset(time, time))
        output, _ = self.decode(tap, tokens.target, view, source, tokens.source.mask, None)
        return output._replace(encoder=attention), tap.activations()

    def check(self, text: Tokens, words: int) -> None:
        """Raise a ValueError for a text that the model has no rows for."""
        check_text.check(text, vocabulary=words, types=0, window=self.config.window)

    def encode(self, tap: Tap, source: Tokens) -> tuple[list[Cache], Float[Array, "block batch head time key"]]:
        """Return the keys and values of the source for each block of the decoder, and the encoder's attention."""
        time = jnp.arange(source.mask.shape[-1])
        view = View(time, jnp.asarray(source.mask)[:, None], self.encoder.offset(time, time))
        x, (attention,), _ = self.encoder(tap, source.ids, self.encoder.word[...], view, None, None)
        blocks = (getattr(self.decoder, f"block{number}") for number in range(self.decoder.blocks))
        return [block.cross.remember(x) for block in blocks], attention

    def decode(
        self,
        tap: Tap,
        target: Tokens,
        view: View,
        source: Sequence[Cache],
        source_mask: Array,
        caches: Sequence[Cache] | None,
    ) -> tuple[EncoderDecoderPrediction, list[Cache]]:
        """Read words of the target, after those in the caches.

        Args:
            tap: of this run.
            target: the words.
            view: which words see which.
            source: keys and values of the source, of each block.
            source_mask: true where the source has a word.
            caches: of the words before; None: there are none.
        """
        table = (self.encoder if self.config.shared else self.decoder).word[...]
        sources = [(memory, View(view.time, jnp.asarray(source_mask)[:, None])) for memory in source]
        x, (attention, cross), memories = self.decoder(tap, target.ids, table, view, caches, sources)
        logits = None
        if self.head is not None:
            logits = self.head(x, target, table)
            logits = tap("logits", logits, view.time if logits.shape[1] == x.shape[1] else jnp.arange(1))
        return EncoderDecoderPrediction(logits, attention, cross, None), memories


def norm(config: EncoderDecoderConfig) -> LayerNorm | RMSNorm:
    """Return a norm of a stack."""
    return (LayerNorm if config.norm == "layer" else RMSNorm)(config.width, epsilon=config.epsilon)


def build(config: EncoderDecoderConfig) -> tuple[pure.PureForward, Callable[[Array], Params]]:
    """Return the encoder-decoder's forward and the function from a key to fresh weights."""
    return pure.split(lambda rngs: EncoderDecoder(config, rngs=rngs))
