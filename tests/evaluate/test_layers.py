"""Layers: the one with the planted units is found, alone and with those before it."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.evaluate.layers import distribution, layerwise, lowest, masks
from jaxneuron.rank import linear
from jaxneuron.ranking import ranked
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

FIT = partial(linear.fit, settings=linear.Settings(tolerance=1e-5))
LAYERS = {"embed": 3, "block0": 8, "block1": 1}  # the planted units 3, 7 and 10 are in the second
DATA = planted.classes()


def test_the_layer_that_carries_the_property_is_found(key):
    found = layerwise(key, DATA.train, DATA.test, LAYERS, fit=FIT)
    assert found.sites == ("embed", "block0", "block1")
    assert found.alone.accuracy[1] > 0.95 > 0.55 > max(found.alone.accuracy[[0, 2]])
    assert found.first.accuracy[0] == found.alone.accuracy[0] and (found.first.accuracy[1:] > 0.95).all()
    assert lowest(found, within=0.02) == 1 and lowest(found, within=1.0) == 0
    whole = FIT(key, *DATA.train)
    accuracy = np.mean(np.argmax(linear.logits(whole, DATA.test[0]), axis=1) == DATA.test[1])
    np.testing.assert_allclose(found.first.accuracy[2], accuracy, atol=1 / 240)


def test_top_units_are_counted_by_layer():
    assert distribution(DATA.ranking, LAYERS, top=3).tolist() == [0, 3, 0]
    score = np.zeros((2, 12), np.float32)
    score[0, 11], score[1, :2] = 1, 1
    found = distribution(ranked(jnp.asarray(score)), LAYERS, top=2)
    assert found.tolist() == [[1, 0, 1], [2, 0, 0]]
    alone, first = masks(LAYERS, 12)
    assert alone.sum(axis=1).tolist() == [3, 8, 1] and first.sum(axis=1).tolist() == [3, 11, 12]


def test_what_does_not_fit_is_named(key):
    with pytest.raises(ValueError, match="layers of 12 units together"):
        layerwise(key, DATA.train, DATA.test, {"embed": 3}, fit=FIT)
    with pytest.raises(ValueError, match="top of 1 to 12"):
        distribution(DATA.ranking, LAYERS, top=13)
