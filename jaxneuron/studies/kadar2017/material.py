"""What is analysed: sentences with the part of speech and the relation of each word."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxneuron.corpora import conllu, scenes, vocabulary
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.studies.captioned import Data
from jaxneuron.studies.kadar2017 import tagger
from jaxneuron.studies.kadar2017.results import Tagger, TextReport
from jaxneuron.types import Tokens
from jaxneuron_models.model import Model


class Treebank(NamedTuple):
    """What trains the tagger."""

    name: str
    train: Labelled
    dev: Labelled


class Parsed(NamedTuple):
    """Sentences with their labels, and who says so."""

    name: str
    text: Labelled
    by: str
    tagger: Tagger | None = None


class TaggedCaptions(NamedTuple):
    """What a run works on."""

    model: Model
    text: Labelled
    tokens: Tokens  # [sentence, time], on the host
    report: TextReport


def treebank(path: Path) -> Treebank:
    """Read a treebank, as captions are written.

    Raises:
        FileNotFoundError, ValueError: see `conllu.read` and `tagger.plain`.
    """
    return Treebank(path.name, *(tagger.plain(conllu.read(path, split)) for split in ("train", "dev")))


def parsed(texts: Data | None, path: Path | None, given: Treebank | None, *, seed: int) -> Parsed:
    """Return the sentences that are analysed, with their labels.

    Args:
        texts: captions that are not the embedded scenes; their test split is tagged.
        path: parsed sentences, which are analysed instead.
        given: what trains the tagger.
        seed: of its training.
    """
    if path is not None:
        return Parsed(path.name, tagger.plain(conllu.read(path, "dev" if path.is_dir() else None)), path.name)
    if texts is None:
        return Parsed("embedded scenes, test", scenes.parsed("test"), "the grammar that wrote the captions")
    assert given is not None
    trained = tagger.train(given.train, given.dev, seed=seed)
    told = tagger.tag(trained, texts.test.sentences)
    return Parsed("captions, test", told, f"a tagger trained on {given.name}", trained.quality)


def prepare(model: Model, found: Parsed, *, captions: int) -> TaggedCaptions:
    """Encode the first sentences.

    Args:
        model: that is asked.
        found: parsed captions.
        captions: how many.

    Raises:
        ValueError: the model knows nearly none of their words, or all of them have one word.
    """
    rows = slice(0, captions)
    text = found.text._replace(
        sentences=found.text.sentences[rows], labels={name: row[rows] for name, row in found.text.labels.items()}
    )
    tokens = vocabulary.encode(model.vocabulary, text.sentences)
    lengths = tokens.mask.sum(axis=1)
    unknown = float(np.mean(tokens.ids[tokens.mask] == vocabulary.UNK))
    if unknown > 0.5:
        raise ValueError(
            f"{unknown:.0%} of the words of {found.name} are not in the model's vocabulary; the model was trained on "
            "other text: analyse captions like its own, or train a model on these"
        )
    if lengths.max() < 2:
        raise ValueError(
            f"every sentence of {found.name} has one word, and nothing is left without it; give longer ones"
        )
    report = TextReport(
        found.name, len(lengths), int(lengths.sum()), int((lengths == 1).sum()), unknown, found.by, found.tagger
    )
    return TaggedCaptions(model, text, tokens, report)
