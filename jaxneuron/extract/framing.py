"""An n-gram as the model reads a text: between the tokens that stand around every text, such as [CLS] … [SEP].

`frame` returns all that a search (`jaxneuron.find`) is given beside its targets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from jaxneuron.corpora import ngrams
from jaxneuron.extract import reading
from jaxneuron.extract.reading import Read, Reader, Sentences
from jaxneuron.find import Onward
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Tokens

WORD: Site = "embed/word"
GAP = "{}"
"""What stands for the n-gram in a template."""

FEW = 200
"""Symbols of a text that are too few to make n-grams of: all words of the model may then be used."""


class Frame(NamedTuple):
    """What a search is given: a model that reads an n-gram within a text, and the n-grams of some texts."""

    forward: Forward
    ngrams: Tokens  # [ngram time], on the host; without what stands around them
    candidates: Bool[np.ndarray, "vocab"]  # symbols that an n-gram may be made of

    def read(self, target: Any) -> Any:
        """Return a target whose position counts in the whole text, from its end: -1 is the model's last token."""
        return self.forward.read(target) if isinstance(self.forward, Templated) else target

    def last(self, site: Site) -> int:
        """Return the position of the n-gram's last symbol at a site, counted from the end of the whole text."""
        return self.forward.last(site) if isinstance(self.forward, Templated) else -1


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
        """Run the model on the tokens with what stands around them; behind a shorter text it stands at its end."""
        soft = not jnp.issubdtype(tokens.ids.dtype, jnp.integer)
        rows, mask = tokens.mask.shape[:-1], tokens.mask

        def special(ids: tuple[int, ...]) -> Array:
            made = jnp.asarray(ids, jnp.int32)
            made = jax.nn.one_hot(made, self.words, dtype=tokens.ids.dtype) if soft else made.astype(tokens.ids.dtype)
            return jnp.broadcast_to(made, (*rows, *made.shape))

        parts = [special(self.before), tokens.ids, special(self.after)]
        ids = jnp.concatenate(parts, axis=len(rows))
        if self.after:
            order = self._order(mask)
            ids = jnp.take_along_axis(ids, order[..., None] if soft else order, axis=len(rows))
        first, last = len(self.before), len(self.before) + mask.shape[-1]
        if WORD in edits:
            edits = {**edits, WORD: _Inside(edits[WORD], first, last)}
        read = Tokens(ids, _mask(mask, len(self.before), len(self.after)))
        output, activations = self.forward(params, read, edits)
        if WORD in activations:
            activations = {**activations, WORD: activations[WORD][..., first:last, :]}
        return output, activations

    def _order(self, mask: Array) -> Array:
        """Return where each symbol of a whole text is among what precedes, the padded n-gram, and the rest."""
        rows, time = mask.shape[:-1], mask.shape[-1]
        size = len(self.before) + time + len(self.after)
        place = jnp.broadcast_to(jnp.arange(size), (*rows, size))
        padding = time - jnp.sum(mask, axis=-1, keepdims=True)
        end = len(self.before) + time - padding
        return jnp.where(place < end, place, jnp.where(place < end + len(self.after), place + padding, size - 1))

    def last(self, site: Site) -> int:
        """Return the position of the n-gram's last word at a site, counted from the end of what the site has."""
        return -1 if site == WORD else -1 - len(self.after)

    def read(self, target: Any) -> Any:
        """Return a target that counts positions in the whole text, where it is given the n-gram alone."""
        return target if getattr(target, "site", None) == WORD else _Whole(target, len(self.before), len(self.after))


def _mask(mask: Array, before: int, after: int) -> Array:
    """Return the mask of whole texts: with so many symbols more, and padding on the right."""
    size = jnp.sum(mask, axis=-1, keepdims=True) + before + after
    shape = *mask.shape[:-1], before + mask.shape[-1] + after
    return jnp.broadcast_to(jnp.arange(shape[-1]), shape) < size


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Whole:
    """A target of the text that a template makes of an n-gram."""

    of: Any
    before: int = field(metadata={"static": True})
    after: int = field(metadata={"static": True})

    @property
    def site(self) -> Site | None:
        """The target's, if it has one; its position, one of the whole text, is not checked against the n-gram."""
        return getattr(self.of, "site", None)

    def __call__(self, output: Output, activations: Activations, tokens: Tokens) -> Array:
        """Return the score of each whole text."""
        mask = _mask(tokens.mask, self.before, self.after)
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


def frame(model: Any, texts: Sentences, *, length: int, template: str | None = None) -> Frame:
    """Return what a search for n-grams is given, of a model that reads each as a text, or in a template.

    Args:
        model: such as `jaxneuron_models.open.open` returns.
        texts: what the n-grams are taken from, and the words that a search may use.
        length: symbols of an n-gram.
        template: a text with `{}` where the n-gram stands.

    Raises:
        ValueError: no text is so long, or a template without a gap or with several.
    """
    special = around(model, texts[0])
    before, after = around(model, texts[0], template)
    held, candidates = symbols(model, reading.read(model, texts), length, *map(len, special))
    words = len(model.vocabulary.words)
    forward = Templated(model.forward, before, after, words) if before or after else model.forward
    return Frame(forward, distinct(held, length), candidates)


def symbols(
    model: Reader, read: Read, length: int, before: int, after: int
) -> tuple[Tokens, Bool[np.ndarray, "vocab"]]:
    """Return the symbols of texts without those that stand around them, and which a search may use.

    Args:
        model: says how it reads.
        read: the texts.
        length: symbols of an n-gram.
        before: how many stand before each text.
        after: how many after it.

    Raises:
        ValueError: no text is so long.
    """
    ids, mask = (np.asarray(leaf)[:, before:] for leaf in read.tokens)
    if after:
        size = mask.sum(-1, keepdims=True) - after
        mask = mask & (np.arange(mask.shape[1]) < size)
        ids = np.where(mask, ids, 0)
    if not (mask.sum(-1) >= length).any():
        raise ValueError(f"no text has {length} symbols; give longer texts, or a smaller length")
    words = model.vocabulary.words
    candidates = np.zeros(len(words), bool)
    candidates[np.unique(ids[mask])] = True
    if candidates.sum() < FEW:
        candidates = np.array([word[:1] not in ("<", "[") or len(word) == 1 for word in words])
    return Tokens(ids, mask), candidates


def distinct(texts: Tokens, length: int, *, in_sentence: bool = False) -> Tokens:
    """Return the distinct n-grams of texts, alone or behind what precedes them; host arrays `[ngram time]`.

    Args:
        texts: host arrays `[text time]`.
        length: words of an n-gram.
        in_sentence: with what precedes them in their text.
    """
    found = ngrams.unique(texts, length, in_sentence=in_sentence)
    whole = found.mask.sum(-1) >= length
    return Tokens(found.ids[whole], found.mask[whole])


def within(texts: Tokens, before: tuple[int, ...], after: tuple[int, ...]) -> Tokens:
    """Return texts of many lengths with the special tokens around each, host arrays `[text time]`.

    Args:
        texts: host arrays `[text time]`.
        before: ids of the special tokens before each text.
        after: those behind it.
    """
    ids, mask = np.asarray(texts.ids), np.asarray(texts.mask)
    sizes = mask.sum(-1) + len(before) + len(after)
    found = np.zeros((len(ids), ids.shape[1] + len(before) + len(after)), ids.dtype)
    found[:, : len(before)] = before
    found[:, len(before) : len(before) + ids.shape[1]] = np.where(mask, ids, 0)
    for place, one in enumerate(after):
        found[np.arange(len(ids)), sizes - len(after) + place] = one
    return Tokens(found, np.arange(found.shape[1]) < sizes[:, None])


def around(
    model: Reader, text: Sequence[str] | str, template: str | None = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens that stand before and after each n-gram: those of every text, and a template's.

    Args:
        model: says how it reads.
        text: any that it can read.
        template: a text with `{}` where the n-gram stands.

    Raises:
        ValueError: a template without a gap, or with several.
    """
    before, _, after = _parts(model, text)
    if template is None:
        return before, after
    if template.count(GAP) != 1:
        raise ValueError(
            f"the template {template!r}: expected one {GAP}, where the n-gram stands, got {template.count(GAP)}"
        )
    left, right = (_parts(model, side.split())[1] if side.strip() else () for side in template.split(GAP))
    return (*before, *left), (*right, *after)


def onward(model: Any, before: tuple[int, ...], length: int) -> Onward | None:
    """Return what reads n-grams of a length on from the tokens that stand before them; None of a model that cannot.

    Args:
        model: as `jaxneuron_models.open` returns it.
        before: the tokens before each n-gram, as `around` returns them.
        length: words of an n-gram.
    """
    if model.step is None:
        return None
    state = model.initial_state(1, len(before) + length)
    if before:
        state = model.step(model.params, state, jnp.asarray([before], jnp.int32), {})[2]
    return Onward(model.step, state)


def _parts(model: Reader, text: Sequence[str] | str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return a text's tokens: special ones before it, its own, and special ones after it."""
    window = reading.split(model, [text]).windows[0]
    here = np.flatnonzero(window.word >= 0)
    ids = window.ids.tolist()
    first, last = here[0], here[-1] + 1
    return tuple(ids[:first]), tuple(ids[first:last]), tuple(ids[last:])
