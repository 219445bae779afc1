"""What a part of a model does, as a sum of few directions: a dictionary that writes one site from another.

It reads what goes into an MLP and writes what comes out of it, so that its features stand for steps of a computation:
Dunefsky, Chlenski, Nanda 2024, "Transcoders find interpretable LLM feature circuits", arXiv 2406.11944. Learnt as the
sparse autoencoder is, but reading and writing are along directions of their own, and the input is not centred.

Cost:
    No pass of the model: gradient descent over two tables of activations, which take one pass over the text to extract.

Fails:
    As `sparse_autoencoder`; and what an MLP does by way of directions that its input rarely has is not learnt.

Peers:
    SAELens and the authors' code; the kinds and losses are those of the papers.

Example:
    import jax
    import numpy as np
    from jaxneuron.decompose import transcoder

    read = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    wrote = np.maximum(read, 0) @ np.eye(4, 3, dtype=np.float32)
    factors, learned = transcoder.decompose(jax.random.key(0), read, factors=8, outputs=wrote)
    print(factors.basis.shape)
    #: (8, 3)
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
    outputs: Table,
    settings: Settings = DEFAULT,
    directory: Path | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Factors, Learned]:
    """Learn a dictionary that writes `outputs` from `activations`.

    Args:
        key: of the first directions and the order of the tokens; one key, one result.
        activations: what is read, of more tokens than factors; they may be larger than memory.
        factors: how many features; at most as many as tokens.
        outputs: what is written, of the same tokens.
        settings: how it is learnt.
        directory: where the training is kept while it runs; one that was stopped there goes on.
        budget: bytes for the activations that are held at a time; all are, if they fit.
        progress: called after each round of steps.

    Returns:
        The factors: `basis` are the directions of the output, of length 1, and `codes` a `Table` that is computed where
        it is read, 0 for a feature that is not active. And the dictionary, with how the training went.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: as `sparse_autoencoder`; or outputs of other tokens.

    Source:
        Dunefsky et al. 2024, arXiv 2406.11944, section 3.1.
    """
    found = learn(
        key,
        [activations, outputs],
        factors=factors,
        settings=settings,
        directory=directory,
        budget=budget,
        progress=progress,
    )
    codes: Any = Codes(found.dictionary, activations)
    return Factors(codes, found.dictionary.decoder), found
