"""A gate of a recurrent unit at one step: a share of something, and what it is a share of, as two sites."""

from jaxtyping import Array, Float

from jaxneuron.tap import Tap
from jaxneuron.types import Site


class Gated:
    """The gates of a step; `seen` has what they were, if they are offered as sites."""

    def __init__(self, tap: Tap, site: Site, time: Array, offered: bool):
        self._tap, self._site, self._time, self._offered = tap, site, time, offered
        self.seen: dict[Site, Array] = {}

    def __call__(
        self, name: str, share: Float[Array, "batch unit"], value: Float[Array, "batch unit"]
    ) -> Float[Array, "batch unit"]:
        """Return what a gate lets through: `share * value`, each edited where its site is."""
        if not self._offered:
            return share * value
        return self._at(f"{name}/open", share) * self._at(f"{name}/in", value)

    def _at(self, name: str, value: Array) -> Array:
        site = f"{self._site}/{name}"
        self.seen[site] = self._tap.edit(site, value, self._time)
        return self.seen[site]
