"""Run the demo of every study, and keep what the page of findings is made of: `make findings`.

A run's `results.json` is kept without its raw results, which `report.html` draws: what is left are the settings and the
claims. Another run is added by `python docs/record.py NAME RUN`, with the folder of the run.
"""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SETTINGS = ("preset", "data", "model", "language", "labels")
"""Of a run, what tells it from others."""
LANGUAGES = {"dni2018": ("parens", "arithmetic", "python")}
"""Studies of several kinds of text, a run for each."""


def keep(name: str, run: Path) -> None:
    """Keep a run's claims under a name."""
    found: dict[str, Any] = json.loads((run / "results.json").read_text(encoding="utf-8"))
    settings = {key: _named(found["settings"][key]) for key in SETTINGS if key in found["settings"]}
    kept = {key: found[key] for key in ("study", "version", "seed", "device")} | {"settings": settings}
    text = json.dumps(kept | {"claims": found["claims"]}, indent=1, ensure_ascii=False)
    (HERE / "findings").mkdir(exist_ok=True)
    (HERE / "findings" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _named(value: str | list[str]) -> str:
    """Return the last part of a path that says something: where it was is nobody's concern."""
    if isinstance(value, list):
        return ", ".join(map(_named, value))
    if not value.startswith("/"):
        return value
    path = Path(value)
    return path.parent.name if path.name == "model" else path.name


def main() -> None:
    """Run every demo that has not been run, one after the other, and keep them all."""
    import jaxneuron.studies

    names = [found.name for found in pkgutil.iter_modules(jaxneuron.studies.__path__) if found.ispkg]
    for name in names:
        for language in LANGUAGES.get(name, ("",)):
            run = HERE / "_build" / "runs" / f"{name}{'-' * bool(language)}{language}"
            command = [sys.executable, "-m", "jaxneuron.cli", "study", name, "--preset", "demo", "--out", str(run)]
            subprocess.run(command + (["--language", language] if language else []), check=True)
            keep(run.name, run)


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) == 3 else main()
