"""The language model that a study of texts interprets, as it reads words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

from jaxneuron.studies.running import Report
from jaxneuron.types import Forward, Params, Vocabulary
from jaxneuron_models import transformer, transformer_training
from jaxneuron_models.model import Model
from jaxneuron_models.open import open
from jaxneuron_models.train import apart


class Subject(NamedTuple):
    """The model that is interpreted."""

    forward: Forward
    params: Params
    tokenizer: Tokenizer
    config: transformer.TransformerConfig
    hidden: int | None  # the id that stands for a hidden word, in a masked language model
    source: str  # what it was opened by
    model: Model  # as it was opened


def load(source: Path | str) -> Subject:
    """Load a Hugging Face checkpoint, or a transformer that `jaxneuron train transformer` wrote.

    Raises:
        FileNotFoundError, ValueError: see `jaxneuron_models.open.open`.
    """
    model = open(source)
    tokenizer = model.tokenizer
    if tokenizer is None:
        words = {word: number for number, word in enumerate(model.vocabulary.words)}
        tokenizer = Tokenizer(models.WordLevel(words, unk_token=model.vocabulary.words[transformer_training.MASK]))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
    return Subject(model.forward, model.params, tokenizer, model.config, model.hidden, model.source, model)


def train(
    key: jax.Array,
    text: list[list[str]],
    dev: list[list[str]],
    directory: Path,
    training: Mapping[str, Any],
    report: Report,
) -> Subject:
    """Train a small language model on the text under study itself.

    Args:
        key: of the weights and the order of the text.
        text: sentences to train on.
        dev: sentences to stop by.
        directory: where the model is written.
        training: arguments of `transformer_training.fit`, and of its schedule.
        report: what is being done -> a progress callback.
    """
    schedule, options = apart(transformer_training.SCHEDULE, dict(training))
    progress = report("train a transformer")
    transformer_training.fit(key, text, dev, directory, schedule=schedule, progress=progress, **options)
    return load(directory)


def closed_vocabulary(subject: Subject) -> Vocabulary | None:
    """Return the words of a model that knows no others; None for one that reads pieces of words."""
    if not isinstance(subject.tokenizer.model, models.WordLevel):
        return None
    words = subject.tokenizer.get_vocab()
    return Vocabulary(tuple(sorted(words, key=lambda word: words[word])), np.zeros(len(words), np.int64))
