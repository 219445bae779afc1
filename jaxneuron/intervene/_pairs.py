"""Pairs of texts of which one lends its activations to the other: where they go, and whether the answer follows.

Geiger, Lu, Icard, Potts 2021, "Causal abstractions of neural networks" (arXiv 2106.02997): if units stand for a
variable, a run in which they have the values of another text must answer as if the variable had its value there.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching, tap
from jaxneuron._wilson import wilson
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import at_word, scores
from jaxneuron.types import Activations, Forward, Output, Params, Site, Tokens

Z = 1.959964
"""Of an interval that holds 95 %."""


class Counterfactuals(NamedTuple):
    """Pairs of texts, and what is answered if the one has a variable of the other."""

    tokens: Tokens  # [pair time], the texts that are read
    source: Tokens  # [pair time], those that lend what they have, of any length
    answers: Int[Any, "pair 2"]  # the output that must come now, and the one that it must beat; -1: all others
    places: Int[Any, "pair 2"] | None = None  # the word that gets the activation and that of the source that has it, -1
    # for the last; None: all words, in texts of one length each


class Lent(NamedTuple):
    """What comes from the sources, and where it goes."""

    values: Float[Any, "batch time unit"]
    where: Bool[Any, "batch time"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Preference:
    """By how much an output is preferred to another, or to all others; a comparison for `intervene`.

    The answers that it is given are `Counterfactuals.answers`.
    """

    position: int = field(default=-1, metadata={"static": True})  # the word at which the output is read

    def compare(
        self, edited: tuple[Output, Activations], unedited: tuple[Output, Activations], tokens: Tokens, answers: Any
    ) -> Float[Array, "batch"]:
        """Return the difference of the two scores of each sequence."""
        return preference(at_word(scores(edited[0]), tokens, self.position), answers, jnp.max)


def preference(score: Float[Array, "batch class"], answers: Int[Array, "batch 2"], over: Any) -> Float[Array, "batch"]:
    """Return the score of the first answer less that of the second, or than `over` all others where that is -1."""
    right = jnp.take_along_axis(score, answers[:, :1], axis=-1)[:, 0]
    rival = jnp.take_along_axis(score, jnp.maximum(answers[:, 1:], 0), axis=-1)[:, 0]
    others = jnp.where(jnp.arange(score.shape[-1])[None] == answers[:, :1], -jnp.inf, score)
    return right - jnp.where(answers[:, 1] < 0, over(others, axis=-1), rival)


def check_answers(pairs: Counterfactuals, classes: int) -> None:
    """Raise a ValueError unless there are two answers for each pair, which the model can give.

    Args:
        pairs: which.
        classes: how many outputs the model has.
    """
    answers, count = np.asarray(pairs.answers), len(np.asarray(pairs.tokens.mask))
    if answers.shape != (count, 2) or answers.dtype.kind not in "iu":
        raise ValueError(
            f"expected two answers of each of the {count} pairs, whole numbers [{count} 2], got {answers.dtype} "
            f"{answers.shape}"
        )
    wrong = np.flatnonzero((answers[:, 0] < 0) | (answers.max(axis=1) >= classes) | (answers[:, 0] == answers[:, 1]))
    if wrong.size:
        raise ValueError(
            f"pair {wrong[0]} has the answers {answers[wrong[0]].tolist()}; expected two different ones of the outputs "
            f"0 to {classes - 1}, or -1 for all others"
        )


def lent(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    source: Tokens,
    *,
    site: Site,
    places: Int[Any, "..."] | None,
    budget: int = batching.BUDGET,
) -> Lent:
    """Return what the sources have at a site, at the places of the texts that are read.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts that are read.
        source: those that lend, one for each.
        site: where.
        places: `[2]` or `[batch 2]`, see `Counterfactuals`.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError: the model has no such site.
        ValueError: other numbers of texts and sources, texts of two lengths, or a place that is no word.
    """
    mask, theirs = np.asarray(tokens.mask, bool), np.asarray(source.mask, bool)
    if mask.ndim != 2 or theirs.ndim != 2 or len(mask) != len(theirs):
        raise ValueError(
            f"expected a source for each of the {len(mask)} texts, [batch time], got masks of the shapes {mask.shape} "
            f"and {theirs.shape}"
        )
    one = Tokens(*(jnp.asarray(leaf[:1]) for leaf in tokens))
    shapes = sites(forward, params, one)
    check_site(site, shapes)
    lengths, others = mask.sum(axis=1), theirs.sum(axis=1)
    whole = shapes[site].shape[-2] == 1 and mask.shape[1] > 1  # one vector for a text
    if places is None and not whole and (lengths != others).any():
        row = int(np.flatnonzero(lengths != others)[0])
        raise ValueError(
            f"text {row} has {lengths[row]} words and its source {others[row]}, so that they have no places in common; "
            "say which word gets the activation of which by `places`, such as np.array([-1, -1]) for the last ones"
        )
    states = tap.read(forward, params, source, site, budget=budget)
    if whole:
        return Lent(states, np.ones((len(mask), 1), bool))
    values, where = np.zeros((*mask.shape, states.shape[-1]), states.dtype), np.zeros(mask.shape, bool)
    if places is None:
        width = min(mask.shape[1], states.shape[1])
        values[:, :width] = states[:, :width]
        return Lent(values, mask)
    given = np.broadcast_to(np.asarray(places), (len(mask), 2))
    rows = np.arange(len(mask))
    here, there = (_place(given[:, side], size) for side, size in enumerate((lengths, others)))
    values[rows, here], where[rows, here] = states[rows, there], True
    return Lent(values, where)


def _place(given: Int[np.ndarray, "batch"], lengths: Int[np.ndarray, "batch"]) -> Int[np.ndarray, "batch"]:
    """Return places counted from 0."""
    found = np.where(given < 0, lengths + given, given)
    if (wrong := np.flatnonzero((found < 0) | (found >= lengths))).size:
        row = int(wrong[0])
        raise ValueError(f"place {given[row]} is no word of text {row} of a pair, which has {lengths[row]} words")
    return found


class Accuracy(NamedTuple):
    """How often the answer follows the source, with an interval that holds 95 %."""

    share: Float[np.ndarray, "*set"]
    low: Float[np.ndarray, "*set"]
    high: Float[np.ndarray, "*set"]
    pairs: int


def accuracy(preferred: Float[Any, "*set pair"]) -> Accuracy:
    """Return the interchange accuracy: the share of pairs whose answer is preferred now.

    Args:
        preferred: what `Preference` reads, a side of an `Effect`.

    Source:
        Geiger et al. 2021.

    Example:
        >>> found = accuracy(np.array([2.0, 1.0, -1.0, 3.0]))
        >>> [round(float(one), 2) for one in found[:3]]
        [0.75, 0.3, 0.95]
    """
    given = np.asarray(preferred)
    pairs, share = given.shape[-1], (given > 0).mean(axis=-1)
    return Accuracy(share, *wilson(share, pairs, Z), pairs)
