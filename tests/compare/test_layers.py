"""CKA, SVCCA and PWCCA of layers against their definitions, computed from all tokens at once."""

import numpy as np
import pytest

from jaxneuron import comoments
from jaxneuron.compare import cka, pwcca, svcca

SHAPES = ((6, 4), (5, 3))


def models(tokens=2000, offset=0.0):
    """Return two models of two layers each, whose units vary more and less."""
    random = np.random.default_rng(0)
    signal = random.normal(size=(tokens, 10)) * np.geomspace(3, 0.2, 10)
    a = signal @ np.linalg.qr(random.normal(size=(10, 10)))[0]
    b = signal[:, 2:] @ random.normal(size=(8, 8)) + random.normal(size=(tokens, 8))
    return (a + offset).astype(np.float32), (b - offset).astype(np.float32)


def layers(a, b):
    """Yield each two layers, centred, in double precision."""
    for row, left in enumerate(np.split(a.astype(np.float64), [SHAPES[0][0]], axis=1)):
        for column, right in enumerate(np.split(b.astype(np.float64), [SHAPES[1][0]], axis=1)):
            yield row, column, left - left.mean(axis=0), right - right.mean(axis=0)


def canonical(x, y, keep):
    """Return canonical variates and correlations by singular value decompositions of what the tokens are."""
    kept = []
    for rows in (x, y):
        left, values, _ = np.linalg.svd(rows, full_matrices=False)
        share = np.cumsum(values**2) / np.sum(values**2)
        kept.append(left[:, : int(np.searchsorted(share, keep - 1e-9)) + 1])
    turn, correlations, _ = np.linalg.svd(kept[0].T @ kept[1], full_matrices=False)
    return kept[0] @ turn, correlations


@pytest.mark.parametrize("offset", [0, 500.0])
def test_cka_is_its_formula(offset):
    a, b = models(offset=offset)
    table = cka.compare(a, b, layers=SHAPES).table
    for row, column, x, y in layers(a, b):
        similarity = [rows @ rows.T for rows in (x, y)]
        expected = np.sum(similarity[0] * similarity[1]) / np.prod([np.linalg.norm(one) for one in similarity])
        assert abs(table[row, column] - expected) < 1e-6


@pytest.mark.parametrize("keep", [1.0, 0.99, 0.8])
def test_svcca_and_pwcca_are_their_formulas(keep):
    a, b = models(offset=3.0)
    found = svcca.compare(a, b, layers=SHAPES, keep=keep).table
    weighted = pwcca.compare(a, b, layers=SHAPES, keep=keep).table
    for row, column, x, y in layers(a, b):
        variates, correlations = canonical(x, y, keep)
        assert abs(found[row, column] - correlations.mean()) < 1e-6
        weight = np.abs(variates.T @ x).sum(axis=1)
        assert abs(weighted[row, column] - weight @ correlations / weight.sum()) < 1e-6


def test_pwcca_asks_for_what_the_first_layer_carries():
    random = np.random.default_rng(2)
    a = random.normal(size=(3000, 4)) * [5, 5, 0.3, 0.3]
    much, little = a[:, :2], a[:, 2:]
    noise = random.normal(size=(3000, 2))
    scores = [pwcca.compare(a, np.concatenate([part, noise], axis=1), keep=1.0).score[0] for part in (much, little)]
    assert scores[0] > 0.9 > 0.3 > scores[1]
    same = [svcca.compare(a, np.concatenate([part, noise], axis=1), keep=1.0).score[0] for part in (much, little)]
    assert abs(same[0] - same[1]) < 0.02


def test_all_layers_come_from_one_reading():
    a, b = models()

    class Once:
        shape, dtype, reads = a.shape, a.dtype, []

        def __getitem__(self, index):
            self.reads.append(index)
            return a[index]

    cka.compare(Once(), b, layers=SHAPES, budget=2**16)
    rows = np.concatenate([np.arange(len(a))[one] for one in Once.reads])
    assert len(Once.reads) > 1 and np.array_equal(rows, np.arange(len(a)))


@pytest.mark.parametrize("method", [svcca, pwcca])
def test_too_few_tokens_are_told(method):
    a, b = models(tokens=12)
    with pytest.raises(ValueError, match="always correlate perfectly; give more than 1[0-9] tokens"):
        method.compare(a, b, keep=1.0)
    assert method.compare(a, b, keep=0.5).score[0] < 1
    with pytest.raises(ValueError, match="above 0 and up to 1"):
        method.compare(a, b, keep=1.5)


def test_a_direction_that_two_units_share_counts_once():
    a, b = models()
    twice = np.concatenate([b, b], axis=1)
    for method in (svcca, pwcca):
        np.testing.assert_allclose(
            method.compare(a, twice, keep=1.0).score, method.compare(a, b, keep=1.0).score, atol=1e-5
        )


@pytest.mark.parametrize("method", [cka, svcca, pwcca])
def test_sums_without_layers_are_told(method):
    with pytest.raises(ValueError, match="begin with `layers` for both models"):
        method.finish(comoments.over(*models()))
