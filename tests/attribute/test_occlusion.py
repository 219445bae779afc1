"""Occlusion is a mean over the windows that cover a feature."""

import itertools

import numpy as np
import pytest

from jaxneuron.attribute import ablation, occlusion


def score(x):
    """Bend and mix all features."""
    flat = x.reshape(len(x), -1)
    return (flat**2 @ (np.arange(1, flat.shape[1] + 1, dtype=np.float32) / 20)) ** 1.5


@pytest.mark.parametrize(("window", "stride"), [((2, 3), (1, 2)), ((3, 2), (3, 2)), ((4, 5), (1, 1))])
def test_a_loop_over_windows_agrees(window, stride):
    x = np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)
    found = occlusion.attribute(score, x, 0.25, window=window, stride=stride, budget=600)
    total, times = np.zeros(x.shape), np.zeros((4, 5))
    starts = [
        [i * step for i in range(-(-(size - wide) // step) + 1)]
        for size, wide, step in zip((4, 5), window, stride, strict=True)
    ]
    for top, left in itertools.product(*starts):
        here = np.zeros((4, 5), bool)
        here[top : top + window[0], left : left + window[1]] = True
        total += np.where(here, (score(x) - score(np.where(here, np.float32(0.25), x)))[:, None, None], 0)
        times += here
    np.testing.assert_allclose(found, total / times, rtol=1e-4, atol=1e-5)


def test_a_window_of_one_word_is_ablation_of_words():
    x, mask = (
        np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32),
        np.array([[True] * 4, [True, True, False, False]]),
    )
    words = ablation.attribute(score, x, groups=np.arange(4)[:, None], mask=mask)
    np.testing.assert_allclose(occlusion.attribute(score, x, mask=mask), words, rtol=1e-5)
    assert not words[1, 2:].any()


@pytest.mark.parametrize(("window", "stride"), [(5, 1), ((2, 2, 2), 1), (0, 1), (2, 3), (2, 0)])
def test_windows_that_do_not_fit_are_named(window, stride):
    with pytest.raises(ValueError, match="expected (a window|strides) between 1"):
        occlusion.attribute(score, np.ones((1, 4, 5)), window=window, stride=stride)
