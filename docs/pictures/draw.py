"""Draw the README's pictures anew: `make demo`, then `make pictures`.

They show what the demo left, its study and a unit of its atlas, and the circuit of `study circuits`, which is run where
it has not been. Each is a part of a page, as a browser shows it, in few colours, so that it stays small.
"""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LARGEST = 150_000
"""Bytes of a picture, which is kept in the repository."""

SCALE = 1.5
"""Pixels of a picture for each of the page."""

CIRCUITS = ROOT / "runs" / "circuits"
UNIT = "site=visual/projection&unit=2"
"""The unit of the demo that tells whether there is a dog in the picture."""


class Picture(NamedTuple):
    """A part of a page."""

    name: str
    page: Path
    part: str  # a selector; what it finds first is shown
    width: int  # pixels of the window
    height: int  # pixels that are kept, from the top
    state: str = ""  # what stands behind the page's name in its address


def pictures() -> list[Picture]:
    """Return what is drawn."""
    return [
        Picture("find", ROOT / "demo" / "report.html", "#figure-1", 1100, 470),
        Picture("unit", ROOT / "demo" / "atlas" / "unit.html", "body", 1100, 1240, UNIT),
        Picture("circuit", CIRCUITS / "report.html", "#graph", 760, 520),
    ]


def draw(shown: Page, picture: Picture) -> bytes:
    """Return a part of a page as PNG."""
    shown.set_viewport_size({"width": picture.width, "height": 900})
    shown.goto(f"{picture.page.resolve().as_uri()}#{picture.state}")
    shown.wait_for_load_state("networkidle")
    if picture.name == "unit":
        shown.wait_for_selector("html[data-ready]")
    image = Image.open(io.BytesIO(shown.locator(picture.part).first.screenshot()))
    image = image.crop((0, 0, image.width, min(image.height, round(SCALE * picture.height))))
    kept = io.BytesIO()
    image.convert("RGB").quantize(64).save(kept, "PNG", optimize=True)
    return kept.getvalue()


def main() -> None:
    """Draw each picture beside this file."""
    if not (ROOT / "demo" / "atlas").is_dir():
        raise SystemExit("no demo/atlas: run `make demo` first")
    if not (CIRCUITS / "report.html").exists():
        command = [
            sys.executable,
            "-m",
            "jaxneuron.cli",
            "study",
            "circuits",
            "--preset",
            "demo",
            "--out",
            str(CIRCUITS),
        ]
        subprocess.run(command, check=True)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("no browser: put chromium on PATH")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        shown = opened.new_page(device_scale_factor=SCALE)
        for picture in pictures():
            drawn = draw(shown, picture)
            if len(drawn) > LARGEST:
                raise SystemExit(f"{picture.name}: {len(drawn):,} bytes, more than {LARGEST:,}; show less of it")
            (HERE / f"{picture.name}.png").write_bytes(drawn)
            print(f"{picture.name}.png: {len(drawn):,} bytes")
        opened.close()


if __name__ == "__main__":
    main()
