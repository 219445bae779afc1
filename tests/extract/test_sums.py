"""Ranking and erasing from what a pass knows is ranking and erasing from the activations."""

import jax
import numpy as np
import pytest

from jaxneuron.atlas import Places, Rows, label_sums, moments, pairs
from jaxneuron.erase import leace
from jaxneuron.extract.sums import erasable, rankable
from jaxneuron.rank import correlation, probeless

WORDS, UNITS, LABELS = 240, 5, 3
SITE = "block0/residual"


@pytest.fixture(scope="module")
def told():
    """Return activations, their labels, and what two workers know of them after two batches each."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, LABELS, WORDS)
    value = rng.normal(size=(WORDS, UNITS)) + 2 * np.eye(LABELS, UNITS)[label]
    value[:, 3] = 1000 + 0.1 * value[:, 0] + 0.02 * value[:, 3]
    value[:, 4] = 0.5
    value = value.astype(np.float32)
    known = {}
    for statistic in (label_sums.statistic(labels=LABELS), moments.statistic(), pairs.statistic()):
        update, states = jax.jit(statistic.update), []
        for first in (0, WORDS // 2):
            state = statistic.init({SITE: UNITS})
            for begin in (first, first + WORDS // 4):
                here = np.arange(begin, begin + WORDS // 4)[None]
                rows = Rows(0 * here, here, -np.ones_like(here), label[here])
                state = update(state, {SITE: value[here]}, Places(np.zeros(1, int), rows, rows))
            states.append(state)
        merged = statistic.merge(*states)
        known[len(known)] = statistic.finish(merged)[SITE], merged[SITE]
    return value, label, known[0][0], known[1][0], known[2][1]


def test_units_are_ranked_as_from_the_activations(told):
    value, label, means, moment, _ = told
    sums = rankable(means, moment)
    for scaled in (False, True):
        expected = probeless.rank(None, value, label, scaled=scaled)
        held = sums if scaled else sums._replace(spread=None)
        found = probeless.finish(held, classes=True)
        np.testing.assert_allclose(found.score, expected.score, rtol=2e-5, atol=1e-6)
        np.testing.assert_array_equal(found.order, expected.order)
    expected = correlation.rank(None, value, label, signed=True)
    np.testing.assert_allclose(correlation.finish(sums, signed=True).score, expected.score, rtol=2e-5, atol=1e-6)


def test_a_concept_is_erased_as_from_the_activations(told):
    value, label, means, _, together = told
    found, expected = leace.finish(erasable(means, together)), leace.erase(None, value, label)
    np.testing.assert_allclose(found.point, expected.point, rtol=1e-6)
    one, other = (np.asarray(edit.read).T @ np.asarray(edit.write) for edit in (found, expected))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    wide = value.astype(np.float64)
    erased = wide - (wide - found.point) @ one
    for number in range(LABELS):
        gap = erased[label == number].mean(axis=0) - erased.mean(axis=0)
        assert np.abs(gap / wide.std(axis=0).clip(1e-3)).max() < 1e-3


def test_what_is_of_other_words_is_refused(told):
    _, _, means, moment, together = told
    with pytest.raises(ValueError, match="of 240 words and 5 units"):
        rankable(means, moment._replace(tokens=7))
    with pytest.raises(ValueError, match="of one site"):
        erasable(means._replace(mean=means.mean[:, :2]), together)
