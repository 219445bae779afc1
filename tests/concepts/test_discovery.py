"""Spans against a loop, and planted clusters that come back with the sign that the target gives them."""

import numpy as np
import pytest

from jaxneuron.concepts import discovery


def planted(texts=30, tokens=6, units=5):
    """Return activations of which each token is near one of three centres, and which."""
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=(texts, tokens))
    return 6 * np.eye(units)[kind] + 0.3 * rng.normal(size=(texts, tokens, units)), kind


def test_spans_are_all_pieces_without_padding():
    value, _ = planted(texts=3)
    mask = np.arange(6)[None] < np.array([[6], [3], [1]])
    found = discovery.spans(value, mask, lengths=(1, 3))
    wanted = [(text, start, n) for n in (1, 3) for text in range(3) for start in range(mask[text].sum() - n + 1)]
    assert list(zip(found.text.tolist(), found.start.tolist(), found.length.tolist(), strict=True)) == wanted
    means = [value[text, start : start + n].mean(0) for text, start, n in wanted]
    np.testing.assert_allclose(found.activations, means, atol=1e-5)


def test_planted_concepts_come_back_in_the_order_that_the_target_gives_them(key):
    value, kind = planted()
    given = discovery.spans(value, np.ones(kind.shape, bool), lengths=(1,))
    gradient = np.tile([1.0, 0.0, -1.0, 0.0, 0.0], (8, 1))  # for the first, against the third
    found = discovery.explain(key, gradient, given, clusters=3, runs=6, most=25)
    named = kind[given.text, given.start]
    for place, centre in ((0, 0), (1, 1), (2, 2)):
        assert (found.cluster[named == centre] == place).all()
        assert (named[found.members[place]] == centre).all() and len(found.members[place]) == 25
    assert found.score.count[0] == 1 and found.score.count[2] == 0
    assert (np.diff(found.score.mean) < 0).all() and (found.deviation.mean < found.score.mean[0]).all()
    assert (found.accuracy > 0.95).all()


def test_clusters_that_are_small_or_of_one_text_are_dropped(key):
    rng = np.random.default_rng(1)
    x = np.concatenate([c + 0.1 * rng.normal(size=(n, 3)) for c, n in ((0, 30), (9, 30), (-9, 3))]).astype(np.float32)
    text = np.concatenate([np.arange(30), np.zeros(30, int), np.arange(3)])
    given = discovery.Spans(x, text, np.zeros(63, int), np.ones(63, int))
    found = discovery.explain(key, np.ones((4, 3)), given, clusters=3, runs=3)
    assert len(found.members) == 1 and set(found.members[0]) == set(range(30))
    assert (found.cluster == np.where(np.arange(63) < 30, 0, -1)).all()
    with pytest.raises(ValueError, match="no cluster has 40"):
        discovery.explain(key, np.ones((4, 3)), given, clusters=3, least=40)


def test_what_is_wrong_is_named(key):
    value, kind = planted(texts=4)
    given = discovery.spans(value, np.ones(kind.shape, bool))
    with pytest.raises(ValueError, match="as many units"):
        discovery.explain(key, np.ones((4, 3)), given)
    with pytest.raises(ValueError, match="2 to 56 clusters"):
        discovery.explain(key, np.ones((4, 5)), given, clusters=100)
    with pytest.raises(ValueError, match="tokens in a row"):
        discovery.spans(value, np.ones(kind.shape, bool), lengths=(9,))
