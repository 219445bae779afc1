"""The folder of an atlas: records in, pages out, as many as there are, with two shards of them in memory.

index.html unit.html text.html   the pages: all units, one unit, one text
code/                            what the pages run
atlas.json                       what was run, the sites, the number of shards; written last
units/0000.json                  the records, 256 to a file, as `unit.schema.json` describes them
units/SITE/17.js                 one record, as its page reads it
texts/                           the texts that are kept, and each unit's values there
index.csv index.parquet          the index
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import jaxneuron
from jaxneuron.files import beside, write_json
from jaxneuron.report.atlas import packed, pages, passages, rows
from jaxneuron.report.atlas.plain import plain
from jaxneuron.report.atlas.unit import Identity, Kind, Provenance, Unit

SHARD = 256
"""Records of a file."""

Written = Callable[[int], None]
"""Is told how many units have their page."""


class Place(NamedTuple):
    """The records of a site."""

    name: str
    folder: str  # under `units/`, and under `texts/`
    ranges: Mapping[str, list[list[int]]]  # kind -> the first and last of each run of unit numbers


class Manifest(NamedTuple):
    """What an atlas holds: `atlas.json`."""

    title: str
    version: str  # of jaxneuron
    model: str
    fingerprint: str
    provenance: Provenance
    units: int
    shards: int
    sites: list[Place]
    texts: list[list[int]] = []  # those that are kept whole: the first and last number of each run
    values: Mapping[str, passages.Kept] = {}  # site -> where the values of these texts are
    note: str = ""  # of which units more is known than one pass tells


class _Sites:
    """The folders of sites, and which units were written."""

    def __init__(self) -> None:
        self.folders: dict[str, str] = {}
        self.units: dict[str, dict[str, set[int]]] = {}

    def folder(self, site: str) -> str:
        """Return a name that any file system has, of a site's own even where capitals are not told apart."""
        if site not in self.folders:
            plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "." for one in site).strip(".")
            taken = {name.lower() for name in self.folders.values()}
            names = (f"{plain or 'site'}{number or ''}" for number in range(len(taken) + 1))
            self.folders[site] = next(name for name in names if name.lower() not in taken)
        return self.folders[site]

    def file(self, identity: Identity) -> str:
        """Return the file of a unit that was not written yet."""
        numbers = self.units.setdefault(identity.site, {}).setdefault(identity.kind, set())
        number = int(identity.unit)
        if number in numbers:
            raise ValueError(f"two records of {identity.kind} {number} of {identity.site}; give one")
        numbers.add(number)
        return unit_file(self.folder(identity.site), identity.kind, number)

    def places(self) -> list[Place]:
        """Return what is where, in the order in which sites came."""
        return [
            Place(site, self.folder(site), {kind: ranges(numbers) for kind, numbers in kinds.items()})
            for site, kinds in self.units.items()
        ]


def write(
    out: Path,
    units: Iterable[Unit],
    *,
    title: str = "",
    note: str = "",
    kept: passages.Passages | None = None,
    written: Written | None = None,
) -> Path:
    """Write an atlas.

    Args:
        out: the folder; what an earlier atlas left there is replaced, file by file.
        units: the records, in the order in which the index shows them; any iterable, read once. Two shards of them
            are in memory, and a row of the index for each.
        title: of the index; by default it names the model.
        note: of which units more is known than one pass tells.
        kept: texts that the atlas keeps whole, with the values of all units of some sites, for the page of a text.
        written: is told, shard by shard, how many units have their page.

    Returns:
        `out / "index.html"`.

    Raises:
        ValueError: no units; two records of one unit; records of two models; see `passages.write`.
        OSError: see `files.beside`.
    """
    sites, index = _Sites(), list[rows.Row]()
    first: Unit | None = None
    shards = 0
    for shard in _shards(units):
        first = first or shard[0]
        for unit in shard:
            _same(first.identity, unit.identity)
        contents = [packed.dumped(plain(unit)) for unit in shard]
        for unit, content in zip(shard, contents, strict=True):
            packed.put(out, sites.file(unit.identity), content)
        with beside(out / shard_file(shards)) as temporary:
            temporary.write_bytes(b'{"units":[\n' + b",\n".join(contents) + b"\n]}\n")
        index += [rows.row(unit) for unit in shard]
        shards += 1
        if written:
            written(len(index))
    if first is None:
        raise ValueError("an atlas of no units; give at least one record")
    packed.put(out, "index", packed.dumped(rows.columns(index)))
    rows.export(index, out)
    values = passages.write(out, kept, sites.folder) if kept else {}
    manifest = Manifest(
        title=title or f"The units of {first.identity.model}",
        version=jaxneuron.__version__,
        model=first.identity.model,
        fingerprint=first.identity.fingerprint,
        provenance=first.provenance,
        units=len(index),
        shards=shards,
        sites=sites.places(),
        texts=ranges(passages.numbers(kept)) if kept else [],
        values=values,
        note=note,
    )
    packed.put(out, "manifest", packed.dumped(plain(manifest)))
    pages.write(out)
    write_json(out / "atlas.json", plain(manifest))
    return out / "index.html"


def shard_file(number: int) -> str:
    """Return where a shard is, from the folder of the atlas."""
    return f"units/{number:04}.json"


def unit_file(site: str, kind: Kind, number: int) -> str:
    """Return where the page of a unit reads its record, without `.js`.

    Args:
        site: the folder of its site.
        kind: unit, group, direction or feature.
        number: of the unit.
    """
    return f"units/{site}/{'' if kind == 'unit' else f'{kind}-'}{number}"


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return whole numbers as runs, of each its first and last.

    Example:
        >>> ranges({4, 0, 1, 2})
        [[0, 2], [4, 4]]
    """
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _shards(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    each = iter(units)
    while shard := list(islice(each, SHARD)):
        yield shard


def _same(one: Identity, other: Identity) -> None:
    if (one.model, one.fingerprint) != (other.model, other.fingerprint):
        raise ValueError(
            f"records of two models: {one.model} {one.fingerprint} and {other.model} {other.fingerprint}; an atlas is "
            "of one, give each its own folder"
        )
