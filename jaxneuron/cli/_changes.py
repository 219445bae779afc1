"""What a change does to a text's predictions, or, of a model without a head, to the vectors of its words."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxneuron.evaluate.effects import lost
from jaxneuron.targets import scores
from jaxneuron.types import Activations, Output, Site, Text


class Change(NamedTuple):
    """Sums over the places of each text that have a right answer, or over all."""

    loss: Any  # [text], nats
    divergence: Any  # [text], nats, KL(unedited || edited)
    flips: Any  # [text], places with another first choice
    places: Any  # [text]
    raw: Any  # [text], by how much the probability of a class, or of the first choice, falls
    normalised: Any  # [text], the same as a share of what it was
    probability: Any  # [text output]; None where it is not asked for


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Predicted:
    """What is predicted, as a comparison for `intervene`."""

    next_word: bool = field(metadata={"static": True})  # the head scores what comes next, so that there is a loss
    only: bool = field(default=False, metadata={"static": True})  # at places that have an answer; see `_places`
    outputs: bool = field(default=True, metadata={"static": True})  # tell the probability of each
    token: Any = None  # the class whose confidence is asked; None: the first choice

    def compare(
        self, edited: tuple[Output, Activations], unedited: tuple[Output, Activations], tokens: Text, answers: Any
    ) -> Change:
        """Return sums over the places of each text."""
        after, before = (jax.nn.log_softmax(scores(found[0]).astype(jnp.float32)) for found in (edited, unedited))
        here = answers >= 0 if self.next_word else _places(tokens.mask, answers, self.only)
        here = jnp.any(here, 1, keepdims=True) if after.shape[1] == 1 else here[:, : after.shape[1]]
        right = jnp.where(here, answers[:, : after.shape[1]], 0) if self.next_word else jnp.argmax(before, -1)
        loss = -jnp.take_along_axis(after, right[..., None], -1)[..., 0]

        def over(value: Any) -> Any:
            return jnp.sum(jnp.where(here, value, 0), axis=-1)

        confidence = lost(before, after, self.token)
        return Change(
            over(loss),
            over(jnp.sum(jnp.exp(before) * (before - after), -1)),
            over(jnp.argmax(after, -1) != jnp.argmax(before, -1)),
            over(jnp.ones_like(loss)),
            over(confidence.raw),
            over(confidence.normalised),
            jnp.einsum("bto,bt->bo", jnp.exp(after), here.astype(jnp.float32)) if self.outputs else None,
        )


class Moved(NamedTuple):
    """How far a site's vectors turned."""

    turned: Any  # [text time], 1 - cosine of the vector with and without the change
    places: Any  # [text time]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Vectors:
    """How far the vectors of a site turn, as a comparison for `intervene`."""

    site: Site = field(metadata={"static": True})
    only: bool = field(default=False, metadata={"static": True})  # at places that have an answer; see `_places`

    def compare(
        self, edited: tuple[Output, Activations], unedited: tuple[Output, Activations], tokens: Text, answers: Any
    ) -> Moved:
        """Return `[text time]`."""
        after, before = (found[1][self.site].astype(jnp.float32) for found in (edited, unedited))
        norms = jnp.linalg.norm(after, axis=-1) * jnp.linalg.norm(before, axis=-1)
        cosine = jnp.sum(after * before, -1) / jnp.maximum(norms, 1e-12)
        here = _places(tokens.mask, answers, self.only)
        here = jnp.any(here, 1, keepdims=True) if cosine.shape[1] == 1 else here[:, : cosine.shape[1]]
        return Moved(1 - cosine, jnp.broadcast_to(here, cosine.shape))


def _places(mask: Any, answers: Any, only: bool) -> Any:
    """Return the places that count: all of the text, or those of them that have an answer."""
    return mask & (answers[:, : mask.shape[1]] >= 0) if only else mask
