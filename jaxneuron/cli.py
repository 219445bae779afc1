"""The command line: one subcommand per question, and `train`, `study`, `report`.

A wrong input ends with one clear message and exit code 2; a traceback is a bug.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__.split("\n")[0]
)
train_app = typer.Typer(no_args_is_help=True, help="Train one of our models.")
study_app = typer.Typer(no_args_is_help=True, help="Reproduce a paper, end to end.")
app.add_typer(train_app, name="train")
app.add_typer(study_app, name="study")
console = Console()

Data = Annotated[
    Path | None,
    typer.Option(help="A folder of captions; by default $JAXNEURON_DATA, and without it the embedded scenes."),
]
Out = Annotated[Path, typer.Option(help="The folder to write; a stopped run there goes on.")]
Seed = Annotated[int, typer.Option(help="One seed, one result.")]
ModelOption = Annotated[
    str, typer.Option("--model", help="A folder that `jaxneuron train` wrote, or package.module:load of your own.")
]


@train_app.command("imaginet")
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

    texts = read(_data(data))
    with _bars() as report:
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


@study_app.command("poerner2018")
def study_poerner2018(
    out: Out,
    data: Data = None,
    preset: Annotated[str, typer.Option(help="demo, small or paper.")] = "small",
    seed: Seed = 0,
    draw: Annotated[
        str, typer.Option(help="unbiased, or original: the units that the paper's code draws.")
    ] = "unbiased",
    model: Annotated[Path | None, typer.Option(help="A trained Imaginet; by default one is trained.")] = None,
) -> None:
    """Find the 5-grams that drive neurons most, by five methods, and compare them as Poerner et al. 2018."""
    from jaxneuron.report import tables
    from jaxneuron.studies import poerner2018

    with _bars() as report:
        content = poerner2018.run(
            out, data=_data(data), preset=preset, seed=seed, draw=draw, model=model, report=report
        )
    console.print(tables.summary(content["results"]))
    console.print(tables.table1(content["table1"]))
    failed = [claim for claim in content["claims"] if not claim["holds"]]
    console.print(f"{len(content['claims']) - len(failed)} of {len(content['claims'])} claims hold")
    for claim in failed:
        console.print(f"  does not hold: {claim['claim']} ({claim['figure']}) {claim['note']}", markup=False)
    console.print(f"The report: {out / 'report.html'}")


@app.command("report")
def report_command(directory: Annotated[Path, typer.Argument(help="What a study left.")]) -> None:
    """Draw a study's report again from its results."""
    from jaxneuron.report import html

    console.print(f"The report: {html.write(directory)}")


@app.command("find")
def find_command(
    model: ModelOption,
    site: Annotated[str, typer.Option(help="Where the units are, such as visual/projection.")],
    units: Annotated[str, typer.Option(help="Unit numbers: 3, 3,5 or 0-9.")],
    out: Annotated[Path, typer.Option(help="The JSON lines file to write.")],
    data: Data = None,
    method: Annotated[str, typer.Option(help="A module of jaxneuron.find.")] = "gumbel_softmax",
    length: Annotated[int, typer.Option(help="Words in an n-gram.")] = 5,
    k: Annotated[int, typer.Option(help="N-grams per unit.")] = 3,
    options: Annotated[str, typer.Option(help="The method's own options as JSON; default: its fast preset.")] = "",
    in_sentence: Annotated[bool, typer.Option(help="Corpus search: score each n-gram in its sentence.")] = False,
    seed: Seed = 0,
) -> None:
    """What makes a neuron fire? Find the n-grams that drive units of a model most."""
    from jaxneuron.studies import find_units

    with _bars() as report:
        rows = find_units.find_units(
            load_model(model),
            _data(data),
            site,
            _numbers(units),
            method=method,
            length=length,
            k=k,
            options=_json(options),
            in_sentence=in_sentence,
            seed=seed,
            progress=report(f"{site}: {method}"),
        )
    find_units.write(out, rows)
    for row in rows:
        console.print(f"{row['name']:>20}  {row['score']:9.4f}  {row['ngram']}", markup=False)
    console.print(f"{len(rows)} n-grams are in {out}")


@app.command("decompose")
def decompose_command(
    model: ModelOption,
    site: Annotated[str, typer.Option(help="Where the units are, such as visual/gru.")],
    out: Annotated[Path, typer.Option(help="The JSON file to write.")],
    data: Data = None,
    groups: Annotated[int, typer.Option(help="Groups to cut the tree of units to.")] = 81,
    length: Annotated[int, typer.Option(help="Words in an n-gram.")] = 5,
    sample: Annotated[int, typer.Option(help="N-grams over which the units are compared.")] = 100_000,
    seed: Seed = 0,
) -> None:
    """Which neurons work as a group? Cluster the units of a site by how they rise and fall together."""
    from jaxneuron.studies.cluster_units import cluster_units
    from jaxneuron_models.checkpoints import write_json

    content = cluster_units(
        load_model(model), _data(data), site, groups=groups, length=length, sample=sample, seed=seed
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_json(out, content)
    sizes = ", ".join(str(len(group)) for group in content["groups"])
    console.print(f"{len(content['groups'])} groups of {sizes} units are in {out}")


def load_model(name: str) -> Any:
    """Load a checkpoint folder, or call `package.module:load`."""
    if ":" not in name:
        from jaxneuron_models import imaginet

        return imaginet.load(name)
    module, _, function = name.partition(":")
    try:
        return getattr(import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"--model {name}: {error}; expected a folder, or package.module:load on the Python path"
        ) from error


def _data(data: Path | None) -> Path | None:
    if data is None and os.environ.get("JAXNEURON_DATA"):
        return Path(os.environ["JAXNEURON_DATA"])
    return data


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise ValueError(f"--units {text!r}: expected numbers such as 3, 3,5 or 0-9")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def _json(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"--options is no JSON ({error}); expected an object such as '{{\"steps\": 400}}'") from error
    if not isinstance(value, dict):
        raise ValueError(f"--options must be a JSON object, got {text}")
    return value


@contextmanager
def _bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Show a progress bar for each thing that reports."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:

        def report(what: str) -> Callable[[int, int], None]:
            bar = progress.add_task(what, total=None)
            return lambda done, total: progress.update(bar, completed=done, total=total)

        yield report


def main() -> None:
    """Run the command line; a wrong input is one message and exit code 2."""
    try:
        app()
    except (ValueError, KeyError, OSError) as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        Console(stderr=True).print(f"jaxneuron: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; the same command goes on from here", style="yellow")
        sys.exit(130)


if __name__ == "__main__":
    main()
