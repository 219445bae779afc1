"""`jaxneuron extract`: activations of a corpus, to a store on disk."""

import time
from pathlib import Path
from typing import Annotated

import typer

from jaxneuron.cli._shared import bars, console


def extract(
    model: Annotated[str, typer.Option(help="A Hugging Face checkpoint: a folder, or a name on the hub.")],
    data: Annotated[Path, typer.Option(help="A text, or a folder of splits: .conllu, .conll, .jsonl, .tsv or .txt.")],
    out: Annotated[Path, typer.Option(help="The store to write; a stopped run there goes on.")],
    sites: Annotated[
        str, typer.Option(help="Sites, separated by commas; by default what enters the blocks and what leaves each.")
    ] = "",
    split: Annotated[str, typer.Option(help="Of a folder; several, separated by commas, give a store each.")] = "train",
    how: Annotated[str, typer.Option(help="A word from its sub-words: first, last, mean or max.")] = "last",
    pool: Annotated[str, typer.Option(help="A vector per sentence instead: cls, first, last, mean or max.")] = "",
    dtype: Annotated[str, typer.Option(help="Of the stored values: float32, float16 or bfloat16.")] = "float32",
    precision: Annotated[str, typer.Option(help="Of weights and computation: float32 or bfloat16.")] = "float32",
    tokens: Annotated[int, typer.Option(help="Sub-words of a batch; 0: what suits the device.")] = 0,
    budget: Annotated[int, typer.Option(help="MiB for the rows held in memory.")] = 256,
    mesh: Annotated[bool, typer.Option("--mesh", help="Share each batch among all devices of this process.")] = False,
    processes: Annotated[int, typer.Option(help="How many processes write this store together.")] = 1,
    process: Annotated[int, typer.Option(help="Which of them this is, from 0.")] = 0,
    coordinator: Annotated[str, typer.Option(help="host:port at which process 0 is reached.")] = "localhost:8476",
) -> None:
    """Write the activations of a text to a store on disk."""
    import jax

    from jaxneuron.studies import extract as extraction
    from jaxneuron.studies import texts
    from jaxneuron_models import pretrained

    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"--precision must be float32 or bfloat16, got {precision!r}")
    if processes > 1:
        jax.distributed.initialize(coordinator, processes, process)
    loaded = pretrained.load(model, dtype=precision)
    devices = jax.sharding.Mesh(jax.local_devices(), ("device",)) if mesh else None
    splits = split.split(",") if data.is_dir() else [None]
    for part in splits:
        text = texts.read(data, part)
        words, began = sum(map(len, text.sentences)), time.perf_counter()
        with bars() as report:
            found = extraction.extract(
                loaded.forward,
                loaded.params,
                loaded.tokenizer,
                text.sentences,
                out / part if part and len(splits) > 1 else out,
                longest=loaded.config.window,
                sites=[site for site in sites.split(",") if site] or None,
                how=how,
                pool=pool or None,
                packed=True,
                dtype=dtype,
                tokens=tokens or None,
                budget=budget * 2**20,
                mesh=devices,
                progress=report(f"extract {part or data.name}"),
                notice=lambda text: console.print(text, markup=False),
            )
        speed = words / (time.perf_counter() - began)
        console.print(f"{words} words, {speed:.0f} a second, at {len(found.sites)} sites: {found.path}")
