"""Gaussians of classes: any subset in closed form, and a greedy selection that agrees with trying every unit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from jaxneuron.rank import gaussian


def mixed(tokens=120, units=7, classes=3, seed=0):
    """Correlated activations whose means and covariances depend on the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, tokens)
    mix = rng.normal(size=(classes, units, units)) * 0.5 + np.eye(units)
    mean = rng.normal(size=(classes, units))
    noise = rng.normal(size=(tokens, units))
    return (np.einsum("tu,tuw->tw", noise, mix[labels]) + mean[labels]).astype(np.float32), labels


def criterion(fitted, activations, labels, units, by):
    """Score a set of units from scratch, with scipy's densities."""
    joint = np.stack(
        [
            multivariate_normal(m[units], c[np.ix_(units, units)]).logpdf(activations[:, units]) + np.log(p)
            for m, c, p in zip(fitted.mean, fitted.covariance, fitted.prior, strict=True)
        ],
        axis=-1,
    )
    own = joint[np.arange(len(labels)), labels] - np.logaddexp.reduce(joint, axis=-1)
    if by == "accuracy":
        return np.mean(joint.argmax(axis=-1) == labels)
    if by == "mutual_information":
        return sum(fitted.prior[c] * own[labels == c].mean() for c in np.unique(labels))
    return own.mean()


def test_subsets_have_the_densities_of_scipy():
    activations, labels = mixed()
    fitted = gaussian.fit(None, activations, labels, shrinkage=0.2)
    order = [4, 0, 5]
    prefixes = gaussian.prefix_logits(fitted, activations, order)
    assert prefixes.shape == (3, 120, 3)
    for k in range(1, 4):
        units = order[:k]
        for label in range(3):
            covariance = fitted.covariance[label][np.ix_(units, units)]
            density = multivariate_normal(fitted.mean[label, units], covariance).logpdf(activations[:, units])
            expected = density + np.log(fitted.prior[label])
            np.testing.assert_allclose(prefixes[k - 1, :, label], expected, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(
            gaussian.logits(fitted, activations, units[::-1]), prefixes[k - 1], rtol=1e-4, atol=1e-3
        )


def test_a_subset_is_what_the_subset_alone_would_give():
    activations, labels = mixed()
    whole = gaussian.fit(None, activations, labels, shrinkage=0.1)
    part = gaussian.fit(None, activations[:, [2, 5]], labels, shrinkage=0.1)
    np.testing.assert_allclose(part.covariance, whole.covariance[:, [[2], [5]], [2, 5]], rtol=1e-5)


@pytest.mark.parametrize("by", gaussian.CRITERIA)
def test_each_choice_is_the_best_that_a_loop_over_all_units_finds(by):
    activations, labels = mixed(200)
    train, dev = (activations[:120], labels[:120]), (activations[120:], labels[120:])
    ranking, fitted = gaussian.rank(None, *train, dev=dev, select=5, by=by, shrinkage=0.1)
    order = np.asarray(ranking.order[0])
    for place in range(5):
        chosen = list(order[:place])
        found = {
            unit: criterion(fitted, *dev, [*chosen, unit], by)
            for unit in range(activations.shape[1])
            if unit not in chosen
        }
        assert found[order[place]] >= max(found.values()) - 1e-4
    assert ranking.score[0, order[0]] == 5 and ranking.score[0, order[4]] == 1
    alone = [criterion(fitted, *dev, [unit], by) for unit in order[5:]]
    assert alone[0] >= alone[1] - 1e-4 and ranking.score[0, order[5]] < 1


def test_blocks_change_nothing(monkeypatch):
    activations, labels = mixed(301)
    whole = gaussian.rank(None, activations, labels, select=4)[0]
    monkeypatch.setattr(gaussian._forward_selection, "_TILE", 1)
    monkeypatch.setattr(gaussian._forward_selection, "_UNITS", 3)
    progress = []
    pieces, fitted = gaussian.rank(
        None, activations, labels, select=4, budget=4000, progress=lambda done, total: progress.append((done, total))
    )
    np.testing.assert_array_equal(pieces.order, whole.order)
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    order = whole.order[0, :3]
    np.testing.assert_allclose(
        gaussian.prefix_logits(fitted, activations, order, budget=2000),
        gaussian.prefix_logits(fitted, activations, order),
        rtol=1e-5,
        atol=1e-5,
    )


def test_a_unit_that_tells_only_beside_another_is_found():
    rng = np.random.default_rng(1)
    labels, noise = rng.integers(0, 2, 500), 2 * rng.normal(size=500)
    blurred = labels + noise + 0.2 * rng.normal(size=500)  # tells much to whom knows the noise
    weak = labels + 1.5 * rng.normal(size=500)
    activations = np.stack([weak, rng.normal(size=500), blurred, noise], axis=1).astype(np.float32)
    order = gaussian.rank(None, activations, labels, select=3)[0].order[0].tolist()
    assert set(order[:3]) == {0, 2, 3}  # alone, the noise is as bad as unit 1


def test_a_duplicate_is_not_chosen_twice():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 300)
    strong = labels + 0.3 * rng.normal(size=300)
    weak = (labels == 1) + 0.6 * rng.normal(size=300)
    activations = np.stack([rng.normal(size=300), strong, strong, weak], axis=1).astype(np.float32)
    order = gaussian.rank(None, activations, labels, select=2)[0].order[0, :2].tolist()
    assert order == [1, 3]


def test_separable_classes_are_certain():
    labels = np.arange(60) % 3
    activations = np.stack([labels * 10.0, np.zeros(60)], axis=1).astype(np.float32)
    ranking, fitted = gaussian.rank(None, activations, labels)
    certain = jax.nn.log_softmax(gaussian.logits(fitted, activations, [0]), axis=-1)
    assert ranking.order[0, 0] == 0
    assert np.all(np.asarray(certain)[np.arange(60), labels] == 0)


def test_a_constant_unit_tells_nothing():
    activations, labels = mixed()
    activations[:, 3] = 7.1
    ranking, fitted = gaussian.rank(None, activations, labels, select=2)
    assert jnp.isfinite(ranking.score).all() and 3 not in ranking.order[0, :2]
    says = jax.nn.softmax(gaussian.logits(fitted, activations, [3]), axis=-1)
    np.testing.assert_allclose(says, np.tile(fitted.prior, (120, 1)), rtol=1e-4)


def test_rare_absent_and_unknown_labels():
    activations, labels = mixed()
    labels = np.where(labels == 2, 4, labels)  # 2 and 3 do not occur
    labels[0] = 5  # occurs once
    dev = activations.copy(), np.where(np.arange(120) < 5, 9, labels)  # 9 was never seen
    ranking, fitted = gaussian.rank(None, activations, labels, dev=dev, select=7)
    assert jnp.isfinite(ranking.score).all() and np.isfinite(fitted.covariance).all()
    assert fitted.prior[2] == fitted.prior[3] == 0
    joint = np.asarray(gaussian.logits(fitted, activations, range(7)))
    assert np.all(joint[:, 2:4] == -np.inf) and np.isfinite(joint[:, [0, 1, 4, 5]]).all()
    with pytest.raises(ValueError, match="no label of the dev data"):
        gaussian.rank(None, activations, labels, dev=(activations, np.full(120, 3)))


def test_shrinkage_is_chosen_on_dev_data():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 1040)
    activations = (rng.normal(size=(1040, 12)) + 0.3 * labels[:, None]).astype(np.float32)
    train, dev = (activations[:40], labels[:40]), (activations[40:], labels[40:])
    assert gaussian.fit(None, *train, dev=dev).shrinkage >= 0.4  # the classes do share their covariance
    different = (activations * (1 + 3 * labels[:, None])).astype(np.float32)
    assert gaussian.fit(None, different[40:], labels[40:], dev=(different[:40], labels[:40])).shrinkage <= 0.1
    assert gaussian.fit(None, *train).shrinkage == gaussian.SHRINKAGE


def test_nothing_is_compiled_again_for_other_values(no_compilation):
    activations, labels = mixed()
    gaussian.rank(None, activations, labels, select=3)
    with no_compilation():
        gaussian.rank(None, activations[::-1] * 2, labels, select=3)


def test_the_callers_arrays_stay():
    activations, labels = mixed()
    before = activations.copy(), labels.copy()
    gaussian.rank(None, activations, labels, select=2, dev=(activations, labels))
    np.testing.assert_array_equal(activations, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_bad_input_is_named():
    activations, labels = mixed()
    fitted = gaussian.fit(None, activations, labels)
    with pytest.raises(ValueError, match="did you mean 'accuracy'|accuracy"):
        gaussian.rank(None, activations, labels, by="acuracy")
    with pytest.raises(ValueError, match="at least one unit"):
        gaussian.rank(None, activations, labels, select=0)
    with pytest.raises(ValueError, match="from 0 .* to 1"):
        gaussian.fit(None, activations, labels, shrinkage=2.0)
    with pytest.raises(ValueError, match="each once"):
        gaussian.logits(fitted, activations, [1, 1])
    with pytest.raises(ValueError, match="Gaussians are of 7 units"):
        gaussian.logits(fitted, activations[:, :3], [1])
    with pytest.raises(ValueError, match="dev data have 3 units"):
        gaussian.fit(None, activations, labels, dev=(activations[:, :3], labels))
    broken = activations.copy()
    broken[5, 2] = np.nan
    with pytest.raises(ValueError, match="unit 2 at token 5 is not finite"):
        gaussian.fit(None, broken, labels)


def test_permuting_units_permutes_the_choice():
    activations, labels = mixed()
    shuffled = np.random.default_rng(4).permutation(7)
    order = gaussian.rank(None, activations, labels, select=4)[0].order[0, :4]
    other = gaussian.rank(None, activations[:, shuffled], labels, select=4)[0].order[0, :4]
    assert [int(shuffled[unit]) for unit in other] == order.tolist()
