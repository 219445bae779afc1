import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.interact import agglomeration, contextual_decomposition
from tests.jaxpr.test_rules import MODELS, TOKENS, model

X = jnp.array([[1.0, -0.5, 2.0]])


@pytest.mark.parametrize("name", MODELS)
def test_parts_add_up_on_any_model(name):
    f, x, baseline, score, bottom = model(name)
    words = jnp.array([[[False], [True], [False], [False]]])
    parts = contextual_decomposition.decompose(f, x, baseline, relevant=words)
    np.testing.assert_allclose(sum(parts), score, atol=1e-4)
    every = contextual_decomposition.decompose(f, x, baseline, relevant=words | True)
    np.testing.assert_allclose(every.relevant, score - every.bias, atol=1e-4)
    np.testing.assert_allclose(every.irrelevant, 0, atol=1e-5)
    assert jnp.all(parts.relevant[1] == 0) and parts.relevant[0] != 0  # the second text is its own baseline
    if name in ("lstm", "gru"):
        np.testing.assert_allclose(parts.bias, bottom, atol=1e-6)


def test_by_hand():
    only = jnp.array([[True, False, False]])

    def parts(f, **options):
        return [float(part[0]) for part in contextual_decomposition.decompose(f, X, relevant=only, **options)]

    np.testing.assert_allclose(parts(lambda x: 3 * x[:, 0] + x[:, 1] + 4), [3, -0.5, 4])
    np.testing.assert_allclose(parts(lambda x: x[:, 0] * (x[:, 1] + 1)), [1, -0.5, 0])
    np.testing.assert_allclose(parts(lambda x: x[:, 0] * (x[:, 1] + 1), shared=0.5), [0.75, -0.25, 0])
    bend = lambda x: jnp.tanh(x[:, 0] + x[:, 2] + 0.1)
    right = (np.tanh(1.1) - np.tanh(0.1) + np.tanh(3.1) - np.tanh(2.1)) / 2
    np.testing.assert_allclose(parts(bend), [right, np.tanh(3.1) - np.tanh(0.1) - right, np.tanh(0.1)], rtol=1e-5)


def test_pairs_interact_where_they_meet():
    f = lambda x: x[:, 0] * x[:, 2] + jax.nn.relu(x[:, 1])
    found = contextual_decomposition.interact(f, X)
    np.testing.assert_allclose(found, [[[0, 0, 2], [0, 0, 0], [2, 0, 0]]], atol=1e-6)


def test_spans_grow_to_the_planted_phrase():
    """Word 2 turns word 3 around; the rest adds up."""
    f = lambda x: 3 * x[:, 3, 0] * (1 - 2 * x[:, 2, 0]) + 0.5 * x[:, 0, 0] + 0.1 * x[:, :, 0].sum(1)
    x = jnp.ones((2, 6, 1))
    mask = jnp.array([[True] * 6, [True] * 5 + [False]])
    for score in agglomeration.SCORES:
        rows = agglomeration.interact(f, x, 0.0, mask=mask, score=score)
        for row, length in zip(rows, (6, 5), strict=True):
            assert (row[-1].start.tolist(), row[-1].stop.tolist()) == ([0], [length])
            np.testing.assert_allclose(row[-1].score, -2.5 + 0.1 * length, rtol=1e-5)
            assert row[0].start[0] in (2, 3) and (row[1].start[0], row[1].stop[0]) == (2, 4)
            assert len(row) <= length


def test_spans_of_a_sentence_are_scored_by_decomposition():
    f, x, baseline, *_ = model("lstm")
    row, other = agglomeration.interact(f, x, baseline, mask=TOKENS.mask)
    level = row[0]  # the words that differ from the baseline
    inside = (jnp.arange(4) >= level.start[0]) & (jnp.arange(4) < level.stop[0])
    right = contextual_decomposition.decompose(f, x, baseline, relevant=inside[None, :, None])
    np.testing.assert_allclose(level.score[0], right.relevant[0], atol=1e-5)
    assert other[-1].stop.tolist() == [2]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="cd, build_up, occlusion, got 'sum'"):
        agglomeration.interact(jnp.sum, X, score="sum")
    with pytest.raises(ValueError, match="from 0 to 100, got 120"):
        agglomeration.interact(jnp.sum, X, percentile=120)
    with pytest.raises(ValueError, match="truth values"):
        contextual_decomposition.decompose(lambda x: x.sum(1), X, relevant=jnp.ones((1, 3)))
