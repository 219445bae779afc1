"""Agreement of rankings, against sets, scipy, and an election by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxneuron import ranking
from jaxneuron.evaluate.agreement import agreement, borda, places


def ranked(score):
    return ranking.ranked(jnp.asarray(score, jnp.float32))


def rankings(count=4, shape=(2, 15)):
    rng = np.random.default_rng(0)
    return [ranked(rng.integers(9, size=shape)) for _ in range(count)]


def test_agrees_with_sets_and_scipy():
    given = rankings()
    found = agreement(given, top=[3, 6])
    for k, top in enumerate((3, 6)):
        for label in range(2):
            sets = [set(np.asarray(r.order)[label, :top].tolist()) for r in given]
            for i, a in enumerate(sets):
                for j, b in enumerate(sets):
                    np.testing.assert_allclose(found.overlap[k, label, i, j], len(a & b) / top)
                    np.testing.assert_allclose(found.jaccard[k, label, i, j], len(a & b) / len(a | b))
                others = [len(a & b) / len(a | b) for j, b in enumerate(sets) if j != i]
                np.testing.assert_allclose(found.average_overlap[k, label, i], np.mean(others))
    for i in range(4):
        for j in range(4):
            a, b = np.asarray(given[i].score)[1], np.asarray(given[j].score)[1]
            np.testing.assert_allclose(found.spearman[1, i, j], stats.spearmanr(a, b).statistic)
            np.testing.assert_allclose(found.kendall[1, i, j], stats.kendalltau(a, b).statistic)


def test_the_vote_leaves_the_method_itself_out():
    place = np.array([[0, 1, 2, 3], [0, 2, 1, 3], [3, 2, 1, 0]])
    # points with a ballot of 2: [2 1 0 0], [2 0 1 0], [0 0 1 2]
    assert borda(place, ballot=2).tolist() == [[0, 3, 1, 2], [0, 2, 3, 1], [0, 1, 2, 3]]
    given = [ranked(-p) for p in place]
    assert [places(r).tolist() for r in given] == place.tolist()
    vote = agreement(given, top=[2], ballot=2).neuron_vote[0]
    np.testing.assert_allclose(vote, [1 / 3, 1 / 3, 0])  # {0 1}~{0 2}, {0 2}~{0 3}, {2 3}~{0 1}


def test_equal_and_opposite_rankings_and_a_constant_one():
    score = np.arange(8, dtype=np.float32)
    found = agreement([ranked(score), ranked(score), ranked(-score), ranked(0 * score)], top=[2, 100])
    np.testing.assert_allclose(found.spearman[0, :3], [1, 1, -1])
    np.testing.assert_allclose(found.kendall[0, :3], [1, 1, -1])
    assert np.isnan(found.spearman[0, 3]) and np.isnan(found.kendall[0, 3])
    assert found.top.tolist() == [2, 8] and (found.jaccard[1] == 1).all()
    assert found.jaccard[0, 0].tolist() == [1, 1, 0, 0]


def test_units_may_change_places():
    given, swap = rankings(3, (15,)), np.random.default_rng(1).permutation(15)
    distinct = [ranked(r.score + 1e-3 * np.arange(15)) for r in given]
    moved = [ranked(r.score[swap]) for r in distinct]
    one, other = agreement(distinct, top=[4]), agreement(moved, top=[4])
    np.testing.assert_allclose(one.jaccard, other.jaccard)
    np.testing.assert_allclose(one.kendall, other.kendall)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="two or more"):
        agreement(rankings(1))
    with pytest.raises(ValueError, match="one shape"):
        agreement([*rankings(1), *rankings(1, (15,))])
    with pytest.raises(ValueError, match="at least one unit"):
        agreement(rankings(2), top=[0])
