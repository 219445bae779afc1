"""A study's folder: one run's at a time, with what it began with and what it leaves for people and for programs.

Equal runs leave equal `results.json` and `found.jsonl`: what the clock says is kept apart, in `timings.json`, which has
the same structure as `results.json`.
"""

import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

import jaxneuron
from jaxneuron.corpora import vocabulary as words
from jaxneuron.files import write_json, write_lines
from jaxneuron.report import timings
from jaxneuron.types import Vocabulary
from jaxneuron_models import checks

Rows = dict[str, Any]

PACKAGES = ("jax", "jaxlib", "flax", "numpy")
"""What the numbers depend on, beside ourselves and Python."""


def check(directory: Path, settings: Rows) -> None:
    """Refuse to mix two runs in one folder.

    Raises:
        ValueError: the folder holds a run that was begun with other settings.
    """
    path = directory / "settings.json"
    if path.exists() and (before := json.loads(path.read_text(encoding="utf-8"))) != settings:
        changed = ", ".join(name for name in settings if before.get(name) != settings[name])
        raise ValueError(f"{directory} holds a run with other settings ({changed}); choose another folder or remove it")


def begin(directory: Path, settings: Rows) -> None:
    """Say whose folder it is from here on."""
    write_json(directory / "settings.json", settings)


def content(study: str, settings: Rows, results: Rows, claims: list[Rows], **more: Any) -> Rows:
    """Return what `results.json` holds, with all times still in it.

    Args:
        study: its name.
        settings: what the run began with.
        results: what came out.
        claims: what was promised or published, and whether it held.
        **more: further things that the page shows.
    """
    return {
        "study": study,
        "version": jaxneuron.__version__,
        "versions": {
            "jaxneuron": jaxneuron.__version__,
            **{name: version(name) for name in PACKAGES},
            "python": platform.python_version(),
        },
        "seed": settings["seed"],
        "device": _device(),
        "settings": settings,
        "results": results,
        "claims": claims,
        **more,
    }


def write(directory: Path, found: Iterable[Rows], content: Rows) -> None:
    """Write `found.jsonl`, `timings.json` and `results.json`.

    Args:
        directory: of the run.
        found: a row per target and method.
        content: see above; it stays as it is.
    """
    results, times = timings.apart(content)
    write_lines(directory / "found.jsonl", found)
    write_json(directory / timings.FILE, times or {})
    write_json(directory / "results.json", results)


def unknown(known: Vocabulary, texts: Mapping[str, checks.Texts], notice: Callable[[str], None]) -> dict[str, float]:
    """Return how much of each text a vocabulary does not know, and say so."""
    notice(checks.unknown(known, texts))
    return {name: words.unknown_share(known, given) for name, given in texts.items()}


def _device() -> str:
    device = jax.devices()[0]
    cores = f", {os.cpu_count()} cores" if device.platform == "cpu" else ""
    return f"{device.device_kind} ({device.platform}{cores})"
