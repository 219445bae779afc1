"""`jaxneuron train`: the models that the studies interpret."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from jaxneuron.cli import _out
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
    columns,
    existing,
    number,
    one_of,
    share,
    whole,
)
from jaxneuron.cli._shared import bars, data_folder, say

app = typer.Typer(no_args_is_help=True, help="Train one of our models.")


@app.command("imaginet")
def train_imaginet(
    out: Out,
    data: Data = None,
    seed: Seed = 0,
    epochs: Epochs = 20,
    batch: Batch = 64,
    learning_rate: Rate = 1e-3,
    patience: Patience = 3,
    embedding: Annotated[int, number(whole(1, WIDEST), "Units of the words' vectors.")] = 256,
    units: Width = 512,
    min_count: MinCount = 5,
    reset: Annotated[
        str, number(one_of("before", "after"), "Reset gate before or after the recurrent product.")
    ] = "before",
    gate: Annotated[
        str,
        number(one_of("sigmoid", "hard_sigmoid", "steep_sigmoid"), "sigmoid, hard_sigmoid or steep_sigmoid."),
    ] = "hard_sigmoid",
    candidate: Annotated[str, number(one_of("tanh", "clipped_relu"), "tanh or clipped_relu.")] = "tanh",
    initial: Annotated[str, number(one_of("zero", "learned"), "Initial state: zero or learned.")] = "zero",
    losses: Annotated[
        str, number(one_of("weighted", "sampled"), "weighted sum of the losses, or one sampled per batch.")
    ] = "weighted",
    textual_weight: Annotated[float, number(share, "Weight of the language loss, of 1 for both.")] = 0.1,
    standardise: Annotated[bool, typer.Option(help="Visual features to mean 0 and variance 1.")] = False,
) -> None:
    """Train the two-pathway GRU on captions with visual features."""
    _out.folder(out, _out.TRAIN)
    folder = data_folder(data)
    from jaxneuron.studies.poerner2018.material import read
    from jaxneuron_models import imaginet_training

    texts = read(folder)
    _train(
        "Imaginet",
        imaginet_training.fit,
        (texts.train, texts.dev),
        out,
        seed,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        patience=patience,
        embedding=embedding,
        units=units,
        min_count=min_count,
        reset=reset,
        gate=gate,
        candidate=candidate,
        initial=initial,
        losses=losses,
        textual_weight=textual_weight,
        standardise=standardise,
    )


@app.command("transformer")
def train_transformer(
    out: Out,
    data: Annotated[
        Path | None,
        typer.Option(help="A text, or a folder with train and dev; without it the captions of the embedded scenes."),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
    epochs: Epochs = 20,
    batch: Batch = 32,
    learning_rate: Rate = 1e-3,
    patience: Patience = 3,
    min_count: MinCount = 2,
    width: Width = 256,
    blocks: Layers = 4,
    heads: Annotated[int, number(whole(1, WIDEST), "Attention heads; they divide the width.")] = 4,
    causal: Annotated[bool, typer.Option(help="Predict the next word, or words that were hidden.")] = True,
    norm_first: Annotated[bool, typer.Option(help="Layer norm before, or after, attention and MLP.")] = True,
    positions: Annotated[str, number(one_of("learned", "rotary"), "learned or rotary.")] = "learned",
    longest: Annotated[int, number(whole(2, LONGEST), "Words that are read of a sentence.")] = 256,
) -> None:
    """Train a small transformer on sentences of words."""
    if width % heads:
        raise ValueError(f"--width {width} can't be split into --heads {heads}; give a multiple of {heads}")
    if positions == "rotary" and width // heads % 2:
        raise ValueError(
            f"--positions rotary turns pairs of units, and a head has {width // heads}; give a --width of "
            f"which a head gets an even part"
        )
    named = columns(text_column, label_column)
    _inputs(out, data)
    from jaxneuron.corpora import texts
    from jaxneuron_models import transformer_training

    _train(
        "transformer",
        transformer_training.fit,
        texts.train_and_dev(data, **named),
        out,
        seed,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        patience=patience,
        min_count=min_count,
        width=width,
        blocks=blocks,
        heads=heads,
        causal=causal,
        norm_first=norm_first,
        positions=positions,
        longest=longest,
    )


@app.command("lstm")
def train_lstm(
    out: Out,
    data: Annotated[
        Path | None,
        typer.Option(
            help="A text (.txt, or .jsonl with a text per line), or a folder with train and dev; without it the "
            "language of parentheses (words: the captions of the embedded scenes)."
        ),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    seed: Seed = 0,
    symbol: Annotated[
        str, number(one_of("character", "word"), "What is read one by one: character or word.")
    ] = "character",
    epochs: Epochs = 10,
    batch: Batch = 32,
    learning_rate: Rate = 4e-3,
    patience: Patience = 3,
    min_count: MinCount = 1,
    width: Width = 128,
    layers: Layers = 1,
    embedding: Annotated[int, number(whole(0, WIDEST), "Units of the symbols' vectors; 0: one-hot.")] = 0,
    window: Annotated[int, number(whole(1, LONGEST), "Symbols after which a longer text is cut.")] = 100,
    context: Annotated[
        int, number(whole(0, LONGEST), "Symbols that a window reads before those that it predicts.")
    ] = 0,
) -> None:
    """Train an LSTM on characters or words."""
    named = columns(text_column, label_column)
    if named and symbol != "word":
        raise ValueError("--text-column and --label-column are for --symbol word; characters are read of whole texts")
    _inputs(out, data)
    from jaxneuron.corpora import strings, texts
    from jaxneuron_models import lstm_training
    from jaxneuron_models.windows import Cutting

    _train(
        "LSTM",
        lstm_training.fit,
        texts.train_and_dev(data, **named) if symbol == "word" else strings.train_and_dev(data),
        out,
        seed,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        patience=patience,
        min_count=min_count,
        cutting=Cutting(window, context),
        symbol=symbol,
        width=width,
        layers=layers,
        embedding=embedding,
    )


def _train(what: str, fit: Callable[..., Any], texts: tuple[Any, Any], out: Path, seed: int, **settings: Any) -> None:
    """Train with a bar, and say what the best epoch reached, in bits too where symbols are predicted one by one."""
    import jax

    from jaxneuron_models.train import Schedule, apart

    schedule, options = apart(Schedule(), settings)
    with bars() as report:
        progress = report(f"train {what}")
        trained = fit(jax.random.key(seed), *texts, out, schedule=schedule, progress=progress, notice=say, **options)
    best = min(trained.curves, key=lambda row: row["dev_loss"])
    reached = f"{best['dev_loss']:.4f}"
    if "dev_bits" in best:
        perplexity = math.exp(best["dev_loss"]) if best["dev_loss"] < 700 else math.inf
        symbol = settings["symbol"]
        reached += f" nats ({best['dev_bits']:.4f} bits per {symbol}, perplexity {perplexity:.4g})"
    say(f"best dev loss {reached} after epoch {best['epoch']}; the model is in {out}")


def _inputs(out: Path, data: Path | None) -> None:
    """Check what is read and written, before anything is loaded."""
    _out.folder(out, _out.TRAIN)
    if data is not None:
        existing("--data", data, "a text, or a folder with train and dev")
