"""What a run finds, as it stands in `results.json` and `found.jsonl`."""

from typing import NamedTuple

from jaxneuron.studies.attribution import extraction, labelling
from jaxneuron.studies.attribution.testing import Concepts
from jaxneuron.types import Site


class Classifier(NamedTuple):
    """One classifier: how good it is, and what its predictions rest on."""

    accuracy: labelling.Accuracy
    explained: labelling.Predictions
    concepts: Concepts
    sites: list[Site] = []


class Labels(NamedTuple):
    """The first half: the label of a text."""

    names: list[str]  # of the two labels; the second is explained
    models: dict[str, Classifier]  # what the classifier is called ->
    train: int = 0  # texts


class Spans(NamedTuple):
    """The second half: where a span starts and ends."""

    accuracy: extraction.Accuracy
    explained: extraction.Predictions
    train: int = 0


class Results(NamedTuple):
    """Both halves; None where the data has no such task."""

    labels: Labels | None = None
    spans: Spans | None = None


class Found(NamedTuple):
    """An explained prediction."""

    task: str  # label, start or end
    model: str
    example: int  # its place among those of the task
    told: str  # the right label, or the predicted span
    pieces: list[str]  # [token]
    tokens: list[float]  # [token], integrated gradients
    score: float  # that is explained: of a label the score itself, of a span its change from a text that says nothing
    error: float  # how far the tokens' sum misses the change
