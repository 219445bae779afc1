"""The labels of a text, one for each word, whether they are of words or of sentences."""

from jaxneuron.corpora.labelled import ABSENT, Labelled
from jaxneuron.tap import nearest


def layers(text: Labelled) -> list[str]:
    """Return the names of all layers."""
    return [*text.labels, *text.sentence_labels]


def flat(text: Labelled, layer: str) -> list[str]:
    """Return the label of each word.

    Raises:
        KeyError: no such layer.
    """
    if layer in text.labels:
        return [label for row in text.labels[layer] for label in row]
    if layer in text.sentence_labels:
        rows = zip(text.sentences, text.sentence_labels[layer], strict=True)
        return [label for sentence, label in rows for _ in sentence]
    raise KeyError(f"the text has no layer {layer!r}, by which units are described{nearest(layer, layers(text))}")


def named(layer: str, label: str) -> str:
    """Return what a label is called; in quotation marks if it is no word."""
    if label == ABSENT:
        return f"no {layer}"
    return f"{layer}={label}" if label.replace("_", "").isalnum() else f"{layer}=“{label}”"
