"""`jaxneuron find`, `decompose`: questions about units of a model."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from jaxneuron.cli._shared import Data, ModelOption, Seed, bars, console, data_folder, load_model


def find(
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

    with bars() as report:
        rows = find_units.find_units(
            load_model(model),
            data_folder(data),
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


def decompose(
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
        load_model(model), data_folder(data), site, groups=groups, length=length, sample=sample, seed=seed
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_json(out, content)
    sizes = ", ".join(str(len(group)) for group in content["groups"])
    console.print(f"{len(content['groups'])} groups of {sizes} units are in {out}")


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
