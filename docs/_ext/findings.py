"""The claims of all studies with their figures and verdicts, from the `results.json` of recorded runs."""

import json
from pathlib import Path
from typing import Any

import written
from sphinx.application import Sphinx


def generate(app: Sphinx) -> None:
    """Write what the page of findings includes: a count for each study, then every claim."""
    runs = [
        (path.stem, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((Path(app.srcdir) / "findings").glob("*.json"))
    ]
    rows = ["| run | preset | claims | hold | |", "| --- | --- | ---: | ---: | --- |"]
    for name, run in runs:
        claims = run["claims"]
        held = sum(claim["holds"] for claim in claims)
        rows.append(f"| [{name}](#{_anchor(name)}) | {run['preset']} | {len(claims)} | {held} | {run['data']} |")
    parts = ["\n".join(rows)]
    for name, run in runs:
        parts += [f"## {name}", f"`{run['command']}`", f"{run['device']}; seed {run['seed']}.", _claims(run["claims"])]
    written.page(Path(app.srcdir) / "_generated" / "findings.md", "\n\n".join(parts) + "\n")


def _claims(claims: list[dict[str, Any]]) -> str:
    rows = ["| claim | source | figure | holds | note |", "| --- | --- | ---: | :---: | --- |"]
    for claim in claims:
        cells = (
            claim["claim"],
            claim["source"],
            _number(claim["figure"]),
            "yes" if claim["holds"] else "**no**",
            claim["note"],
        )
        rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(rows)


def _number(figure: Any) -> str:
    if isinstance(figure, float):
        return f"{figure:.4g}"
    return "" if figure is None else str(figure)


def _cell(text: Any) -> str:
    return str(text or "").replace("|", "\\|").replace("\n", " ")


def _anchor(name: str) -> str:
    return name.replace("_", "-").lower()


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the tables before Sphinx reads the page."""
    (Path(app.srcdir) / "_generated").mkdir(exist_ok=True)
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
