"""The page that a study ends with: one file, nothing outside it, for a reader who has not seen the paper.

Charts need Vega, which is inlined once for all of them. A content security policy in the page forbids the browser to
fetch anything at all, so the page is the same on a train as in ten years.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from jaxneuron.files import beside
from jaxneuron.report import _vega, text

TEMPLATES = Path(__file__).parent / "templates"

POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
"""What a page with charts allows itself: what is in it, and nothing from outside."""


def page(path: Path, template: Path, content: Mapping[str, Any]) -> Path:
    """Write a page.

    Args:
        path: of the page.
        template: extends `page.html`, and may take macros from `_macros.html`; files beside it are `study/NAME`.
        content: its variables; those of `page.html` are `run`, `charts` (id of an element -> Vega-Lite) and `found`,
            rows that charts and scripts of the page share.

    Returns:
        The path.
    """
    with beside(path) as temporary:
        temporary.write_text(_render(template, content), encoding="utf-8")
    return path


def _render(template: Path, content: Mapping[str, Any]) -> str:
    own = jinja2.PrefixLoader({"study": jinja2.FileSystemLoader(template.parent)})
    loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), own])
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data"] = data
    for written in (text.number, text.percent, text.rate, text.p_value, text.shown):
        environment.filters[written.__name__] = written
    environment.globals["known"] = environment.tests["known"] = text.known
    environment.globals["inline"] = lambda name: Markup(script(loader.get_source(environment, name)[0]))
    environment.globals["policy"] = Markup(POLICY)
    environment.globals["vega"] = lambda: Markup(script(_vega.bundle()))
    return environment.get_template(f"study/{template.name}").render(**content)


def data(value: Any) -> Markup:
    r"""Return JSON that is safe inside a script element: no `<` survives, so nothing can close it.

    Example:
        >>> print(data({"ngram": "</script>"}))
        {"ngram":"\u003c/script>"}
    """
    dumped = json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(dumped.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def finite(value: Any) -> Any:
    """Return the same JSON value with None in place of NaN and infinities, which no browser parses.

    Example:
        >>> finite({"score": [1.0, float("-inf")]})
        {'score': [1.0, None]}
    """
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def script(code: str) -> str:
    """Return JavaScript (or CSS) that is safe inside its element: what would close or comment it is escaped."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
