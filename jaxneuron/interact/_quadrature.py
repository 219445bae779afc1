"""Gauss's rule for the weight -ln u on [0, 1], which turns the double integral of Integrated Hessians into one.

    int int h(ab) da db = int h(u) (-ln u) du ~ sum of weight h(node),   exact for polynomials of degree 2 steps - 1

The recurrence of the polynomials that are orthogonal under -ln u comes from its moments with shifted Legendre
polynomials, which are known, by the modified Chebyshev algorithm; nodes are the eigenvalues of its matrix.
"""

import functools

import numpy as np
from jaxtyping import Float

MOST = 200
"""The most nodes; beyond, the moments underflow."""


@functools.lru_cache
def logarithmic(steps: int) -> tuple[Float[np.ndarray, "step"], Float[np.ndarray, "step"]]:
    """Return nodes in (0, 1), ascending, and weights, which sum to 1.

    Raises:
        ValueError: no steps, or more than 200.

    Source:
        Golub, Welsch 1969; Gautschi 2004, "Orthogonal Polynomials: Computation and Approximation", 2.1.7.

    Example:
        >>> np.round(logarithmic(2), 4).tolist()
        [[0.112, 0.6023], [0.7185, 0.2815]]
    """
    if not 1 <= steps <= MOST:
        raise ValueError(f"expected between 1 and {MOST} steps, got {steps}")
    degree = np.arange(2 * steps)
    # of monic shifted Legendre polynomials: int p_k (-ln u) du = (-1)^k k!^2 / (k (k + 1) (2k)!), and 1 for k = 0;
    # k!^2 / (2k)! is a product of k / (4k - 2)
    ratio = np.cumprod(np.where(degree > 0, degree / (4.0 * degree - 2), 1))
    moment = np.where(degree > 0, (-1.0) ** degree * ratio / np.maximum(degree * (degree + 1), 1), 1)
    beneath = 1 / (4 * (4 - 1 / np.maximum(degree, 1) ** 2.0))  # their own recurrence, with 1/2 on the diagonal
    diagonal, off = np.zeros(steps), np.zeros(steps)
    before, row = np.zeros(2 * steps), moment
    diagonal[0], off[0] = 0.5 + moment[1], 1
    for k in range(1, steps):
        near = np.arange(k, 2 * steps - k)
        new = np.zeros(2 * steps)
        new[near] = row[near + 1] - (diagonal[k - 1] - 0.5) * row[near] - off[k - 1] * before[near]
        new[near] += beneath[near] * row[near - 1]
        diagonal[k] = 0.5 + new[k + 1] / new[k] - row[k] / row[k - 1]
        off[k] = new[k] / row[k - 1]
        before, row = row, new
    matrix = np.diag(diagonal) + np.diag(np.sqrt(off[1:]), 1) + np.diag(np.sqrt(off[1:]), -1)
    node, vector = np.linalg.eigh(matrix)
    return node, vector[0] ** 2
