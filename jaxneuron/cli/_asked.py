"""What most questions are asked with: the text that is read, and how the answer is shown."""

from typing import Any, NamedTuple

from jaxneuron import _said
from jaxneuron.cli import _answer, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, TextColumn


class Text(NamedTuple):
    """Which text is read, and how much of it."""

    text: _inputs.Texts = None
    data: _inputs.Data = None
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    most: _inputs.Most = 1000

    def check(self, model: str, *, needed: bool = True) -> None:
        """Check the text and the model, before anything is loaded; whether there must be a text depends on the method.

        Raises:
            ValueError, FileNotFoundError: what is wrong.
        """
        _inputs.check(model, self.text, self.data, self.split, needed=needed)
        _said.columns(self.text_column, self.label_column)

    def read(self, *, seed: int | None = None) -> _inputs.Read:
        """Return the text; with a seed, texts that have a label each are drawn, as they often lie sorted by it."""
        columns = _said.columns(self.text_column, self.label_column)
        return _inputs.read(self.text, self.data, self.split, self.most, column=columns, seed=seed)


class Shown(NamedTuple):
    """How the answer is shown."""

    json: _inputs.Json = False
    out: _inputs.Out = None

    def check(self) -> None:
        """Check that the answer can be written, before the work."""
        _answer.check(self.out)

    def give(self, answer: Answer) -> None:
        """Print the answer, and write it."""
        _answer.give(answer, self.out, self.json)


def bare(name: str) -> str:
    """Return what to say of a text without labels."""
    return f"{name} has no labels; give a treebank, columns, or .jsonl or .tsv with a label"


def of(layer: str, chosen: str | None, name: str) -> str:
    """Return what to call the labels of a text, or one of them, in a title.

    Example:
        >>> of("upos", "NOUN", "ewt"), of("label", None, "reviews")
        ('NOUN (upos of ewt)', 'label of reviews')
    """
    return f"{chosen} ({layer} of {name})" if chosen else f"{layer} of {name}"


def labels(read: Any, layer: str | None, chosen: str | None) -> tuple[str, str, Any, list[str]]:
    """Return the layer, what has its labels (word or text), the labels as numbers, and their names.

    Raises:
        ValueError: no such layer or label.
    """
    import numpy as np

    from jaxneuron.tap import nearest

    known = {**read.labels, **read.sentence_labels}
    if not known:
        raise ValueError(bare(read.name))
    layer = str(layer or next(iter(known)))
    if layer not in known:
        raise ValueError(f"--labels {layer}: no such layer{nearest(layer, known)}; {read.name} has {', '.join(known)}")
    each = "word" if layer in read.labels else "text"
    values = [label for row in read.labels[layer] for label in row] if each == "word" else read.sentence_labels[layer]
    found = sorted(set(values))
    if chosen is None:
        place = {name: number for number, name in enumerate(found)}
        return layer, each, np.array([place[value] for value in values]), found
    if chosen not in found:
        raise ValueError(
            f"--class {chosen}: no such label of {layer}{nearest(chosen, found)}; it has {', '.join(found)}"
        )
    return layer, each, np.array([value == chosen for value in values]), [chosen]
