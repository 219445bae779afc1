"""The claims of all studies with their figures and verdicts, from what `docs/record.py` kept of runs."""

import json
from pathlib import Path
from typing import Any

import written
from sphinx.application import Sphinx


def generate(app: Sphinx) -> None:
    """Write what the page of findings includes: a count for each run, then every claim."""
    files = sorted((Path(app.srcdir) / "findings").glob("*.json"))
    runs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    rows = ["| run | preset | claims | hold |", "| --- | --- | ---: | ---: |"]
    parts = []
    for name, run in runs.items():
        held = sum(bool(claim["holds"]) for claim in run["claims"])
        rows.append(f"| [{name}](#{name}) | {run['settings'].get('preset', '')} | {len(run['claims'])} | {held} |")
        parts += [f"({name})=\n\n## {name}", _run(run), _claims(run["claims"])]
    written.page(Path(app.srcdir) / "_generated" / "findings.md", "\n\n".join(["\n".join(rows), *parts]) + "\n")


def _run(run: dict[str, Any]) -> str:
    told = "; ".join(f"{key}: {value}" for key, value in run["settings"].items())
    return f"`jaxneuron study {run['study']}`, {told}; seed {run['seed']}, {run['device']}, version {run['version']}."


def _claims(claims: list[dict[str, Any]]) -> str:
    rows = ["| claim | source | figure | holds | note |", "| --- | --- | ---: | :---: | --- |"]
    for claim in claims:
        holds = {True: "yes", False: "**no**"}.get(claim["holds"], "not asked")
        cells = (claim["claim"], claim["source"], _number(claim["figure"]), holds, claim["note"])
        rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(rows)


def _number(figure: Any) -> str:
    if isinstance(figure, float):
        return f"{figure:.4g}"
    return "" if figure is None else str(figure)


def _cell(text: Any) -> str:
    return str(text or "").replace("|", "\\|").replace("\n", " ")


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the tables before Sphinx reads the page."""
    (Path(app.srcdir) / "_generated").mkdir(exist_ok=True)
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
