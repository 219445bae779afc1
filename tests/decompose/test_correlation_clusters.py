"""Clusters of units: planted ones come back, whatever the order, and they are scipy's."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipy_linkage

from jaxneuron.decompose import correlation_clusters
from jaxneuron.decompose._correlation import correlation


def groups(basis):
    return {frozenset(np.flatnonzero(row).tolist()) for row in np.asarray(basis)}


def planted(sizes=(5, 3, 2), tokens=200, noise=0.3):
    """Return activations of units that follow one signal per group, with scales and offsets of their own."""
    random = np.random.default_rng(0)
    member = np.repeat(np.arange(len(sizes)), sizes)
    signal = random.normal(size=(tokens, len(sizes)))
    units = signal[:, member] + noise * random.normal(size=(tokens, len(member)))
    return (units * random.uniform(0.1, 9, len(member)) + random.normal(size=len(member))).astype(np.float32), member


def test_planted_groups_are_found_the_largest_first():
    activations, member = planted()
    factors = correlation_clusters.decompose(None, activations, factors=3)
    np.testing.assert_array_equal(factors.basis, member == np.arange(3)[:, None])


def test_codes_are_the_groups_means():
    activations, member = planted()
    codes = correlation_clusters.decompose(None, activations, factors=3).codes
    for group in range(3):
        np.testing.assert_allclose(codes[:, group], activations[:, member == group].mean(axis=1), rtol=1e-4, atol=1e-5)


def test_permuting_units_permutes_the_groups():
    activations, _ = planted()
    order = np.random.default_rng(1).permutation(activations.shape[1])
    found, permuted = (
        groups(correlation_clusters.decompose(None, units, factors=4).basis)
        for units in (activations, activations[:, order])
    )
    assert {frozenset(int(order[unit]) for unit in group) for group in permuted} == found


def test_units_that_move_against_each_other_are_apart():
    signal = np.random.default_rng(0).normal(size=(50, 1))
    activations = np.concatenate([signal, signal, -signal, -signal], axis=1)
    basis = correlation_clusters.decompose(None, activations, factors=2).basis
    assert groups(basis) == {frozenset({0, 1}), frozenset({2, 3})}


def test_a_unit_that_never_changes_is_finite_and_disturbs_nobody():
    activations, _ = planted()
    with_dead = np.insert(activations, 4, 0.7, axis=1)
    factors = correlation_clusters.decompose(None, with_dead, factors=4)
    assert np.all(np.isfinite(factors.codes)) and np.all(np.sum(factors.basis, axis=0) == 1)
    alive = np.delete(np.arange(11), 4)
    expected = {
        frozenset(alive[list(group)].tolist())
        for group in groups(correlation_clusters.decompose(None, activations, factors=3).basis)
    }
    assert groups(factors.basis) == expected | {frozenset({4})}


@pytest.mark.parametrize("factors", [1, 2, 7, 20, 40])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_partition_is_scipy_s(factors, offset):
    random = np.random.default_rng(factors)
    activations = (random.normal(size=(300, 8)) @ random.normal(size=(8, 40))).astype(np.float32)
    activations += 0.5 * random.normal(size=activations.shape).astype(np.float32) + np.float32(offset)
    tree = scipy_linkage(activations.T.astype(np.float64), method="complete", metric="correlation")
    names = fcluster(tree, factors, criterion="maxclust")
    expected = {frozenset(np.flatnonzero(names == name).tolist()) for name in np.unique(names)}
    found = correlation_clusters.decompose(None, activations, factors=factors)
    assert groups(found.basis) == expected
    sizes = np.sum(found.basis, axis=1)
    assert np.all(np.diff(sizes) <= 0) and sizes.sum() == 40


@pytest.mark.parametrize(("shape", "factors"), [((1, 4), 2), ((9, 1), 1), ((9, 4), 5), ((9, 4), 0)])
def test_what_cannot_be_clustered_is_said(shape, factors):
    with pytest.raises(ValueError, match=f"got {shape[0]} tokens, {shape[1]} units and {factors} groups"):
        correlation_clusters.decompose(None, np.ones(shape), factors=factors)


def test_dead_and_identical_units_still_make_as_many_groups_as_asked_for():
    activations = np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32)
    activations[:, :30] = 0.3
    for factors in (20, 35):
        assert len(correlation_clusters.decompose(None, activations, factors=factors).basis) == factors
    same = np.repeat(activations[:, -1:], 4, axis=1)
    assert len(correlation_clusters.decompose(None, same, factors=2).basis) == 2


def test_units_that_never_change_are_not_alike():
    activations = np.random.default_rng(0).normal(size=(10_000, 5)).astype(np.float32)
    activations[:, 2], activations[:, 3] = 0.3, 0.7
    found = groups(correlation_clusters.decompose(None, activations, factors=4).basis)
    assert frozenset({2, 3}) not in found


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_named(wrong):
    activations, _ = planted()
    activations[7, 2] = wrong
    with pytest.raises(ValueError, match="unit 2 at token 7 is not finite"):
        correlation_clusters.decompose(None, activations, factors=3)


@pytest.mark.parametrize("linkage", ["complete", "average", "single", "ward"])
@pytest.mark.parametrize("absolute", [False, True])
def test_one_tree_has_scipy_s_groups_at_any_number_and_threshold(linkage, absolute):
    activations, _ = planted(sizes=(4, 3, 3, 2), tokens=60, noise=1.0)
    activations[:, ::2] *= -1
    if linkage == "ward" and absolute:
        with pytest.raises(ValueError, match="take absolute=False"):
            correlation_clusters.tree(activations, linkage=linkage, absolute=absolute)
        return
    found = correlation_clusters.tree(activations, linkage=linkage, absolute=absolute)
    r = np.corrcoef(activations.astype(np.float64).T)[np.triu_indices(12, 1)]
    expected = scipy_linkage(np.sqrt(2 - 2 * r) if linkage == "ward" else 1 - (abs(r) if absolute else r), linkage)
    np.testing.assert_allclose(found.merges, expected, atol=1e-5)
    for groups in (1, 5, 12):
        assert same(correlation_clusters.cut(found, groups=groups), fcluster(expected, groups, "maxclust"))
    for threshold in (0.05, 0.3, 0.7, 1.2):
        cut = correlation_clusters.cut(found, threshold=threshold)
        assert same(cut, fcluster(expected, threshold, "distance"))
        at = correlation_clusters.groups(activations, threshold=threshold, linkage=linkage, absolute=absolute)
        np.testing.assert_array_equal(at, cut)
        sizes = np.bincount(cut)
        assert sizes.min() > 0 and np.all(np.diff(sizes) <= 0)


def same(one, other):
    """Tell whether two lists of groups are the same partition."""
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


def test_units_that_move_against_each_other_are_together_if_only_the_strength_counts():
    signal = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    activations = signal[:, [0, 1, 0, 1]] * np.float32([1, 1, -2, -3]) + np.float32([0, 5, 5, 0])
    found = correlation_clusters.decompose(None, activations, threshold=0.1, absolute=True, linkage="average")
    np.testing.assert_array_equal(found.basis, [[1, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_allclose(found.codes[:, 0], (activations[:, 0] - activations[:, 2]) / 2, rtol=1e-5)


def test_a_table_in_blocks_and_one_far_from_zero_have_the_same_tree():
    activations, _ = planted()
    offset = np.float64(1e7) * np.arange(10)
    wanted = correlation_clusters.tree(activations.astype(np.float64)).merges
    rare = np.concatenate([activations, np.full((1, 10), 1e5, np.float32)])  # one token far out leaves few digits
    for given, expected in ((activations + offset, wanted), (rare[:-1], wanted)):
        done: list = []
        found = correlation_clusters.tree(given, budget=2000, progress=lambda *parts, done=done: done.append(parts))
        np.testing.assert_allclose(found.merges, expected, atol=1e-5)
        assert done[-1] == (200, 200) and len(done) > 10
    later = np.concatenate(
        [np.full((90, 10), 3, np.float32), activations + 1e4]
    )  # the first tokens are not like the rest
    found = correlation_clusters.tree(later[90:], budget=2000).merges
    np.testing.assert_allclose(found, correlation_clusters.tree(activations + np.float32(1e4)).merges, atol=1e-5)
    r = np.corrcoef(later.astype(np.float64).T)[np.triu_indices(10, 1)]
    np.testing.assert_allclose(correlation(later, budget=2000), r, atol=2e-6)
    r = np.corrcoef(rare.astype(np.float64).T)
    np.testing.assert_allclose(correlation(rare), r[np.triu_indices(10, 1)], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "either groups or a threshold"),
        ({"groups": 2, "threshold": 0.5}, "either groups or a threshold"),
        ({"groups": 0}, "expected 1 to 10 groups"),
        ({"threshold": float("nan")}, "a distance of 0 or more"),
    ],
)
def test_a_tree_is_cut_in_one_way(options, said):
    with pytest.raises(ValueError, match=said):
        correlation_clusters.cut(correlation_clusters.tree(planted()[0]), **options)


def test_a_range_that_no_float_holds_is_said():
    activations = planted()[0].astype(np.float64)
    activations[:2, 3] = -1.7e308, 1.7e308
    with pytest.raises(ValueError, match="unit 3 goes from"):
        correlation_clusters.tree(activations)
