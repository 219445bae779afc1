"""The records of an atlas that was written, shard by shard."""

import json
from collections.abc import Iterator
from pathlib import Path

from jaxneuron.report.atlas import plain
from jaxneuron.report.atlas.unit import Unit
from jaxneuron.report.atlas.write import shard_file


def units(folder: Path) -> Iterator[Unit]:
    """Yield the records of an atlas in the order in which they were written.

    Raises:
        FileNotFoundError: no `atlas.json` there: no atlas, or one that was not finished.
        ValueError: a record that this version does not know.
    """
    if not (folder / "atlas.json").is_file():
        raise FileNotFoundError(
            f"no atlas.json in {folder}; give the folder of an atlas, or run `jaxneuron atlas` with the same --out to "
            "finish it"
        )
    manifest = json.loads((folder / "atlas.json").read_text(encoding="utf-8"))
    for number in range(manifest["shards"]):
        shard = json.loads((folder / shard_file(number)).read_text(encoding="utf-8"))
        for content in shard["units"]:
            yield plain.unit(content)
