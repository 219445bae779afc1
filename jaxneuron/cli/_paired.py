"""Pairs of texts of which one lends its activations to the other, as a model reads them: which word gets whose."""

import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _inputs
from jaxneuron.cli._options import existing
from jaxneuron.cli._shared import counted, notice


class Pairs(NamedTuple):
    """Where the pairs are."""

    data: Annotated[
        Path,
        typer.Option(
            help="Pairs: JSON lines with base, source, expected (what must come next once the base has the source's "
            "activations) and instead; or BLiMP's file, whose sentences differ in the number of a verb."
        ),
    ]
    most: Annotated[int, typer.Option(min=2, help="Pairs that are read at most.")] = 1000
    at: Annotated[
        str,
        typer.Option(
            help="The word that gets the activation, and the word of its source that has it: last, a number from 0 (-1 "
            "is the last one), or a word of both texts, or several with commas of which each text has one."
        ),
    ] = "last"
    all: Annotated[
        bool,
        typer.Option("--all", help="Pairs, too, of which the model does not prefer the right answer of both texts."),
    ] = False

    def check(self) -> None:
        """Check what can be checked without a model.

        Raises:
            ValueError, FileNotFoundError: no place, or no such file.
        """
        if not names("--at", self.at):
            raise ValueError("--at is empty; give last, the number of a word, or a word")
        if not existing("--data", self.data, "a file of pairs, .jsonl or .jsonl.gz").is_file():
            raise FileNotFoundError(f"--data {self.data}: expected a file of pairs, .jsonl or .jsonl.gz, got a folder")


class Opened(NamedTuple):
    """A model, and pairs as it reads them."""

    model: Any
    pairs: Any  # `intervene.interchange.Counterfactuals`
    words: list[tuple[str, ...]]  # of each pair: the two whose activation is meant, and the first of both answers
    units: int  # of the site
    told: str  # what to say of them
    place: str  # what to say of the words


def opened(model: str, site: str, pairs: Pairs, given: Any) -> Opened:
    """Return the model, and the pairs whose answers differ in the first symbol that comes next.

    Raises:
        KeyError, ValueError, FileNotFoundError: no such model, site or pairs; a model that has no next word.
    """
    from jaxneuron.cli import _model

    _model.check(model)
    pairs.check()
    given.shown.check()
    from jaxneuron.corpora import counterfactuals

    rows = counterfactuals.read(pairs.data, seed=given.seed)
    loaded = _inputs.load(model, given.head, given.dictionary)
    units = _inputs.shape(loaded, site).shape[-1]
    if loaded.head != "next word":
        raise ValueError(
            f"{_inputs.short(model)} says nothing about the next word, and that is what pairs are about; give a model "
            "that does, or call jaxneuron.intervene.interchange from Python"
        )
    import jax
    import numpy as np

    chosen = np.sort(np.random.default_rng(given.seed).permutation(len(rows))[: pairs.most])
    rows = [rows[i] for i in chosen.tolist()]
    found, kept, why = _read(loaded, rows, pairs.at)
    if not pairs.all:
        right = _right(loaded, found)
        found, kept = jax.tree.map(lambda leaf: leaf[right], found), kept[right]
        why.append(f"the model does not prefer what is right in {int((~right).sum()):,}")
    if len(kept) < len(rows):
        notice(f"of {len(rows):,} pairs, {len(rows) - len(kept):,} are left out: {', '.join(why)}")
    words = [_told_apart(rows[number], pairs.at) for number in kept.tolist()]
    return Opened(loaded, found, words, units, counted(len(kept), "pair"), _place_name(pairs.at))


def _right(model: Any, pairs: Any) -> Any:
    """Return of which pairs the model prefers the right answer of both texts, as they are.

    Raises:
        ValueError: none is left.
    """
    import jax
    import numpy as np

    from jaxneuron import batching
    from jaxneuron.intervene.interchange import Preference

    read = Preference()

    def preferred(params: Any, tokens: Any, answers: Any) -> Any:
        found = model.forward(params, tokens, {})
        return read.compare(found, found, tokens, answers)

    run = jax.jit(preferred)
    sides = ((pairs.tokens, pairs.answers[:, ::-1]), (pairs.source, pairs.answers))
    right = [
        np.asarray(batching.map_chunks(lambda *rows: run(model.params, *rows), *side, chunk=64)) > 0 for side in sides
    ]
    keep = right[0] & right[1]
    if not keep.any():
        raise ValueError(
            f"of {len(keep)} pairs, the model prefers the right answer of both texts in none, so it has no variable to "
            "interchange; give others, or --all"
        )
    return keep


def _read(model: Any, rows: list[Any], at: str) -> tuple[Any, Any, list[str]]:
    """Return pairs as a model reads them, the numbers of those kept, and why others are not.

    Kept are those whose answers differ right after the text, and of which both texts have the word.

    Raises:
        ValueError: none do.
    """
    import jax
    import numpy as np

    from jaxneuron.intervene.interchange import Counterfactuals

    def texts(written: list[str]) -> Any:
        return _inputs.beginnings(model, [one.split() for one in written])

    base, source = texts([row.base for row in rows]), texts([row.source for row in rows])
    answers = []
    for name in ("expected", "instead"):
        whole_text = texts([f"{row.base} {getattr(row, name)}" for row in rows]).tokens
        ids, mask = np.asarray(whole_text.ids), np.asarray(whole_text.mask)
        length = np.asarray(base.tokens.mask).sum(axis=1)
        long = mask.sum(axis=1) > length
        answers.append(np.where(long, ids[np.arange(len(rows)), np.minimum(length, ids.shape[1] - 1)], -1))
    both = np.stack(answers, axis=1)
    differ = (both >= 0).all(axis=1) & (both[:, 0] != both[:, 1])
    if not differ.any():
        raise ValueError(
            f"of {len(rows)} pairs, the answers of none differ in the first {model.symbol} after the text; give others"
        )
    places = np.stack(
        [
            _places(one.word, [getattr(row, side) for row in rows], at)
            for one, side in ((base, "base"), (source, "source"))
        ],
        axis=1,
    )
    there = (places >= 0).all(axis=1)
    if not (keep := differ & there).any():
        raise ValueError(
            f"--at {at}: in none of {int(differ.sum())} pairs, both texts have {_place_name(at)}, such as "
            f"{rows[0].base!r} and {rows[0].source!r}; give another word, or --at last"
        )
    why = [f"{int((~differ).sum()):,} have answers that do not differ in the first {model.symbol}"]
    why += [f"in {int((~there).sum()):,} not both texts have {_place_name(at)}"] * bool((~there).any())
    host = Counterfactuals(base.tokens, source.tokens, both.astype(np.int32), places)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[keep], host), np.flatnonzero(keep), why


def _word(text: str, at: str) -> int | None:
    """Return the number of the word that is meant, None where a text does not have it."""
    words = [word.strip(".,;:!?").lower() for word in text.split()]
    if at == "last" or re.fullmatch(r"-?\d+", at):
        number = -1 if at == "last" else int(at)
        return number % len(words) if -len(words) <= number < len(words) else None
    meant = [one.lower() for one in names("--at", at) or ()]
    return next((number for number, word in enumerate(words) if word in meant), None)


def _places(word: Any, texts: list[str], at: str) -> Any:
    """Return the place of the word's last symbol in each text, -1 where it has none."""
    import numpy as np

    found = []
    for numbers, text in zip(np.asarray(word), texts, strict=True):
        meant = _word(text, at)
        here = np.flatnonzero(numbers == meant)  # of none: nowhere
        found.append(int(here[-1]) if meant is not None and here.size else -1)
    return np.array(found)


def _place_name(at: str) -> str:
    if at in ("last", "-1"):
        return "the last word"
    return f"word {at}" if re.fullmatch(r"-?\d+", at) else " or ".join(map(repr, names("--at", at) or ()))


def _told_apart(row: Any, at: str) -> tuple[str, ...]:
    """Return the words of a pair by which one could tell it from others."""
    meant = [text.split()[_word(text, at) or 0] for text in (row.base, row.source)]
    return (*meant, row.expected.split()[0], row.instead.split()[0])
