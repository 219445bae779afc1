"""What a pass found, as plain arrays: `statistics.json`, and a file for each site."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxneuron.atlas import SiteSummary
from jaxneuron.files import beside, write_json
from jaxneuron.types import Site


def write(out: Path, found: Mapping[Site, SiteSummary], asked: Mapping[str, Any]) -> None:
    """Write what is known of each site, `moments.mean` and so on, and what was asked, which is written last."""
    files = {site: f"statistics/{site.replace('/', '+')}.npz" for site in found}
    for site, summary in found.items():
        with beside(out / files[site]) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **dict(_named("", summary)))  # pyright: ignore[reportArgumentType]
    write_json(out / "statistics.json", {**asked, "files": files})


def _named(name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    if hasattr(value, "_fields"):
        for field in value._fields:
            yield from _named(f"{name}.{field}" if name else field, getattr(value, field))
    elif value is not None:
        yield name, np.asarray(value)
