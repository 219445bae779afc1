"""One transformer for BERT, GPT and Llama: what separates them is a line of `TransformerConfig` each, not a class each.

Vaswani et al. 2017 (arXiv 1706.03762); Devlin et al. 2019 (arXiv 1810.04805); Radford et al. 2019; Su et al. 2021
(rotary positions, arXiv 2104.09864); Touvron et al. 2023 (arXiv 2302.13971). `pretrained.py` fills it with weights.

Sites: `embed/word`, `embed`, then of each block `heads` (what the heads read, side by side), `attention` (after the
output projection), `mlp/hidden` (after the non-linearity, and the gate where there is one), `mlp`, `residual` (after
the layer norm in a post-norm model), and `final` where a norm follows the last block; `logits` where there is a head.
Gated MLPs have `mlp/gate` and `mlp/in`, too. What a norm or a scale changes before it is added is the site after it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import at_position
from jaxneuron.types import Activations, Edit, Packed, Pairs, Params, Site, Text, Tokens
from jaxneuron_models import check_text, pure
from jaxneuron_models.activations import ACTIVATIONS
from jaxneuron_models.attention import Attention, Cache, Heads, Reach, Relation
from jaxneuron_models.disentangled import Disentangled
from jaxneuron_models.norms import NORMS, LayerNorm, RMSNorm
from jaxneuron_models.relative import Vectors, rows
from jaxneuron_models.transformer_config import TransformerConfig


class TransformerPrediction(NamedTuple):
    """What the transformer returns beside its activations."""

    logits: Float[Array, "batch time output"] | None  # time is 1 for a head that reads the sentence; None: no head
    attention: Float[Array, "block batch head time key"]  # probabilities; nobody reads them, nobody computes them


class Block(nnx.Module):
    """Attention, then an MLP, each added to the stream."""

    def __init__(self, config: TransformerConfig, number: int, *, rngs: nnx.Rngs):
        width, hidden = config.width, config.hidden or 4 * config.width
        linear = partial(nnx.Linear, use_bias=config.mlp_bias, rngs=rngs)
        scale = (config.attention_scale or config.unit**-0.5) / (number + 1 if config.scale_by_block else 1)
        if isinstance(config.relative, Vectors):
            self.attention = Disentangled(width, config.heads, scale=scale, relative=config.relative, rngs=rngs)
        else:
            heads = Heads(
                count=config.heads,
                keys=config.key_heads or config.heads,
                width=config.unit,
                scale=scale,
                bias=config.attention_bias,
                output_bias=config.output_bias,
                rotary=config.rotary(number),
                norm=partial(_norm, config) if config.query_norm else None,
                norm_whole=config.query_norm == "all",
                cap=config.attention_cap,
                linear_bias=config.positions == "alibi",
            )
            self.attention = Attention(width, heads, rngs=rngs)
        self.up, self.down = linear(width, hidden), linear(hidden, width)
        self.gate = linear(width, hidden) if config.gated else None
        reads = config.input_norms or not config.norm_first
        first = number or config.first_norm or not config.norm_first
        self.attention_norm = _norm(config) if reads and first else None
        self.mlp_norm = _norm(config) if reads and not config.one_norm else None
        self.attention_output_norm = _norm(config) if config.output_norms else None
        self.mlp_output_norm = _norm(config) if config.output_norms else None
        self.activation, self.norm_first, self.parallel = config.activation, config.norm_first, config.parallel
        self.local, self.scale, self.one_norm = config.reach(number), config.residual_scale, config.one_norm

    def __call__(
        self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], reach: Reach, cache: Cache | None
    ) -> tuple[Float[Array, "batch time unit"], Float[Array, "batch head time key"], Cache | None]:
        """Return the stream after this block, the attention, and the cache with the new keys and values."""
        reach = reach.near(self.local) if self.local else reach
        norm = self.attention_norm
        entering = norm(x) if self.norm_first and norm is not None else x
        attended, probability, cache = self.attention(tap, site, entering, reach, cache)
        attended = tap(f"{site}/attention", self._added(self.attention_output_norm, attended), reach.time)
        if norm is not None and self.mlp_norm is not None and not self.norm_first:
            x = norm(x + attended)
            return (
                tap(f"{site}/residual", self.mlp_norm(x + self.mlp(tap, site, x, reach.time)), reach.time),
                probability,
                cache,
            )
        middle = x if self.parallel else x + attended
        if self.one_norm:
            middle = entering
        elif self.mlp_norm is not None:
            middle = self.mlp_norm(middle)
        x = x + attended + self.mlp(tap, site, middle, reach.time)
        return tap(f"{site}/residual", x, reach.time), probability, cache

    def mlp(self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], time: Int[Array, "time"]) -> Array:
        """Return what the MLP adds to the stream.

        Args:
            tap: of this run.
            site: of the block.
            x: what the MLP reads.
            time: the positions of the words.
        """
        activation = ACTIVATIONS[self.activation]
        if self.gate is None:
            hidden = activation(self.up(x))
        else:
            gate = tap(f"{site}/mlp/gate", activation(self.gate(x)), time)
            hidden = gate * tap(f"{site}/mlp/in", self.up(x), time)
        added = self.down(tap(f"{site}/mlp/hidden", hidden, time))
        return tap(f"{site}/mlp", self._added(self.mlp_output_norm, added), time)

    def _added(self, norm: LayerNorm | RMSNorm | None, x: Float[Array, "batch time unit"]) -> Array:
        """Return what is added to the stream."""
        x = x if norm is None else norm(x)
        return x if self.scale == 1 else x * jnp.asarray(self.scale, x.dtype)


class TransformerHead(nnx.Module):
    """From the last states to scores: of words, of each token's labels, or of the sentence's."""

    def __init__(self, config: TransformerConfig, *, rngs: nnx.Rngs):
        outputs = config.vocabulary if config.head == "language" else config.labels
        self.reads, self.activation = config.head, config.head_transform
        language = config.head == "language"
        self.scale, self.cap = (config.head_scale, config.head_cap) if language else (1.0, 0.0)
        width = config.embedding_width or config.width if language else config.width
        dense = partial(nnx.Linear, use_bias=config.head_transform_bias, rngs=rngs)
        self.transform = dense(config.width, width) if config.head_transform else None
        self.norm = _norm(config, width) if config.head_norm else None
        tied = config.tied and config.head == "language"
        self.scores = None if tied else nnx.Linear(width, outputs, use_bias=config.head_bias, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros(outputs)) if tied and config.head_bias else None

    def __call__(
        self, x: Float[Array, "batch time unit"], tokens: Text, table: Float[Array, "vocab row"]
    ) -> Float[Array, "batch position output"]:
        """Return the scores, of one position for a head that reads the sentence."""
        if self.reads in ("first", "last"):
            x = at_position(x, tokens, 0 if self.reads == "first" else -1)[:, None]
        if self.reads == "mean":
            real = jnp.broadcast_to(jnp.asarray(tokens.mask)[..., None], x.shape)
            x = jnp.sum(x * real, axis=1, keepdims=True) / jnp.maximum(jnp.sum(real, axis=1, keepdims=True), 1)
        if self.transform is not None:
            x = ACTIVATIONS[self.activation](self.transform(x))
        x = x if self.norm is None else self.norm(x)
        scores = x @ table.T if self.scores is None else self.scores(x)
        scores = scores if self.bias is None else scores + jnp.broadcast_to(self.bias[...], scores.shape)
        scores = scores if self.scale == 1 else scores * jnp.asarray(self.scale, scores.dtype)
        return self.cap * jnp.tanh(scores / self.cap) if self.cap else scores


class Transformer(nnx.Module):
    """The stream of a transformer, with every activation tapped."""

    def __init__(self, config: TransformerConfig, *, rngs: nnx.Rngs):
        normal = nnx.initializers.normal(0.02)
        width = config.embedding_width or config.width
        self.word = nnx.Param(normal(rngs.params(), (config.vocabulary, width)))
        learned = config.positions == "learned"
        self.position = nnx.Param(normal(rngs.params(), (config.longest, width))) if learned else None
        self.type = nnx.Param(normal(rngs.params(), (config.types, width))) if config.types else None
        self.embedding_norm = _norm(config, width) if config.embedding_norm else None
        self.widen = nnx.Linear(width, config.width, rngs=rngs) if config.embedding_width else None
        shape = config.relative and config.relative.shape(config.heads, config.width)
        self.relative = nnx.Param(normal(rngs.params(), shape)) if shape else None
        normalised = isinstance(config.relative, Vectors) and config.relative.norm
        self.relative_norm = _norm(config) if normalised else None
        named: dict[str, Block] = {}
        for number, name in enumerate(config.weights or map(str, range(config.blocks))):
            named[name] = named.get(name) or Block(config, number, rngs=rngs)
            setattr(self, f"block{number}", named[name])
        self.final_norm = _norm(config) if config.norm_first else None
        self.head = TransformerHead(config, rngs=rngs) if config.head != "none" else None
        self.config = config

    def __call__(self, tokens: Text, edits: Mapping[Site, Edit]) -> tuple[TransformerPrediction, Activations]:
        """Read whole sentences, one in a row or several; see `types.Forward` and, for what is refused, `check_text`."""
        check_text.check(
            tokens,
            vocabulary=self.config.vocabulary,
            types=self.config.types,
            window=self.config.window if self.config.positions == "learned" else None,
        )
        time = jnp.arange(tokens.mask.shape[-1])
        position = time[None]
        allowed = jnp.broadcast_to(tokens.mask[:, None, :], (*tokens.mask.shape, len(time)))
        if isinstance(tokens, Packed):
            begins = jnp.diff(tokens.segment, axis=1, prepend=-1) != 0
            position = position - jax.lax.cummax(jnp.where(begins, position, 0), axis=1)
            allowed = allowed & (tokens.segment[:, :, None] == tokens.segment[:, None, :])
        length = jnp.sum(allowed, axis=-1)
        if self.config.causal:
            allowed = allowed & jnp.broadcast_to(time[None] <= time[:, None], allowed.shape)
        tap = Tap(edits)
        reach = Reach(time, position, allowed, position, length, self.relation(position))
        output, _ = self.run(tap, tokens, reach, None)
        return output, tap.activations()

    def step(
        self, tokens: Tokens, cache: "TransformerState", edits: Mapping[Site, Edit]
    ) -> tuple[TransformerPrediction, Activations, "TransformerState"]:
        """Read a few more words of each sentence; see `types.Step`.

        Args:
            tokens: the next words.
            cache: of those before.
            edits: of sites.
        """
        check_text.check_range("id", tokens.ids, None, self.config.vocabulary, "words")
        batch, new = tokens.mask.shape
        time = cache.length + jnp.arange(new)
        keys = jnp.arange(cache.keys.shape[2])
        allowed = jnp.broadcast_to(keys[None] <= time[:, None], (batch, new, len(keys)))
        tap = Tap(edits)
        output, layers = self.run(tap, tokens, Reach(time, time[None], allowed, keys[None], None), cache)
        keys, values = (jnp.stack(leaves) for leaves in zip(*layers, strict=True))
        state = TransformerState(keys, values, cache.length + new)
        return output, tap.activations(), state

    def run(
        self, tap: Tap, tokens: Text, reach: Reach, state: "TransformerState | None"
    ) -> tuple[TransformerPrediction, list[Cache]]:
        """Send the words through all blocks.

        Args:
            tap: of this run.
            tokens: the words.
            reach: which words see which.
            state: of the words before; None: nothing is kept.
        """
        x = tap("embed/word", lookup(self.word[...], jnp.asarray(tokens.ids)), reach.time)
        x = tap("embed", self.embed(x, tokens, reach), reach.time)
        attention, caches = [], []
        for number in range(self.config.blocks):
            cache = None if state is None else Cache(state.keys[number], state.values[number])
            x, probability, cache = getattr(self, f"block{number}")(tap, f"block{number}", x, reach, cache)
            attention.append(probability)
            caches.append(cache)
        x = x if self.final_norm is None else tap("final", self.final_norm(x), reach.time)
        logits = None
        if self.head is not None:
            logits = self.head(x, tokens, self.word[...])
            logits = tap("logits", logits, reach.time if logits.shape[1] == x.shape[1] else jnp.arange(1))
        return TransformerPrediction(logits, jnp.stack(attention)), caches

    def embed(self, x: Float[Array, "batch time row"], tokens: Text, reach: Reach) -> Float[Array, "batch time unit"]:
        """Return what enters the first block: the words' vectors with positions and types.

        Args:
            x: the words' vectors.
            tokens: the words.
            reach: where they are.
        """
        if self.config.embedding_scale != 1:
            x = x * jnp.asarray(self.config.embedding_scale, x.dtype)
        if self.position is not None:
            rows = self.position[...][reach.position + self.config.first_position]
            x = x + jnp.broadcast_to(rows, x.shape)
        if self.type is not None:
            types = jnp.asarray(tokens.types) if isinstance(tokens, Pairs) else 0
            x = x + jnp.broadcast_to(self.type[...][types], x.shape)
        x = x if self.embedding_norm is None else self.embedding_norm(x)
        return x if self.widen is None else self.widen(x)

    def relation(self, position: Int[Array, "#batch time"]) -> Relation | None:
        """Return what attention knows of the distances between words."""
        if self.relative is None or self.config.relative is None:
            return None
        table = self.relative[...] if self.relative_norm is None else self.relative_norm(self.relative[...])
        return Relation(table, rows(self.config.relative, position))


class TransformerState(NamedTuple):
    """The keys and values of what has been read, of all blocks."""

    keys: Float[Array, "block batch key head unit"]
    values: Float[Array, "block batch key head unit"]
    length: Int[Array, ""]  # tokens read so far

    @property
    def room(self) -> int:
        """Tokens that can still be read; outside of `jit`."""
        return self.keys.shape[2] - int(self.length)


def _norm(config: TransformerConfig, width: int = 0) -> LayerNorm | RMSNorm:
    return NORMS[config.norm](width or config.width, epsilon=config.epsilon)


def build(config: TransformerConfig) -> tuple[pure.PureForward, Callable[[Array], Params]]:
    """Return the transformer's forward and the function from a key to fresh weights."""
    return pure.split(lambda rngs: Transformer(config, rngs=rngs))


def initial_state(config: TransformerConfig, batch: int, capacity: int, dtype: Any = jnp.float32) -> TransformerState:
    """Return an empty cache for `capacity` tokens of each of `batch` sentences.

    Args:
        config: of the model.
        batch: sentences.
        capacity: tokens of each.
        dtype: of the cache.
    """
    empty = jnp.zeros((config.blocks, batch, capacity, config.key_heads or config.heads, config.unit), dtype)
    return TransformerState(empty, empty, jnp.zeros((), jnp.int32))
