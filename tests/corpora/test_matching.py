"""Matching finds what a loop over all passages finds, and what was planted."""

import numpy as np
import pytest

from jaxneuron.corpora import matching


@pytest.fixture
def activations():
    """Two units that are on at 10-14 and at 40-44, a third one only at 40-44, noise elsewhere."""
    values = np.random.default_rng(0).uniform(-1, 0.29, (60, 6))
    values[10:15, [1, 4]] = values[40:45, [1, 4]] = 0.8
    values[40:45, 2] = 0.5
    values[25:29, 1] = 0.9
    return values


def test_selected_units_are_on_throughout_and_off_beside(activations):
    assert np.flatnonzero(matching.select(activations, 40, 45)).tolist() == [1, 2, 4]
    assert not matching.select(activations, 39, 45).any()
    assert not matching.select(activations, 41, 45, before=1).any()
    assert np.flatnonzero(matching.select(activations, 40, 45, before=2, after=2)).tolist() == [1, 2, 4]
    assert np.flatnonzero(matching.select(activations, 40, 45, threshold=0.6)).tolist() == [1, 4]


def test_passages_with_the_same_units_come_first(activations):
    units = matching.select(activations, 10, 15)
    found = matching.match(activations, units)
    assert list(zip(found.start, found.stop, strict=True))[:3] == [(10, 15), (40, 45), (25, 29)]
    assert found.shared[:3].tolist() == [2, 2, 1]
    assert found.jaccard[:3] == pytest.approx([1, 2 / 3, 1 / 2])


def test_matches_are_those_of_a_loop():
    random = np.random.default_rng(1)
    values, text = random.uniform(-0.2, 1, (80, 5)), np.repeat([0, 1, 2], [30, 20, 30])
    units, before, after = np.array([True, True, False, True, False]), 1, 2
    found = matching.match(values, units, text=text, before=before, after=after, shortest=1, count=100)
    rows, start = [], 0
    level = (values[:, units] >= 0.3).sum(axis=1)
    while start < 80:
        stop = start + 1
        while stop < 80 and level[stop] == level[start] and text[stop] == text[start]:
            stop += 1
        inside = np.flatnonzero(text == text[start])
        low, high = int(inside[0]), int(inside[-1]) + 1
        on = matching.select(values[low:high], start - low, stop - low, before=before, after=after)
        shared, union = (on & units).sum(), (on | units).sum()
        if shared:
            rows.append((-shared, union, start - stop, start, stop))
        start = stop
    expected = sorted(rows)
    assert [(int(a), int(b)) for a, b in zip(found.start, found.stop, strict=True)] == [row[3:] for row in expected]
    assert found.jaccard.tolist() == pytest.approx([-row[0] / row[1] for row in expected])


def test_what_cannot_be_selected_is_said(activations):
    with pytest.raises(ValueError, match="within the 60 of the text, got 50 to 70"):
        matching.select(activations, 50, 70)
    with pytest.raises(ValueError, match="no unit is selected"):
        matching.match(activations, np.zeros(6, bool))
    with pytest.raises(ValueError, match="numbers of the texts ascending"):
        matching.match(activations, np.ones(6, bool), text=np.arange(60)[::-1])
