"""Normalised pointwise mutual information of all units and concepts, against a loop over its definition."""

import numpy as np
import pytest

from jaxneuron.evaluate.npmi import npmi


def tables(tokens=40, units=5, labels=3):
    rng = np.random.default_rng(0)
    return rng.random((tokens, units)) < 0.5, rng.random((tokens, labels)) < 0.3


def test_agrees_with_a_loop_in_one_block_and_in_many():
    active, concepts = tables()
    value = npmi(active, concepts)
    for c in range(3):
        for u in range(5):
            both, x, y = (np.mean(z) for z in (active[:, u] & concepts[:, c], active[:, u], concepts[:, c]))
            np.testing.assert_allclose(value[c, u], np.log(both / (x * y)) / -np.log(both))
    seen = []
    np.testing.assert_array_equal(npmi(active, concepts, budget=7 * 40, progress=lambda *n: seen.append(n)), value)
    assert len(seen) > 1 and seen[-1] == (40, 40)


def test_together_apart_and_never():
    concept = np.array([[1], [1], [0], [0]], bool)
    active = np.array([[1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1]], bool)
    assert npmi(active, concept).tolist() == [[1, -1, 0, 0]]
    assert npmi(active[:, 2:], np.ones((4, 1), bool)).tolist() == [[0, 0]]
    smooth = npmi(active, concept, smoothing=0.5)
    assert 0 < smooth[0, 0] < 1 and -1 < smooth[0, 1] < 0


def test_what_does_not_fit_is_named():
    active, concepts = tables()
    with pytest.raises(ValueError, match="same tokens"):
        npmi(active[:9], concepts)
    with pytest.raises(ValueError, match="smoothing"):
        npmi(active, concepts, smoothing=-1.0)
