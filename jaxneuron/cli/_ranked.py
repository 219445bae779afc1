"""A ranking from a file: what `jaxneuron rank` wrote, or a score for each unit of a site."""

import json
from pathlib import Path
from typing import Any

EXPECTED = "a folder or answer.jsonl of `jaxneuron rank`, or a score for each unit of the site, as .npy or .json"


def order(path: Path, site: str, width: int, most: int) -> list[int]:
    """Return the first units of a site, the best first.

    Args:
        path: of the file, or of the folder that has it.
        site: whose units.
        width: how many it has.
        most: how many are needed.

    Raises:
        ValueError: it is no ranking of this site, or has fewer units.
    """
    path = path / "answer.jsonl" if path.is_dir() else path
    try:
        found = _scored(path, width) if path.suffix in (".npy", ".json") else _listed(path, site)
    except (UnicodeDecodeError, json.JSONDecodeError, FileNotFoundError) as error:
        raise ValueError(f"--ranking {path}: {error}; expected {EXPECTED}") from error
    if outside := [unit for unit in found if not 0 <= unit < width]:
        raise ValueError(
            f"--ranking {path}: unit {outside[0]} is out of range: {site!r} has the units 0 to {width - 1}"
        )
    if len(found) < most:
        raise ValueError(
            f"--ranking {path}: it lists {len(found)} units of {site!r}, and {most} are needed; rank that site alone "
            f"with --k {most}, or take a smaller --top"
        )
    return found[:most]


def _scored(path: Path, width: int) -> list[int]:
    """Return the units by their scores, the highest first."""
    import numpy as np

    from jaxneuron.ranking import ranked

    given: Any = np.load(path, allow_pickle=False) if path.suffix == ".npy" else json.loads(path.read_text("utf-8"))
    try:
        scores = np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--ranking {path}: the scores are no numbers; expected {EXPECTED}") from error
    if scores.shape != (width,):
        raise ValueError(f"--ranking {path}: expected a score for each of {width} units, got the shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError(f"--ranking {path}: {int((~np.isfinite(scores)).sum())} scores are not finite")
    return [int(unit) for unit in ranked(scores).order]


def _listed(path: Path, site: str) -> list[int]:
    """Return the units of one label, in the order of their rank."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not rows or any(not isinstance(row, dict) or not {"rank", "site", "unit"} <= row.keys() for row in rows):
        raise ValueError(f"--ranking {path}: its lines have no rank, site and unit; expected {EXPECTED}")
    labels = sorted({str(row.get("label")) for row in rows})
    if len(labels) > 1:
        raise ValueError(
            f"--ranking {path}: it ranks units for {len(labels)} labels, {', '.join(labels[:5])}; rank for one with "
            "--class"
        )
    own = sorted((row for row in rows if row["site"] == site), key=lambda row: row["rank"])
    if not own:
        raise ValueError(
            f"--ranking {path}: it has no unit of {site!r}, but of {', '.join(sorted({row['site'] for row in rows}))}"
        )
    return [int(row["unit"]) for row in own]
