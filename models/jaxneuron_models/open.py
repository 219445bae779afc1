"""Any model by its name: what `jaxneuron train` or a study wrote, a Hugging Face checkpoint, or a user's own.

What a name stands for is told in `kind`, without loading anything; `open` loads it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from jaxneuron.types import Vocabulary
from jaxneuron_models import (
    checkpoints,
    heads,
    imaginet,
    lstm_training,
    own,
    pretrained,
    text_cnn_training,
    transformer_training,
)
from jaxneuron_models.kind import HUGGING_FACE, OWN, kind
from jaxneuron_models.model import HEADS, SYMBOLS, Model

LOADERS: dict[str, Callable[[Path | str], Model]] = {
    "imaginet": imaginet.load,
    "lstm": lstm_training.load,
    "transformer": transformer_training.load,
    "text_cnn": text_cnn_training.load,
}


def open(name: Path | str, *, dtype: Any = "float32", head: str | None = None) -> Model:
    """Open a model.

    Args:
        name: a folder that `jaxneuron train` or a study wrote, a Hugging Face checkpoint, by folder or by its name on
            the hub, or `package.module:function` of your own (the current folder is looked in first), which returns
            a `Model`, or anything with `forward`, `params`, and a `vocabulary` or a `tokenizer`; what else it has of
            the fields of a `Model` is taken too.
        dtype: of a Hugging Face checkpoint's weights, and so of all that is computed: float32 or bfloat16.
        head: of a Hugging Face checkpoint, the class of `transformers` whose head the weights hold, or the end of its
            name, such as `"ForMaskedLM"`; `"Model"` leaves any head out.

    Raises:
        ValueError: a name of nothing, a damaged folder, a function that fails or returns something else, or options
            that such a model does not have.
        FileNotFoundError: no such folder, or files are missing.
    """
    found = kind(name)
    if found == HUGGING_FACE:
        return pretrained.load(name, dtype=dtype, head=head or "")
    if head is not None or str(np.dtype(dtype)) != "float32":
        raise ValueError(
            f"{name}: a dtype and a head can be chosen of Hugging Face checkpoints only; this model has its own head, "
            "and is computed in float32"
        )
    if found == OWN:
        return _model(own.call(str(name)), str(name))
    if found == "head":
        return _head(name)
    return LOADERS[found](name)


def _head(directory: Path | str) -> Model:
    """Open a head with the encoder that it was trained over."""
    over = checkpoints.load(directory, "head").over
    try:
        below = open(over)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{directory} is a head over {over}, which is not there: {error}") from error
    return heads.load(directory, below)


def _model(found: Any, name: str) -> Model:
    """Return what a user's function returned as a model.

    Raises:
        ValueError: it lacks something, or has it of another kind.
    """
    if isinstance(found, Model):
        return found._replace(source=name)
    missing = [field for field in ("forward", "params") if not hasattr(found, field)]
    given: dict[str, Any] = {field: getattr(found, field) for field in Model._fields if hasattr(found, field)}
    if given.get("vocabulary") is None and given.get("tokenizer") is None:
        missing.append("vocabulary or tokenizer")
    if missing:
        raise ValueError(
            f"{name}: the function returned {type(found).__name__}, without {', '.join(missing)}; expected a "
            "jaxneuron_models.model.Model, or anything with forward, params, and vocabulary or tokenizer"
        )
    tokenizer = given.get("tokenizer")
    tokenizer = getattr(tokenizer, "backend_tokenizer", tokenizer)  # one of transformers
    if tokenizer is not None and not isinstance(tokenizer, Tokenizer):
        raise ValueError(
            f"{name}: the tokenizer is a {type(tokenizer).__name__}; expected one of `tokenizers`, as in a "
            "tokenizer.json, or of `transformers`, a fast one"
        )
    given["tokenizer"], given["vocabulary"] = tokenizer, _vocabulary(given.get("vocabulary"), tokenizer, name)
    given.setdefault("symbol", "word" if tokenizer is None else "piece")
    given["linear"] = dict(given.get("linear") or {})
    for field, known in (("symbol", SYMBOLS), ("head", HEADS)):
        if given.get(field, known[0]) not in known:
            raise ValueError(f"{name}: the model's {field} must be one of {', '.join(known)}, got {given[field]!r}")
    given["source"] = name
    return Model(**given)


def _vocabulary(given: Any, tokenizer: Tokenizer | None, name: str) -> Vocabulary:
    """Return the words by their ids."""
    if isinstance(given, Vocabulary):
        return given
    if given is None and tokenizer is not None:
        given = tokenizer.get_vocab()
    if isinstance(given, dict):
        numbers = {number: word for word, number in given.items()}
        given = [numbers.get(number, f"<{number}>") for number in range(max(numbers, default=-1) + 1)]
    if isinstance(given, str) or not (isinstance(given, Sequence) and all(isinstance(word, str) for word in given)):
        raise ValueError(
            f"{name}: the vocabulary is a {type(given).__name__}; expected a types.Vocabulary, a list of words by "
            "their ids, or a dict from words to ids"
        )
    return Vocabulary(tuple(given), np.zeros(len(given), np.int64))
