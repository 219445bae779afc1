"""Redundant units: copies, mirrors and dead ones are counted, in each layer and across them."""

import jax
import numpy as np
import pytest

from jaxneuron.evaluate.redundant_units import redundant_units, representatives

RANDOM = np.random.default_rng(0)
BASE = RANDOM.normal(size=(400, 4))
NEAR = BASE[:, :2] + 0.1 * RANDOM.normal(size=(400, 2))
TABLE = np.concatenate([BASE, -BASE[:, :1], np.zeros((400, 1)), NEAR, RANDOM.normal(size=(400, 2))], axis=1)
"""Four units; a mirror of the first and a dead one; near copies of the first and the second, and two others."""
LAYERS = {"embed": 4, "block0": 2, "block1": 4}


def test_copies_mirrors_and_dead_units_are_redundant():
    found = redundant_units(TABLE, LAYERS, thresholds=[0.005, 0.3])
    assert found.kept.tolist() == [8, 6] and found.share == pytest.approx([0.2, 0.4])
    first = found.groups[1]
    assert first[0] == first[4] == first[6] and first[1] == first[7] and first[5] == -1
    assert found.within.tolist() == [[0, 0.5, 0], [0, 0.5, 0]]  # of the dead unit's layer, one of two is left
    assert found.apart[0].tolist() == [0, 1, 0] and found.apart[1].tolist() == [0, 0, 1]


def test_a_mirror_is_redundant_only_if_signs_are_not_told_apart():
    found = redundant_units(TABLE, LAYERS, thresholds=[0.3], absolute=False)
    assert found.groups[0, 0] == found.groups[0, 6] != found.groups[0, 4]
    assert np.isnan(redundant_units(BASE, {"embed": 4}, thresholds=[0.1]).apart).all()


def test_more_units_are_redundant_at_a_larger_distance():
    found = redundant_units(TABLE, LAYERS)
    assert (np.diff(found.share) >= 0).all() and (np.diff(found.within, axis=0) >= 0).all()


def test_each_cluster_has_one_unit_that_stands_for_it():
    groups = redundant_units(TABLE, LAYERS, thresholds=[0.3]).groups[0]
    drawn = [representatives(jax.random.key(seed), groups) for seed in range(20)]
    assert all(sorted(groups[units]) == list(range(6)) and (np.diff(units) > 0).all() for units in drawn)
    assert len({tuple(units) for units in drawn}) > 1  # any of a cluster may be drawn


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (np.zeros((9, 10)), {}, "two units or more that change, got 0 of 10 over 9"),
        (TABLE[:1], {}, "got 0 of 10 over 1 tokens"),
        (np.where(np.arange(10) == 3, np.nan, TABLE), {}, "unit 3 at token 0 is not finite"),
        (TABLE[:, :3], {}, "layers of 3 units together"),
        (TABLE, {"thresholds": [0.0]}, "thresholds above 0"),
        (TABLE, {"thresholds": []}, "thresholds above 0"),
    ],
)
def test_what_does_not_fit_is_named(table, options, message):
    with pytest.raises(ValueError, match=message):
        redundant_units(table, LAYERS, **options)


def test_no_cluster_has_no_unit_that_stands_for_it():
    with pytest.raises(ValueError, match="the cluster of each unit"):
        representatives(jax.random.key(0), np.full(3, -1))
