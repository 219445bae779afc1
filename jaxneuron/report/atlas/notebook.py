"""The page of a unit in a notebook: the same page, in a frame of its own, wherever HTML is shown."""

import html
from typing import NamedTuple

from jaxneuron.report.atlas import pages
from jaxneuron.report.atlas.unit import Unit


class Shown(NamedTuple):
    """A record that Jupyter, Colab, VS Code and marimo show as its page; nothing need be installed for it.

    The page has no part in what the notebook may do: its frame runs its own scripts, and saves files.
    """

    unit: Unit
    height: int = 720  # pixels

    def _repr_html_(self) -> str:
        page, identity = html.escape(pages.single(self.unit)), self.unit.identity
        title = html.escape(f"{identity.site}, {identity.unit}")
        return (
            f'<iframe srcdoc="{page}" sandbox="allow-scripts allow-downloads" title="{title}" '
            f'style="width: 100%; height: {self.height}px; border: 0"></iframe>'
        )
