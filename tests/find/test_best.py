"""The running top k against a dictionary."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.find import _best

TIME, ROWS, STEPS = 2, 3, 40


def run(ids, scores, proximity, k):
    """Return the top k after all steps."""

    def step(best, now):
        number, ids, score, proximity = now
        return _best.keep(best, _best.Words(ids, proximity), score, number), None

    return jax.jit(lambda: jax.lax.scan(step, _best.none(k, TIME), (jnp.arange(STEPS), ids, scores, proximity))[0])()


@pytest.mark.parametrize("same_score", [True, False], ids=["a score per n-gram", "a score per visit"])
@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_it_keeps_what_a_dictionary_keeps(k, same_score):
    random = np.random.default_rng(k)
    ids = random.integers(0, 3, (STEPS, ROWS, TIME))
    table = random.normal(size=(3, 3)).astype(np.float32)
    scores = table[ids[..., 0], ids[..., 1]] if same_score else random.normal(size=ids.shape[:2]).astype(np.float32)
    proximity = random.random((STEPS, ROWS)).astype(np.float32)
    kept = {}
    for step in range(STEPS):
        for row in range(ROWS):
            word, found = tuple(ids[step, row].tolist()), (scores[step, row], step, proximity[step, row])
            if word not in kept or found[0] > kept[word][0]:
                kept[word] = found
    expected = sorted(kept.items(), key=lambda item: -item[1][0])[:k]
    best = run(jnp.asarray(ids, jnp.int32), jnp.asarray(scores), jnp.asarray(proximity), k)
    real = len(expected)
    assert [tuple(row) for row in best.ids[:real].tolist()] == [word for word, _ in expected]
    found = np.array([values for _, values in expected], np.float32)
    for column, field in enumerate((best.score, best.step, best.proximity)):
        np.testing.assert_array_equal(field[:real], found[:, column])
    assert np.all(np.isneginf(best.score[real:])) and np.all(best.step[real:] == -1)


def test_a_score_that_is_no_number_is_not_kept():
    words = _best.Words(jnp.array([[1, 1], [2, 2]], jnp.int32), jnp.ones(2))
    best = _best.keep(_best.none(2, TIME), words, jnp.array([jnp.nan, 1.0]), jnp.int32(0))
    assert best.ids[0].tolist() == [2, 2] and np.isneginf(best.score[1])
