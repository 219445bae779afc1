"""Activations as sums of features that may take away, but are never taken away: semi-non-negative factorisation.

Shafran et al. 2025, "Decomposing MLP activations into interpretable features via semi-nonnegative matrix factorization"
(arXiv:2506.10920), with the updates of Ding, Li, Jordan 2010. `min |X - C B|^2, C >= 0`:

    B <- (C'C + 1e-6)^-1 C'X, of each feature only the units that weigh most (winner takes all)
    C <- C sqrt(([X B']+ + C [B B']-) / ([X B']- + C [B B']+))

`[.]+` and `[.]-` are what is above and below 0. A feature is thus a few units, and its code says where it is there. It
is meant for what stands behind the non-linearity of an MLP (`block3/mlp/hidden`). The paper keeps the best of the last
hundred steps; we keep the last, once the error no longer falls.

Cost:
    No pass of the model: products over all activations, held on the device, for up to 5,000 steps.

Fails:
    Not unique: another key gives other features. On small sites 1% of the units is one unit: raise `share`.

Peers:
    The authors' code, which keeps the best of the last hundred steps; we keep the last once the error no longer falls.
"""

from functools import partial
from math import ceil
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron import _keys
from jaxneuron.decompose._near import check, near, ordered
from jaxneuron.table import Table
from jaxneuron.types import Factors


def decompose(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    share: float = 0.01,
    steps: int = 5_000,
    tolerance: float = 1e-5,
) -> Factors:
    """Factor activations into features with codes of 0 or above: `activations ≈ codes @ basis`.

    Args:
        key: one key, for the first codes.
        activations: of a sample of tokens; all of them are held on the device.
        factors: features, at most as many as tokens or units.
        share: of the units, how many a feature is made of, at least one; 1 for all. The default is for the thousands of
            units of an MLP.
        steps: at most.
        tolerance: of the squared activations, the share by which the error falls in ten steps at which to stop.

    Returns:
        Rows of `basis` have length 1, the feature that explains most first; `codes` have the size. `settled` is false
        where the steps ran out.

    Raises:
        TypeError: activations that are no real numbers, or no key.
        ValueError: more factors than tokens or units, a share that is none, an activation that is not finite.

    Example:
        >>> a = jnp.array([[2.0, -2.0, 0.0], [0.0, 0.0, 3.0], [1.0, -1.0, 3.0]])
        >>> found = decompose(jax.random.key(0), a, factors=2, share=1.0)
        >>> bool(jnp.allclose(found.codes @ found.basis, a, atol=0.05)), bool((found.codes >= 0).all())
        (True, True)
    """
    key = _keys.checked(key)
    _, units = check(activations, factors)
    if not 0 < share <= 1:
        raise ValueError(f"expected a share of the units above 0 and up to 1, got {share}")
    found = near(activations, centred=False)
    codes, basis, settled = _solve(key, found.values, factors, ceil(share * units), steps, tolerance)
    return Factors(found.codes(codes), basis, settled)


@partial(jax.jit, static_argnames=("factors", "kept"))
def _solve(
    key: Array, x: Float[Array, "token unit"], factors: int, kept: int, steps: Any, tolerance: Any
) -> tuple[Float[Array, "token factor"], Float[Array, "factor unit"], Bool[Array, ""]]:
    times = partial(jnp.matmul, precision="highest")
    whole = jnp.maximum(jnp.sum(x**2), jnp.finfo(x.dtype).tiny)
    floor = jnp.finfo(x.dtype).tiny

    def features(codes: Array) -> Array:
        gram = times(codes.T, codes)
        slack = 1e-6 * jnp.maximum(jnp.trace(gram) / factors, floor)
        basis = jax.scipy.linalg.solve(
            gram + slack * jnp.eye(factors, dtype=x.dtype), times(codes.T, x), assume_a="pos"
        )
        if kept < x.shape[1]:
            least = jax.lax.top_k(jnp.abs(basis), kept)[0][:, -1:]
            basis = jnp.where(jnp.abs(basis) >= least, basis, 0)
        return basis

    def step(state: Any) -> Any:
        number, codes, _, before, falls = state
        length = jnp.linalg.norm(codes, axis=0)
        codes = codes / jnp.where(length > 0, length, 1)[None]
        basis = features(codes)
        with_x, among = times(x, basis.T), times(basis, basis.T)
        up = jnp.maximum(with_x, 0) + times(codes, jnp.maximum(-among, 0))
        down = jnp.maximum(-with_x, 0) + times(codes, jnp.maximum(among, 0))
        # root by root: up / down overflows where down is nothing, and a code of 0 would become 0 * inf
        codes = codes * (jnp.sqrt(up) / jnp.sqrt(jnp.maximum(down, floor)))
        # |X - C B|^2 without another matrix as large as the activations
        error = whole - 2 * jnp.sum(with_x * codes) + jnp.sum(times(codes.T, codes) * among)
        look = number % 10 == 9
        return (
            number + 1,
            codes,
            basis,
            jnp.where(look, error, before),
            jnp.where(look, (before - error) / whole, falls),
        )

    start = jax.random.uniform(key, (x.shape[0], factors), jnp.float32, 1e-6).astype(x.dtype)
    infinite = jnp.asarray(jnp.inf, x.dtype)
    state = (0, start, jnp.zeros((factors, x.shape[1]), x.dtype), infinite, infinite)
    _, codes, basis, _, falls = jax.lax.while_loop(
        lambda state: (state[0] < steps) & (state[4] > tolerance), step, state
    )
    return *ordered(codes, basis), falls <= tolerance
