"""`jaxneuron find`, `decompose`: questions about units of a model."""

import importlib.util
import json
import pkgutil
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from jaxneuron.cli import _model, _out
from jaxneuron.cli._options import LARGEST, Data, Length, Seed, number, unknown, whole
from jaxneuron.cli._shared import bars, data_folder, say

UNITS = 2**20
"""Units that can be asked for at once: more than any site has."""

SHOWN = 50
"""N-grams that are printed; the file has all."""

ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        help="A folder that `jaxneuron train imaginet` wrote, or module:function of your own that returns a model; the "
        "module may be in the current folder.",
    ),
]


def find(
    model: ModelOption,
    site: Annotated[str, typer.Option(help="Where the units are, such as visual/projection.")],
    units: Annotated[str, typer.Option(help="Unit numbers: 3, 3,5 or 0-9.")],
    out: Annotated[Path, typer.Option(help="The JSON lines file to write.")],
    data: Data = None,
    method: Annotated[str, typer.Option(help="A module of jaxneuron.find.")] = "gumbel_softmax",
    length: Length = 5,
    k: Annotated[int, number(whole(1), "N-grams per unit.")] = 3,
    options: Annotated[
        str | None, typer.Option(help="The method's own options as JSON; default: its fast preset.")
    ] = None,
    in_sentence: Annotated[
        bool, typer.Option("--in-sentence", help="Corpus search: score each n-gram in its sentence.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """What makes a neuron fire? Find the n-grams that drive units of a model most."""
    numbers, given = _numbers(units), _json(options)
    if method not in _methods():
        raise ValueError(f"--method: {unknown(method, _methods())}")
    if in_sentence and method != "corpus":
        raise ValueError(f"--in-sentence is for --method corpus, got {method!r}; leave one of them out")
    _out.file(out, "ngram")
    folder = data_folder(data)
    _model.check(model, "imaginet", "function")
    from jaxneuron.files import write_lines
    from jaxneuron.studies import find_units
    from jaxneuron_models.open import open as open_model

    find_units.check_options(method, given)
    loaded = open_model(model)
    with bars() as report:
        rows = find_units.find_units(
            loaded,
            folder,
            site,
            numbers,
            method=method,
            length=length,
            k=k,
            options=given,
            in_sentence=in_sentence,
            seed=seed,
            progress=report(f"{site}: {method}"),
            notice=say,
        )
    write_lines(out, rows)
    for row in rows[:SHOWN]:
        say(f"{row['name']:>20}  {row['score']:9.4f}  {row['ngram']}")
    more = f", {len(rows) - SHOWN} more than are shown" if len(rows) > SHOWN else ""
    say(f"{len(rows)} n-grams are in {out}{more}")


def decompose(
    model: ModelOption,
    site: Annotated[str, typer.Option(help="Where the units are, such as visual/gru.")],
    out: Annotated[Path, typer.Option(help="The JSON file to write.")],
    data: Data = None,
    groups: Annotated[
        int | None,
        number(whole(1, UNITS), "Groups to cut the tree of units to; by default one for about 13 units, as published."),
    ] = None,
    length: Length = 5,
    sample: Annotated[int, number(whole(2, 10**6), "N-grams over which the units are compared.")] = 100_000,
    seed: Seed = 0,
) -> None:
    """Which neurons work as a group? Cluster the units of a site by how they rise and fall together."""
    _out.file(out, "groups")
    folder = data_folder(data)
    _model.check(model, "imaginet", "function")
    from jaxneuron.files import write_json
    from jaxneuron.studies.cluster_units import cluster_units
    from jaxneuron_models.open import open as open_model

    content = cluster_units(
        open_model(model), folder, site, groups=groups, length=length, sample=sample, seed=seed, notice=say
    )
    write_json(out, content)
    sizes = ", ".join(str(len(group)) for group in content["groups"])
    say(f"{len(content['groups'])} groups of {sizes} units are in {out}")


def _methods() -> list[str]:
    """Return the names of the modules of `jaxneuron.find`, which is not imported: that would start JAX."""
    spec = importlib.util.find_spec("jaxneuron.find")
    assert spec is not None
    found = pkgutil.iter_modules(spec.submodule_search_locations)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def _numbers(text: str) -> list[int]:
    """Return the numbers that a text such as 3,5 or 0-9 lists, in its order."""
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not _is_number(first) or (dash and not _is_number(last)):
            raise ValueError(f"--units {text!r}: expected numbers such as 3, 3,5 or 0-9")
        begin, end = int(first), int(last or first)
        if end < begin:
            raise ValueError(f"--units {text!r}: {part.strip()} ends before it begins; give the smaller number first")
        if end - begin + len(numbers) >= UNITS or end > LARGEST:
            raise ValueError(f"--units {text!r}: no site has so many units; give numbers of units that are there")
        numbers += range(begin, end + 1)
    if len(set(numbers)) < len(numbers):
        [(twice, _)] = Counter(numbers).most_common(1)
        raise ValueError(f"--units {text!r}: unit {twice} is named twice; name each once")
    return numbers


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _json(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number that can be used")

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"--options is no JSON ({error}); expected an object such as '{{\"steps\": 400}}'") from error
    if not isinstance(value, dict):
        raise ValueError(f"--options must be a JSON object such as '{{\"steps\": 400}}', got {text[:80]}")
    return value
