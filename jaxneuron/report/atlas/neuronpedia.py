"""An atlas as Neuronpedia keeps it: a folder for each source, its rows in batches of compressed JSON lines.

MODEL/LAYER-SET/release.jsonl model.jsonl sourceset.jsonl source.jsonl
MODEL/LAYER-SET/features/batch-0.jsonl.gz, activations/…, explanations/…
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from jaxneuron.files import beside, write_lines
from jaxneuron.report.atlas import neuronpedia_rows as rows
from jaxneuron.report.atlas.packed import dumped
from jaxneuron.report.atlas.unit import Unit

BATCH = 256
"""Units of a file."""

CREATOR = "jaxneuron"


class Release(NamedTuple):
    """The row of `release.jsonl`."""

    visibility: str
    name: str
    description: str
    creatorName: str
    creatorId: str
    urls: list[str]
    defaultSourceSetName: str
    defaultSourceId: str
    createdAt: str


class Model(NamedTuple):
    """The row of `model.jsonl`."""

    visibility: str
    id: str
    displayName: str
    creatorId: str
    createdAt: str


class SourceSet(NamedTuple):
    """The row of `sourceset.jsonl`."""

    visibility: str
    modelId: str
    name: str
    hasDashboards: bool
    allowInferenceSearch: bool
    description: str
    type: str
    creatorName: str
    urls: list[str]
    creatorId: str
    releaseName: str
    defaultRange: int
    defaultShowBreaks: bool
    showDfa: bool
    showCorrelated: bool
    showHeadAttribution: bool
    showUmap: bool
    createdAt: str


class LayerSource(NamedTuple):
    """The row of `source.jsonl`."""

    visibility: str
    id: str
    modelId: str
    setName: str
    creatorId: str
    hasDashboards: bool
    inferenceEnabled: bool
    dataset: str
    num_prompts: int | None
    num_tokens_in_prompt: int | None
    hfRepoId: str | None
    hfFolderId: str | None
    saelensConfig: str | None
    hasUmap: bool
    createdAt: str


KINDS: dict[str, type] = {"features": rows.Feature, "activations": rows.Activation, "explanations": rows.Explanation}
SINGLE: dict[str, type] = {"release": Release, "model": Model, "sourceset": SourceSet, "source": LayerSource}


def export(out: Path, units: Iterable[Unit], *, model: str = "", creator: str = CREATOR) -> list[Path]:
    """Write the records of an atlas as Neuronpedia keeps them.

    Args:
        out: the folder of all exports.
        units: the records, such as `read.units` yields; a batch of each source is in memory.
        model: how Neuronpedia calls the model; by default as the records do.
        creator: under whose name.

    Returns:
        The folder of each source.

    Raises:
        ValueError: two sites of one name.
        OSError: see `files.beside`.
    """
    waiting: dict[tuple[str, str], list[Unit]] = {}
    batches: dict[tuple[str, str], int] = {}
    sites: dict[str, tuple[str, str]] = {}
    folders: list[Path] = []
    for unit in units:
        identity = unit.identity
        key = (identity.site, identity.kind)
        name = model or "".join(one if one.isalnum() or one in "-._" else "-" for one in identity.model)
        source = "-".join(rows.source(identity))
        if sites.setdefault(source, key) != key:
            raise ValueError(f"{key[0]} and {sites[source][0]} would both be called {source}; export one of them")
        if key not in waiting:
            folders.append(out / name / source)
            _describe(folders[-1], unit, name, creator)
            waiting[key], batches[key] = [], 0
        waiting[key].append(unit)
        if len(waiting[key]) == BATCH:
            _batch(out / name / source, batches[key], waiting[key], name, creator)
            waiting[key], batches[key] = [], batches[key] + 1
    for folder, (key, rest) in zip(folders, waiting.items(), strict=True):
        if rest:
            _batch(folder, batches[key], rest, folder.parent.name, creator)
    return folders


def _describe(folder: Path, unit: Unit, model: str, creator: str) -> None:
    """Write what stands beside the batches; it is private until its owner says otherwise."""
    made, corpus = unit.provenance.created, unit.provenance.corpus
    layer, name = rows.source(unit.identity)
    said = f"Units of {unit.identity.site}, over {corpus.name} {corpus.split}".strip()
    kind = unit.identity.kind
    release = Release(
        visibility="PRIVATE",
        name=f"{model}-atlas",
        description=said,
        creatorName=creator,
        creatorId=creator,
        urls=[],
        defaultSourceSetName=name,
        defaultSourceId=f"{layer}-{name}",
        createdAt=made,
    )
    group = SourceSet(
        visibility="PRIVATE",
        modelId=model,
        name=name,
        hasDashboards=True,
        allowInferenceSearch=False,
        description=said,
        type="neurons" if kind == "unit" else f"{kind}s",
        creatorName=creator,
        urls=[],
        creatorId=creator,
        releaseName=release.name,
        defaultRange=0,
        defaultShowBreaks=False,
        showDfa=False,
        showCorrelated=any(one.measure == "correlation" for one in unit.neighbours),
        showHeadAttribution=False,
        showUmap=False,
        createdAt=made,
    )
    layer_source = LayerSource(
        visibility="PRIVATE",
        id=f"{layer}-{name}",
        modelId=model,
        setName=name,
        creatorId=creator,
        hasDashboards=True,
        inferenceEnabled=False,
        dataset=corpus.name,
        num_prompts=corpus.texts,
        num_tokens_in_prompt=None,
        hfRepoId=None,
        hfFolderId=None,
        saelensConfig=None,
        hasUmap=False,
        createdAt=made,
    )
    model_row = Model("PRIVATE", model, unit.identity.model, creator, made)
    for file, row in (("release", release), ("model", model_row), ("sourceset", group), ("source", layer_source)):
        write_lines(folder / f"{file}.jsonl", [row._asdict()])


def _batch(folder: Path, number: int, units: Sequence[Unit], model: str, creator: str) -> None:
    said = {"model": model, "creator": creator}
    made: dict[str, Iterator[Any]] = {
        "features": (rows.feature(unit, **said) for unit in units),
        "activations": (row for unit in units for row in rows.activations(unit, **said)),
        "explanations": (row for unit in units for row in rows.explanations(unit, **said)),
    }
    for kind, each in made.items():
        with beside(folder / kind / f"batch-{number}.jsonl.gz") as temporary:
            with gzip.GzipFile(temporary, "wb", mtime=0) as file:
                file.writelines(dumped(row._asdict()) + b"\n" for row in each)


def check(folder: Path) -> int:
    """Check the rows of a source against the fields that Neuronpedia has.

    Args:
        folder: of one source, as `export` returns it.

    Returns:
        How many rows there are.

    Raises:
        FileNotFoundError: a file that must be there.
        ValueError: a row that lacks a field, has one too many, or one of another type; the message names it.
    """
    count = 0
    for name, kind in SINGLE.items():
        path = folder / f"{name}.jsonl"
        count += _checked(path, path.read_text(encoding="utf-8").splitlines(), kind)
    for name, kind in KINDS.items():
        batches = sorted((folder / name).glob("batch-*.jsonl.gz"))
        if not batches:
            raise FileNotFoundError(f"no batch in {folder / name}; export the source again")
        for path in batches:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                count += _checked(path, file, kind)
    return count


def _checked(path: Path, lines: Iterable[str], kind: type) -> int:
    hints = get_type_hints(kind)
    number = 0
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        wrong = sorted(set(row) ^ set(hints))
        wrong += [name for name, hint in hints.items() if name in row and not _fits(row[name], hint)]
        if wrong:
            known = hints.get(wrong[0])
            raise ValueError(
                f"{path}, line {number}: {wrong[0]!r} should be {known or 'absent'}; export the source again"
            )
    return number


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a JSON value is of a type."""
    if isinstance(hint, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_fits(one, get_args(hint)[0]) for one in value)
    if hint is NoneType:
        return value is None
    if hint in (int, float):
        return isinstance(value, (int, float) if hint is float else int) and not isinstance(value, bool)
    return isinstance(value, hint)
