"""Which outputs does the unit speak for and against? By its weights, and, with a head, by holding it at its highest.

Whether what its weights single out is more than chance is told by random mixtures of the site's units: the score of the
output that stands out most, in standard deviations over all outputs, has its place among theirs.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.batching import Progress
from jaxneuron.cli import _pieces
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.report.atlas.unit import Scored, Weights, Written
from jaxneuron.types import Site
from jaxneuron.writes import token_change, vocabulary, weight_classes

WORDS = 200
"""Words at which each unit is held."""

SHOWN = 10
"""Outputs on each side."""

MIXTURES, MIXED = 400, 256
"""Random mixtures, and units that they are made of."""


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return what each unit writes; nothing where the site does not write into the stream."""
    model, which = at.model, np.asarray(units)
    tokens, names, head = at.beginnings(WORDS), model.labels or model.vocabulary.words, None
    if model.head == "none":
        names = model.vocabulary.words
        head = at.once("head", lambda: vocabulary.embedding(model.forward, model.params, len(names), budget=at.budget))
    given: dict[str, Any] = {"site": site, "head": head, "budget": at.budget}
    found: dict[str, tuple[np.ndarray, Any]] = {}
    drawn = np.asarray(jax.random.permutation(at.key(0), len(at.found[site].moments.mean)))[:MIXED]
    try:
        effect = vocabulary.write(model.forward, model.params, tokens, np.append(which, drawn), **given).effect
    except (KeyError, ValueError):  # no head, or what the units write is no direction of the stream
        pass
    else:
        own, others = effect[: len(which)], effect[len(which) :]
        found["vocabulary"] = own, _among(own, _null(at.key(1), others))
    progress(len(units) // 2, len(units))
    if model.head != "none":
        changed = token_change.write(model.forward, model.params, tokens, which, **given).effect
        found["token_change"] = changed, [None] * len(which)
    progress(len(units), len(units))
    weights = _weights(at, site, which)
    return [
        Piece(
            writes=[_written(method, effect[row], null[row], names) for method, (effect, null) in found.items()],
            weights=weights[row],
        )
        for row in range(len(units))
    ]


def _weights(at: Material, site: Site, units: np.ndarray) -> list[Weights | None]:
    """Return whether each unit of an MLP writes what it reads; nothing of units of another kind."""
    try:
        found = weight_classes.write(at.model.forward, at.model.params, None, units, site=site)
    except (KeyError, ValueError, NotImplementedError):  # no MLP, or one that is read otherwise
        return [None] * len(units)
    gate = [None if np.isnan(one) else float(one) for one in found.gate_out]
    kinds = [weight_classes.KINDS[kind] for kind in found.kind.tolist()]
    rows = zip(found.in_out.tolist(), gate, kinds, strict=True)
    return [Weights(input_output_cosine=one, gate_output_cosine=other, kind=kind) for one, other, kind in rows]


def _strongest(effect: Float[np.ndarray, "row output"]) -> Float[np.ndarray, "row"]:
    """Return by how many standard deviations the highest output stands out."""
    spread = effect.std(axis=1)
    return (effect.max(axis=1) - effect.mean(axis=1)) / np.where(spread > 0, spread, 1)


def _null(key: Array, effect: Float[np.ndarray, "row output"]) -> Float[np.ndarray, "mixture"]:
    """Return the same of random mixtures, ascending."""
    mixture = np.asarray(jax.random.normal(key, (MIXTURES, len(effect))))
    return np.sort(np.concatenate([_strongest(some @ effect) for some in np.split(mixture, 20)]))


def _among(effect: Float[np.ndarray, "row output"], null: Float[np.ndarray, "mixture"]) -> list[float]:
    """Return which share of random mixtures single out an output less than each row does."""
    return (np.searchsorted(null, _strongest(effect)) / len(null)).tolist()


def _written(method: str, effect: Float[np.ndarray, "output"], null: float | None, names: Sequence[str]) -> Written:
    order = np.argsort(-effect, kind="stable")

    def some(outputs: np.ndarray) -> list[Scored]:
        return [Scored(_pieces.output(names, one), float(effect[one])) for one in outputs.tolist()]

    top, bottom = order[:SHOWN], order[::-1][:SHOWN]
    return Written(method, some(top[effect[top] > 0]), some(bottom[effect[bottom] < 0]), null)
