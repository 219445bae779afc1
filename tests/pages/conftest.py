"""A browser, an atlas in a folder, and pages that fail a test if anything goes wrong in them."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from jaxneuron.report.atlas import write
from tests.report.atlas import made

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ("background-networking", "component-update", "sync", "gpu", "quic")
SITES = ["block0/residual", "block1/mlp/hidden"]
UNITS = 60


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, f"no browser: put one of {', '.join(BROWSERS)} on PATH"
    options = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=found, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def atlas(tmp_path_factory):
    """Return the folder of an atlas, whose name a careless address would break."""
    out = tmp_path_factory.mktemp("an atlas #1")
    write.write(out, made.units(SITES, UNITS, plain=False), kept=made.kept(UNITS, SITES))
    return out


class Visitor:
    """Opens pages from the disk, and remembers what they complained of and asked the network for."""

    def __init__(self, browser):
        self.browser, self.contexts, self.wrong = browser, [], []

    def open(self, folder, address, *, width=1280, scheme="light"):
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, accept_downloads=True
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self.wrong.append(said.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(("http:", "https:")) and self.wrong.append(asked.url))
        name, _, state = address.partition("#")
        page.goto(f"{(folder / name).as_uri()}{'#' * bool(state)}{state}")
        page.wait_for_selector("html[data-ready]")
        return page


@pytest.fixture
def visitor(browser):
    """Return who opens pages; nothing may have been said on the console, nor asked of the network."""
    one = Visitor(browser)
    yield one
    for context in one.contexts:
        context.close()
    assert one.wrong == []
