"""An atlas in a notebook, linked to its cells: what is chosen there is a value here, and the other way round.

Needs anywidget: `pip install "jaxneuron-nlp[notebook]"`. The page of one unit alone needs nothing, see `notebook`.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jaxneuron.report.atlas import pages, read

_SHOWN = Path(__file__).parent / "static" / "widget.js"


class Atlas(anywidget.AnyWidget):
    """The units of an atlas, one page at a time, in Jupyter, Colab, VS Code or marimo.

    `site` and `unit` are the unit that is shown: set them, or `observe` what the reader chooses. `record` is all that
    is known of it. As in `notebook`, the page has no part in what the notebook may do.

    Args:
        folder: of `jaxneuron atlas` or `report.atlas.write`.
        site: shown first; by default the first one of the atlas.
        unit: the same; by default the site's first.
        height: of the page, in pixels.

    Raises:
        FileNotFoundError: no atlas there.
        KeyError: it has no page of that unit; also where one is set later.
    """

    _esm = _SHOWN
    units = traitlets.Dict().tag(sync=True)  # site -> the first and last of each run of unit numbers
    site = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Int().tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(720).tag(sync=True)
    record: Any = None  # `unit.Unit`

    def __init__(self, folder: Path | str, site: str | None = None, unit: int | None = None, *, height: int = 720):
        self._folder = Path(folder)
        known = read.manifest(self._folder)["sites"]
        units: dict[str, list[list[int]]] = {
            place["name"]: place["ranges"]["unit"] for place in known if "unit" in place["ranges"]
        }
        first = next(iter(units), "") if site is None else site
        number = (units[first][0][0] if first in units else 0) if unit is None else unit
        self.record = read.unit(self._folder, first, number)
        super().__init__(units=units, site=first, unit=number, page=pages.single(self.record), height=height)
        self.observe(self._show, ["site", "unit"])

    def show(self, site: str, unit: int) -> None:
        """Show another unit."""
        with self.hold_trait_notifications():
            self.site, self.unit = site, unit

    def _show(self, change: Any) -> None:
        del change
        self.record = read.unit(self._folder, self.site, self.unit)
        self.page = pages.single(self.record)
