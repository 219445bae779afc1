import jax
import numpy as np
import pytest

from jaxneuron.rank import synthetic_sentences
from jaxneuron.rank.synthetic_sentences import aligned, random_alignment, selectivity, sentences
from tests.quick import quick_compilation  # noqa: F401


def activations(tokens=40, units=6, seed=0):
    return np.random.default_rng(seed).normal(3, 2, (tokens, units)).astype(np.float32)


def test_sentences_say_a_concept_and_nothing_else():
    found = sentences([["the", "car"], ["is"], ["a", "b", "c", "d", "e", "f"]], 5)
    assert found.words[0] == ["the", "car", "the", "car", "the"]
    assert found.words[1] == ["is"] * 5
    assert found.words[2] == ["a", "b", "c", "d", "e", "f"]
    assert found.label.tolist() == [0] * 5 + [1] * 5 + [2] * 6


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("table", [True, False])
def test_is_the_mean_over_the_tokens_of_a_concept(standardise, table):
    values = activations()
    values[:, 2] = 7
    before = values.copy()
    labels = np.repeat(np.arange(5), 8)
    labels[labels == 3] = 4
    given = labels[:, None] == np.arange(5) if table else labels
    found = synthetic_sentences.rank(None, values, given, standardise=standardise, budget=40 * 6 * 4)
    expected = np.zeros((5, 6))
    for concept in (0, 1, 2, 4):
        mean = values[labels == concept].mean(axis=0, dtype=np.float64)
        spread = np.where(values.std(axis=0) > 0, values.std(axis=0), 1)
        expected[concept] = (mean - values.mean(axis=0, dtype=np.float64)) / spread if standardise else mean
    np.testing.assert_allclose(found.score, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(values, before)


def test_standard_scores_keep_the_order_of_a_units_concepts_and_compare_units():
    values = activations()
    values[8:16, 4] += 2
    values[:, 1] = 100 + 50 * values[:, 1]
    labels = np.repeat(np.arange(5), 8)
    fair = synthetic_sentences.rank(None, values, labels)
    plain = synthetic_sentences.rank(None, values, labels, standardise=False)
    np.testing.assert_array_equal(aligned(fair, 5).concept, aligned(plain, 5).concept)
    assert fair.order[1, 0] == 4 and plain.order[1, 0] == 1
    assert aligned(fair).concept[4, 0] == 1


def test_a_concept_that_a_unit_is_aligned_with_is_selective_and_a_random_one_is_not(key):
    draw = np.random.default_rng(1)
    present = draw.random((60, 4)) < 0.3
    values = present.astype(np.float32) + draw.normal(0, 0.1, (60, 4)).astype(np.float32)
    right = np.arange(4)[:, None]
    assert (selectivity(values, present, right) > 0.6).all()
    np.testing.assert_array_equal(
        selectivity(values, present, right, budget=60 * 4 * 4), selectivity(values, present, right)
    )
    assert (abs(selectivity(values, present, (right + 1) % 4)) < 0.3).all()
    two = np.stack([np.zeros(4, int), np.arange(4)], axis=1)
    has = present[:, 0] | present[:, 3]
    expected = (values[has, 3].mean() - values[~has, 3].mean()) / np.ptp(values[:, 3])
    np.testing.assert_allclose(selectivity(values, present, two)[3], expected, rtol=1e-5)
    drawn = random_alignment(key, 7, 5, 3)
    assert drawn.shape == (7, 3) and all(len(set(row)) == 3 for row in drawn.tolist())
    np.testing.assert_array_equal(drawn, random_alignment(jax.random.key(0), 7, 5, 3))


def test_errors():
    with pytest.raises(ValueError, match="at least one word each"):
        sentences([["a"], []], 3)
    with pytest.raises(ValueError, match="compare them with a threshold"):
        synthetic_sentences.rank(None, activations(), np.zeros(40, np.float32))
    with pytest.raises(ValueError, match="1 to 5 concepts"):
        aligned(synthetic_sentences.rank(None, activations(), np.repeat(np.arange(5), 8)), 6)
    with pytest.raises(ValueError, match="with concepts up to 9"):
        selectivity(activations(), np.zeros((40, 3), bool), np.full((6, 1), 9))
