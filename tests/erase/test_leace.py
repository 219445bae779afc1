"""LEACE leaves nothing to a linear probe, changes no more than that takes, and is the paper's formula."""

import jax
import numpy as np
import pytest

from jaxneuron.erase import Erased, inlp, leace, random
from jaxneuron.rank import linear

TOKENS, UNITS = 400, 8


def planted(classes=3):
    """Return activations of which some directions tell the classes, in double precision, and the classes."""
    drawn = np.random.default_rng(0)
    kind = drawn.integers(0, classes, TOKENS)
    means = 2 * drawn.normal(size=(classes, UNITS))
    return (drawn.normal(size=(TOKENS, UNITS)) + means[kind]) @ drawn.normal(size=(UNITS, UNITS)), kind


def formula(x, kind):
    """Return what theorem 4.3 takes off, by eigenvalues and a pseudo-inverse."""
    z = (kind[:, None] == np.arange(kind.max() + 1)).astype(float)
    centred, z = x - x.mean(axis=0), z - z.mean(axis=0)
    variance, basis = np.linalg.eigh(centred.T @ centred / len(x))
    whiten, colour = (basis * variance**power @ basis.T for power in (-0.5, 0.5))
    seen = whiten @ centred.T @ z / len(x)
    return colour @ seen @ np.linalg.pinv(seen, rcond=1e-9) @ whiten


def test_it_is_the_formula_of_the_paper():
    x, kind = planted()
    found = leace.erase(None, x, kind)
    assert found.read.shape == (2, UNITS)
    np.testing.assert_allclose(found.write.T @ found.read, formula(x, kind), atol=1e-4)


@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_a_linear_probe_is_left_with_the_shares_of_the_classes(offset):
    x, kind = planted()
    x = x + offset
    erased = Erased(x, leace.erase(None, x, kind))
    z = kind[:, None] == np.arange(3)
    covariance = (erased[:] - x.mean(axis=0)).T @ (z - z.mean(axis=0)) / TOKENS
    assert np.abs(covariance / x.std(axis=0)[:, None]).max() < 1e-9
    share = np.bincount(kind) / TOKENS
    logits = np.asarray(linear.logits(linear.fit(None, erased, kind), erased), np.float64)
    loss = (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(TOKENS), kind]).mean()
    assert loss == pytest.approx(-(share * np.log(share)).sum(), abs=1e-6)
    assert (logits.argmax(axis=1) == kind).mean() == share.max()


def test_copies_and_fewer_tokens_than_units_leave_nothing_either():
    x, kind = planted()
    for rows in (np.concatenate([x, x[:, :3], 1e-4 * x[:, 3:5] + x[:, 5:7]], axis=1), x[:6]):
        erased = Erased(rows, leace.erase(None, rows, kind[: len(rows)]))[:]
        z = kind[: len(rows), None] == np.arange(3)
        covariance = (erased - erased.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(rows)
        assert np.abs(covariance / rows.std(axis=0)[:, None]).max() < 1e-7


def test_it_changes_less_than_others_that_leave_nothing():
    x, kind = planted(2)
    found = leace.erase(None, x, kind == 1)
    seen = x[kind == 1].mean(axis=0) - x[kind == 0].mean(axis=0)
    orthogonal = np.outer(seen, seen) / (seen @ seen)
    centred = x - x.mean(axis=0)
    change, other = (np.square(centred @ one.T).sum() for one in (found.write.T @ found.read, orthogonal))
    assert change < 0.999 * other


def test_one_probe_after_another_leaves_less_and_takes_more_than_needed():
    drawn = np.random.default_rng(1)
    kind = drawn.integers(0, 2, TOKENS)
    x = drawn.normal(size=(TOKENS, 3)) @ drawn.normal(size=(3, UNITS)) + 0.5 * drawn.normal(size=(TOKENS, UNITS))
    x += np.outer(kind, drawn.normal(size=UNITS))
    explained = []
    for rounds in (1, 3, 30):
        found = inlp.erase(None, x, kind, rounds=rounds)
        erased = Erased(x, found)[:]
        design = np.concatenate([erased, np.ones((TOKENS, 1))], axis=1)
        rest = kind - design @ np.linalg.lstsq(design, kind, rcond=None)[0]
        explained.append(1 - rest.var() / kind.var())
    assert explained[0] > explained[1] > explained[2] and explained[2] < 2e-3
    assert found.read.shape[0] > leace.erase(None, x, kind).read.shape[0] == 1
    with pytest.raises(ValueError, match="at least one round"):
        inlp.erase(None, x, kind, rounds=0)


def test_the_control_takes_as_many_directions_and_leaves_the_classes():
    x, kind = planted()
    found = random.erase(jax.random.key(0), x, kind)
    assert found.read.shape == (2, UNITS)
    probe = linear.fit(None, erased := Erased(x, found), kind)
    assert (np.asarray(linear.logits(probe, erased)).argmax(axis=1) == kind).mean() > 0.8
    assert random.erase(jax.random.key(0), x, kind, rank=5).read.shape == (5, UNITS)
    with pytest.raises(ValueError, match="8 directions at right angles at most, got a count of 9"):
        random.erase(jax.random.key(0), x, kind, rank=9)
