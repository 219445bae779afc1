"""`jaxneuron train`: the models that the studies interpret."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import columns
from jaxneuron.cli import _given, _out
from jaxneuron.cli._options import (
    LONGEST,
    WIDEST,
    Batch,
    Data,
    Epochs,
    LabelColumn,
    Layers,
    MinCount,
    Out,
    Patience,
    Rate,
    Seed,
    TextColumn,
    Width,
    existing,
    number,
    one_of,
    share,
    whole,
)
from jaxneuron.cli._shared import bars, data_folder, say

app = typer.Typer(no_args_is_help=True, help="Train one of our models.")

_AROUND = {"out", "data", "text_column", "label_column", "seed"}
"""What is said of the run, and not of the model."""


class Imaginet(NamedTuple):
    """A two-pathway GRU, and how it is trained."""

    out: Out
    data: Data = None
    seed: Seed = 0
    epochs: Epochs = 20
    batch: Batch = 64
    learning_rate: Rate = 1e-3
    patience: Patience = 3
    embedding: Annotated[int, number(whole(1, WIDEST), "Units of the words' vectors.")] = 256
    units: Width = 512
    min_count: MinCount = 5
    reset: Annotated[str, number(one_of("before", "after"), "Reset gate before or after the recurrent product.")] = (
        "before"
    )
    gate: Annotated[
        str,
        number(one_of("sigmoid", "hard_sigmoid", "steep_sigmoid"), "sigmoid, hard_sigmoid or steep_sigmoid."),
    ] = "hard_sigmoid"
    candidate: Annotated[str, number(one_of("tanh", "clipped_relu"), "tanh or clipped_relu.")] = "tanh"
    initial: Annotated[str, number(one_of("zero", "learned"), "Initial state: zero or learned.")] = "zero"
    losses: Annotated[
        str, number(one_of("weighted", "sampled"), "weighted sum of the losses, or one sampled per batch.")
    ] = "weighted"
    textual_weight: Annotated[float, number(share, "Weight of the language loss, of 1 for both.")] = 0.1
    standardise: Annotated[bool, typer.Option(help="Visual features to mean 0 and variance 1.")] = False


def train_imaginet(given: Imaginet) -> None:
    """Train the two-pathway GRU on captions with visual features."""
    _out.folder(given.out, _out.TRAIN)
    folder = data_folder(given.data)
    from jaxneuron.studies.captioned import read
    from jaxneuron_models import imaginet_training

    texts = read(folder)
    _train("Imaginet", imaginet_training.fit, (texts.train, texts.dev), given, _settings(given))


class Transformer(NamedTuple):
    """A transformer, and how it is trained."""

    out: Out
    data: Annotated[
        Path | None,
        typer.Option(help="A text, or a folder with train and dev; without it the captions of the embedded scenes."),
    ] = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    seed: Seed = 0
    epochs: Epochs = 20
    batch: Batch = 32
    learning_rate: Rate = 1e-3
    patience: Patience = 3
    min_count: MinCount = 2
    width: Width = 256
    blocks: Layers = 4
    heads: Annotated[int, number(whole(1, WIDEST), "Attention heads; they divide the width.")] = 4
    causal: Annotated[bool, typer.Option(help="Predict the next word, or words that were hidden.")] = True
    norm_first: Annotated[bool, typer.Option(help="Layer norm before, or after, attention and MLP.")] = True
    positions: Annotated[str, number(one_of("learned", "rotary"), "learned or rotary.")] = "learned"
    longest: Annotated[int, number(whole(2, LONGEST), "Words that are read of a sentence.")] = 256


def train_transformer(given: Transformer) -> None:
    """Train a small transformer on sentences of words."""
    width, heads = given.width, given.heads
    if width % heads:
        raise ValueError(f"--width {width} can't be split into --heads {heads}; give a multiple of {heads}")
    if given.positions == "rotary" and width // heads % 2:
        raise ValueError(
            f"--positions rotary turns pairs of units, and a head has {width // heads}; give a --width of "
            f"which a head gets an even part"
        )
    named = columns(given.text_column, given.label_column)
    _inputs(given.out, given.data)
    from jaxneuron.corpora import texts
    from jaxneuron_models import transformer_training

    read = texts.train_and_dev(given.data, **named)
    _train("transformer", transformer_training.fit, read, given, _settings(given))


class Lstm(NamedTuple):
    """An LSTM, and how it is trained."""

    out: Out
    data: Annotated[
        Path | None,
        typer.Option(
            help="A text (.txt, or .jsonl with a text per line), or a folder with train and dev; without it the "
            "language of parentheses (words: the captions of the embedded scenes)."
        ),
    ] = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    seed: Seed = 0
    symbol: Annotated[str, number(one_of("character", "word"), "What is read one by one: character or word.")] = (
        "character"
    )
    epochs: Epochs = 10
    batch: Batch = 32
    learning_rate: Rate = 4e-3
    patience: Patience = 3
    min_count: MinCount = 1
    width: Width = 128
    layers: Layers = 1
    embedding: Annotated[int, number(whole(0, WIDEST), "Units of the symbols' vectors; 0: one-hot.")] = 0
    window: Annotated[int, number(whole(1, LONGEST), "Symbols after which a longer text is cut.")] = 100
    context: Annotated[int, number(whole(0, LONGEST), "Symbols that a window reads before those that it predicts.")] = 0


def train_lstm(given: Lstm) -> None:
    """Train an LSTM on characters or words."""
    named = columns(given.text_column, given.label_column)
    if named and given.symbol != "word":
        raise ValueError("--text-column and --label-column are for --symbol word; characters are read of whole texts")
    _inputs(given.out, given.data)
    from jaxneuron.corpora import strings, texts
    from jaxneuron_models import lstm_training
    from jaxneuron_models.windows import Cutting

    read = texts.train_and_dev(given.data, **named) if given.symbol == "word" else strings.train_and_dev(given.data)
    settings = _settings(given)
    cutting = Cutting(settings.pop("window"), settings.pop("context"))
    _train("LSTM", lstm_training.fit, read, given, settings | {"cutting": cutting})


def _settings(given: Any) -> dict[str, Any]:
    """Return what is said of the model and its training."""
    return {name: value for name, value in given._asdict().items() if name not in _AROUND}


def _train(what: str, fit: Callable[..., Any], texts: tuple[Any, Any], given: Any, settings: dict[str, Any]) -> None:
    """Train with a bar, and say what the best epoch reached, in bits too where symbols are predicted one by one."""
    import jax

    from jaxneuron_models.train import Schedule, apart

    schedule, options = apart(Schedule(), settings)
    with bars() as report:
        key, progress = jax.random.key(given.seed), report(f"train {what}")
        trained = fit(key, *texts, given.out, schedule=schedule, progress=progress, notice=say, **options)
    best = min(trained.curves, key=lambda row: row["dev_loss"])
    reached = f"{best['dev_loss']:.4f}"
    if "dev_bits" in best:
        perplexity = math.exp(best["dev_loss"]) if best["dev_loss"] < 700 else math.inf
        reached += f" nats ({best['dev_bits']:.4f} bits per {settings['symbol']}, perplexity {perplexity:.4g})"
    say(f"best dev loss {reached} after epoch {best['epoch']}; the model is in {given.out}")


def _inputs(out: Path, data: Path | None) -> None:
    """Check what is read and written, before anything is loaded."""
    _out.folder(out, _out.TRAIN)
    if data is not None:
        existing("--data", data, "a text, or a folder with train and dev")


for _name, _answer in {"imaginet": train_imaginet, "transformer": train_transformer, "lstm": train_lstm}.items():
    app.command(_name)(_given.command(_answer))
