"""A finished run: what it leaves for programs (`results.json`, `timings.json`, `found.jsonl`), written and read back.

Equal runs leave equal `results.json` and `found.jsonl`: what the clock says is kept apart, in `timings.json`, which has
the same structure as `results.json`.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from jaxneuron.files import write_json, write_lines
from jaxneuron.report import timings
from jaxneuron.studies._kept import plain, typed
from jaxneuron.studies._study import Claim, Study


class Finished(NamedTuple):
    """A finished run of a study."""

    study: str
    results: Any  # of the study's type `results`
    claims: list[Claim] = []
    found: list[Any] = []  # of the type that its part `found` lists
    version: str | None = None
    versions: dict[str, str] = {}  # package -> version
    seed: int | None = None
    device: str | None = None
    settings: dict[str, Any] = {}
    unknown_words: Any = None  # text -> share of its words


def write(directory: Path, study: Study, finished: Finished) -> None:
    """Write `found.jsonl`, `timings.json` and, last, `results.json`."""
    results = plain(finished.results)
    beside = {} if study.main is None else {name: item for name, item in results.items() if name != study.main}
    content = {name: plain(getattr(finished, name)) for name in ("study", "version", "versions", "seed", "device")}
    content |= {"settings": plain(finished.settings)}
    content |= {"results": results if study.main is None else results[study.main], "claims": plain(finished.claims)}
    content |= beside | {"unknown_words": plain(finished.unknown_words)}
    without, times = timings.apart(content)
    write_lines(directory / "found.jsonl", plain(finished.found))
    write_json(directory / timings.FILE, times or {})
    write_json(directory / "results.json", without)


def name(directory: Path) -> str:
    """Return whose run a folder holds.

    Raises:
        FileNotFoundError, ValueError: see `read`.
    """
    return _results(directory)["study"]


def read(directory: Path, study: Study) -> Finished:
    """Read `results.json`, with the times of `timings.json` if it is there, and `found.jsonl`.

    Args:
        directory: where the study wrote.
        study: which.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file is not what the study writes.
    """
    content = _results(directory)
    if (directory / timings.FILE).exists():
        content = timings.together(content, _parse(_text(directory / timings.FILE), timings.FILE))
    row = Any if study.found is None else get_type_hints(study.found)["return"].__args__[0]
    lines = [line for line in _text(directory / "found.jsonl").splitlines()]
    found = [
        typed(row, _parse(line, f"found.jsonl, line {number}"), f"found.jsonl, line {number},")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    results = content["results"]
    if study.main is not None:
        results = {key: item for key, item in content.items() if key != "results"} | {study.main: results}
    content |= {"results": None, "found": []}
    return typed(Finished, content, "results.json")._replace(
        results=typed(study.results, results, "results.json: results"), found=found
    )


def _results(directory: Path) -> dict[str, Any]:
    content = _parse(_text(directory / "results.json"), "results.json")
    if not isinstance(content, dict) or not {"study", "results"} <= content.keys():
        raise ValueError(
            f"{directory / 'results.json'} should be an object with the keys 'study' and 'results'; "
            "give the folder that `jaxneuron study ... --out` wrote"
        )
    return content


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {path.parent}; give the folder of a finished study, "
            "or run `jaxneuron study` with the same --out to finish it"
        )
    return path.read_text(encoding="utf-8")


def _parse(text: str, where: str) -> Any:
    try:
        return plain(json.loads(text))  # a browser parses no NaN
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{where} is not JSON ({error.msg} at column {error.colno}); it may have been cut off: "
            "run `jaxneuron study` with the same --out to write it again"
        ) from None
