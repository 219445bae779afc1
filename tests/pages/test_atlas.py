"""The pages of an atlas in a real browser, opened from the disk."""

import re
from threading import Thread

import numpy as np
import pytest

from jaxneuron.report.atlas import notebook, pages, serve, write
from tests.pages.conftest import SITES, UNITS
from tests.report.atlas import made

UNIT = f"unit.html#site={SITES[0]}&unit=7"


def rows(page):
    return page.locator(".list .space .row")


def columns(page, name):
    return page.locator(f".list .space .c.{name}").all_inner_texts()


def search(page, text):
    page.fill("#search", text)
    return page.locator("p[aria-live]").inner_text()


def test_the_index_shows_every_unit_and_draws_those_in_sight(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    assert page.locator("p[aria-live]").inner_text() == "All 120 units."
    assert 5 < rows(page).count() < 60
    page.locator(".list").evaluate("one => one.scrollTop = one.scrollHeight")
    page.wait_for_selector(f"#row{2 * UNITS - 1}")
    assert columns(page, "unit")[-1] == str(UNITS - 1)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("river", None),
        ("concept:river", 6),
        ("formula:river", 6),
        ('description:"unit 12"', 2),
        ("site:mlp", 60),
        ("RIVER concept:river", 6),
        ("concept:river concept:stone", 0),
        ("score>2", 0),
        ("score<2 site:residual", 60),
        ("is:dead", 2),
        ("writes:river", 6),
        ("input:bank writes:river site:mlp", 3),
        ("explained>2", 0),
        ('"', 120),
        ("(", None),
        ("nothing-has-this", 0),
    ],
)
def test_search(visitor, atlas, text, count):
    said = search(visitor.open(atlas, "index.html"), text)
    found = 120 if said.startswith("All") else int(re.match(r"\d*", said)[0] or 0)
    assert found == count or (count is None and 0 < found < 120)


def test_search_by_token_finds_the_units_that_are_farthest_there(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    search(page, "token:1984")
    sides = zip(columns(page, "high_words"), columns(page, "low_words"), strict=True)
    assert rows(page).count() and all("1984" in high + low for high, low in sides)


def test_sort_by_a_column_and_back(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    for way, sign in (("descending", -1), ("ascending", 1)):
        page.click("button.sort:text-is('mean')")
        assert page.locator("[aria-sort]:not([aria-sort=none])").get_attribute("aria-sort") == way
        shown = [float(one.replace("−", "-")) for one in columns(page, "mean")]
        assert shown == sorted(shown, key=lambda one: sign * one)
    page.select_option("label:has-text('Sort by') select", "description")
    assert columns(page, "description") == sorted(columns(page, "description"), reverse=True)


def test_the_most_and_the_least_explained_come_first_and_the_address_keeps_it(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    for name, sign in (("Most explained", -1), ("Least explained", 1)):
        page.click(f"button:text-is('{name}')")
        shown = [float(one.replace("−", "-")) for one in columns(page, "explained")]
        assert shown == sorted(shown, key=lambda one: sign * one)
        assert page.locator(".quick [aria-pressed=true]").inner_text() == name
    again = visitor.open(atlas, f"index.html#{page.url.partition('#')[2]}")
    assert columns(again, "explained") == columns(page, "explained")
    again.click("button:text-is('Least explained')")
    assert columns(again, "unit")[:3] == ["0", "1", "2"]


def test_filter_by_site_and_the_address_keeps_it(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    page.select_option("label:has-text('Site') select", SITES[1])
    search(page, "river")
    kept = page.url.partition("#")[2]
    again = visitor.open(atlas, f"index.html#{kept}")
    assert again.input_value("#search") == "river" and set(columns(again, "site")) == {SITES[1]}


def test_a_row_opens_its_page_and_back_returns_to_the_search(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    search(page, 'description:"unit 12"')
    rows(page).first.click()
    page.wait_for_url("**/unit.html*")
    assert page.locator("h1").inner_text() == f"{SITES[0]}, unit 12"
    page.go_back()
    page.wait_for_selector("html[data-ready][data-page=index]")
    assert page.input_value("#search") == 'description:"unit 12"'


def test_the_keyboard_alone_goes_from_search_to_a_page_and_on(visitor, atlas):
    page = visitor.open(atlas, "index.html")
    page.keyboard.press("/")
    page.keyboard.type("site:residual")
    page.locator(".list").focus()
    for key in ("ArrowDown", "ArrowDown", "End", "Home", "ArrowDown", "PageDown", "PageUp"):
        page.keyboard.press(key)
    assert page.locator(".row.at .unit").inner_text() == "1"
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-page=unit][data-ready]")
    page.keyboard.press("n")
    page.wait_for_selector("h1:text-is('block0/residual, unit 2')")
    page.keyboard.press("p")
    page.wait_for_selector("h1:text-is('block0/residual, unit 1')")
    page.keyboard.press("u")
    page.wait_for_url("**/index.html*")


def test_the_map_tells_and_opens_a_unit(visitor, atlas):
    page = visitor.open(atlas, "index.html#view=map")
    assert page.locator(".list").is_hidden()
    canvas = page.locator("canvas")
    canvas.hover(position={"x": 4, "y": 24})
    assert f"{SITES[0]} 0" in page.locator("#pop").inner_text()
    for choice in ("density", ""):
        page.select_option("label:has-text('Across') select", choice)
    canvas.focus()
    for key in ("Home", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    assert f"{SITES[0]} 2" in page.locator("#pop").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('block0/residual, unit 2')")


def test_a_page_has_both_sides_and_every_part_that_was_measured(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    left, right = page.locator(".sides > section").all()[:2]
    assert [one.locator("h3").inner_text() for one in (left, right)] == ["Highest", "Lowest"]
    boxes = [one.bounding_box() for one in (left, right)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    parts = [one.get_attribute("aria-labelledby") for one in page.locator("main > section").all()]
    assert parts == ["said", "where", "best", "concepts", "effect", "writes", "near", "spread", "cases", "again", "run"]
    said = page.locator("#said ~ .scroll tbody tr").all_inner_texts()
    assert len(said) == 2 and "correlation" in said[0] and "auroc\t0.9 [0.8, 1]\t0.5" in said[1]
    assert "turn of block1/residual" in page.locator("section:has(> #effect)").inner_text()
    assert "40 words (10%), 2 drawn at random" in left.inner_text()
    record = made.unit(SITES[0], 7, units=UNITS)
    assert (
        left.locator(".examples > li").first.locator(".at").inner_text()
        == record.examples.positive.top[0].tokens[record.examples.positive.top[0].word]
    )


def test_a_token_tells_its_value_and_its_percentile(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    record = made.unit(SITES[0], 7, units=UNITS)
    page.locator(".strip .at").first.hover()
    told = page.locator("#pop").inner_text()
    assert f"value {record.distribution.maximum:.4g}".replace("-", "−") in told and "above 100% of the words" in told
    page.locator(".strip").nth(1).focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#pop").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#pop").inner_text() != first
    page.keyboard.press("Escape")
    assert page.locator("#pop").is_hidden()


@pytest.mark.parametrize("share", [0.05, 0.5, 0.999, 0.97])
def test_percentiles_are_those_of_the_corpus(visitor, atlas, share):
    page = visitor.open(atlas, UNIT)
    spread = made.unit(SITES[0], 7, units=UNITS).distribution
    levels, quantiles = spread.levels.tolist(), spread.quantiles.tolist()
    if share in levels:
        value = quantiles[levels.index(share)]
    else:
        value = quantiles[6] + (quantiles[7] - quantiles[6]) * (share - 0.95) / 0.04
    given = {"levels": levels, "quantiles": quantiles, "minimum": spread.minimum, "maximum": spread.maximum}
    assert page.evaluate("([spread, value]) => atlas.below(spread, value)", [given, value]) == pytest.approx(share)


def test_whole_texts_and_ranges_open(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    before = page.locator(".strip .t").count()
    page.get_by_label("Whole texts").check()
    assert page.locator(".strip .t").count() > before
    page.locator(".sides summary").first.click()
    page.get_by_label("Line breaks").check()
    assert page.locator(".sides details[open] li").count() == 2


def test_neighbours_are_links(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    kinds = page.locator("#near ~ .kinds h3").all_inner_texts()
    assert kinds == ["Go with it", "Feed it", "It feeds", "Are fed by the same", "Feed the same"]
    page.locator("#near ~ .kinds a:text-is('unit 9')").first.click()
    page.wait_for_selector("h1:text-is('block0/residual, unit 9')")


def test_the_command_is_copied(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("button:text-is('Copy the command')")
    page.wait_for_selector("button:text-is('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == made.PROVENANCE.command


def test_a_page_is_saved_as_one_file_that_is_the_same(visitor, atlas, tmp_path):
    page = visitor.open(atlas, UNIT)
    with page.expect_download() as download:
        page.click("button:text-is('Save as one file')")
    saved = tmp_path / download.value.suggested_filename
    assert saved.name == "block0-residual-7.html"
    download.value.save_as(saved)
    assert saved.stat().st_size < 2_000_000
    (tmp_path / "written.html").write_text(pages.single(made.unit(SITES[0], 7, units=UNITS)), encoding="utf-8")
    for name in (saved.name, "written.html"):
        alone = visitor.open(tmp_path, name)
        assert alone.locator("h1").inner_text() == f"{SITES[0]}, unit 7"
        assert alone.locator("a").count() == 1  # to skip to the content: nothing lies beside it
        alone.locator(".strip .at").first.hover()
        assert "above 100%" in alone.locator("#pop").inner_text()


def test_a_notebook_shows_the_page_in_a_frame(browser, tmp_path):
    (tmp_path / "notebook.html").write_text(notebook.Shown(made.unit(SITES[0], 7))._repr_html_(), encoding="utf-8")
    page = browser.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("h1:text-is('block0/residual, unit 7')").wait_for()
    frame.locator(".strip .at").first.hover()
    assert "above 100%" in frame.locator("#pop").inner_text() and wrong == []
    page.close()


def test_a_page_is_light_as_loaded(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    loaded = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    named = set(re.findall(r'src="([^"]+)"', (atlas / "unit.html").read_text())) | {"units/block0.residual/7.js"}
    assert all(any(one.endswith(name) for name in named) for one in loaded)
    assert sum((atlas / name).stat().st_size for name in named | {"unit.html"}) < 150_000


def test_a_text_in_the_corpus_stays_text(visitor, atlas):
    page = visitor.open(atlas, "text.html#text=1")
    assert made.HOSTILE in page.locator(".strip.whole").inner_text()
    for address in (UNIT, "index.html"):
        assert "owned" not in visitor.open(atlas, address).title()
    assert page.locator("main script").count() == 0 and "owned" not in page.title()


def test_a_text_shows_the_values_of_a_unit(visitor, atlas):
    page = visitor.open(atlas, f"text.html#site={SITES[0]}&unit=3&text=0")
    kept = made.kept(UNITS, SITES)
    comma = kept.tokens[0].index(",")
    page.locator(".strip.whole .t").nth(comma).hover()
    told = page.locator("#pop").inner_text()
    value = float(re.search(r"value ([\d.−]+)", told)[1].replace("−", "-"))
    assert value == pytest.approx(kept.values[SITES[0]][comma, 3], rel=1e-3)


def drag(page, first, last):
    spans = page.locator(".strip.whole .t")
    start, end = spans.nth(first).bounding_box(), spans.nth(last).bounding_box()
    page.mouse.move(start["x"] + 3, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 3, end["y"] + 8, steps=4)
    page.mouse.up()
    page.wait_for_selector("html[data-ready] .chips")


def test_a_stretch_has_its_units_and_the_places_where_they_are_on_too(visitor, atlas):
    kept = made.kept(UNITS, SITES)
    comma = kept.tokens[0].index(",")
    page = visitor.open(atlas, f"text.html#site={SITES[0]}&unit=3&text=0&by=value&least=2.5")
    drag(page, comma, comma)
    assert {"3", "4"} <= set(page.locator(".chip").all_inner_texts())
    for chip in page.locator(".chip").all():
        if chip.inner_text() not in ("3", "4"):
            chip.locator("input").uncheck()
    page.wait_for_function("document.querySelector('.matches .value').textContent === '2/2'")
    matched = page.locator(".matches .in").all_inner_texts()
    assert matched == [","] * len(matched)
    others = sum("," in text for text in kept.tokens[1:]) + (kept.tokens[0].count(",") > 1)
    assert len(matched) == min(others, 30)


def test_a_stretch_agrees_with_brute_force(visitor, atlas):
    page = visitor.open(atlas, f"text.html#site={SITES[1]}&unit=0&text=0&level=0.5")
    drag(page, 2, 3)
    values = made.kept(UNITS, SITES).values[SITES[1]]
    least = np.quantile(values.astype(float), 0.5, axis=0)
    on = np.flatnonzero((values[2:4] >= least).all(axis=0)).tolist()
    shown = sorted(int(one) for one in page.locator(".chip").all_inner_texts())
    assert shown == on


def test_a_stretch_is_selected_by_the_keyboard(visitor, atlas):
    page = visitor.open(atlas, f"text.html#site={SITES[0]}&unit=3&text=0&level=0.25")
    page.locator(".strip.whole").focus()
    page.keyboard.press("Home")
    page.keyboard.down("Shift")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.up("Shift")
    page.wait_for_selector("h2:has-text('On throughout')")
    assert page.locator(".strip.whole .in").all_inner_texts() == made.texts()[0][:3]
    assert "from=0&to=2" in page.url


def test_an_example_leads_to_its_text(visitor, atlas):
    page = visitor.open(atlas, UNIT)
    page.locator(".examples a").first.click()
    page.wait_for_selector("html[data-page=text][data-ready]")
    example = made.unit(SITES[0], 7, units=UNITS).examples.positive.top[0]
    assert page.locator(".strip.whole .at").inner_text() == example.tokens[example.word]


@pytest.mark.parametrize("address", ["index.html", "index.html#view=map", UNIT, "text.html#from=2&to=4&level=0.25"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1600])
def test_pages_fit_any_width_in_either_scheme(visitor, atlas, address, scheme, width):
    page = visitor.open(atlas, address, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper, ink = page.evaluate(
        "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
    )
    bright = [sum(map(int, re.findall(r"\d+", one)[:3])) for one in (paper, ink)]
    assert (bright[0] > bright[1]) == (scheme == "light") and abs(bright[0] - bright[1]) > 400


def test_the_reader_chooses_the_scheme(visitor, atlas):
    page = visitor.open(atlas, "index.html", scheme="light")
    seen = []
    for _ in range(3):
        page.click("button.quiet")
        seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize(
    "state", ["site=no&unit=1", "site=block0/residual&unit=600", "site=block0/residual&unit=x", ""]
)
def test_a_unit_that_is_not_there_is_told(browser, atlas, state):
    page = browser.new_page()
    page.goto(f"{(atlas / 'unit.html').as_uri()}#{state}")
    page.wait_for_selector("[role=alert]")
    assert page.locator("h1").inner_text() == "No such unit"
    page.close()


def test_a_text_that_is_not_kept_is_told_and_never_linked(browser, visitor, tmp_path):
    unit, kept = made.unit(SITES[0], 7), made.kept(8, SITES[:1])
    write.write(tmp_path, [unit], kept=kept._replace(numbers=range(100, 100 + len(kept.tokens))))
    page = visitor.open(tmp_path, UNIT)
    assert page.locator(".examples li").count() and page.locator(".examples a").count() == 0
    page = browser.new_page()
    page.goto(f"{(tmp_path / 'text.html').as_uri()}#text=7")
    page.wait_for_selector("[role=alert]:has-text('Text 7 is not among those')")
    page.close()
    assert visitor.open(tmp_path, "text.html").locator("h1").inner_text() == "Text 100"


def test_an_atlas_is_read_over_a_port_too(browser, atlas):
    server = serve.server(atlas)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/{UNIT}")
        page.wait_for_selector("html[data-ready] h1:text-is('block0/residual, unit 7')")
        page.close()
    finally:
        server.shutdown()
        server.server_close()


def test_a_folder_that_is_not_whole_says_so(browser, tmp_path):
    pages.write(tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    page.wait_for_selector("[role=alert]:has-text('manifest.js is not there')")
    page.close()
