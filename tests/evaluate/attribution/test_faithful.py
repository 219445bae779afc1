"""What an attribution says about changes of the input, against functions whose answer is known."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxneuron.evaluate.attribution.agreement import agreement, spearman
from jaxneuron.evaluate.attribution.completeness import completeness
from jaxneuron.evaluate.attribution.curves import curves, normalised
from jaxneuron.evaluate.attribution.erasure import erasure
from jaxneuron.evaluate.attribution.infidelity import Noise, Remove, infidelity

WEIGHTS = np.array([4.0, -1.0, 2.0, 0.5], np.float32)


def linear(x):
    return x @ jnp.asarray(WEIGHTS)


def product(x):
    return x[:, 0] * x[:, 1] + x[:, 2]


def inputs(rows=3):
    return np.random.default_rng(0).uniform(0.5, 1.5, size=(rows, 4)).astype(np.float32)


def test_infidelity_is_nothing_for_the_gradient_of_a_linear_score(key):
    x = inputs()
    slope = np.tile(WEIGHTS, (3, 1))
    for perturb in (Noise(0.5), Remove(0.2, 0.5)):
        np.testing.assert_allclose(infidelity(key, linear, x, slope, perturb=perturb), 0, atol=1e-9)
    np.testing.assert_allclose(infidelity(key, linear, x, 3 * slope, normalise=True), 0, atol=1e-9)


def test_infidelity_of_a_fixed_change_is_that_of_completeness(key):
    x = inputs()
    attribution = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    everything = lambda key, x: x  # takes all of x away
    error = completeness(product, x, attribution * x).error
    np.testing.assert_allclose(infidelity(key, product, x, attribution, perturb=everything), error**2, rtol=1e-4)
    np.testing.assert_allclose(infidelity(key, product, x, attribution, perturb=Remove(0.0, 1.0)), error**2, rtol=1e-4)
    # the best factor makes a single change exact
    np.testing.assert_allclose(
        infidelity(key, product, x, attribution, perturb=everything, normalise=True), 0, atol=1e-8
    )


def test_infidelity_is_the_mean_over_samples_whatever_the_budget(key):
    x = inputs()
    flat = np.zeros_like(x)
    found = infidelity(key, linear, x, flat, perturb=Noise(0.5), samples=400, budget=1)
    np.testing.assert_allclose(found, 0.25 * np.sum(WEIGHTS**2), rtol=0.3)  # the variance of the score
    np.testing.assert_allclose(found, infidelity(key, linear, x, flat, perturb=Noise(0.5), samples=400), rtol=1e-5)


def test_completeness_by_hand():
    x = inputs()
    found = completeness(linear, x, x * WEIGHTS, 0.0)
    np.testing.assert_allclose(found.error, 0, atol=1e-5)
    shifted = completeness(linear, x, x * WEIGHTS, 0.5 * np.ones((1, 4), np.float32))
    np.testing.assert_allclose(shifted.error, 0.5 * WEIGHTS.sum(), rtol=1e-4)
    np.testing.assert_allclose(shifted.relative, np.abs(shifted.error / (linear(x) - 0.5 * WEIGHTS.sum())), rtol=1e-4)
    assert np.isnan(completeness(lambda x: 0 * x[:, 0], x, x).relative).all()


def test_erasure_takes_the_top_and_leaves_the_top(key):
    x = np.ones((2, 4), np.float32)
    found = erasure(key, linear, x, x * WEIGHTS, shares=(0.25, 0.5, 1.0), controls=3)
    np.testing.assert_allclose(found.without[0], [4, 6, 5.5], atol=1e-6)  # 4, then 4 + 2, then all
    np.testing.assert_allclose(found.only[0], [1.5, -0.5, 0], atol=1e-6)
    np.testing.assert_allclose(found.comprehensiveness, found.without.mean(-1))
    np.testing.assert_allclose(found.sufficiency, found.only.mean(-1))
    assert found.random_without.shape == (3, 2, 3) and (found.random_without <= 6 + 1e-6).all()
    np.testing.assert_allclose(found.random_without[..., -1], 5.5, atol=1e-6)


def test_erasure_of_words_leaves_padding_and_averages_stand_ins(key):
    value = np.random.default_rng(2).normal(size=(2, 3, 2)).astype(np.float32)
    mask = np.array([[True, True, True], [True, True, False]])
    f = lambda x: jnp.sum(x, axis=(1, 2))
    draws = np.stack([np.full_like(value, 1), np.full_like(value, 3)])
    given = dict(groups=np.arange(3)[:, None], mask=mask, shares=(0.5,), controls=0)
    words = value.sum(-1)
    found = erasure(key, f, value, words, draws, **given)
    one = found.without[1, 0]  # of two words the first half is one
    np.testing.assert_allclose(one, words[1, :2].max() - 2 * 2, rtol=1e-5)  # each of its units becomes 2 on average
    np.testing.assert_allclose(found.without[0, 0], np.sort(words[0])[-2:].sum() - 2 * 4, rtol=1e-4)
    by_unit = erasure(key, f, value, value, draws, **given)  # an attribution of units is summed to words
    np.testing.assert_allclose(by_unit.without, found.without, rtol=1e-5)
    padded = value.copy()
    padded[1, 2] = 9
    np.testing.assert_allclose(erasure(key, f, padded, words, draws, **given).without, found.without, rtol=1e-4)


def test_curves_have_the_areas_of_the_best_and_the_worst_order(key):
    x = np.ones((1, 4), np.float32)
    best = curves(key, linear, x, x * WEIGHTS, steps=4, controls=5)
    np.testing.assert_allclose(best.deletion[0], [5.5, 1.5, -0.5, -1, 0], atol=1e-6)
    np.testing.assert_allclose(best.insertion[0], [0, 4, 6, 6.5, 5.5], atol=1e-6)
    np.testing.assert_allclose(best.deletion_area, (5.5 / 2 + 1.5 - 0.5 - 1) / 4, atol=1e-6)
    worst = curves(key, linear, x, -x * WEIGHTS, steps=4, controls=5)
    assert worst.deletion_area > best.deletion_area and worst.insertion_area < best.insertion_area
    assert (best.random_deletion_area >= best.deletion_area - 1e-6).all()
    assert (best.random_insertion_area <= best.insertion_area + 1e-6).all()
    scaled = normalised(best)
    np.testing.assert_allclose(scaled.deletion, best.deletion / 5.5, atol=1e-6)


def test_agreement_is_spearman_with_the_loss_of_each():
    x = inputs()
    attribution = np.random.default_rng(3).normal(size=x.shape).astype(np.float32)
    found = agreement(product, x, attribution, top=2)
    lost = np.stack([x[:, 0] * x[:, 1], x[:, 0] * x[:, 1], x[:, 2], 0 * x[:, 0]], axis=1)
    np.testing.assert_allclose(found.ablation, lost, atol=1e-5)
    wanted = [stats.spearmanr(a, b).statistic for a, b in zip(attribution, found.ablation, strict=True)]
    np.testing.assert_allclose(found.spearman, wanted)
    exact = agreement(product, x, found.ablation.astype(np.float32), top=2)
    np.testing.assert_allclose([exact.spearman, exact.absolute, exact.top], 1)


def test_agreement_of_units_of_a_site_and_of_rows_with_fewer_words():
    value = np.random.default_rng(4).normal(size=(2, 3, 5)).astype(np.float32)
    f = lambda x: jnp.sum(x * jnp.arange(5.0)[None, None], axis=(1, 2))
    units = agreement(f, value, value.sum(1) * np.arange(5), groups=np.arange(5)[None])
    np.testing.assert_allclose(units.spearman, 1)
    mask = np.array([[True, True, True], [True, True, False]])
    words = agreement(f, value, value.sum(-1), groups=np.arange(3)[:, None], mask=mask)
    assert np.isnan(words.ablation[1, 2]) and np.isfinite(words.ablation).sum() == 5
    np.testing.assert_allclose(np.abs(words.spearman[1]), 1)  # of two words
    assert np.isnan(spearman(np.ones((1, 3)), np.ones((1, 3)))).all()


def test_what_is_wrong_is_named(key):
    x = inputs()
    with pytest.raises(ValueError, match="at least one sample"):
        infidelity(key, linear, x, x, samples=0)
    with pytest.raises(ValueError, match="for each of its 4 players"):
        erasure(key, linear, x, x[:, :2])
    with pytest.raises(ValueError, match="NaN"):
        curves(key, linear, x, np.full_like(x, np.nan))
    with pytest.raises(ValueError, match="shares above 0"):
        erasure(key, linear, x, x, shares=(0.0,))
    with pytest.raises(ValueError, match="does not broadcast"):
        agreement(linear, x, x, np.ones((3, 3)))
