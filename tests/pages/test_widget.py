"""The widget's own code in a browser, before a model that keeps values as a notebook's does."""

import json

from jaxneuron.report.atlas import pages, widget
from tests.report.atlas import made

MODEL = """
const values = JSON.parse(document.body.dataset.values), called = {};
window.model = {
  get: (name) => values[name],
  set: (given) => Object.assign(values, given),
  save_changes: () => { window.saved = [values.site, values.unit]; },
  on: (name, call) => { called[name] = call; },
  told: (given) => { Object.assign(values, given); called["change:page"](); },
};
"""


def test_a_unit_is_chosen_and_its_page_is_shown(browser):
    units = list(made.units(["a/b"], 5)) + list(made.units(["c"], 5))
    shown = [pages.single(unit) for unit in units]
    page = browser.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_content("<body></body>")
    values = {
        "units": {"a/b": [[0, 1], [3, 4]], "c": [[0, 4]]},
        "site": "a/b",
        "unit": 1,
        "height": 500,
        "page": shown[1],
    }
    page.evaluate("text => { document.body.dataset.values = text; }", json.dumps(values))
    page.add_script_tag(content=MODEL)
    code = widget._SHOWN.read_text(encoding="utf-8").replace("export default { render };", "window.render = render;")
    page.add_script_tag(content=code)
    page.evaluate("window.render({ model, el: document.body })")
    frame = page.frame_locator("iframe")
    assert "unit 1" in frame.locator("h1").inner_text()
    page.get_by_text("after").click()
    assert page.evaluate("window.saved") == ["a/b", 3]  # 2 has no page
    page.evaluate("page => model.told({ page })", shown[3])
    frame.locator("h1", has_text="unit 3").wait_for()
    page.fill("input", "2")
    page.keyboard.press("Tab")
    assert page.evaluate("window.saved") == ["a/b", 3] and page.input_value("input") == "3"
    page.select_option("select", "c")
    assert page.evaluate("window.saved") == ["c", 0]
    page.close()
    assert not wrong
