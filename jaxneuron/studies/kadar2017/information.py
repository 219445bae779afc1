"""Which contexts do units tell: those of words, or those of relations?"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron.corpora.contexts import contexts
from jaxneuron.corpora.labelled import Classes, Labelled
from jaxneuron.rank import mutual_information
from jaxneuron.studies.kadar2017.categories import quartiles
from jaxneuron.studies.kadar2017.results import ORDERS, RELATION, TEXTUAL, VISUAL, WORD, Found, Informed, Ratio

UNITS, CONTEXTS = 5, 5
"""Units that tell most, and contexts of each, that are shown."""


class Measured(NamedTuple):
    """What units tell."""

    information: list[Informed]
    ratios: list[Ratio]
    found: list[Found]


def measure(
    text: Labelled,
    states: Mapping[str, Float[np.ndarray, "token unit"]],
    *,
    bins: int,
    seen: int,
    replicates: int,
    seed: int,
) -> Measured:
    """Return the mutual information of every unit with every kind of context.

    Args:
        text: sentences with relations.
        states: network -> the units after each word.
        bins: of a unit's activation, with equally many words in each.
        seen: occurrences of a context that is shown.
        replicates: of the bootstrap over units.
        seed: of the bootstrap.
    """
    rows = {WORD: text.sentences, RELATION: text.labels[RELATION]}
    random = np.random.default_rng(seed)
    information, ratios, found = [], [], []
    for kind, symbols in rows.items():
        for order in ORDERS:
            ids, names = contexts(symbols, order)
            bits = {
                network: np.asarray(mutual_information.rank(None, values, ids, bins=bins).score)[0]
                for network, values in states.items()
            }
            information += [Informed(name, kind, order, len(names), quartiles(own)) for name, own in bits.items()]
            ratios.append(_ratio(kind, order, bits, random, replicates))
            shown = {other: contexts(rows[other], order) for other in rows}
            for network, values in states.items():
                found += _highest(network, kind, order, bits[network], values, ids, shown, seen)
    return Measured(information, ratios, found)


def _ratio(
    kind: str, order: int, bits: Mapping[str, np.ndarray], random: np.random.Generator, replicates: int
) -> Ratio:
    """Return the log ratio of the medians, and its range when units are drawn again."""

    def log_ratio(textual: np.ndarray, visual: np.ndarray) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(np.median(textual, axis=-1) / np.median(visual, axis=-1))

    drawn = [own[random.integers(0, len(own), (replicates, len(own)))] for own in (bits[TEXTUAL], bits[VISUAL])]
    low, high = np.quantile(log_ratio(*drawn), (0.025, 0.975))
    return Ratio(kind, order, float(log_ratio(bits[TEXTUAL], bits[VISUAL])), float(low), float(high))


def _highest(
    network: str,
    kind: str,
    order: int,
    bits: np.ndarray,
    values: np.ndarray,
    ids: np.ndarray,
    shown: Mapping[str, Classes],
    seen: int,
) -> list[Found]:
    """Return the contexts in which those units are highest, on average, that tell most."""
    count = np.bincount(ids)
    often = np.flatnonzero(count >= seen)
    often = often if len(often) else np.arange(len(count))
    rows = []
    for unit in np.argsort(-bits, kind="stable")[:UNITS]:
        value = values[:, unit]
        deviation = float(value.std()) or 1.0
        mean = (np.bincount(ids, weights=value) / count - value.mean()) / deviation
        for place, context in enumerate(often[np.argsort(-mean[often], kind="stable")][:CONTEXTS]):
            here = np.flatnonzero(ids == context)
            token = here[np.argmax(value[here])]
            told = {name: names[number[token]] for name, (number, names) in shown.items()}
            rows.append(
                Found(
                    network,
                    kind,
                    order,
                    int(unit),
                    float(bits[unit]),
                    place,
                    told[WORD],
                    told[RELATION],
                    float(mean[context]),
                    int(count[context]),
                )
            )
    return rows
