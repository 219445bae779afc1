"""What a pair adds to its parts, averaged over all coalitions alike: the Banzhaf interaction index.

    I(S) = 2^-(n - |S|) * sum over T without S of d_S(T),   d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W)

Every coalition counts the same, so most of the weight is on those of half the players; of a single player it is the
Banzhaf value. It is the coefficient of the best multilinear approximation of the score (Hammer and Holzman 1992).

The matrix is symmetric; neither it nor its diagonal sums to what the score gained.

Cost:
    `2^n` evaluations of `f`, for up to 16 players.

Fails:
    More than 16 players are an error: group them. It does not sum to what the score gained; absent players take the
    baseline, whatever the others are.

Peers:
    shapiq has the index, too; ours is tested against its definition, by brute force.

Source: Grabisch, Roubens 1999, "An axiomatic approach to the concept of interaction among players".

Example:
    >>> import jax.numpy as jnp
    >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
    [[[3.0, 6.0], [6.0, 6.0]]]
"""

import numpy as np

from jaxneuron.interact import _indices


def _weight(size: np.ndarray, others: np.ndarray, count: int, order: int) -> np.ndarray:
    return np.broadcast_to(0.5 ** (count - size), np.broadcast_shapes(size.shape, others.shape))


interact, subsets = _indices.index(
    "the Banzhaf interaction index of each pair, with the Banzhaf values on the diagonal", _weight
)
