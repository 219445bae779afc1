"""The records of an atlas that was written: shard by shard, or one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jaxneuron.report.atlas import packed, plain
from jaxneuron.report.atlas.unit import Kind, Unit
from jaxneuron.report.atlas.write import shard_file, unit_file
from jaxneuron.tap import check_site


def units(folder: Path) -> Iterator[Unit]:
    """Yield the records of an atlas in the order in which they were written.

    Raises:
        FileNotFoundError: see `manifest`.
        ValueError: a record that this version does not know.
    """
    for number in range(manifest(folder)["shards"]):
        shard = json.loads((folder / shard_file(number)).read_text(encoding="utf-8"))
        for content in shard["units"]:
            yield plain.unit(content)


def unit(folder: Path, site: str, number: int, kind: Kind = "unit") -> Unit:
    """Return one record.

    Args:
        folder: of the atlas.
        site: where the unit is.
        number: of the unit.
        kind: of record.

    Raises:
        FileNotFoundError: see `manifest`.
        KeyError: the atlas has no such site, or no page of that unit.
        ValueError: a record that this version does not know.
    """
    known = {place["name"]: place for place in manifest(folder)["sites"]}
    check_site(site, known)
    ranges = known[site]["ranges"].get(kind, [])
    if not any(first <= number <= last for first, last in ranges):
        there = ", ".join(f"{first}-{last}" for first, last in ranges) or f"no {kind}"
        raise KeyError(f"{folder} has no page of {kind} {number} of {site}; it has {there}")
    return plain.unit(json.loads(packed.content(folder, unit_file(known[site]["folder"], kind, number))))


def manifest(folder: Path) -> dict[str, Any]:
    """Return what an atlas holds, as `write.Manifest` in JSON.

    Raises:
        FileNotFoundError: no `atlas.json` there: no atlas, or one that was not finished.
    """
    if not (folder / "atlas.json").is_file():
        raise FileNotFoundError(
            f"no atlas.json in {folder}; give the folder of an atlas, or run `jaxneuron atlas` with the same --out to "
            "finish it"
        )
    return json.loads((folder / "atlas.json").read_text(encoding="utf-8"))
