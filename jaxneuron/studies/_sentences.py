"""Sentences of a labelled text as a model reads them, and a probe that is read inside the model."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.corpora import subwords
from jaxneuron.studies._subject import Subject
from jaxneuron.types import Activations, Output, Probe, Site, Tokens


class Sentences(NamedTuple):
    """What the model reads with and without some units."""

    tokens: Tokens  # [sentence time], numpy
    classes: Int[np.ndarray, "sentence time"]  # of each word, at its last sub-word; -1 elsewhere


def read_sentences(
    subject: Subject,
    text: Sequence[list[str]],
    classes: Int[np.ndarray, "word"],
    *,
    most: int,
    longest: int,
    seed: int,
) -> Sentences:
    """Return sentences that fit into one window, drawn at random, with the class of each word.

    Args:
        subject: who reads them.
        text: sentences.
        classes: of the words of all sentences in a row.
        most: how many sentences are read.
        longest: sub-words of a sentence at most.
        seed: of the draw.

    Raises:
        ValueError: no sentence is short enough.
    """
    offsets = np.cumsum([0, *map(len, text)])
    order = np.random.default_rng(seed).permutation(len(text))[: 4 * most]
    windows = subwords.split(subject.tokenizer, [text[row] for row in order], longest=subject.config.window).windows
    longest = min(longest, subject.config.window)
    own = [w for w in windows if len(w.ids) <= longest and w.last - w.first == len(text[order[w.sentence]])][:most]
    if not own:
        raise ValueError(f"no test sentence has {longest} sub-words or fewer; give other text")
    width = max(len(window.ids) for window in own)
    ids, found = np.zeros((len(own), width), np.int32), np.full((len(own), width), -1, np.int32)
    mask = np.zeros((len(own), width), bool)
    for row, window in enumerate(own):
        ids[row, : len(window.ids)], mask[row, : len(window.ids)] = window.ids, True
        last = (window.word >= 0) & (window.word != np.append(window.word[1:], -2))
        found[row, np.flatnonzero(last)] = classes[offsets[order[window.sentence]] + window.word[last]]
    return Sentences(Tokens(ids, mask), found)


def reader(site: Site, probe: Probe) -> jax.tree_util.Partial:
    """Return what reads a probe at a site of a model; for one site one function, so that nothing recompiles."""
    return jax.tree_util.Partial(_reading(site), *(jnp.asarray(leaf, jnp.float32) for leaf in probe[:4]))


@cache
def _reading(site: Site) -> Any:

    def read(
        weights: Float[Array, "label unit"],
        bias: Float[Array, "label"],
        mean: Float[Array, "unit"],
        scale: Float[Array, "unit"],
        output: Output,
        activations: Activations,
    ) -> Float[Array, "batch time label"]:
        value = activations[site]
        standard = (value - jnp.broadcast_to(mean, value.shape)) / jnp.broadcast_to(scale, value.shape)
        logits = standard @ weights.T
        return logits + jnp.broadcast_to(bias, logits.shape)

    return read
