"""Which neurons work as a group? Split the activations of a layer into factors.

Every module has one verb, `decompose`:

- `correlation_clusters`: units that rise and fall together, by hierarchical clustering
- `sparse_autoencoder`: many directions, of which few are active at a token, by which a site is written again
- `transcoder`: such directions by which one site is written from another

The last two return what they learnt beside the factors: a `Dictionary`, whose features can be made a site of the model.
"""

from typing import Any, Protocol

from jaxtyping import Array, Float

from jaxneuron.types import Factors


class Decompose(Protocol):
    """The folder's verb."""

    def __call__(self, key: Array, activations: Float[Any, "token unit"], *, factors: int, **options: Any) -> Factors:
        """Explain the activations with `factors` factors."""
        ...
