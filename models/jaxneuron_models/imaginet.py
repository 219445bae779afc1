"""Imaginet: one word embedding read by two GRUs, one predicts the next word, the other what the picture shows.

Chrupala, Kadar, Alishahi 2015 (arXiv 1506.03694); Kadar, Chrupala, Alishahi 2017 (CL 43(4)); re-implemented by Poerner,
Roth, Schuetze 2018 (arXiv 1809.07291). The two later versions differ in the cell and in the training; `POERNER2018` and
`KADAR2017` name what each did. The activation of the language projection is the score before the softmax.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Float

from jaxneuron.corpora.vocabulary import END
from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import at_position
from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import checkpoints, pure
from jaxneuron_models.gru import CANDIDATES, GATES, GRU
from jaxneuron_models.model import Model

LINEAR: dict[Site, Site] = {"textual/projection": "textual/gru", "visual/projection": "visual/gru"}


@dataclass(frozen=True)
class ImaginetConfig:
    """The architecture and how it is trained; the defaults are those of Poerner et al. 2018."""

    vocabulary: int
    features: int
    embedding: int = 1024
    units: int = 1024
    reset: str = "before"  # before | after the recurrent product
    gate: str = "hard_sigmoid"  # see gru.GATES
    candidate: str = "tanh"  # see gru.CANDIDATES
    initial: str = "zero"  # zero | learned
    losses: str = "weighted"  # weighted: their weighted sum | sampled: one of the two per batch, with its weight
    textual_weight: float = 0.1  # of the language loss; the visual one gets the rest
    min_count: int = 1  # occurrences of a word to be in the vocabulary
    standardise: bool = False  # visual features to mean 0, variance 1

    def __post_init__(self):
        for name in ("vocabulary", "features", "embedding", "units"):
            if getattr(self, name) < 1:
                raise ValueError(f"Imaginet's {name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.textual_weight <= 1:
            raise ValueError(f"Imaginet's textual_weight must be from 0 to 1, got {self.textual_weight}")
        for name, known in {
            "reset": ("before", "after"),
            "gate": GATES,
            "candidate": CANDIDATES,
            "initial": ("zero", "learned"),
            "losses": ("weighted", "sampled"),
        }.items():
            if getattr(self, name) not in known:
                raise ValueError(f"Imaginet's {name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")


POERNER2018 = {"reset": "before", "gate": "hard_sigmoid", "candidate": "tanh", "initial": "zero", "losses": "weighted"}
KADAR2017 = {
    "reset": "before",
    "gate": "steep_sigmoid",
    "candidate": "clipped_relu",
    "initial": "learned",
    "losses": "sampled",
    "min_count": 10,
    "standardise": True,
}


class Pathways(NamedTuple):
    """What the two pathways predict."""

    textual: Float[Array, "batch time vocab"]  # scores of the next word, after each word
    visual: Float[Array, "batch 1 feature"]  # the picture's features, after the last word

    @property
    def logits(self) -> Float[Array, "batch time vocab"]:
        """The scores of words, as `targets.Logit` reads them."""
        return self.textual


class Imaginet(nnx.Module):
    """The two pathways over one embedding."""

    def __init__(self, config: ImaginetConfig, *, gates: bool = False, rngs: nnx.Rngs):
        cell = {name: getattr(config, name) for name in ("reset", "gate", "candidate", "initial")}
        uniform = nnx.initializers.uniform(0.1)
        self.embedding = nnx.Param(uniform(rngs.params(), (config.vocabulary, config.embedding)) - 0.05)
        self.textual = GRU(config.embedding, config.units, **cell, gates=gates, rngs=rngs)
        self.visual = GRU(config.embedding, config.units, **cell, gates=gates, rngs=rngs)
        glorot = nnx.initializers.glorot_uniform()
        self.words = nnx.Linear(config.units, config.vocabulary, kernel_init=glorot, rngs=rngs)
        self.features = nnx.Linear(config.units, config.features, kernel_init=glorot, rngs=rngs)

    def __call__(self, tokens: Tokens, edits: Mapping[Site, Edit]) -> tuple[Pathways, Activations]:
        """Read the sentences; see `types.Forward`."""
        tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
        word = tap("embed/word", lookup(self.embedding[...], tokens.ids), time)
        embed = tap("embed", word, time)
        textual = self.textual(tap, "textual/gru", embed, tokens.mask)
        visual = self.visual(tap, "visual/gru", embed, tokens.mask)
        words = tap("textual/projection", self.words(textual), time)
        last = at_position(visual, tokens, -1)[:, None]
        features = tap("visual/projection", self.features(last), jnp.arange(1))
        return Pathways(words, features), tap.activations()


def build(config: ImaginetConfig, *, gates: bool = False) -> tuple[pure.PureForward, pure.Callable[[Array], Params]]:
    """Return Imaginet's forward and the function from a key to fresh weights; with `gates`, these are sites too."""
    return pure.split(lambda rngs: Imaginet(config, gates=gates, rngs=rngs))


class Losses(NamedTuple):
    """What the training minimises."""

    textual: Float[Array, ""]  # nats per predicted word: the second to the last, then <END>
    visual: Float[Array, ""]  # 1 - cosine


def losses(forward: pure.PureForward, params: Params, tokens: Tokens, features: Float[Any, "batch feature"]) -> Losses:
    """Return both losses of a batch. A row without words counts for nothing.

    Args:
        forward: the model.
        params: its weights.
        tokens: captions.
        features: of the image of each.
    """
    output, _ = forward(params, tokens, {})
    follows = jnp.pad(tokens.mask[:, 1:], [(0, 0), (0, 1)])
    next_word = jnp.where(follows, jnp.pad(tokens.ids[:, 1:], [(0, 0), (0, 1)]), END)
    nats = optax.softmax_cross_entropy_with_integer_labels(output.textual, next_word)
    cosine = optax.cosine_similarity(output.visual[:, 0], features, epsilon=1e-6)
    real = tokens.mask[:, 0]
    return Losses(
        jnp.sum(nats * tokens.mask) / jnp.maximum(jnp.sum(tokens.mask), 1),
        jnp.sum((1 - cosine) * real) / jnp.maximum(jnp.sum(real), 1),
    )


def load(directory: Path | str) -> Model:
    """Load a trained Imaginet.

    Args:
        directory: what `jaxneuron train imaginet --out` wrote.

    Raises:
        FileNotFoundError, ValueError: see `checkpoints.load`.
    """
    stored = checkpoints.load(directory, "imaginet")
    try:
        config = ImaginetConfig(**stored.config)
    except TypeError as error:
        raise ValueError(f"{directory}/config.json is not Imaginet's ({error}); train the model again") from error
    forward, init = build(config)
    params = checkpoints.restore(directory, jax.eval_shape(init, jax.random.key(0)))
    if len(stored.vocabulary.words) != config.vocabulary:
        raise ValueError(
            f"{directory}: the vocabulary has {len(stored.vocabulary.words)} words, "
            f"the checkpoint's embedding {config.vocabulary} rows; use the vocabulary.json saved with these weights"
        )
    return Model(
        forward,
        params,
        stored.vocabulary,
        LINEAR,
        config,
        head="next word",
        scores="textual/projection",
        source=str(directory),
    )
