"""Attention whose scores have a part for what a word is and parts for how far it is: that of DeBERTa.

He et al. 2021 (arXiv 2006.03654), as in its second and third version: distances have vectors, the same in all blocks,
of which each block makes keys that queries meet (`c2p`) and queries that keys meet (`p2c`).
"""

from functools import partial

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from jaxneuron.tap import Tap
from jaxneuron.types import Site
from jaxneuron_models.attention import Cache, Reach, read
from jaxneuron_models.relative import Vectors


class Disentangled(nnx.Module):
    """`softmax(scale (Q K' + Q P' + R K'))`: P and R are keys and queries of the distance between two words.

    It has the call of `attention.Attention`; `reach.relation` holds the distances' vectors, and the row of each pair.
    """

    def __init__(self, width: int, heads: int, *, scale: float, relative: Vectors, rngs: nnx.Rngs):
        linear = partial(nnx.Linear, width, width, rngs=rngs)
        self.query, self.key, self.value, self.output = linear(), linear(), linear(), linear()
        self.parts = relative.parts
        self.far_key = linear() if "c2p" in self.parts and not relative.shared else None
        self.far_query = linear() if "p2c" in self.parts and not relative.shared else None
        self.heads, self.scale = heads, scale * (1 + len(self.parts)) ** -0.5

    def __call__(
        self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], reach: Reach, cache: Cache | None
    ) -> tuple[Float[Array, "batch time unit"], Float[Array, "batch head time key"], Cache]:
        """Return the mixed heads, the probabilities, and the keys and values; it reads whole texts only."""
        if reach.relation is None or cache is not None:
            raise ValueError("disentangled attention reads whole texts, whose distances it is given")
        query, key = (self._by_head(layer(x)) for layer in (self.query, self.key))
        value = self.value(x).reshape(*x.shape[:2], self.heads, -1)
        score = query @ jnp.swapaxes(key, -1, -2)
        vectors, row = reach.relation.table[None], reach.relation.row
        if "c2p" in self.parts:
            far = self._by_head((self.far_key or self.key)(vectors))
            score = score + _picked(query @ jnp.swapaxes(far, -1, -2), row)
        if "p2c" in self.parts:
            far = self._by_head((self.far_query or self.query)(vectors))
            score = score + jnp.swapaxes(_picked(key @ jnp.swapaxes(far, -1, -2), jnp.swapaxes(row, -1, -2)), -1, -2)
        score = (score * self.scale).astype(jnp.promote_types(x.dtype, jnp.float32))
        heads, probability = read(score[:, :, None], value, reach.allowed)
        return self.output(tap(f"{site}/heads", heads, reach.time)), probability, Cache(jnp.swapaxes(key, 1, 2), value)

    def _by_head(self, vectors: Float[Array, "#batch row unit"]) -> Float[Array, "#batch head row part"]:
        return jnp.swapaxes(vectors.reshape(*vectors.shape[:2], self.heads, -1), 1, 2)


def _picked(
    score: Float[Array, "batch head time row"], row: Int[Array, "#batch time key"]
) -> Float[Array, "batch head time key"]:
    """Return the score of each pair of words out of those of all rows."""
    row = jnp.broadcast_to(row[:, None], (*score.shape[:2], *row.shape[1:]))
    return jnp.take_along_axis(score, row, axis=-1)
