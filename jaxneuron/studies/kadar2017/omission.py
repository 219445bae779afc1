"""The omission score of every word, by both pathways and by the sum of the word vectors."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import padding
from jaxneuron.attribute import omission
from jaxneuron.batching import Progress
from jaxneuron.studies.kadar2017.material import TaggedCaptions
from jaxneuron.studies.kadar2017.results import PART, SUM, TEXTUAL, VISUAL, Example
from jaxneuron.types import Forward, Params, Site, Tokens

EXAMPLES, SHORTEST, LONGEST = 8, 7, 13
"""Captions that are shown, and how many words they have."""


class Network(NamedTuple):
    """Whose vector of a sentence is compared."""

    site: Site
    pool: str


NETWORKS = {
    VISUAL: Network("visual/gru", "end"),
    TEXTUAL: Network("textual/gru", "end"),
    SUM: Network("embed/word", "mean"),  # the sum's cosine is the mean's
}


def scores(
    found: TaggedCaptions, *, batch: int, report: Callable[[str], Progress | None]
) -> dict[str, Float[np.ndarray, "sentence time"]]:
    """Return the scores of each network, NaN where there is no word or no score.

    Args:
        found: captions with tags.
        batch: texts at a time.
        report: told what is being done.
    """
    model = found.model
    return {
        name: omission.of_texts(
            model.forward,
            model.params,
            found.tokens,
            network.site,
            pool=network.pool,
            batch=batch,
            progress=report(f"{name}: take each word out"),
        )
        for name, network in NETWORKS.items()
    }


def states(found: TaggedCaptions, site: Site, *, batch: int = 256) -> Float[np.ndarray, "token unit"]:
    """Return what a site is after each word of each sentence, the sentences in a row.

    Args:
        found: captions with tags.
        site: where the units are.
        batch: texts at a time.
    """
    lengths = found.tokens.mask.sum(axis=1)
    start = np.cumsum(lengths) - lengths
    values: np.ndarray | None = None
    for rows, width in padding.by_length(
        lengths, batch=batch, padded=padding.widths(lengths, omission.WIDTHS), seed=None
    ):
        part = padding.take(found.tokens, rows, width)
        value = np.asarray(_states(found.model.params, part, forward=found.model.forward, site=site))
        values = np.empty((lengths.sum(), value.shape[-1]), np.float32) if values is None else values
        row, time = np.nonzero(part.mask)
        values[start[rows[row]] + time] = value[row, time]
    assert values is not None
    return values


@jax.jit(static_argnames=("forward", "site"))
def _states(params: Params, tokens: Tokens, *, forward: Forward, site: Site) -> Float[Array, "batch time unit"]:
    return forward(params, jax.tree.map(jnp.asarray, tokens), {})[1][site]


def examples(found: TaggedCaptions, scored: dict[str, np.ndarray]) -> list[Example]:
    """Return a few captions of middling length, spread evenly over the text, with the scores of their words."""
    lengths = found.tokens.mask.sum(axis=1)
    fit = np.flatnonzero((lengths >= SHORTEST) & (lengths <= LONGEST))
    fit = fit if len(fit) else np.flatnonzero(lengths > 1)
    rows = fit[np.unique(np.linspace(0, len(fit) - 1, EXAMPLES).astype(int))]
    return [
        Example(
            found.text.sentences[row],
            found.text.labels[PART][row],
            {name: score[row, : lengths[row]].tolist() for name, score in scored.items()},
        )
        for row in rows
    ]
