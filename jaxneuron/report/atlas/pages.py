"""The pages of an atlas: one frame, one style sheet and a few plain scripts, which need no build and no network."""

from pathlib import Path

import jinja2
from markupsafe import Markup

import jaxneuron
from jaxneuron.files import beside
from jaxneuron.report import html
from jaxneuron.report.atlas import packed
from jaxneuron.report.atlas.plain import plain
from jaxneuron.report.atlas.unit import Unit

STATIC = Path(__file__).parent / "static"

SHARED = ("base", "marks", "strip")
"""Code of every page, in the order in which it runs."""

PAGES = {"index": ("list", "map", "index"), "unit": ("sides", "facts", "unit"), "text": ("match", "text")}
"""Page -> its own code."""

POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a page allows itself: the scripts beside it, and nothing else."""

ALONE = POLICY.replace("'self'", "'unsafe-inline'")
"""The same for a page that is one file."""


def write(out: Path) -> None:
    """Write the pages and their code, which are the same for every atlas.

    Raises:
        OSError: see `files.beside`.
    """
    for name, code in PAGES.items():
        first, *rest = (f"code/{part}.js" for part in (*SHARED, *code))
        with beside(out / f"{name}.html") as temporary:
            temporary.write_text(_frame(name, POLICY, sources=[first, "manifest.js", *rest]), encoding="utf-8")
    for part in sorted({*SHARED, *(part for code in PAGES.values() for part in code)}):
        with beside(out / "code" / f"{part}.js") as temporary:
            temporary.write_text(_code(part), encoding="utf-8")


def single(unit: Unit) -> str:
    """Return the page of one unit as one file, with nothing outside it.

    Args:
        unit: its record; neighbours have no page beside it, so they are no links.
    """
    code = [_code(part) for part in (*SHARED, *PAGES["unit"])]
    return _frame("unit", ALONE, inline=[*code, packed.script("alone", packed.dumped(plain(unit)))])


def _code(part: str) -> str:
    return (STATIC / f"{part}.js").read_text(encoding="utf-8")


def _frame(name: str, policy: str, *, sources: list[str] | None = None, inline: list[str] | None = None) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    css = [(html.TEMPLATES / "page.css"), STATIC / "atlas.css"]
    style = "\n".join(html.script(path.read_text(encoding="utf-8")) for path in css)
    return environment.from_string((STATIC / "frame.html").read_text(encoding="utf-8")).render(
        name=name,
        policy=Markup(policy),
        version=jaxneuron.__version__,
        style=Markup(style),
        sources=sources or [],
        inline=[Markup(html.script(one)) for one in inline or []],
    )
