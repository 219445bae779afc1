"""The score that benchmarks of attribution explain, and how its texts are encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

from jaxneuron.types import Activations, Site, Text, Tokens
from jaxneuron_models.model import Model


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Pooled:
    """A linear score of the mean over a sentence's words."""

    site: Site = field(metadata={"static": True})
    direction: Any  # [unit]

    def __call__(self, output: Any, activations: Activations, tokens: Text) -> jax.Array:
        """Return `mean over words of activation . direction`."""
        share = tokens.mask / jnp.sum(tokens.mask, axis=1, keepdims=True)
        return jnp.einsum("bt,btu,u->b", share, activations[self.site], self.direction)


def tokenizer(loaded: Model) -> Tokenizer:
    """Return the tokenizer that a checkpoint has."""
    if loaded.tokenizer is None:
        raise ValueError(
            f"{loaded.source or 'the model'} has no tokenizer; these benchmarks read checkpoints that have one"
        )
    return loaded.tokenizer


def encode(loaded: Model, lines: Sequence[str]) -> Tokens:
    """Return sub-words between [CLS] and [SEP], padded."""
    ids = [one.ids for one in tokenizer(loaded).encode_batch(list(lines))]
    longest = max(map(len, ids))
    mask = np.arange(longest)[None] < np.array([[len(one)] for one in ids])
    padded = np.full(mask.shape, tokenizer(loaded).token_to_id("[PAD]"))
    padded[mask] = np.concatenate(ids)
    return Tokens(jnp.asarray(padded), jnp.asarray(mask))
