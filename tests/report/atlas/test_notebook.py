"""A notebook gets the page of a unit in one frame, whatever the unit is called."""

import html
import re

from jaxneuron.report.atlas import notebook, pages
from tests.report.atlas import made


def test_a_record_is_shown_as_its_page():
    unit = made.unit('a "site" <script>', 3)
    shown = notebook.Shown(unit, height=300)._repr_html_()
    found = re.fullmatch(r'<iframe srcdoc="([^"]*)" sandbox="([^"]*)" title="([^"]*)" style="([^"]*)"></iframe>', shown)
    assert found and html.unescape(found[1]) == pages.single(unit)
    assert "same-origin" not in found[2] and "height: 300px" in found[4]
