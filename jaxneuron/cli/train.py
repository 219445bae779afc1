"""`jaxneuron train`: the models that the studies interpret."""

from pathlib import Path
from typing import Annotated

import typer

from jaxneuron.cli._shared import Data, Out, Seed, bars, console, data_folder

app = typer.Typer(no_args_is_help=True, help="Train one of our models.")


@app.command("imaginet")
def train_imaginet(
    out: Out,
    data: Data = None,
    seed: Seed = 0,
    epochs: int = 20,
    batch: int = 64,
    learning_rate: float = 1e-3,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev loss before stopping.")] = 3,
    embedding: int = 256,
    units: int = 512,
    min_count: Annotated[int, typer.Option(help="Occurrences of a word to be in the vocabulary.")] = 5,
    reset: Annotated[str, typer.Option(help="Reset gate before or after the recurrent product.")] = "before",
    gate: Annotated[str, typer.Option(help="sigmoid, hard_sigmoid or steep_sigmoid.")] = "hard_sigmoid",
    candidate: Annotated[str, typer.Option(help="tanh or clipped_relu.")] = "tanh",
    initial: Annotated[str, typer.Option(help="Initial state: zero or learned.")] = "zero",
    losses: Annotated[str, typer.Option(help="weighted sum of the losses, or one sampled per batch.")] = "weighted",
    textual_weight: Annotated[float, typer.Option(help="Weight of the language loss.")] = 0.1,
    standardise: Annotated[bool, typer.Option(help="Visual features to mean 0 and variance 1.")] = False,
) -> None:
    """Train the two-pathway GRU on captions with visual features."""
    import jax

    from jaxneuron.studies.poerner2018.material import read
    from jaxneuron_models import imaginet_training

    texts = read(data_folder(data))
    with bars() as report:
        trained = imaginet_training.fit(
            jax.random.key(seed),
            texts.train,
            texts.dev,
            out,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            patience=patience,
            progress=report("train Imaginet"),
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
    best = min(trained.curves, key=lambda row: row["dev_loss"])
    console.print(f"best dev loss {best['dev_loss']:.4f} after epoch {best['epoch']}; the model is in {out}")


@app.command("transformer")
def train_transformer(
    out: Out,
    data: Annotated[
        Path | None,
        typer.Option(help="A text, or a folder with train and dev; without it the captions of the embedded scenes."),
    ] = None,
    seed: Seed = 0,
    epochs: int = 20,
    batch: int = 32,
    learning_rate: float = 1e-3,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev loss before stopping.")] = 3,
    min_count: Annotated[int, typer.Option(help="Occurrences of a word to be in the vocabulary.")] = 2,
    width: int = 256,
    blocks: int = 4,
    heads: int = 4,
    causal: Annotated[bool, typer.Option(help="Predict the next word, or words that were hidden.")] = True,
    norm_first: Annotated[bool, typer.Option(help="Layer norm before, or after, attention and MLP.")] = True,
    positions: Annotated[str, typer.Option(help="learned or rotary.")] = "learned",
    longest: Annotated[int, typer.Option(help="Words that are read of a sentence.")] = 256,
) -> None:
    """Train a small transformer on sentences of words."""
    import jax

    from jaxneuron.studies import texts
    from jaxneuron_models import transformer_training

    sentences, dev = texts.train_and_dev(data)
    with bars() as report:
        trained = transformer_training.fit(
            jax.random.key(seed),
            sentences,
            dev,
            out,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            patience=patience,
            min_count=min_count,
            progress=report("train transformer"),
            width=width,
            blocks=blocks,
            heads=heads,
            causal=causal,
            norm_first=norm_first,
            positions=positions,
            longest=longest,
        )
    best = min(trained.curves, key=lambda row: row["dev_loss"])
    console.print(f"best dev loss {best['dev_loss']:.4f} after epoch {best['epoch']}; the model is in {out}")


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
    seed: Seed = 0,
    symbol: Annotated[str, typer.Option(help="What is read one by one: character or word.")] = "character",
    epochs: int = 10,
    batch: Annotated[int, typer.Option(help="Windows in a batch.")] = 32,
    learning_rate: float = 4e-3,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev loss before stopping.")] = 3,
    min_count: Annotated[int, typer.Option(help="Occurrences of a symbol to be in the vocabulary.")] = 1,
    width: Annotated[int, typer.Option(help="Units of each layer.")] = 128,
    layers: int = 1,
    embedding: Annotated[int, typer.Option(help="Units of the symbols' vectors; 0: one-hot.")] = 0,
    window: Annotated[int, typer.Option(help="Symbols after which a longer text is cut.")] = 100,
    context: Annotated[int, typer.Option(help="Symbols that a window reads before those that it predicts.")] = 0,
) -> None:
    """Train an LSTM on characters or words."""
    import math

    import jax

    from jaxneuron.studies import symbols, texts
    from jaxneuron_models import lstm_training

    reader = texts.train_and_dev if symbol == "word" else symbols.train_and_dev
    text, dev = reader(data)
    with bars() as report:
        trained = lstm_training.fit(
            jax.random.key(seed),
            text,
            dev,
            out,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            patience=patience,
            min_count=min_count,
            window=window,
            context=context,
            progress=report("train LSTM"),
            symbol=symbol,
            width=width,
            layers=layers,
            embedding=embedding,
        )
    best = min(trained.curves, key=lambda row: row["dev_loss"])
    console.print(
        f"best dev loss {best['dev_loss']:.4f} nats ({best['dev_bits']:.4f} bits per {symbol}, perplexity "
        f"{math.exp(best['dev_loss']):.3f}) after epoch {best['epoch']}; the model is in {out}"
    )
