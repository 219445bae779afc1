"""What can be wrong with a search is said before it starts."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from jaxneuron.split import check_target
from jaxneuron.targets import count
from jaxneuron.types import Forward, Params, Target, Tokens


def check(
    forward: Forward,
    params: Params,
    targets: Target,
    ngrams: Tokens,
    candidates: Bool[Any, "vocab"],
    **positive: int,
) -> int:
    """Return the number of targets.

    Raises:
        KeyError: a target's site is unknown.
        ValueError: a unit or a position is out of range, targets are not stacked, there is nothing to search in, words
            that are no candidates' numbers, or an option that counts something (`positive`) is below 1.
    """
    for name, value in positive.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1, got {value}")
    total = count(targets)
    if ngrams.ids.ndim != 2 or not len(ngrams.ids):
        raise ValueError(f"expected n-grams [ngram, time], at least one, got the shape {ngrams.ids.shape}")
    if candidates.ndim != 1 or not np.any(candidates):
        raise ValueError("`candidates` must be Bool[vocab] and allow at least one word; none is allowed")
    ids = np.asarray(ngrams.ids)[np.asarray(ngrams.mask)]
    if ids.size and not 0 <= ids.min() <= ids.max() < len(candidates):
        raise ValueError(
            f"the n-grams have words from {ids.min()} to {ids.max()}, but `candidates` are {len(candidates)}; "
            "expected Bool[vocab], a truth value for each word of the model's vocabulary"
        )
    word = Tokens(jnp.zeros((1, ngrams.ids.shape[1]), jnp.int32), jnp.ones((1, ngrams.ids.shape[1]), bool))
    check_target(forward, params, word, targets)
    return total
