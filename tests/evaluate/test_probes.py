"""Curves over k: the first units of a good ranking know and are used, the last are not; all k in one fit."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxneuron.evaluate.information import information
from jaxneuron.evaluate.probes import COUNTS, Parts, curve, masked, masked_curve, quick, retrained
from jaxneuron.rank import gaussian, linear
from jaxneuron.types import Ranking
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

FIT = partial(linear.fit, settings=linear.Settings(epochs=5, batch=16, learning_rate=0.05))
DATA = planted.classes()
PARTS = Parts(DATA.train, DATA.test)


@pytest.mark.parametrize(("probe", "fit"), [("linear", FIT), ("gaussian", None)])
def test_the_top_knows_and_the_bottom_does_not(key, probe, fit):
    found = retrained(key, DATA.ranking, PARTS, counts=[1, 3, 12], draws=2, probe=probe, fit=fit)
    assert found.top.accuracy[0] < 0.85 < 0.95 < found.top.accuracy[1]
    assert found.bottom.accuracy[1] < 0.55 < 0.95 < found.bottom.accuracy[2]
    assert found.top.normalised[1] > 0.8 > 0.2 > found.bottom.normalised[1]
    assert found.random.accuracy.shape == (2, 3) and (found.random.accuracy[:, 2] > 0.95).all()
    assert found.counts.tolist() == [1, 3, 12] and COUNTS[-1] == 150


@pytest.mark.parametrize("counts", [[2, 1, 5], [4]])
def test_all_k_at_once_are_a_loop_of_single_probes(key, counts):
    order = np.asarray(DATA.ranking.order)
    one = partial(linear.fit, settings=linear.Settings(tolerance=1e-6))
    together = curve(key, order, DATA.train, DATA.test, counts=counts, fit=one)
    for i, k in enumerate(counts):
        units = np.sort(order[:k])
        alone = one(key, DATA.train[0][:, units], DATA.train[1])
        told = information(linear.logits(alone, DATA.test[0][:, units]), DATA.test[1])
        np.testing.assert_allclose(together.cross_entropy[i], told.cross_entropy, rtol=1e-4)
        np.testing.assert_allclose(together.accuracy[i], told.accuracy, atol=1 / 240)


def test_gaussian_prefixes_are_those_of_the_whole_gaussian(key):
    order = np.random.default_rng(3).permutation(planted.UNITS)
    fit = partial(gaussian.fit, shrinkage=0.1)
    found = curve(key, order, DATA.train, DATA.test, counts=[1, 4], probe="gaussian", fit=fit, budget=2**14)
    whole = fit(key, *DATA.train)
    for i, k in enumerate((1, 4)):
        told = information(gaussian.logits(whole, DATA.test[0], order[:k]), DATA.test[1])
        np.testing.assert_allclose(found.mutual_information[i], told.mutual_information, rtol=1e-3)


@pytest.mark.parametrize("removed", ["mean", "zero"])
def test_a_masked_probe_sees_the_others_at_their_mean_or_at_zero(key, removed):
    probe = FIT(key, DATA.train[0] + 1, DATA.train[1])
    shifted = (DATA.test[0] + 1, DATA.test[1])
    found = masked(key, DATA.ranking, probe, shifted, counts=[3, 12, 1], removed=removed, budget=2**12)
    order = np.asarray(DATA.ranking.order)
    for curve_, units in ((found.top, order), (found.bottom, order[::-1])):
        for i, k in enumerate((3, 12, 1)):
            x = np.broadcast_to(np.asarray(probe.mean) * (removed == "mean"), shifted[0].shape).copy()
            x[:, units[:k]] = shifted[0][:, units[:k]]
            told = information(linear.logits(probe, x), shifted[1])
            np.testing.assert_allclose(curve_.cross_entropy[i], told.cross_entropy, rtol=1e-4)
    assert found.top.accuracy[1] == found.bottom.accuracy[1] == found.random.accuracy[0, 1]


def test_counts_beyond_256_are_fitted_in_groups_with_one_result(key):
    rng = np.random.default_rng(0)
    wide = [(np.hstack([x, rng.normal(size=(240, 300)).astype(np.float32)]), y) for x, y in (DATA.train, DATA.test)]
    order = np.concatenate([np.asarray(DATA.ranking.order), np.arange(planted.UNITS, planted.UNITS + 300)])
    found = curve(key, order, *wide, counts=[300, 3], fit=FIT)
    alone = curve(key, order, *wide, counts=[3], fit=FIT)
    assert found.accuracy[1] > 0.95
    np.testing.assert_allclose(found.cross_entropy[1], alone.cross_entropy[0], rtol=1e-4)


def test_concepts_have_a_curve_each(key):
    train, test = ((x, np.stack([y == 0, y == 2], axis=1)) for x, y in (DATA.train, DATA.test))
    found = curve(key, np.asarray(DATA.ranking.order), train, test, counts=[1, 3], fit=FIT)
    assert found.accuracy.shape == (2, 2)
    # the first carrier is that of class 0, and tells 1 - (2/3) / H(1/3) = 0.27 of class 2
    assert found.normalised[0, 0] > 0.5 > 0.3 > found.normalised[0, 1]


def test_another_order_does_not_compile_again(key, no_compilation):
    options = dict(counts=[1, 2], draws=1, fit=FIT)
    retrained(key, DATA.ranking, PARTS, **options)
    reverse = Ranking(DATA.ranking.score, DATA.ranking.order[::-1])
    with no_compilation():
        retrained(jax.random.key(1), reverse, PARTS, **options)


def test_quick_probes_of_many_tokens_know_what_converged_ones_do(key):
    rng = np.random.default_rng(7)
    labels = rng.choice(4, 24_000, p=[0.6, 0.25, 0.13, 0.02]).astype(np.int32)
    x = (rng.normal(size=(24_000, 4)) + 1.5 * rng.normal(size=(4, 4))[labels]).astype(np.float32)
    train, test = (x[:12_000] * 30 + 7, labels[:12_000]), (x[12_000:] * 30 + 7, labels[12_000:])
    mask = np.arange(4) < np.array([[1], [2], [4]])
    fast, slow = (
        information(linear.logits(fit(key, *train, mask=mask), test[0]), test[1]) for fit in (quick, linear.fit)
    )
    assert quick(key, *train).settings["epochs"] == 10
    assert (np.diff(slow.accuracy) > 0.005).all() and slow.accuracy[-1] > 0.8
    np.testing.assert_allclose(fast.accuracy, slow.accuracy, atol=0.004)
    np.testing.assert_allclose(fast.cross_entropy, slow.cross_entropy, rtol=0.02)


def test_what_does_not_fit_is_named(key):
    two = Ranking(np.zeros((2, 12)), np.stack([np.arange(12)] * 2))
    with pytest.raises(ValueError, match=r"ranking\.overall"):
        retrained(key, two, PARTS, counts=[1], fit=FIT)
    for counts in ([0], [13], []):
        with pytest.raises(ValueError, match="each k from 1 to the 12 units"):
            retrained(key, DATA.ranking, PARTS, counts=counts, fit=FIT)
    with pytest.raises(ValueError, match="order of all 12 units"):
        curve(key, np.zeros(12, int), DATA.train, DATA.test, counts=[1], fit=FIT)
    probe = FIT(key, *DATA.train)
    lost = DATA.test[0].copy()
    lost[4, 3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        masked_curve(np.arange(12), probe, (lost, DATA.test[1]), counts=[12])
