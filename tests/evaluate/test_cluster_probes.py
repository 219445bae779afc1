"""Clusters of units by what each knows: the one with the planted units tells the label, the others don't."""

import numpy as np
import pytest

from jaxneuron.evaluate.cluster_probes import cluster_probes
from tests.evaluate import planted
from tests.evaluate.test_contract import nearest_mean
from tests.quick import quick_compilation  # noqa: F401

DATA = planted.classes()
GROUPS = np.zeros(planted.UNITS, int)
GROUPS[list(planted.CARRIERS)] = 5
GROUPS[[1, 2]] = 8
GROUPS[0] = -1


def test_the_cluster_that_knows_is_told_from_chance(key):
    found = cluster_probes(key, DATA.train, DATA.test, GROUPS)
    assert found.clusters.tolist() == [0, 5, 8] and found.sizes.tolist() == [6, 3, 2]
    assert found.alone.accuracy[1] > 0.95 > 0.6 > max(found.alone.accuracy[[0, 2]])
    own = DATA.test[0][:, list(planted.CARRIERS)]
    assert found.alone.accuracy[1] == pytest.approx(np.mean(own.argmax(axis=1) == DATA.test[1]), abs=0.03)


def test_the_largest_clusters_are_probed_and_those_of_none_left_out(key):
    assert cluster_probes(key, DATA.train, DATA.test, GROUPS, largest=1, fit=nearest_mean).clusters.tolist() == [0]


@pytest.mark.parametrize(
    ("groups", "options", "error", "message"),
    [
        (np.zeros(12, int), {}, ValueError, "at least two clusters.*got 1"),
        (np.zeros(11, int), {}, ValueError, "each of the 12 units"),
        (np.zeros(12), {}, TypeError, "as a whole number"),
        (GROUPS, {"largest": 0}, ValueError, "largest=0"),
    ],
)
def test_what_does_not_fit_is_named(key, groups, options, error, message):
    with pytest.raises(error, match=message):
        cluster_probes(key, DATA.train, DATA.test, groups, fit=nearest_mean, **options)
