"""What most questions are asked with: the text that is read, and how the answer is shown."""

from typing import NamedTuple

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

    def check(self, model: str) -> None:
        """Check the text and the model, before anything is loaded.

        Raises:
            ValueError, FileNotFoundError: what is wrong.
        """
        _inputs.check(model, self.text, self.data, self.split)
        _inputs.columns_of(self.text_column, self.label_column)

    def read(self) -> _inputs.Read:
        """Return the text."""
        columns = _inputs.columns_of(self.text_column, self.label_column)
        return _inputs.read(self.text, self.data, self.split, self.most, column=columns)


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
