"""What a run works on: the trained model, and pieces of text with the states and the labels of their symbols."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.corpora import hypotheses, vocabulary
from jaxneuron.corpora.hypotheses import Hypothesis, Labels
from jaxneuron.corpora.parses import Parsed
from jaxneuron.studies.dni2018.languages import Language
from jaxneuron.studies.dni2018.presets import Preset
from jaxneuron.studies.dni2018.texts import Texts
from jaxneuron.studies.running import Report
from jaxneuron.types import Forward, Params, Site, Tokens, Vocabulary
from jaxneuron_models import lstm_training
from jaxneuron_models.model import Model
from jaxneuron_models.train import apart

UNKNOWN = 0.1
"""The share of a text's symbols from which on a model that does not know them does not fit the text."""

PIECE, CONTEXT = 200, 100
"""A longer text is read in pieces of so many symbols, after so many that only give the model its context."""


class Passages(NamedTuple):
    """Pieces of text, and what is known of their symbols."""

    strings: list[str]
    tokens: Tokens  # [piece, time]
    counted: Bool[np.ndarray, "piece time"]  # false on padding, and on what gives the context
    labels: Labels  # of the counted symbols, all pieces in a row

    def column(self, hypothesis: Hypothesis) -> Float[np.ndarray, "symbol"]:
        """Return the labels of a hypothesis, of the counted symbols.

        Raises:
            ValueError: it is not among the labels.
        """
        return self.labels.values[:, self.labels.names.index(hypothesis.name)]

    def of(self, hypothesis: Hypothesis) -> Float[np.ndarray, "piece time"]:
        """Return the labels of a hypothesis, 0 where none is counted."""
        found = np.zeros(self.counted.shape, np.float32)
        found[self.counted] = self.column(hypothesis)
        return found

    def following(self) -> Int[np.ndarray, "piece time"]:
        """Return the symbol after each one that is counted; -1 elsewhere."""
        ids, mask = self.tokens
        after = np.pad(ids[:, 1:], [(0, 0), (0, 1)])
        there = np.pad(mask[:, 1:], [(0, 0), (0, 1)])
        return np.where(self.counted & there, after, -1).astype(np.int32)


def train(key: Array, texts: Texts, preset: Preset, directory: Path, report: Report) -> Model:
    """Train the LSTM, or go on with its training, and load it.

    Args:
        key: one key.
        texts: to learn from.
        preset: the sizes of the run.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    schedule, options = apart(lstm_training.SCHEDULE, preset.training)
    cutting, options = apart(lstm_training.CUTTING, options)
    lstm_training.fit(
        key,
        [parsed.text for parsed in texts.train],
        [parsed.text for parsed in take(texts.dev, preset.quality)],
        directory,
        schedule=schedule,
        cutting=cutting,
        width=preset.width,
        progress=report("train the LSTM"),
        **options,
    )
    return lstm_training.load(directory)


def given(directory: Path | str, texts: Texts) -> Model:
    """Load an LSTM that somebody trained before, if it reads texts as this study does.

    Args:
        directory: what `jaxneuron train lstm` wrote.
        texts: of the run.

    Raises:
        FileNotFoundError, ValueError: no LSTM is there, or one of words, of a single unit, or of other symbols.
    """
    model = lstm_training.load(directory)
    if model.symbol != "character":
        raise ValueError(
            f"the LSTM in {directory} reads {model.symbol}s, and hypotheses label single symbols; give one of "
            "`jaxneuron train lstm` on characters, or leave out --model to train one"
        )
    if model.config.width < 2:
        raise ValueError(
            f"the LSTM in {directory} has {model.config.width} unit in a layer; expected 2 or more, to compare them"
        )
    unknown = vocabulary.unknown_share(model.vocabulary, [parsed.text for parsed in texts.dev])
    if unknown > UNKNOWN:
        raise ValueError(
            f"the LSTM in {directory} does not know {unknown:.0%} of the symbols of this text; give a model of the "
            "same language, or leave out --model to train one"
        )
    return model


def site(model: Model) -> Site:
    """Return where the units are: the hidden states of the last layer, which the prediction is read from."""
    return model.linear["logits"]


def curves(directory: Path) -> list[dict[str, Any]]:
    """Return what a training wrote down of itself, a row for each epoch; nothing if it has not."""
    path = directory / "curves.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def take(texts: Sequence[Parsed], symbols: int) -> list[Parsed]:
    """Return the first texts until they have so many symbols."""
    kept, size = [], 0
    for parsed in texts:
        if size >= symbols:
            break
        kept.append(parsed)
        size += len(parsed.text)
    return kept


def passages(
    words: Vocabulary, texts: Sequence[Parsed], language: Language, symbols: int, *, like: Labels | None = None
) -> Passages:
    """Cut texts into pieces and label their symbols.

    Args:
        words: the symbols that the model knows.
        texts: with trees.
        language: says what is asked.
        symbols: to be counted; of longer texts, pieces are taken evenly from all over.
        like: labels of other texts, whose ranges are used again.
    """
    short = max(len(parsed.text) for parsed in texts) <= PIECE
    texts = take(texts, symbols if short else 4 * symbols)
    asked = [query.hypothesis for query in language.queries]
    labels = hypotheses.label(asked, texts, like=like)
    pieces = [
        (row, max(0, start - CONTEXT), start, min(start + PIECE, len(parsed.text)))
        for row, parsed in enumerate(texts)
        for start in range(0, len(parsed.text), PIECE)
    ]
    enough = -(-symbols // PIECE)
    if not short and len(pieces) > enough:
        pieces = [pieces[place] for place in np.linspace(0, len(pieces) - 1, enough).astype(int)]
    strings = [texts[row].text[begin:stop] for row, begin, _, stop in pieces]
    tokens = vocabulary.encode(words, strings)
    offset = np.concatenate([[0], np.cumsum([len(parsed.text) for parsed in texts])])
    counted = tokens.mask & (np.arange(tokens.mask.shape[1]) >= np.array([[p[2] - p[1]] for p in pieces]))
    rows = np.concatenate([offset[row] + np.arange(start, stop) for row, _, start, stop in pieces])
    return Passages(strings, tokens, counted, labels._replace(values=labels.values[rows]))


def states(model: Model, found: Passages, site: Site, *, chunk: int = 32) -> Float[np.ndarray, "symbol unit"]:
    """Return what the units of a site are at each symbol that is counted.

    Args:
        model: that is asked.
        found: pieces of text, with what is known of their symbols.
        site: where the units are.
        chunk: texts at a time.
    """

    def update(parts: list[np.ndarray], index: Array, valid: Array, ids: Array, mask: Array) -> list[np.ndarray]:
        return [*parts, np.asarray(_state(model.forward, model.params, Tokens(ids, mask), site=site))]

    ids, mask = found.tokens
    values = np.concatenate(batching.fold_rows(update, [], ids, mask, chunk=min(chunk, len(ids))))
    return values[: len(ids)][found.counted]


@partial(jax.jit, static_argnames=("forward", "site"))
def _state(forward: Forward, params: Params, tokens: Tokens, *, site: Site) -> Float[Array, "piece time unit"]:
    return forward(params, tokens, {})[1][site]
