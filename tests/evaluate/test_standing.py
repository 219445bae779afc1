"""Where a score stands in a corpus, against numpy on all scores at once."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.evaluate.standing import standing
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny


def test_a_score_stands_where_numpy_puts_it(weights):
    random = np.random.default_rng(0)
    ids = random.integers(0, tiny.VOCAB, (50, 3)).astype(np.int32)
    ngrams, targets = Tokens(ids, np.ones(ids.shape, bool)), Unit("hidden", jnp.array([1, 4, tiny.DEAD]))
    text = Tokens(*map(jnp.asarray, ngrams))
    scores = np.asarray(tiny.recurrent(weights, text, {})[1]["hidden"], np.float64)[:, -1, [1, 4, tiny.DEAD]].T
    asked = np.stack([scores.max(1) + 1, np.median(scores, axis=1)], axis=1).astype(np.float32)
    for budget in (1, 2**28):
        found = standing(tiny.recurrent, weights, targets, asked, ngrams, budget=budget)
        np.testing.assert_allclose(found.percentile, 100 * (scores[:, None] < asked[..., None]).mean(-1))
        np.testing.assert_allclose(found.best, scores.max(1))
        np.testing.assert_allclose(found.mean, scores.mean(1), atol=1e-6)
        np.testing.assert_allclose(found.spread, scores.std(1), atol=1e-6)
        expected = (asked[:2] - scores.mean(1)[:2, None]) / scores.std(1)[:2, None]
        np.testing.assert_allclose(found.excess[:2], expected, rtol=1e-5)
    assert np.all(found.excess[2] == 0)  # a unit that never moves


def test_scores_that_are_of_other_targets_are_refused(weights):
    one = Tokens(np.zeros((1, 3), np.int32), np.ones((1, 3), bool))
    with pytest.raises(ValueError, match="each of 1 targets"):
        standing(tiny.recurrent, weights, Unit("hidden", jnp.array([1])), np.zeros(2), one)
    with pytest.raises(ValueError, match="0 n-grams"):
        standing(tiny.recurrent, weights, Unit("hidden", jnp.array([1])), np.zeros(1), Tokens(*(x[:0] for x in one)))
