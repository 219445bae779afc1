"""Main effects and interactions that together make up all that the score gained: the Shapley-Taylor index.

The difference of a set S at a coalition T is d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W). Of order k,

    I(S) = d_S(nobody)                                            if |S| < k
    I(S) = k / n * sum over T without S of d_S(T) / C(n - 1, |T|)   if |S| = k

and all of them sum to f(x) - f(baseline), like the terms of a Taylor series with its remainder.

The matrix is symmetric; diagonal and upper triangle sum to f(x) - f(baseline).

Cost:
    `2^n` evaluations of `f`, for up to 16 players.

Fails:
    More than 16 players are an error: group them. Main effects are taken with nobody present, so that all interaction
    of higher order falls to the pairs.

Peers:
    shapiq (STII) has the index, too; ours is tested against its definition, by brute force.

Source: Dhamdhere, Agarwal, Sundararajan 2020, "The Shapley Taylor Interaction Index", arXiv 1902.05622.

Example:
    >>> import jax.numpy as jnp
    >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
    [[[0.0, 6.0], [6.0, 3.0]]]
"""

import numpy as np
from scipy.special import comb

from jaxneuron.interact import _indices


def _weight(size: np.ndarray, others: np.ndarray, count: int, order: int) -> np.ndarray:
    return np.where(size < order, others == 0, order / count / comb(count - 1, others))


interact, subsets = _indices.index("the index of order 2: main effects on the diagonal, pairs beside it", _weight)
