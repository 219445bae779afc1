"""What a pair adds to its parts, averaged over all orders in which players, the pair as one, could arrive.

    I(S) = sum over T without S of |T|! (n - |T| - |S|)! / (n - |S| + 1)! * d_S(T),
    d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W)

Of a single player this is the Shapley value. The indices do not sum to what the score gained; those of
`shapley_taylor` do.

The matrix is symmetric; its diagonal alone sums to f(x) - f(baseline).

Cost:
    `2^n` evaluations of `f`, for up to 16 players.

Fails:
    More than 16 players are an error: group them. Indices do not sum to what the score gained; `shapley_taylor` does.

Peers:
    shapiq (SII) has the index, too; ours is tested against its definition, by brute force.

Source: Grabisch, Roubens 1999, "An axiomatic approach to the concept of interaction among players".

Example:
    >>> import jax.numpy as jnp
    >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
    [[[3.0, 6.0], [6.0, 6.0]]]
"""

import numpy as np
from scipy.special import comb

from jaxneuron.interact import _indices


def _weight(size: np.ndarray, others: np.ndarray, count: int, order: int) -> np.ndarray:
    return 1 / ((count - size + 1) * comb(count - size, others))


interact, subsets = _indices.index(
    "the Shapley interaction index of each pair, with the Shapley values on the diagonal", _weight
)
