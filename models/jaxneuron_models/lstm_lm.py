"""A language model of LSTM layers over characters or words: the network that Deep Neural Inspection looks into.

Sellam et al. 2018 and Karpathy et al. 2016 (arXiv 1506.02078): one-hot characters, one or more layers, a softmax over
the next symbol. Zaremba et al. 2014 (arXiv 1409.2329), which LSTMVis shows, embeds words first.

Sites: `embed/word` (the symbol's row, or its one-hot vector), `embed`, of each layer `lstm0/hidden` and `lstm0/cell`,
and `logits`. An edit at a hidden or a cell state acts at every step, on what the next step reads too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from jaxneuron.tap import Tap, lookup
from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import pure
from jaxneuron_models.lstm import LSTM, Memory


@dataclass(frozen=True)
class LstmConfig:
    """The architecture; the defaults are those of Deep Neural Inspection."""

    vocabulary: int
    width: int = 128  # units of each layer
    layers: int = 1
    embedding: int = 0  # units of the symbols' vectors; 0: one-hot
    symbol: str = "character"  # character | word: what a text is a sequence of

    def __post_init__(self):
        for name, least in {"vocabulary": 1, "width": 1, "layers": 1, "embedding": 0}.items():
            if getattr(self, name) < least:
                raise ValueError(f"the LSTM's {name} must be at least {least}, got {getattr(self, name)}")
        if self.symbol not in ("character", "word"):
            raise ValueError(f"the LSTM's symbol must be character or word, got {self.symbol!r}")


class LstmPrediction(NamedTuple):
    """What the LSTM returns beside its activations."""

    logits: Float[Array, "batch time vocab"]  # of the next symbol, after each symbol


class LstmState(NamedTuple):
    """What the LSTM remembers of the text that it has read."""

    hidden: Float[Array, "layer batch unit"]
    cell: Float[Array, "layer batch unit"]
    length: Int[Array, ""]  # symbols read so far


class Language(nnx.Module):
    """Symbols in, scores of the next symbol out, with every activation tapped."""

    def __init__(self, config: LstmConfig, *, training: bool = False, gates: bool = False, rngs: nnx.Rngs):
        uniform, glorot = nnx.initializers.uniform(0.1), nnx.initializers.glorot_uniform()
        shape = (config.vocabulary, config.embedding)
        self.word = nnx.Param(uniform(rngs.params(), shape) - 0.05) if config.embedding else None
        for number in range(config.layers):
            inputs = config.width if number else config.embedding or config.vocabulary
            setattr(self, f"lstm{number}", LSTM(inputs, config.width, training=training, gates=gates, rngs=rngs))
        self.head = nnx.Linear(config.width, config.vocabulary, kernel_init=glorot, rngs=rngs)
        self.vocabulary, self.width, self.layers = config.vocabulary, config.width, config.layers
        self.training = training

    def __call__(self, tokens: Tokens, edits: Mapping[Site, Edit]) -> tuple[LstmPrediction, Activations]:
        """Read texts from their beginning; see `types.Forward`."""
        empty = _empty(self.layers, tokens.mask.shape[0], self.width, self.head.kernel[...].dtype)
        output, activations, _ = self.step(tokens, empty, edits)
        return output, activations

    def step(
        self, tokens: Tokens, state: LstmState, edits: Mapping[Site, Edit]
    ) -> tuple[LstmPrediction, Activations, LstmState]:
        """Read on from `state`.

        Args:
            tokens: the next symbols.
            state: after those before.
            edits: of sites.

        Raises:
            ValueError: an edit, of a model that was built for training.
        """
        refused = [site for site in edits if self.training and site.endswith(("/hidden", "/cell"))]
        if refused:
            raise ValueError(f"a model built for training takes no edit at {refused[0]!r}; build it without `training`")
        tap, time = Tap(edits), state.length + jnp.arange(tokens.mask.shape[1])
        memories, x, mask = [], self.embed(tap, jnp.asarray(tokens.ids), time, edits), jnp.asarray(tokens.mask).T
        for number in range(self.layers):
            memory = Memory(state.hidden[number], state.cell[number])
            x, memory = getattr(self, f"lstm{number}")(tap, f"lstm{number}", x, mask, memory, time)
            memories.append(memory)
        logits = tap("logits", jnp.swapaxes(self.head(x), 0, 1), time)
        hidden, cell = (jnp.stack(leaves) for leaves in zip(*memories, strict=True))
        return LstmPrediction(logits), tap.activations(), LstmState(hidden, cell, state.length + len(time))

    def embed(self, tap: Tap, ids: Array, time: Int[Array, "time"], edits: Mapping[Site, Edit]) -> Array:
        """Return what enters the first layer, time first.

        Args:
            tap: of this run.
            ids: the symbols.
            time: their places.
            edits: of sites.
        """
        ids = jnp.asarray(ids)
        given = jnp.issubdtype(ids.dtype, jnp.integer)
        if self.word is not None:
            rows = lookup(self.word[...], ids)
        else:
            rows = jax.nn.one_hot(ids, self.vocabulary, dtype=self.head.kernel[...].dtype) if given else ids
        x = tap("embed", tap("embed/word", rows, time), time)
        if self.word is None and given and not {"embed", "embed/word"} & edits.keys():
            x = ids  # the layer takes a row of its weights: cheaper than a product with a one-hot vector
        return jnp.swapaxes(x, 0, 1)


def build(
    config: LstmConfig, *, training: bool = False, gates: bool = False
) -> tuple[pure.PureForward, Callable[[Array], Params]]:
    """Return the language model's forward and the function from a key to fresh weights.

    Args:
        config: the architecture.
        training: a forward of the same numbers whose gradient is faster; it takes no edits at hidden or cell states
            and cannot be differentiated forwards.
        gates: a forward that offers the gates as sites too (not together with `training`).
    """
    return pure.split(lambda rngs: Language(config, training=training, gates=gates, rngs=rngs))


def step(
    params: Params, state: LstmState, ids: Array | np.ndarray | Tokens, edits: Mapping[Site, Edit]
) -> tuple[LstmPrediction, Activations, LstmState]:
    """Read a few more symbols of each text; agrees with reading all of them at once.

    Args:
        params: the weights; they say how many layers there are.
        state: what has been read, from `initial_state` or from the last step.
        ids: the next symbols, `[batch time]` (or soft ones, `[batch time vocab]`); Tokens where some are padding, which
            leaves the state as it is.
        edits: as for a forward; an edit with a time axis takes its row at the position in the whole text.
        tokens: the next symbols.

    Returns:
        Predictions and activations of these symbols, and the state after them.

    Raises:
        ValueError: ids without a time axis.
        KeyError: an edit names a site that the model does not have.
    """
    if not isinstance(ids, Tokens):
        ids = jnp.asarray(ids)
        soft = jnp.issubdtype(ids.dtype, jnp.floating)
        if ids.ndim != 2 + soft:
            raise ValueError(
                f"expected ids [batch time{' vocab' if soft else ''}], got the shape {ids.shape}; "
                "one symbol of each text is ids[:, None]"
            )
        ids = Tokens(ids, jnp.ones(ids.shape[:2], bool))
    return nnx.merge(_graph(_config(params)), params).step(ids, state, edits)


def initial_state(config: LstmConfig, batch: int, dtype: Any = jnp.float32) -> LstmState:
    """Return the state of `batch` texts before their first symbol.

    Args:
        config: of the model.
        batch: texts.
        dtype: of the state.
    """
    return _empty(config.layers, batch, config.width, dtype)


def _empty(layers: int, batch: int, width: int, dtype: Any) -> LstmState:
    hidden, cell = (jnp.zeros((layers, batch, width), dtype) for _ in range(2))
    return LstmState(hidden, cell, jnp.zeros((), jnp.int32))


def _config(params: Params) -> LstmConfig:
    """Return the architecture that has such weights."""
    width, vocabulary = params["head"]["kernel"].shape
    layers = sum(name.startswith("lstm") for name in params)
    return LstmConfig(vocabulary, width, layers, params["word"].shape[1] if "word" in params else 0)


@lru_cache
def _graph(config: LstmConfig) -> Any:
    return build(config)[0].graph
