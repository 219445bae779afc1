"""An n-gram as the model reads a text: between the tokens that stand around every text, such as [CLS] … [SEP]."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Tokens


@dataclass(frozen=True)
class Templated:
    """A forward that puts the special tokens around what it is given; what it is given may be soft words."""

    forward: Forward
    before: tuple[int, ...]
    after: tuple[int, ...]
    words: int  # in the vocabulary

    def __call__(self, params: Params, tokens: Tokens, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        """Run the model on the tokens with what stands around them; all texts are of one length."""
        soft = not jnp.issubdtype(tokens.ids.dtype, jnp.integer)
        rows, mask = tokens.mask.shape[:-1], tokens.mask

        def special(ids: tuple[int, ...]) -> Array:
            made = jnp.asarray(ids, jnp.int32)
            made = jax.nn.one_hot(made, self.words, dtype=tokens.ids.dtype) if soft else made.astype(tokens.ids.dtype)
            return jnp.broadcast_to(made, (*rows, *made.shape))

        parts = [special(self.before), tokens.ids, special(self.after)]
        ids = jnp.concatenate(parts, axis=len(rows))
        sides = [jnp.ones((*rows, len(side)), bool) for side in (self.before, self.after)]
        return self.forward(params, Tokens(ids, jnp.concatenate([sides[0], mask, sides[1]], axis=-1)), edits)


def within(texts: Tokens, before: tuple[int, ...], after: tuple[int, ...]) -> Tokens:
    """Return texts of many lengths with the special tokens around each, host arrays `[text time]`."""
    ids, mask = np.asarray(texts.ids), np.asarray(texts.mask)
    sizes = mask.sum(-1) + len(before) + len(after)
    found = np.zeros((len(ids), ids.shape[1] + len(before) + len(after)), ids.dtype)
    found[:, : len(before)] = before
    found[:, len(before) : len(before) + ids.shape[1]] = np.where(mask, ids, 0)
    for place, one in enumerate(after):
        found[np.arange(len(ids)), sizes - len(after) + place] = one
    return Tokens(found, np.arange(found.shape[1]) < sizes[:, None])


def around(model: Any, sentence: list[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens that stand before and after each text, as they do around this one."""
    from jaxneuron.extract import reading

    window = reading.split(model, [sentence]).windows[0]
    here = np.flatnonzero(window.word >= 0)
    ids = window.ids.tolist()
    return tuple(ids[: here[0]]), tuple(ids[here[-1] + 1 :])
