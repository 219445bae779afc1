"""The texts of a run: made by a grammar, or source code."""

from pathlib import Path
from typing import NamedTuple

from jaxneuron.corpora import code, grammars
from jaxneuron.corpora.parses import Parsed
from jaxneuron.studies.dni2018.options import MADE, Subject
from jaxneuron.studies.dni2018.presets import Preset

DEPTH = 4
"""Levels of parentheses, as LSTMVis and the paper have them."""

STREAM = 100
"""Symbols of a text of parentheses: as many as a window of the training, so that the level is never in doubt."""

TREES, LONGEST = 5, 60
"""Depth of the trees of arithmetic, and symbols of its longest text."""


class Texts(NamedTuple):
    """The texts of a run, with their trees."""

    train: list[Parsed]
    dev: list[Parsed]  # early stopping, and the symbols on which units are scored
    test: list[Parsed]  # the symbols on which units are taken away


def read(language: Subject, seed: int, preset: Preset, path: Path | None) -> Texts:
    """Return the texts of a language; `path` is a folder or a file of source code.

    Args:
        language: whose texts.
        seed: of all that is drawn.
        preset: the sizes of the run.
        path: a folder or a file of source code; None: what is made or embedded.

    Raises:
        ValueError: no source code there.
        FileNotFoundError, ModuleNotFoundError: see `corpora.code.read`.
    """
    limits = preset.symbols, max(preset.scored, preset.quality), max(preset.held_out, preset.quality)
    if language in MADE:
        return Texts(*(_made(language, 3 * seed + part, symbols) for part, symbols in enumerate(limits)))
    splits = ("train", "dev", "test")
    return Texts(*(code.read(path, split, limit=limit) for split, limit in zip(splits, limits, strict=True)))


def _made(language: Subject, seed: int, symbols: int) -> list[Parsed]:
    """Draw at least so many symbols."""
    if language is Subject.PARENS:
        return grammars.parens_walk(seed, -(-symbols // STREAM), depth=DEPTH, length=STREAM)
    texts: list[Parsed] = []
    size = part = 0
    while size < symbols:
        count = (symbols - size) // 8 + 20
        drawn = grammars.sample(1000 * seed + part, grammars.arithmetic(), count, depth=TREES, longest=LONGEST)
        for one in drawn:  # a digit alone is a third of what the grammar makes, and says nothing
            if len(one.text) > 1 and size < symbols:
                texts.append(one)
                size += len(one.text)
        part += 1
    return texts
