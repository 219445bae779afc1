"""Clusters against labels: as scikit-learn and brute force have it, whatever the clusters are called."""

from typing import NamedTuple

import numpy as np
import pytest
from sklearn import metrics

from jaxneuron.evaluate.clusters.alignment import alignment
from jaxneuron.evaluate.clusters.association import association
from jaxneuron.evaluate.clusters.b_cubed import b_cubed
from jaxneuron.evaluate.clusters.diversity import diversity
from jaxneuron.evaluate.clusters.v_measure import v_measure
from jaxneuron.evaluate.npmi import npmi


class Case(NamedTuple):
    clusters: np.ndarray
    labels: np.ndarray


def drawn(items, clusters, labels, seed=0):
    random = np.random.default_rng(seed)
    return Case(random.integers(clusters, size=items), random.integers(labels, size=items))


CASES = {
    "random": drawn(200, 7, 4),
    "singletons": Case(np.arange(30), drawn(30, 2, 3).labels),
    "one cluster": Case(np.zeros(30, int), drawn(30, 2, 3).labels),
    "one label": Case(drawn(30, 5, 3).clusters, np.full(30, 9)),
    "the same": Case(np.arange(40) // 4, 100 - np.arange(40) // 4),
    "all alone": Case(np.arange(9), np.arange(9)[::-1].copy()),
    "sparse numbers": Case(drawn(50, 6, 3).clusters * 10**9, drawn(50, 6, 3).labels * 7),
    "two items": Case(np.array([0, 1]), np.array([1, 1])),
}
TWO = np.array([0, 1])
MEASURES = [b_cubed, v_measure, association, alignment]


def by_hand(clusters, labels, corrected):
    """Return precision and recall, item by item and other by other."""
    found = []
    for mine, other in ((clusters, labels), (labels, clusters)):
        values = []
        for item in range(len(mine)):
            near = {i for i in range(len(mine)) if mine[i] == mine[item]} - ({item} if corrected else set())
            like = {i for i in range(len(mine)) if other[i] == other[item]} - ({item} if corrected else set())
            values.append(len(near & like) / len(near) if near else float(not like))
        found.append(np.mean(values))
    return found


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_b_cubed_is_the_mean_over_items(name, corrected):
    clusters, labels = CASES[name]
    precision, recall, f1 = b_cubed(clusters, labels, corrected=corrected)
    wanted = by_hand(clusters, labels, corrected)
    np.testing.assert_allclose([precision, recall], wanted, atol=1e-9)
    assert f1 == pytest.approx(2 * np.prod(wanted) / sum(wanted) if sum(wanted) else 0, abs=1e-9)
    assert b_cubed(labels, clusters, corrected=corrected)[:2] == pytest.approx((recall, precision))


def test_nothing_in_common_is_nought_only_when_corrected():
    clusters, labels = np.arange(6), np.zeros(6, int)
    assert b_cubed(clusters, labels).precision == 1 and b_cubed(clusters, labels).recall == pytest.approx(1 / 6)
    assert b_cubed(clusters, labels, corrected=True) == (0, 0, 0)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("name", CASES)
def test_v_measure_is_that_of_scikit_learn(name, beta):
    clusters, labels = CASES[name]
    wanted = metrics.homogeneity_completeness_v_measure(labels, clusters, beta=beta)
    np.testing.assert_allclose(v_measure(clusters, labels, beta=beta), wanted, atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_association_is_npmi_of_yes_and_no(name):
    clusters, labels = CASES[name]
    found = association(clusters, labels, smoothing=0.5)
    assert found.clusters.tolist() == sorted(set(clusters.tolist()))
    one, other = (given[:, None] == np.unique(given) for given in (clusters, labels))
    np.testing.assert_allclose(found.npmi, npmi(other, one, smoothing=0.5), atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_alignment_counts_each_cluster_and_each_label(name):
    clusters, labels = CASES[name]
    found = alignment(clusters, labels, share=0.5)
    aligned, covered = [], set()
    for number, concept in zip(found.clusters, found.concept, strict=True):
        inside = labels[clusters == number]
        share = {label: np.mean(inside == label) for label in np.unique(labels)}
        covered |= {label for label, value in share.items() if value >= 0.5}
        aligned.append(max(share.values()) >= 0.5)
        assert share[concept] == max(share.values()) if aligned[-1] else concept == -1
    assert found.aligned == pytest.approx(np.mean(aligned))
    assert found.covered == pytest.approx(len(covered) / len(np.unique(labels)))
    assert found.overall == pytest.approx((found.aligned + found.covered) / 2)


def test_concepts_may_overlap_and_small_clusters_be_left_out():
    clusters = np.array([0, 0, 0, 1, 1, 1, 2])
    concepts = np.zeros((7, 3), bool)
    concepts[:3, :2] = concepts[6, 2] = True
    assert alignment(clusters, concepts).aligned == pytest.approx(2 / 3)
    assert alignment(clusters, concepts).covered == 1
    found = alignment(clusters, concepts, least=2)
    assert found.clusters.tolist() == [0, 1] and found.covered == pytest.approx(2 / 3) and found.aligned == 0.5


def test_diversity_is_the_number_of_clusters_that_are_as_uncertain():
    assert diversity(np.array([3, 3, 8, 8])) == pytest.approx((2, 1))
    assert diversity(np.zeros(5, int)) == (1, 1)
    assert diversity(np.full((6, 4), 0.3)) == pytest.approx((4, 4))
    hard = np.eye(3)[[0, 1, 1, 2]]
    assert diversity(hard) == pytest.approx(diversity(np.array([0, 1, 1, 2])))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("clusters", "labels", "error", "message"),
    [
        ([0, 1], [0, 1, 1], ValueError, "got 2 clusters and 3 labels"),
        ([0.0, 1.0], [0, 1], TypeError, "expected clusters as whole numbers"),
        ([0, 1], ["a", "b"], TypeError, "expected labels as whole numbers"),
        ([0, -1], [0, 1], ValueError, "item 1 has the cluster -1"),
        ([], [], ValueError, "at least one"),
    ],
)
def test_what_cannot_be_compared_is_said(measure, clusters, labels, error, message):
    with pytest.raises(error, match=message):
        measure(np.array(clusters), np.array(labels))


@pytest.mark.parametrize("measure", [b_cubed, v_measure, association])
def test_one_cluster_and_one_label_say_nothing(measure):
    with pytest.raises(ValueError, match="nothing to compare"):
        measure(np.zeros(4, int), np.zeros(4, int))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: v_measure(TWO, TWO, beta=-1), "beta"),
        (lambda: association(TWO, TWO, smoothing=-1), "smoothing"),
        (lambda: alignment(TWO, TWO, share=0), "a share above 0"),
        (lambda: alignment(TWO, TWO, least=2), "lower `least`"),
        (lambda: diversity(np.array([[0.5, np.nan]])), "item 0 is below 0 or not finite"),
        (lambda: diversity(np.array([[0.5, 0.5], [0, 0]])), "item 1 belongs to no cluster"),
        (lambda: diversity(np.array([["a"]])), "the cluster of each item, or memberships"),
    ],
)
def test_options_out_of_range_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
