"""A model and text, as the person names them: options that every question shares, checked before anything is loaded."""

import random
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _model
from jaxneuron.cli._added import Dictionary as Dictionary
from jaxneuron.cli._added import with_dictionaries as with_dictionaries
from jaxneuron.cli._options import LARGEST, existing, number, one_of
from jaxneuron.cli._shared import counted, notice

UNITS = 2**20
"""Units that can be asked for at once: more than any site has."""

TEXT = "a text, or a folder of splits: .conllu, .conll, .iob2, .jsonl, .tsv or .txt, perhaps with .gz"

Model = Annotated[
    str,
    typer.Option(
        help="A folder that `jaxneuron train` or a study wrote, a Hugging Face checkpoint, by folder or by its name on "
        "the hub, or module:function of your own."
    ),
]
Head = Annotated[
    str | None, typer.Option(help="Of a Hugging Face checkpoint: the class whose head the weights hold, or its end.")
]
Texts = Annotated[list[str] | None, typer.Option("--text", help="A text; may be given several times.")]
Data = Annotated[Path | None, typer.Option(help="Instead: a text file, or a folder of splits.")]
Split = Annotated[str | None, typer.Option(help="Of a folder of splits; by default train.")]
Site = Annotated[str, typer.Option(help="Where the units are; `jaxneuron sites MODEL` lists them.")]
Units = Annotated[str, typer.Option(help="Unit numbers: 3, 3,5 or 0-9.")]
Most = Annotated[
    int,
    typer.Option(
        min=1, help="Texts that are read at most, the first; drawn at random where labels of whole texts are asked for."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines and nothing else.")]
Out = Annotated[
    Path | None, typer.Option(help="A folder for the page and the JSON lines: a new one, or this command's.")
]
Target = Annotated[
    str | None,
    typer.Option(
        help="What is explained: a label or a word that the head scores, or site:unit, such as block3/residual:100; by "
        "default what the head scores highest."
    ),
]
Position = Annotated[int, typer.Option(help="The word at which the target is read, from 0; -1 is the last.")]
At = Annotated[
    str | None, typer.Option("--site", help="Where the features are; by default the words' vectors, embed/word.")
]
Baseline = Annotated[
    str, number(one_of("zero", "mean"), "What features are compared with: zero, or mean, that of the text's own.")
]


class Read(NamedTuple):
    """Text with its labels, before any model."""

    sentences: list[list[str]]
    labels: dict[str, list[list[str]]]
    sentence_labels: dict[str, list[str]]
    name: str


def check(model: str, text: list[str] | None, data: Path | None, split: str | None, *, needed: bool = True) -> None:
    """Check what can be checked without loading anything.

    Raises:
        ValueError, FileNotFoundError: what is wrong.
    """
    _model.check(model)
    if text and data is not None:
        raise ValueError("--text and --data are both given; give one of them")
    if not text and data is None and needed:
        raise ValueError("there is no text; give --text 'some words' (several times, if you like) or --data FILE")
    if any(not one.strip() for one in text or ()):
        raise ValueError("--text is empty; give some words")
    if data is not None and not existing("--data", data, TEXT).is_dir() and split is not None:
        raise ValueError(f"--split {split}: --data {data} is a file and has no splits; leave one of them out")


def read(
    text: list[str] | None,
    data: Path | None,
    split: str | None,
    most: int,
    *,
    column: dict[str, str] | None = None,
    seed: int | None = None,
) -> Read:
    """Return the text, of which the first `most` are kept, or, with a seed, so many of those that have a label each."""
    if text:
        return Read([one.split() for one in text], {}, {}, "the text given")
    from jaxneuron.corpora import texts

    assert data is not None
    found = texts.read(data, (split or "train") if data.is_dir() else None, **(column or {}))
    drawn = seed is not None and bool(found.sentence_labels)
    if len(found.sentences) > most:
        which = f"{most:,} drawn at random" if drawn else f"the first {most:,}"
        notice(f"of {len(found.sentences):,} texts, {which} are read (--most)")
    chosen = list(range(len(found.sentences)))
    if drawn:
        random.Random(seed).shuffle(chosen)

    def some(rows: list[Any]) -> list[Any]:
        return [rows[number] for number in chosen[:most]]

    return Read(
        some(found.sentences),
        {name: some(rows) for name, rows in found.labels.items()},
        {name: some(rows) for name, rows in found.sentence_labels.items()},
        data.name,
    )


def short(model: str) -> str:
    """Return a name of a model for a title: of a path, its end.

    Example:
        >>> short("/home/me/models/bert/model")
        'bert/model'
    """
    return "/".join(Path(model).parts[-2:])


def load(model: str, head: str | None = None, dictionary: list[str] | None = None) -> Any:
    """Open a model that reads one text, with the features of dictionaries among its sites, and without what was erased.

    Raises:
        ValueError: it reads two; and see `open`.
        KeyError, ValueError, FileNotFoundError: a dictionary that is none, or of another model.
    """
    from jaxneuron_models.open import open as open_model

    return with_dictionaries(one_text(open_model(model, head=head), model), dictionary)


def one_text(opened: Any, model: str) -> Any:
    """Return a model that reads one text.

    Raises:
        ValueError: it is an encoder-decoder.
    """
    if opened.writing is not None:
        raise ValueError(
            f"--model {short(model)} is an encoder-decoder: it reads a text and what is written after it, and commands "
            "read one text; give a model that reads one, or call the methods from Python with a "
            "jaxneuron.types.Translation (`jaxneuron sites` lists its sites)"
        )
    return opened


def beginnings(model: Any, texts: Any) -> Any:
    """Return texts as the model reads them at once; of those that are longer, the beginning, which is said."""
    from jaxneuron.extract import reading

    found = reading.read(model, texts)
    if not found.whole.all():
        cut = counted(int((~found.whole).sum()), "text")
        notice(f"of {cut} longer than the {model.window:,} {model.symbol}s that the model reads, only the beginning")
    return found


def features(opened: Any) -> list[str]:
    """Return the sites of a model that are the features of dictionaries."""
    from jaxneuron.dictionary import FEATURES

    return [site for site in sites(opened) if site.endswith(f"/{FEATURES}")]


def unknown(model: Any, sentences: list[list[str]]) -> str:
    """Return what to say of words that the model does not know, and say so beside the answer if they are many."""
    from jaxneuron.extract import reading

    share = reading.unknown_share(model, sentences)
    words = sum(map(len, sentences))
    said = f"{round(share * words):,} of {words:,} words ({share:.0%}) are unknown to the model"
    if share > 0.05:
        notice(f"{said}: what follows tells little about them")
    return said


def shape(model: Any, site: str) -> Any:
    """Return the shape of a site on two symbols.

    Raises:
        KeyError: the model has no such site.
    """
    from jaxneuron import tap

    shapes = sites(model)
    tap.check_site(site, shapes)
    return shapes[site]


def sites(model: Any) -> dict[str, Any]:
    """Return the shapes of all sites on a text of two symbols."""
    import jax.numpy as jnp

    from jaxneuron import tap
    from jaxneuron.types import Tokens, Translation

    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    given = Translation(text, text) if model.writing is not None else text
    return tap.sites(model.forward, model.params, given)


def numbers(text: str) -> list[int]:
    """Return the numbers that a text such as 3,5 or 0-9 lists, in its order.

    Raises:
        ValueError: it lists none, one twice, or one that no site has.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not _is_number(first) or (dash and not _is_number(last)):
            raise ValueError(f"--units {text!r}: expected numbers such as 3, 3,5 or 0-9")
        begin, end = int(first), int(last or first)
        if end < begin:
            raise ValueError(f"--units {text!r}: {part.strip()} ends before it begins; give the smaller number first")
        if end - begin + len(found) >= UNITS or end > LARGEST:
            raise ValueError(f"--units {text!r}: no site has so many units; give numbers of units that are there")
        found += range(begin, end + 1)
    if len(set(found)) < len(found):
        twice = next(number for place, number in enumerate(found) if number in found[:place])
        raise ValueError(f"--units {text!r}: unit {twice} is named twice; name each once")
    return found


def units_there(model: Any, site: str, units: list[int]) -> int:
    """Return the width of a site that has these units.

    Raises:
        KeyError, ValueError: no such site, or no such unit.
    """
    width = shape(model, site).shape[-1]
    if outside := [unit for unit in units if unit >= width]:
        raise ValueError(f"unit {outside[0]} is out of range: {site!r} has the units 0 to {width - 1}")
    return width


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20
