"""What may be said on the command line: types of options, each with the range that makes sense, checked at once.

Nothing here imports JAX: a wrong option is refused before anything is loaded.
"""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

LARGEST = 2**31 - 1
"""Of whole numbers that reach an array of 32 bits."""


def whole(least: int, most: int = LARGEST) -> Callable[[Any], Any]:
    """Return a check that an option is a whole number from `least` to `most`, if it is given."""

    def check(value: Any) -> Any:
        if value is not None and not least <= value <= most:
            raise typer.BadParameter(f"expected a whole number from {least} to {most:,}, got {value}")
        return value

    return check


def rate(value: Any) -> Any:
    """Check that an option is a number above 0, and not so large that nothing could be learnt."""
    if not 0 < value <= 10:
        raise typer.BadParameter(f"expected a number above 0 and up to 10, such as 0.001, got {value}")
    return value


def share(value: Any) -> Any:
    """Check that an option is a number from 0 to 1."""
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"expected a number from 0 to 1, got {value}")
    return value


def one_of(*known: str) -> Callable[[Any], Any]:
    """Return a check that an option is one of these words, if it is given."""

    def check(value: Any) -> Any:
        if value is not None and value not in known:
            raise typer.BadParameter(unknown(value, known))
        return value

    return check


def unknown(value: str, known: Iterable[str]) -> str:
    """Return what to say of a word that is not among the known ones.

    Example:
        >>> unknown("lst", ["last", "mean"])
        "expected one of last, mean, got 'lst': did you mean 'last'?"
    """
    return f"expected one of {', '.join(known)}, got {value!r}{near(value, known)}"


def near(value: str, known: Iterable[str]) -> str:
    """Return `": did you mean ...?"`, or nothing: `jaxneuron.tap.nearest`, without the import of JAX."""
    close = difflib.get_close_matches(value, list(known), n=1, cutoff=0.82)
    return f": did you mean {close[0]!r}?" if close else ""


def existing(option: str, path: Path, what: str) -> Path:
    """Return a path that is there.

    Raises:
        FileNotFoundError: it is not.
    """
    if not path.exists():
        raise FileNotFoundError(f"{option} {path}: no file or folder {path}; expected {what}")
    return path


def number(check: Callable[[Any], Any], help: str) -> Any:
    """Return an option with a check."""
    return typer.Option(callback=check, help=help)


WIDEST, DEEPEST, LONGEST = 2**14, 2**7, 2**16
"""Units of a layer, layers of a model and words of a text, beyond which no machine goes today."""

Data = Annotated[
    Path | None,
    typer.Option(help="A folder of captions; by default $JAXNEURON_DATA, and without it the embedded scenes."),
]
Out = Annotated[Path, typer.Option(help="The folder to write: a new or an empty one; a stopped run there goes on.")]
TextColumn = Annotated[
    str | None,
    typer.Option(help="Of .jsonl, .tsv and columns: the name of the text's column, or its number from 0."),
]
LabelColumn = Annotated[str | None, typer.Option(help="The same for the label.")]
Seed = Annotated[int, number(whole(0, 2**32 - 1), "One seed, one result.")]
Length = Annotated[int, number(whole(1, LONGEST), "Words in an n-gram.")]
Epochs = Annotated[int, number(whole(1, 10**6), "Passes over the text at most.")]
Batch = Annotated[int, number(whole(1, 2**14), "Sentences in a batch.")]
Rate = Annotated[float, number(rate, "The first and highest learning rate.")]
Patience = Annotated[int, number(whole(1), "Epochs without a better dev loss before stopping.")]
MinCount = Annotated[int, number(whole(1), "Occurrences of a word to be in the vocabulary.")]
Width = Annotated[int, number(whole(1, WIDEST), "Units of each layer.")]
Layers = Annotated[int, number(whole(1, DEEPEST), "Layers, one upon the other.")]
