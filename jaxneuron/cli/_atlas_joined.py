"""The costlier parts of an atlas: which units they are for, what is done already, and the records with all of it.

A part of a site is one file, `parts/PART/SITE.json`, there when it is whole: a stopped run makes what is missing.
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import numpy as np
from xxhash import xxh3_64

from jaxneuron import batching
from jaxneuron._said import names
from jaxneuron.atlas import SiteSummary
from jaxneuron.cli import _atlas_text, _inputs
from jaxneuron.cli._atlas_parts import VERB, Known, Material, Piece, Texts, encoder, find
from jaxneuron.cli.atlas import Given
from jaxneuron.corpora import scenes
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.files import write_json
from jaxneuron.report.atlas import plain
from jaxneuron.report.atlas.unit import Unit
from jaxneuron.types import Site

Report = Callable[[str], Callable[[int, int], None]]

FIRST = "describe"
"""The part that tells which units are explained; it is cheap, so all units have it."""


OTHER = {"train": "dev", "dev": "test", "test": "dev"}
"""Split -> the one on which is scored what was found on it."""

Pieces = dict[Site, dict[int, Piece]]
"""What the parts say of the units of each site."""


class _Picked(NamedTuple):
    """The units of a site that the parts are for."""

    units: list[int]
    by: str  # how they were chosen


class Joined(NamedTuple):
    """What the parts say."""

    pieces: Pieces
    names: Mapping[tuple[Site, int], str]  # what units are called
    note: str  # which parts, of which units


def joined(
    model: Any,
    found: Mapping[Site, SiteSummary],
    given: Given,
    read: Labelled | None,
    asked: dict[str, Any],
    out: Path,
    report: Report,
) -> Joined:
    """Make what is missing of the parts that are asked for.

    Args:
        model: that was read.
        found: site -> what the pass says of its units.
        given: the command.
        read: the text that it names; None: no part is asked for.
        asked: what the pass depends on, as JSON has it.
        out: the folder of the atlas.
        report: what is being done -> how far it is.

    Raises:
        ValueError, FileNotFoundError: no such split, too few texts, or another `--found`.
    """
    parts = sorted(names("--with", given.with_) or (), key=lambda part: part != FIRST)
    if not parts or read is None:
        return Joined({}, {}, "")
    texts = _texts(given, read)
    asked = {**asked, "held out": texts.name, "found": given.found, "encoder": given.encoder, "other": given.other}
    pieces: Pieces = {site: {} for site in found}
    ways = dict[str, None]()
    number = xxh3_64(json.dumps(asked).encode()).hexdigest()
    folder = out / "parts" / f"activations-{number}"  # goes on where it was stopped, and goes when all is done
    report = functools.partial(_begun, report)
    options: dict[str, Any] = {"how": given.how, "seed": given.seed, "budget": batching.BUDGET, "report": report}
    embed = encoder(_inputs.load(given.encoder), folder, report) if given.encoder else None
    named = given.all or given.units is not None
    at = Material(model, found, texts, folder, named=named, embed=embed, others=given.other or (), **options)
    for part in parts:
        for site, summary in found.items():
            chosen = _chosen(part, summary, pieces[site], given)
            ways[chosen.by] = None
            file = out / "parts" / part / f"{site.replace('/', '+')}.json"
            told = _kept(file, asked, part, at, site, chosen.units)
            for unit, piece in zip(chosen.units, told, strict=True):
                pieces[site][unit] = _both(pieces[site].get(unit, Piece()), piece)
    rmtree(folder, ignore_errors=True)
    by = "; ".join(way for way in ways if way)
    told = ", ".join(part for part in parts if part != FIRST)
    return Joined(pieces, texts.names, f"Beyond the pass ({told}) are {by}." if by else "")


def _texts(given: Given, read: Labelled) -> Texts:
    """Return what was read, and what is held out."""
    split = _atlas_text.split(given)
    searched, called = find.studied(_lines(Path(given.found))) if given.found else ({}, {})
    other = given.held_out or (split and OTHER.get(split))
    held = None
    if other is not None:
        try:
            held = _known(given, other, _atlas_text.part(given, other))
        except FileNotFoundError:
            if given.held_out is not None:
                raise
    name = other if held is not None and other is not None else "left-out"
    return Texts(_known(given, split, read), held, name, given.labels, searched, called)


def _known(given: Given, split: str | None, text: Labelled) -> Known:
    """Return a split of the text with what is true of its pictures."""
    if given.data is not None:
        return Known(text, np.zeros((len(text.sentences), 0), bool))
    pictures = scenes.read(split or "")
    return Known(text, pictures.features[pictures.image] > 0, pictures.names)


def _lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _kept(file: Path, asked: dict[str, Any], part: str, at: Material, site: Site, units: Sequence[int]) -> list[Piece]:
    """Return the pieces of a part of a site, made now if no file has them."""
    marker = json.loads(json.dumps({"asked": asked, "units": units}))
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if all(kept.get(name) == value for name, value in marker.items()):
            return [plain.record(Piece, one) for one in kept["pieces"]]
    join = getattr(import_module(f"jaxneuron.cli._atlas_parts.{part}"), VERB)
    made = join(at, site, units, at.report(f"{part}: {site}, {len(units):,} units")) if units else []
    written = [plain.plain(one) for one in made]
    write_json(file, {**marker, "pieces": written})
    return [plain.record(Piece, one) for one in written]  # as a run that goes on from here reads them


def _begun(report: Report, what: str) -> Callable[[int, int], None]:
    """Return the progress of a stage that begins when it is first told: activations may be read before it."""
    told: list[Callable[[int, int], None]] = []

    def progress(done: int, total: int) -> None:
        if not told:
            told.append(report(what))
        told[0](done, total)

    return progress


def _both(one: Piece, other: Piece) -> Piece:
    listed = {name: [*value, *getattr(other, name)] for name, value in one._asdict().items() if name != "weights"}
    return Piece(**listed, weights=one.weights or other.weights)


def _chosen(part: str, summary: SiteSummary, known: Mapping[int, Piece], given: Given) -> _Picked:
    """Return the units that a part is for: those that are named, all, or the most and the least explained."""
    width = len(summary.moments.mean)
    if given.units is not None:
        return _Picked([unit for unit in _inputs.numbers(given.units) if unit < width], "")
    if given.all or part == FIRST:
        return _Picked(list(range(width)), "")
    measure, by = _explained(summary, known)
    live = np.flatnonzero(~summary.saturation.dead)
    order = live[np.argsort(-measure[live], kind="stable")].tolist()
    units = list(dict.fromkeys([*order[: given.few], *order[max(len(order) - given.few, 0) :]]))
    return _Picked(units, f"the {given.few} most and the {given.few} least explained units of each site, by {by}")


def _explained(summary: SiteSummary, known: Mapping[int, Piece]) -> tuple[np.ndarray, str]:
    """Return how well each unit is explained, and by what that is told."""
    score = {unit: piece.descriptions[0].score for unit, piece in known.items() if piece.descriptions}
    if score:
        found = np.full(len(summary.moments.mean), -np.inf)
        for unit, one in score.items():
            found[unit] = one.value if one else -np.inf
        return found, "the held-out score of the description"
    if summary.thresholds is not None:
        return np.abs(summary.thresholds.auroc - 0.5).max(axis=0), "the area under the ROC curve of its best label"
    return np.asarray(summary.moments.kurtosis), "kurtosis"


def with_pieces(units: Iterable[Unit], joined: Joined) -> Iterator[Unit]:
    """Yield records with what the parts say, and what units are called."""
    for unit in units:
        place = unit.identity.site, unit.identity.unit
        piece = joined.pieces.get(place[0], {}).get(place[1], Piece())
        if piece.neighbours:  # of all sites, those of the pass among them
            unit = unit._replace(neighbours=())
        listed = piece._replace(weights=None)._asdict().items()
        added = {name: [*getattr(unit, name), *value] for name, value in listed if value}
        identity = unit.identity._replace(name=joined.names.get(place, ""), weights=piece.weights)
        yield unit._replace(identity=identity, **added)
