"""The labels of a text: which layers it has, and what a label is called."""

from jaxneuron.corpora.labelled import ABSENT, Labelled


def layers(text: Labelled) -> list[str]:
    """Return the names of all layers."""
    return [*text.labels, *text.sentence_labels]


def named(layer: str, label: str) -> str:
    """Return what a label is called; in quotation marks if it is no word."""
    if label == ABSENT:
        return f"no {layer}"
    return f"{layer}={label}" if label.replace("_", "").isalnum() else f"{layer}=“{label}”"
