"""Static vectors: read from a file, or trained on a text as GloVe is.

Pennington, Socher and Manning 2014, "GloVe: global vectors for word representation": the products of the vectors of
words and of contexts, with a bias for each, are fitted to the logarithms of how often they occur together, weighted by
`min(1, count / most)^0.75`; a word's vector is the sum of both. Here all pairs of a small vocabulary are in each step.
"""

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

NEAR = 5
"""Words on both sides that are a word's context, each weighted by one over its distance."""

MOST = 100.0
"""The count from which a pair has its full weight."""


class Static(NamedTuple):
    """A vector for each word, the most frequent first."""

    words: tuple[str, ...]
    vectors: Float[np.ndarray, "word unit"]

    def rows(self, text: Sequence[str]) -> np.ndarray:
        """Return the row of each word, as it is written or else in small letters; -1 where there is none."""
        row = {word: number for number, word in enumerate(self.words)}
        return np.array([row.get(word, row.get(word.lower(), -1)) for word in text], np.int64)


def read(path: Path) -> Static:
    """Read vectors from a file.

    Args:
        path: .npz with `words` and `vectors`, or lines of a word and its numbers, perhaps with .gz.

    Raises:
        ValueError: the file has something else.
    """
    if path.suffix == ".npz":
        with np.load(path) as stored:
            if not {"words", "vectors"} <= set(stored.files):
                raise ValueError(f"{path} has the arrays {', '.join(stored.files)}; expected words and vectors")
            words, vectors = stored["words"].tolist(), np.asarray(stored["vectors"], np.float32)
    else:
        opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
        with opened as lines:
            rows = [line.rstrip().split(" ") for line in lines]
        if rows and len(rows[0]) == 2:  # word2vec and fastText say first how many there are
            rows = rows[1:]
        words = [row[0] for row in rows]
        try:
            vectors = np.array([row[1:] for row in rows], np.float32)
        except ValueError as error:
            raise ValueError(f"{path}: expected a word and as many numbers in each line ({error})") from error
    if vectors.ndim != 2 or len(words) != len(vectors) or not np.isfinite(vectors).all():
        raise ValueError(f"{path}: expected finite numbers for {len(words)} words, got an array {vectors.shape}")
    return Static(tuple(map(str, words)), vectors)


def train(key: Array, text: Sequence[Sequence[str]], *, width: int, steps: int) -> Static:
    """Return vectors of the words of a text.

    Args:
        key: of the first vectors.
        text: sentences.
        width: units of a vector.
        steps: of AdaGrad.
    """
    counts = Counter(word for sentence in text for word in sentence)
    words = tuple(word for word, _ in counts.most_common())
    number = {word: place for place, word in enumerate(words)}
    together = np.zeros((len(words), len(words)), np.float32)
    for sentence in text:
        ids = np.array([number[word] for word in sentence])
        for far in range(1, min(NEAR, len(ids) - 1) + 1):
            np.add.at(together, (ids[:-far], ids[far:]), 1 / far)
    return Static(words, np.asarray(_fitted(key, jnp.asarray(together + together.T), width, steps)))


def _fitted(key: Array, together: Array, width: int, steps: int) -> Array:
    weight = jnp.where(together > 0, jnp.minimum(1.0, together / MOST) ** 0.75, 0.0)
    target = jnp.log(jnp.where(together > 0, together, 1.0))
    keys, shape = jax.random.split(key), (len(together), width)
    first = [(jax.random.uniform(one, shape) - 0.5) / width for one in keys]
    optimiser = optax.adagrad(0.05)

    def loss(params: tuple[Array, ...]) -> Array:
        word, context, bias, other = params
        error = word @ context.T + jnp.expand_dims(bias, 1) + jnp.expand_dims(other, 0) - target
        return jnp.sum(weight * error**2)

    def step(state: tuple, _: None) -> tuple[tuple, None]:
        params, memory = state
        change, memory = optimiser.update(jax.grad(loss)(params), memory)
        return (optax.apply_updates(params, change), memory), None

    params = (*first, jnp.zeros(len(together)), jnp.zeros(len(together)))

    @jax.jit
    def fit(params: tuple[Array, ...]) -> Array:
        (word, context, *_), _ = jax.lax.scan(step, (params, optimiser.init(params)), length=steps)[0]
        return word + context

    return fit(params)
