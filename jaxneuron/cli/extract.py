"""`jaxneuron extract`: activations of a corpus, to a store on disk."""

import time
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from jaxneuron._said import columns, names
from jaxneuron.cli import _inputs, _model, _out
from jaxneuron.cli._options import LabelColumn, TextColumn, existing, number, one_of, whole
from jaxneuron.cli._shared import bars, say
from jaxneuron_models.kind import HUGGING_FACE

HOW = ("first", "last", "mean", "max")
TEXT = "a text, or a folder of splits: .conllu, .conll, .iob2, .jsonl, .tsv or .txt, perhaps with .gz"


class Given(NamedTuple):
    """Whose activations of what text are written where, and how."""

    model: Annotated[
        str,
        typer.Option(
            help="A folder that `jaxneuron train` or a study wrote, a Hugging Face checkpoint, by folder or by its "
            "name on the hub, or module:function of your own."
        ),
    ]
    data: Annotated[Path, typer.Option(help="A text, or a folder of splits: .conllu, .conll, .jsonl, .tsv or .txt.")]
    out: Annotated[Path, typer.Option(help="The store to write: a new folder; a stopped run there goes on.")]
    sites: Annotated[
        str | None,
        typer.Option(help="Sites, separated by commas; by default what enters the blocks and what leaves each."),
    ] = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: Annotated[
        str | None,
        typer.Option(
            help="Of a Hugging Face checkpoint: the class whose head the weights hold, or the end of its name, such as "
            "ForMaskedLM; Model leaves any head out."
        ),
    ] = None
    dictionary: _inputs.Dictionary = None
    split: Annotated[
        str | None,
        typer.Option(help="Of a folder, by default train; several, separated by commas, give a store each."),
    ] = None
    how: Annotated[str, number(one_of(*HOW), "A word from its sub-words: first, last, mean or max.")] = "last"
    pool: Annotated[
        str | None,
        number(one_of("cls", *HOW), "A vector per sentence instead: cls, first, last, mean or max."),
    ] = None
    dtype: Annotated[
        str,
        number(one_of("float32", "float16", "bfloat16"), "Of the stored values: float32, float16 or bfloat16."),
    ] = "float32"
    precision: Annotated[
        str, number(one_of("float32", "bfloat16"), "Of weights and computation: float32 or bfloat16.")
    ] = "float32"
    tokens: Annotated[int, number(whole(0), "Sub-words of a batch; 0: what suits the device.")] = 0
    budget: Annotated[int, number(whole(1), "MiB for the rows held in memory.")] = 256
    mesh: Annotated[bool, typer.Option("--mesh", help="Share each batch among all devices of this process.")] = False
    processes: Annotated[int, number(whole(1, 2**16), "How many processes write this store together.")] = 1
    process: Annotated[int, number(whole(0), "Which of them this is, from 0.")] = 0
    coordinator: Annotated[str, typer.Option(help="host:port at which process 0 is reached.")] = "localhost:8476"


def extract(given: Given) -> None:
    """Write the activations of a text to a store on disk."""
    model, processes = given.model, given.processes
    chosen, parts = names("--sites", given.sites), _parts(given.data, given.split)
    named = columns(given.text_column, given.label_column)
    if given.process >= processes:
        raise ValueError(f"--process {given.process}: of --processes {processes}, the last is {processes - 1}")
    host, _, port = given.coordinator.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"--coordinator {given.coordinator!r}: expected host:port, such as localhost:8476")
    several = parts if len(parts) > 1 else []
    _out.stores(given.out, several)
    kind = _model.check(model)
    if kind != HUGGING_FACE and given.precision != "float32":
        raise ValueError(
            f"--precision {given.precision} is for Hugging Face checkpoints; {model} is computed in float32"
        )
    if kind != HUGGING_FACE and given.head is not None:
        raise ValueError(f"--head {given.head} is for Hugging Face checkpoints; {model} has its own, or none")
    import jax

    from jaxneuron.corpora import texts
    from jaxneuron.extract.to_store import Settings
    from jaxneuron.extract.to_store import extract as extract_to_store
    from jaxneuron_models.open import open as open_model

    if processes > 1:
        jax.distributed.initialize(given.coordinator, processes, given.process)
    read = {part: texts.read(given.data, part, **named) for part in parts or [None]}
    loaded = _inputs.one_text(open_model(model, dtype=given.precision, head=given.head), model)
    loaded = _inputs.with_dictionaries(loaded, given.dictionary)
    devices = jax.sharding.Mesh(jax.local_devices(), ("device",)) if given.mesh else None
    settings = Settings(given.how, given.pool, given.dtype, given.tokens or None, given.budget * 2**20, devices)
    for part, text in read.items():
        words, began = sum(map(len, text.sentences)), time.perf_counter()
        with bars() as report:
            found = extract_to_store(
                loaded,
                text.sentences,
                given.out / part if several and part else given.out,
                sites=chosen,
                settings=settings,
                progress=report(f"extract {part or given.data.name}"),
                notice=say,
            )
        speed = words / (time.perf_counter() - began)
        say(f"{words} words, {speed:.0f} a second, at {len(found.sites)} sites: {found.path}")


def _parts(data: Path, split: str | None) -> list[str]:
    """Return the splits to read of a folder; none of a file."""
    existing("--data", data, TEXT)
    if data.is_dir():
        found = names("--split", split) or ["train"]
        if odd := [name for name in found if Path(name).name != name or name.startswith(".")]:
            raise ValueError(f"--split {odd[0]!r}: expected the name of a split of {data}, such as train")
        return found
    if split is not None:
        raise ValueError(f"--split {split}: --data {data} is a file and has no splits; leave one of them out")
    return []
