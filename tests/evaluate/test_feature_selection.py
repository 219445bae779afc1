"""Selection in three steps: the layers above, the copies and the noise go, and what is left is as good."""

import jax
import numpy as np
import pytest

from jaxneuron.evaluate.feature_selection import Steps, feature_selection
from jaxneuron.evaluate.minimal_set import Grid
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

DATA = planted.classes()
LAYERS = {"embed": 6, "block0": 12, "block1": 12}  # the planted units are in the second, with noisy copies in the third
GRID = Grid(rounds=1, fractions=(0.2, 0.5), parts=2)


def deep(data):
    """Return layers of noise, of the planted units, and of their copies."""
    x, labels = data
    noise = np.random.default_rng(1).normal(size=(len(x), 6)).astype(np.float32)
    twice = x + 0.05 * np.random.default_rng(2).normal(size=x.shape).astype(np.float32)
    return np.concatenate([noise, x, twice], axis=1), labels


TRAIN, DEV = deep(DATA.train), deep(DATA.test)


@pytest.fixture(scope="module")
def found():
    return feature_selection(jax.random.key(0), TRAIN, DEV, LAYERS, shares=(0.97,), steps=Steps(within=0.05, grid=GRID))


def test_layers_above_copies_and_noise_are_left_out(found):
    assert found.lowest == 1 and found.layers.sites[found.lowest] == "block0"
    assert (found.kept < 18).all() and len(found.kept) == 18  # of one layer: no copies are left
    assert {6 + unit for unit in planted.CARRIERS} == set(found.order[:3].tolist())
    assert found.minimal.size[0] <= 4 and sorted(found.order) == found.kept.tolist()
    assert found.minimal.accuracy[0] >= 0.97 * found.layers.first.accuracy[-1] == 0.97 * found.minimal.oracle


def test_copies_are_left_out_where_all_layers_are_kept(key):
    steps = Steps(within=0.0, threshold=0.3, grid=GRID)
    all_layers = dict(list(LAYERS.items()))
    found = feature_selection(key, TRAIN, DEV, {"all": 6, "rest": 24}, shares=(0.9,), steps=steps)
    assert found.lowest == 1 and len(found.kept) == 18 and sum(all_layers.values()) == 30
    kept = feature_selection(
        key, TRAIN, DEV, {"all": 6, "rest": 24}, shares=(0.9,), steps=steps._replace(threshold=None)
    )
    assert len(kept.kept) == 30


def test_what_is_not_reached_is_all_that_is_left(key):
    steps = Steps(within=1.0, grid=GRID)  # keeps the layer of noise alone
    found = feature_selection(key, TRAIN, DEV, LAYERS, shares=(0.97,), steps=steps)
    assert found.lowest == 0 and found.minimal.size[0] == 6
    assert found.minimal.accuracy[0] < 0.97 * found.minimal.oracle


def test_what_does_not_fit_is_named(key):
    with pytest.raises(ValueError, match="expected one property"):
        feature_selection(key, (TRAIN[0], TRAIN[1][:, None] == np.arange(3)), DEV, LAYERS)
    with pytest.raises(ValueError, match="layers of 30 units together"):
        feature_selection(key, TRAIN, DEV, {"embed": 6})
