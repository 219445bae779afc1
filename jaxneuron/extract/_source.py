"""What is read: a model with its sites, and which of them one asks for by default."""

import re
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import jax.numpy as jnp

from jaxneuron.extract.reading import Reader
from jaxneuron.tap import sites as all_sites
from jaxneuron.types import Forward, Params, Site, Tokens


@runtime_checkable
class Source(Reader, Protocol):
    """A model that can be extracted from: it reads, and it computes."""

    @property
    def forward(self) -> Forward:
        """The model."""
        ...

    @property
    def params(self) -> Params:
        """Its weights."""
        ...

    @property
    def packed(self) -> bool:
        """Whether it keeps the sentences of a `types.Packed` apart: then no batch has much padding."""
        ...

    @property
    def linear(self) -> Mapping[Site, Site]:
        """Sites that are affine functions of another one; they are stored where they are asked for only."""
        ...


def shapes_of(model: Source) -> dict[Site, Any]:
    """Return the shapes of a model's activations of a text of four tokens."""
    four = Tokens(jnp.zeros((1, 4), jnp.int32), jnp.ones((1, 4), bool))
    try:
        return all_sites(model.forward, model.params, four)
    except AttributeError as error:
        raise ValueError(
            f"the model does not read a text by itself ({error}); an encoder-decoder reads two, and nothing can be "
            "extracted from it"
        ) from error


def layers(shapes: Mapping[Site, Any], linear: Mapping[Site, Site]) -> list[Site]:
    """Return what enters the first block and what leaves each, in the order of the blocks; without blocks, all."""
    found = [site for site in shapes if site == "embed" or site.endswith(("residual", "final"))]
    if not any(site != "embed" for site in found):
        found = [site for site in shapes if shapes[site].shape[-2] > 1 and site not in linear and site != "embed/word"]
    return sorted(
        found, key=lambda site: (site != "embed", [int(part) for part in re.findall(r"\d+", site)] or [10**9])
    )
