"""What Neuronpedia calls a feature, its activations and its explanations, from the record of a unit.

The names of the fields are Neuronpedia's (github.com/hijohnnylin/neuronpedia). What nobody measured here (the L1 norms
of correlated units, the histogram of logits) is an empty list, as its own exports have where a statistic is missing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jaxneuron.report.atlas.plain import plain
from jaxneuron.report.atlas.unit import Example, Figure, Identity, Neighbour, Polarity, Unit

WHOLE = -1.0
"""The bounds of a section that is no range of values, such as the top."""


class Feature(NamedTuple):
    """A row of `features/batch-N.jsonl.gz`."""

    modelId: str
    layer: str
    index: str
    sourceSetName: str
    creatorId: str
    createdAt: str
    maxActApprox: float
    hasVector: bool
    vector: list[float]
    vectorLabel: str | None
    vectorDefaultSteerStrength: float | None
    hookName: str
    topkCosSimIndices: list[int]
    topkCosSimValues: list[float]
    neuron_alignment_indices: list[int]
    neuron_alignment_values: list[float]
    neuron_alignment_l1: list[float]
    correlated_neurons_indices: list[int]
    correlated_neurons_pearson: list[float]
    correlated_neurons_l1: list[float]
    correlated_features_indices: list[int]
    correlated_features_pearson: list[float]
    correlated_features_l1: list[float]
    neg_str: list[str]
    neg_values: list[float]
    pos_str: list[str]
    pos_values: list[float]
    frac_nonzero: float
    freq_hist_data_bar_heights: list[float]
    freq_hist_data_bar_values: list[float]
    logits_hist_data_bar_heights: list[float]
    logits_hist_data_bar_values: list[float]
    decoder_weights_dist: list[float]


class Activation(NamedTuple):
    """A row of `activations/batch-N.jsonl.gz`."""

    id: str
    modelId: str
    layer: str
    index: str
    tokens: list[str]
    values: list[float]
    maxValue: float
    maxValueTokenIndex: int
    minValue: float
    creatorId: str
    createdAt: str
    dataSource: str  # "top", "bottom", "quantile", "bottom quantile"
    dataIndex: str
    binMin: float
    binMax: float
    binContains: float
    qualifyingTokenIndex: int
    dfaValues: list[float]
    dfaTargetIndex: int | None
    dfaMaxValue: float | None
    lossValues: list[float]
    logitContributions: str | None
    zIndices: list[list[int]]
    zValues: list[float]


class Explanation(NamedTuple):
    """A row of `explanations/batch-N.jsonl.gz`."""

    id: str
    modelId: str
    layer: str
    index: str
    description: str
    authorId: str
    embedding: list[float]
    typeName: str
    explanationModelName: str | None
    notes: str
    scoreV1: float  # the correlation on held-out text, 0 where there is none
    scoreV2: float | None
    createdAt: str


def source(identity: Identity) -> tuple[str, str]:
    """Return the layer and the set of a unit's source; Neuronpedia names it by both.

    Example:
        >>> source(Identity("m", "block3/mlp/hidden", 7)), source(Identity("m", "embed", 7, "feature"))
        (('3', 'block-mlp-hidden'), ('0', 'embed-feature'))
    """
    layer = re.search(r"\d+", identity.site)
    rest = identity.site.replace(layer[0], "", 1) if layer else identity.site
    words = re.findall(r"[A-Za-z0-9]+", rest) + ([] if identity.kind == "unit" else [identity.kind])
    return layer[0] if layer else "0", "-".join(words)


def feature(unit: Unit, *, model: str, creator: str) -> Feature:
    """Return the row of a unit.

    Args:
        unit: its record.
        model: what Neuronpedia calls it.
        creator: who made the atlas.
    """
    identity, spread = unit.identity, unit.distribution
    layer, name = source(identity)
    writes = unit.writes[0] if unit.writes else None
    neurons, features = (_near(unit, "correlation", kind) for kind in ("unit", "feature"))
    similar = _near(unit, "cosine of outputs", identity.kind)
    edges = plain(spread.edges)
    return Feature(
        modelId=model,
        layer=f"{layer}-{name}",
        index=str(identity.unit),
        sourceSetName=name,
        creatorId=creator,
        createdAt=unit.provenance.created,
        maxActApprox=plain(float(spread.maximum)),
        hasVector=len(identity.vector) > 0,
        vector=plain(identity.vector),
        vectorLabel=identity.name or None,
        vectorDefaultSteerStrength=None,
        hookName=identity.site,
        topkCosSimIndices=[one.unit for one in similar],
        topkCosSimValues=[plain(one.value) for one in similar],
        neuron_alignment_indices=[],
        neuron_alignment_values=[],
        neuron_alignment_l1=[],
        correlated_neurons_indices=[one.unit for one in neurons],
        correlated_neurons_pearson=[plain(one.value) for one in neurons],
        correlated_neurons_l1=[],
        correlated_features_indices=[one.unit for one in features],
        correlated_features_pearson=[plain(one.value) for one in features],
        correlated_features_l1=[],
        neg_str=[one.token for one in writes.bottom] if writes else [],
        neg_values=[plain(one.value) for one in writes.bottom] if writes else [],
        pos_str=[one.token for one in writes.top] if writes else [],
        pos_values=[plain(one.value) for one in writes.top] if writes else [],
        frac_nonzero=plain(spread.density.value) if spread.density else 0.0,
        freq_hist_data_bar_heights=plain(spread.counts),
        freq_hist_data_bar_values=[plain((a + b) / 2) for a, b in zip(edges, edges[1:], strict=False)],
        logits_hist_data_bar_heights=[],
        logits_hist_data_bar_values=[],
        decoder_weights_dist=[],
    )


def activations(unit: Unit, *, model: str, creator: str) -> Iterator[Activation]:
    """Yield a row for each example of a unit, the top and the bottom first, then range by range.

    Args:
        unit: its record.
        model: what Neuronpedia calls it.
        creator: who made the atlas.
    """
    examples = unit.examples
    sides = (
        ("top", "quantile", examples and examples.positive),
        ("bottom", "bottom quantile", examples and examples.negative),
    )
    number = 0
    for top, quantile, side in sides:
        for name, low, high, share, example in _sections(top, quantile, side):
            yield _activation(unit, example, number, name, (low, high, share), model, creator)
            number += 1


def explanations(unit: Unit, *, model: str, creator: str) -> Iterator[Explanation]:
    """Yield a row for each description of a unit.

    Args:
        unit: its record.
        model: what Neuronpedia calls it.
        creator: who made the atlas.
    """
    layer = "-".join(source(unit.identity))
    for number, said in enumerate(unit.descriptions):
        score = plain(float(said.score.value)) if said.score else None
        figures = [Figure(said.measure, said.score, said.control), *said.others] if said.score else []
        told = "; ".join(map(_told, figures))
        yield Explanation(
            id=f"{model}-{layer}-{unit.identity.unit}-{number}",
            modelId=model,
            layer=layer,
            index=str(unit.identity.unit),
            description=said.text,
            authorId=creator,
            embedding=[],
            typeName=said.source,
            explanationModelName=None,
            notes=f"{told}; on {said.split or 'held-out'} text" if told else "not scored",
            scoreV1=score if score is not None and said.measure == "correlation" else 0.0,
            scoreV2=None,
            createdAt=unit.provenance.created,
        )


def _told(figure: Figure) -> str:
    """Return a score and that of its control."""
    control = f", control {plain(float(figure.control.value))}" if figure.control else ""
    return f"{figure.measure} {plain(float(figure.score.value))}{control}"


def _near(unit: Unit, measure: str, kind: str) -> Sequence[Neighbour]:
    """Return the neighbours of a unit's own site by one measure: Neuronpedia's lists know no other site."""
    site = unit.identity.site
    return [one for one in unit.neighbours if (one.measure, one.kind, one.site) == (measure, kind, site)]


def _sections(top: str, quantile: str, side: Polarity | None) -> Iterator[tuple[str, float, float, float, Example]]:
    if side is None:
        return
    for example in side.top:
        yield top, WHOLE, WHOLE, WHOLE, example
    for part in side.bins:
        for example in part.examples:
            yield quantile, plain(float(part.lower)), plain(float(part.upper)), plain(float(part.fraction)), example


def _activation(
    unit: Unit, example: Example, number: int, name: str, section: tuple[float, float, float], model: str, creator: str
) -> Activation:
    layer = "-".join(source(unit.identity))
    tokens, values, word = _known(example)
    low, high, share = section
    return Activation(
        id=f"{model}-{layer}-{unit.identity.unit}-{number}",
        modelId=model,
        layer=layer,
        index=str(unit.identity.unit),
        tokens=tokens,
        values=values,
        maxValue=max(values),
        maxValueTokenIndex=values.index(max(values)),
        minValue=min(values),
        creatorId=creator,
        createdAt=unit.provenance.created,
        dataSource=name,
        dataIndex=str(example.text),
        binMin=low,
        binMax=high,
        binContains=share,
        qualifyingTokenIndex=word,
        dfaValues=[],
        dfaTargetIndex=None,
        dfaMaxValue=None,
        lossValues=[],
        logitContributions=None,
        zIndices=[],
        zValues=[],
    )


def _known(example: Example) -> tuple[list[str], list[float], int]:
    """Return the tokens around the word that have a value, and the word's place: Neuronpedia has no gaps."""
    values: Any = plain(example.values)
    first = last = example.word
    while first > 0 and values[first - 1] is not None:
        first -= 1
    while last + 1 < len(values) and values[last + 1] is not None:
        last += 1
    return list(example.tokens[first : last + 1]), values[first : last + 1], example.word - first
