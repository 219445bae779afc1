"""What one may ask of the study, known without JAX."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from jaxneuron.studies._study import Command, Existing, Option, Trained


class Subject(StrEnum):
    """The languages: the three of the paper, and what every machine has, the standard library of its Python."""

    PARENS = "parens"
    ARITHMETIC = "arithmetic"
    C = "c"
    PYTHON = "python"


MADE = (Subject.PARENS, Subject.ARITHMETIC)
"""Languages whose texts a grammar makes."""


class Options(NamedTuple):
    """What a run reads."""

    language: Annotated[str, Option("parens, arithmetic, c or python.", choices=tuple(map(str, Subject)))] = "parens"
    data: Annotated[
        Path | None,
        Option(
            "Source code: a folder of files, or of train, dev and test.jsonl; C needs it, of Python the standard "
            "library is the default.",
            absent="made or embedded",
            accepts=Existing("a folder of source files, or of train, dev and test.jsonl"),
        ),
    ] = None
    model: Annotated[
        str | None,
        Option(
            "An LSTM language model of single symbols, a folder of `jaxneuron train lstm`; by default one is trained.",
            absent="trained here",
            accepts=Trained("lstm"),
        ),
    ] = None
    hypotheses: Annotated[
        Sequence[Any],
        Option("more hypotheses", said=lambda given: [one.name for one in given], command=False),
    ] = ()


def check(options: Options) -> None:
    """Refuse data that has no use, or no data where there is no text without it.

    Raises:
        ValueError: one of the two.
    """
    if options.data is not None and options.language in MADE:
        raise ValueError(
            f"--language {options.language} is made by its grammar, so that --data {options.data} has no use; "
            "leave it out"
        )
    if options.data is None and options.language == Subject.C:
        raise ValueError("--language c needs --data: a folder of .c files, or of train, dev and test.jsonl")


COMMAND = Command(
    "dni2018",
    "Ask which neurons of an LSTM compute what a grammar or a parser says, as Sellam et al. 2018.",
    Options,
    presets={
        "demo": "1 minute on two cores, of C or Python 2, and 1 GB of memory",
        "small": "4 minutes, of C or Python 10",
        "paper": "some three times as long as small",
    },
    preset="small",
    check=check,
)
