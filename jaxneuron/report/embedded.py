"""Interactive charts inside any page: their data, Vega and the code that draws them, as one piece of HTML."""

from collections.abc import Mapping

from jaxneuron.report import _vega
from jaxneuron.report.charts import Spec
from jaxneuron.report.html import TEMPLATES, data, script


def scripts(charts: Mapping[str, Spec]) -> str:
    """Return what draws charts into the elements of their ids; nothing where there are none."""
    if not charts:
        return ""
    draws = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return (
        f'<script id="found" type="application/json">[]</script>\n'
        f'<script id="charts" type="application/json">{data(dict(charts))}</script>\n'
        f"<script>{script(_vega.bundle())}</script>\n<script>{script(draws)}</script>\n"
    )
