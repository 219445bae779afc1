"""Which neurons work as a group? Split the activations of a layer into factors.

Every module has one verb, `decompose`:

- `correlation_clusters`: units that rise and fall together, by hierarchical clustering; one tree for all cuts
- `activation_clusters`: tokens or units that lie together, after principal components or UMAP
- `k_means`: tokens whose activations are near one centre
- `latent_concepts`: words that a model represents alike, and the labels that they share (ConceptX)
- `pca`: directions of the largest variance
- `ica`: directions whose codes are independent (FastICA)
- `nmf`: parts that are only ever added, of a text (Ecco) or a corpus
- `semi_nmf`: features of an MLP, few units each, whose codes are never below nought
- `sparse_autoencoder`: many directions, of which few are active at a token, by which a site is written again
- `transcoder`: such directions by which one site is written from another

What clusters units has a basis of zeros and ones, what clusters tokens has such codes. The last two return what they
learnt beside the factors: a `Dictionary`, whose features can be made a site of the model.
"""

from typing import Any, Protocol

from jaxtyping import Array, Float

from jaxneuron.types import Factors


class Decompose(Protocol):
    """The folder's verb."""

    def __call__(self, key: Array, activations: Float[Any, "token unit"], *, factors: int, **options: Any) -> Factors:
        """Explain the activations with `factors` factors."""
        ...
