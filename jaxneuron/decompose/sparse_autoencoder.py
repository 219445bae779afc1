"""Many directions of which few are active at a token: a dictionary by which a site is written again.

A sparse autoencoder of one hidden layer, wider than what it reads: Bricken et al. 2023, "Towards monosemanticity" (kind
`relu`, with an L1 cost); Gao et al. 2024, "Scaling and evaluating sparse autoencoders", arXiv 2406.04093 (kind `topk`,
with the auxiliary loss that keeps features alive, which the other kinds have here too); Rajamanoharan et al. 2024,
"Jumping ahead", arXiv 2407.14435 (kind `jumprelu`). Activations are centred and scaled before they are read, by one
number for all units, and the dictionary is scaled back, so that it reads the activations as they are.

Cost:
    No pass of the model: gradient descent over a table of activations, which take one pass over the text to extract. A
    step is a product with encoder and decoder.

Fails:
    Features that are active nowhere (`evaluate.reconstruction` counts them), that split as the dictionary grows, and
    that are there for the sparsity alone. Too few tokens: ten or more for each feature.

Peers:
    SAELens, whose folders are read and written; the kinds and losses are those of the papers, not of its trainer.

Example:
    import jax
    import numpy as np
    from jaxneuron.decompose import sparse_autoencoder

    rng = np.random.default_rng(0)
    truth = np.eye(6)[:, :6]
    activations = (truth * rng.uniform(1, 2, (200, 1, 6)))[np.arange(200), rng.integers(6, size=200)].astype(np.float32)
    factors, learned = sparse_autoencoder.decompose(jax.random.key(0), activations, factors=8)
    print(factors.basis.shape, factors.codes.shape)
    #: (8, 6) (200, 8)
"""

from pathlib import Path
from typing import Any

from jaxtyping import Array

from jaxneuron import batching
from jaxneuron.decompose._learn import Curve as Curve
from jaxneuron.decompose._learn import Learned as Learned
from jaxneuron.decompose._learn import Settings as Settings
from jaxneuron.decompose._learn import learn
from jaxneuron.dictionary import Codes
from jaxneuron.table import Table
from jaxneuron.types import Factors

DEFAULT = Settings()


def decompose(
    key: Array,
    activations: Table,
    *,
    factors: int,
    settings: Settings = DEFAULT,
    directory: Path | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Factors, Learned]:
    """Learn a dictionary of the activations.

    Args:
        key: of the first directions and the order of the tokens; one key, one result.
        activations: of more tokens than factors; they may be larger than memory.
        factors: how many features; at most as many as tokens.
        settings: how it is learnt.
        directory: where the training is kept while it runs; one that was stopped there goes on.
        budget: bytes for the activations that are held at a time; all are, if they fit.
        progress: called after each round of steps.

    Returns:
        The factors: `basis` are the directions, of length 1, and `codes` a `Table` that is computed where it is read,
        0 for a feature that is not active. And the dictionary, with how the training went.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: fewer tokens than factors, activations that never change or are not finite, a setting out of range,
            a training that failed, or a folder with another training.

    Source:
        Gao et al. 2024, arXiv 2406.04093, section 2 and appendix A.
    """
    found = learn(
        key, [activations], factors=factors, settings=settings, directory=directory, budget=budget, progress=progress
    )
    codes: Any = Codes(found.dictionary, activations)
    return Factors(codes, found.dictionary.decoder), found
