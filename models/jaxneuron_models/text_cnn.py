"""A convolutional network that classifies sentences: the network of Captum's case studies of text.

Kim 2014 (arXiv 1408.5882), as in Captum's tutorials on IMDB reviews: word vectors, windows of three, four and five
words under a hundred filters each, the highest value of each filter, and a dense layer. A window begins at each word
and may reach beyond the last one, where there are zeros; a text of one word has windows, too.

Sites: `embed/word` (the words' rows), `embed` (nought on padding), `conv3`, `conv4`, `conv5` (each filter at each word,
after the non-linearity), `pool` (the highest values, side by side) and `logits`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float

from jaxneuron.tap import Tap, lookup
from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import pure


@dataclass(frozen=True)
class TextCnnConfig:
    """The architecture; the defaults are those of the tutorial."""

    vocabulary: int
    labels: int = 2
    embedding: int = 100  # units of a word's vector
    filters: int = 100  # of each width
    widths: tuple[int, ...] = (3, 4, 5)  # words in a window
    dropout: float = 0.5  # of the highest values, while training

    def __post_init__(self):
        for name in ("vocabulary", "labels", "embedding", "filters"):
            if getattr(self, name) < 1:
                raise ValueError(f"the text CNN's {name} must be at least 1, got {getattr(self, name)}")
        if not self.widths or len(set(self.widths)) < len(self.widths) or min(self.widths) < 1:
            raise ValueError(f"the text CNN's widths must be different numbers from 1, got {self.widths}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"the text CNN's dropout must be in [0, 1), got {self.dropout}")


class TextCNN(nnx.Module):
    """Words in, a score for each label out, with every activation tapped."""

    def __init__(self, config: TextCnnConfig, *, rngs: nnx.Rngs):
        glorot, normal = nnx.initializers.glorot_uniform(), nnx.initializers.normal(0.1)
        rows = normal(rngs.params(), (config.vocabulary, config.embedding))
        self.word = nnx.Param(rows.at[0].set(0))  # id 0 is in no text: a baseline that says nothing
        for width in config.widths:
            kernel = glorot(rngs.params(), (width * config.embedding, config.filters))
            setattr(self, f"kernel{width}", nnx.Param(kernel))
            setattr(self, f"bias{width}", nnx.Param(jnp.zeros(config.filters)))
        self.scores = nnx.Linear(len(config.widths) * config.filters, config.labels, kernel_init=glorot, rngs=rngs)
        self.config = config

    def __call__(
        self, tokens: Tokens, edits: Mapping[Site, Edit], dropout_key: Array | None = None
    ) -> tuple[Float[Array, "batch 1 label"], Activations]:
        """Score texts; see `types.Forward`. The output is the scores themselves, for `targets.Logit`."""
        tap, mask = Tap(edits), jnp.asarray(tokens.mask)
        time, sentence = jnp.arange(mask.shape[-1]), jnp.zeros(1, jnp.int32)
        words = tap("embed/word", lookup(self.word[...], jnp.asarray(tokens.ids)), time)
        x = tap("embed", words * mask[..., None], time) * mask[..., None]
        pooled = [_highest(tap(f"conv{width}", self.convolve(x, width), time), mask) for width in self.config.widths]
        pool = tap("pool", jnp.concatenate(pooled, axis=-1), sentence)
        if dropout_key is not None:
            kept = jax.random.bernoulli(dropout_key, 1 - self.config.dropout, pool.shape)
            pool = jnp.where(kept, pool / (1 - self.config.dropout), 0)
        return tap("logits", self.scores(pool), sentence), tap.activations()

    def convolve(self, x: Float[Array, "batch time unit"], width: int) -> Float[Array, "batch time filter"]:
        """Return `relu(bias + sum_k x[t + k] @ kernel[k])`."""
        kernel, bias = getattr(self, f"kernel{width}")[...], getattr(self, f"bias{width}")[...]
        beyond = jnp.pad(x, ((0, 0), (0, width - 1), (0, 0)))
        windows = jnp.concatenate([beyond[:, k : k + x.shape[1]] for k in range(width)], axis=-1)
        value = windows @ kernel
        return jax.nn.relu(value + jnp.broadcast_to(bias, value.shape))


def _highest(
    value: Float[Array, "batch time filter"], mask: Bool[Array, "batch time"]
) -> Float[Array, "batch 1 filter"]:
    """Return the highest value over the words; padding has none."""
    highest = jnp.max(jnp.where(mask[..., None], value, -jnp.inf), axis=-2, keepdims=True)
    return jnp.where(jnp.any(mask, axis=-1)[:, None, None], highest, 0)


def build(config: TextCnnConfig) -> tuple[pure.PureForward, Callable[[Array], Params]]:
    """Return the network's forward and the function from a key to fresh weights."""
    return pure.split(lambda rngs: TextCNN(config, rngs=rngs))


def scores_in_training(graph: Any, params: Params, tokens: Tokens, key: Array) -> Float[Array, "batch label"]:
    """Return the scores with some of the highest values left out.

    Args:
        graph: of the module.
        params: its weights.
        tokens: the texts.
        key: for what is left out.
    """
    return nnx.merge(graph, params)(tokens, {}, key)[0][:, 0]
