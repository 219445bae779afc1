"""An n-gram as the model reads a text: between the tokens that stand around every text, such as [CLS] … [SEP]."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Tokens

WORD: Site = "embed/word"
GAP = "{}"
"""What stands for the n-gram in a template."""


@dataclass(frozen=True)
class Templated:
    """A forward that puts the special tokens around what it is given; what it is given may be soft words.

    The vectors of words, at `embed/word`, are those of what it is given; all other sites have all positions.
    """

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
        first, last = len(self.before), len(self.before) + mask.shape[-1]
        if WORD in edits:
            edits = {**edits, WORD: _Inside(edits[WORD], first, last)}
        read = Tokens(ids, jnp.concatenate([sides[0], mask, sides[1]], axis=-1))
        output, activations = self.forward(params, read, edits)
        if WORD in activations:
            activations = {**activations, WORD: activations[WORD][..., first:last, :]}
        return output, activations

    def last(self, site: Site) -> int:
        """Return the position of the n-gram's last word at a site, counted from the end of what the site has."""
        return -1 if site == WORD else -1 - len(self.after)

    def read(self, target: Any) -> Any:
        """Return a target that counts positions in the whole text, where it is given the n-gram alone."""
        return target if target.site == WORD else _Whole(target, len(self.before), len(self.after))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Whole:
    """A target of the text that a template makes of an n-gram."""

    of: Any
    before: int = field(metadata={"static": True})
    after: int = field(metadata={"static": True})

    @property
    def site(self) -> Site:
        """The target's; its position, which is one of the whole text, is not checked against the n-gram."""
        return self.of.site

    def __call__(self, output: Output, activations: Activations, tokens: Tokens) -> Array:
        """Return the score of each whole text."""
        rows = tokens.mask.shape[:-1]
        sides = [jnp.ones((*rows, size), bool) for size in (self.before, self.after)]
        mask = jnp.concatenate([sides[0], tokens.mask, sides[1]], axis=-1)
        return self.of(output, activations, Tokens(mask.astype(jnp.int32), mask))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Inside:
    """An edit of the vectors of the n-gram's words alone."""

    edit: Any
    first: int = field(metadata={"static": True})
    last: int = field(metadata={"static": True})

    def __call__(self, value: Array, time: Array) -> Array:
        inside = self.edit(value[..., self.first : self.last, :], time[: self.last - self.first])
        return jnp.concatenate([value[..., : self.first, :], inside, value[..., self.last :, :]], axis=-2)


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


def around(model: Any, sentence: list[str], template: str | None = None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens that stand before and after each n-gram: those of every text, and a template's.

    Raises:
        ValueError: a template without a gap, or with several.
    """
    before, _, after = _parts(model, sentence)
    if template is None:
        return before, after
    if template.count(GAP) != 1:
        raise ValueError(
            f"--template {template!r}: expected one {GAP}, where the n-gram stands, got {template.count(GAP)}"
        )
    left, right = (_parts(model, side.split())[1] if side.strip() else () for side in template.split(GAP))
    return (*before, *left), (*right, *after)


def _parts(model: Any, sentence: list[str]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return a text's tokens: special ones before it, its own, and special ones after it."""
    from jaxneuron.extract import reading

    window = reading.split(model, [sentence]).windows[0]
    here = np.flatnonzero(window.word >= 0)
    ids = window.ids.tolist()
    first, last = here[0], here[-1] + 1
    return tuple(ids[:first]), tuple(ids[first:last]), tuple(ids[last:])
