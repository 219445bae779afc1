"""Where does a token's state come from? Attention, multiplied through the layers.

Abnar and Zuidema 2020 (Quantifying Attention Flow in Transformers, arXiv 2005.00928). Each block passes on half of the
stream as it is and half of what its heads attend to:

    R = A_L ... A_2 A_1,   A = residual I + (1 - residual) mean over heads of attention

It needs no gradient and no target, and knows nothing of values or MLPs: a map of routes, not of what mattered on them.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

HEADS = {"mean": jnp.mean, "min": jnp.min, "max": jnp.max}


def rollout(
    attention: Float[Any, "layer batch head time time"],
    mask: Bool[Any, "batch _time"],
    *,
    heads: str = "mean",
    residual: Any = 0.5,
) -> Float[Array, "batch time time"]:
    """Return how much of each token's last state comes from each token of the text.

    Args:
        attention: probabilities, `[..., reader, read]`, the first layer first: the record `output.attention` of our
            transformer.
        mask: true where there is a word.
        heads: "mean", "min" or "max": how heads are joined; rows are scaled to sum to 1 again.
        residual: the share of the stream that passes by the heads.

    Returns:
        `[batch, reader, read]`; the rows of words sum to 1, rows and columns of padding are 0. For a classifier that
        reads the first token, row 0 is its attribution.

    Raises:
        ValueError: shapes that do not fit, another way to join heads, or a residual out of [0, 1].

    Source:
        arXiv 2005.00928, equations 1 and 2.

    Example:
        >>> one = jnp.array([[[[[0.0, 1.0], [0.0, 1.0]]]]])
        >>> rollout(jnp.concatenate([one, one]), jnp.array([[True, True]])).tolist()
        [[[0.25, 0.75], [0.0, 1.0]]]
    """
    attention, mask = jnp.asarray(attention), jnp.asarray(mask)
    if heads not in HEADS:
        raise ValueError(f"heads must be joined by mean, min or max, got {heads!r}")
    if attention.ndim != 5 or (attention.shape[1], *attention.shape[3:]) != (*mask.shape, mask.shape[-1]):
        raise ValueError(
            f"expected attention [layer batch head time time] of a mask [batch time], got {attention.shape} and "
            f"{mask.shape}; the transformer's is `forward(params, tokens, {{}})[0].attention`"
        )
    if not isinstance(residual, jax.Array) and not 0 <= residual <= 1:
        raise ValueError(f"the residual is a share, from 0 to 1, got {residual}")
    return _rollout(attention, mask, residual, heads)


@jax.jit(static_argnames="heads")
def _rollout(attention: Array, mask: Array, residual: Array, heads: str) -> Array:
    words = mask[:, :, None] & mask[:, None, :]
    identity = jnp.broadcast_to(jnp.eye(mask.shape[-1], dtype=attention.dtype), words.shape) * words

    def layer(rolled: Array, attention: Array) -> tuple[Array, None]:
        joined = HEADS[heads](attention, axis=1) * words
        total = jnp.sum(joined, axis=-1, keepdims=True)
        joined = joined / jnp.broadcast_to(jnp.where(total > 0, total, 1), joined.shape)
        mixed = residual * identity + (1 - residual) * joined
        return jnp.matmul(mixed, rolled, precision="highest"), None

    return jax.lax.scan(layer, identity, attention)[0]
