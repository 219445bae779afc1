"""What we ask about: one score per sequence, read from a forward pass.

A target is a frozen pytree; its site and position are static, its leaves are arrays. *Many* targets are one
target with stacked leaves under `vmap`: `Unit("visual/gru", jnp.arange(512))` is every unit of a layer.
"""

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from jaxneuron.types import Activations, Output, Site, Target, Text, Translation


def at_position(value: Float[Array, "batch time unit"], tokens: Text, position: int) -> Float[Array, "batch unit"]:
    """Return the activation at a word of each sequence, for models that read on from there; -1 is the last real one.

    A sentence vector (time axis of length 1) has one position only. Of a sequence without such a word it is what stands
    at the nearest place; targets read `at_word`.

    Args:
        value: of a site.
        tokens: the texts.
        position: of the word, from the end where it is below 0.
    """
    if value.shape[-2] == 1:
        return value[..., 0, :]
    index = jnp.clip(_place(tokens, position), 0, value.shape[-2] - 1)
    return jnp.take_along_axis(value, index[..., None, None], axis=-2)[..., 0, :]


def scores(output: Output) -> Float[Array, "batch time class"]:
    """Return the scores that a model puts out, by themselves or as the field `logits` of what it puts out.

    Raises:
        ValueError: the model has no head.
        TypeError: what it puts out is no such array.
    """
    found = getattr(output, "logits", output)
    if found is None:
        raise ValueError(
            "this model has no head, so it has no score for a class; load it with its head, or ask for a unit of one "
            "of its sites with `targets.Unit`"
        )
    if getattr(found, "ndim", 0) < 2:
        raise TypeError(
            f"Logit reads an output that is scores [batch time class], got {type(found).__name__}; write a target "
            "that picks the field with the scores, or give the model's forward one such output"
        )
    return found


def logits(output: Output, activations: Activations) -> Float[Array, "batch time class"]:
    """Return the scores that a model puts out: what an intervention reads where it is told nothing else."""
    return scores(output)


def at_word(value: Float[Array, "batch time unit"], tokens: Text, position: int) -> Float[Array, "batch unit"]:
    """Return `at_position`, but NaN where a sequence has no such word: padding says nothing.

    Args:
        value: of a site.
        tokens: the texts.
        position: of the word, from the end where it is below 0.

    Example:
        >>> from jaxneuron.types import Tokens
        >>> text = Tokens(jnp.array([[5, 6, 0]]), jnp.array([[True, True, False]]))
        >>> value = jnp.array([[[1.0], [2.0], [9.0]]])
        >>> [float(at_word(value, text, position)[0, 0]) for position in (-1, 0, 2)]
        [2.0, 1.0, nan]
    """
    found = at_position(value, tokens, position)
    if value.shape[-2] == 1 and tokens.mask.shape[-1] > 1:
        return found
    index, length = _place(tokens, position), jnp.sum(tokens.mask, axis=-1)
    there = jnp.broadcast_to(((index >= 0) & (index < length))[..., None], found.shape)
    return jnp.where(there, found, jnp.asarray(jnp.nan, found.dtype))


def text_at(site: Site, tokens: Text) -> Text:
    """Return the text that a site's time axis runs along: of two texts, the encoder's sites have the source's."""
    return tokens.read_at(site) if isinstance(tokens, Translation) else tokens


def _at(activations: Activations, target: "Unit | Group | Along", tokens: Text) -> Float[Array, "batch read"]:
    """Return the activation that a target reads."""
    return at_word(activations[target.site], text_at(target.site, tokens), target.position)


def _place(tokens: Text, position: int) -> Int[Array, "batch"]:
    length = jnp.sum(tokens.mask, axis=-1)
    return length + position if position < 0 else jnp.full_like(length, position)


def check_position(position: int, tokens: Text, time: int) -> None:
    """Raise a ValueError if some text has no word at a position; a site of length 1 has one of its own.

    Args:
        position: of the word, from the end where it is below 0.
        tokens: the texts.
        time: length of the site's time axis.
    """
    mask = tokens.mask
    if isinstance(mask, Tracer) or (time == 1 and mask.shape[-1] > 1):
        return
    length = np.asarray(mask).sum(axis=-1).ravel()
    short = np.flatnonzero((length <= position) if position >= 0 else (length < -position))
    if short.size:
        raise ValueError(
            f"position {position} is no word of text {short[0]}, which has {length[short[0]]} words; "
            "leave such texts out, or read -1, the last word"
        )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Unit:
    """One unit of a site at a position."""

    site: Site = field(metadata={"static": True})
    index: Any  # int
    position: int = field(default=-1, metadata={"static": True})

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the unit's activation."""
        return jnp.take(_at(activations, self, tokens), self.index, axis=-1)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Group:
    """The mean over some units of a site at a position."""

    site: Site = field(metadata={"static": True})
    mask: Any  # [unit], 1 for members
    position: int = field(default=-1, metadata={"static": True})

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the members' mean activation."""
        return _at(activations, self, tokens) @ self.mask / jnp.sum(self.mask)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Along:
    """A direction of a site, plus a bias: a concept vector, a dictionary feature, or a lowered projection unit."""

    site: Site = field(metadata={"static": True})
    direction: Any  # [unit]
    bias: Any = 0.0  # scalar
    position: int = field(default=-1, metadata={"static": True})

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return `activation . direction + bias`."""
        return _at(activations, self, tokens) @ self.direction + self.bias


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Logit:
    """The model's score for one output class; its output is `[batch, time, class]`, or has such `logits`."""

    token: Any  # int
    position: int = field(default=-1, metadata={"static": True})

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the score at the position.

        Raises:
            ValueError, TypeError: the model has no head, or no scores.
        """
        return jnp.take(at_word(scores(output), tokens, self.position), self.token, axis=-1)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Cell:
    """The score of a class at a position of its own in each sequence."""

    token: Any  # int
    position: Any  # [batch]

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the scores."""
        at = jnp.take_along_axis(scores(output), jnp.asarray(self.position)[:, None, None], axis=1)[:, 0]
        return jnp.take(at, self.token, axis=-1)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Minus:
    """The difference of two targets."""

    a: Any  # Target
    b: Any  # Target

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return `a - b`."""
        return self.a(output, activations, tokens) - self.b(output, activations, tokens)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Times:
    """A target many times: by -1, what is highest is where the target is lowest."""

    of: Any  # Target
    factor: Any  # scalar

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return `factor * of`."""
        return self.of(output, activations, tokens) * self.factor


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Highest:
    """The highest of some targets, such as one unit at several positions: wherever it is."""

    of: tuple[Any, ...]  # Targets

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the highest score of each sequence, of those that are numbers."""
        scores = jnp.stack([one(output, activations, tokens) for one in self.of])
        highest = jnp.max(jnp.where(jnp.isnan(scores), -jnp.inf, scores), axis=0)
        return jnp.where(jnp.isneginf(highest), jnp.nan, highest)


def count(targets: Target) -> int:
    """Return how many targets are stacked.

    Raises:
        ValueError: the leaves do not share one leading axis, or it is empty.

    Example:
        >>> count(Unit("embed", jnp.arange(3)))
        3
    """
    sizes = {jnp.shape(leaf)[:1] for leaf in jax.tree.leaves(targets)}
    if len(sizes) != 1 or sizes & {(), (0,)}:
        raise ValueError(
            "expected a target whose leaves are stacked along one leading axis (one row per target), "
            f"got leading axes {sorted(sizes)}; stack single targets with `targets.stack`"
        )
    return sizes.pop()[0]


def stack(*targets: Target) -> Target:
    """Stack targets of one type and site into one with a leading axis.

    Example:
        >>> stack(Unit("embed", 3), Unit("embed", 5)).index.tolist()
        [3, 5]
    """
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *targets)
