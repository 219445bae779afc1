import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxneuron.attribute import patching

CLEAN = jnp.array([[1.0, 2.0, -1.0, 0.5], [0.3, -0.2, 0.7, 1.1]])
CORRUPTED = jnp.array([[0.0, 1.0, 1.0, 0.5], [-0.5, 0.1, 0.2, 0.4]])
WEIGHTS = jnp.array([1.0, -2.0, 0.5, 3.0])


@jax.tree_util.Partial
def bent(h):
    return jnp.tanh(h @ WEIGHTS / 3) + h[:, 0] * h[:, 1]


@pytest.mark.parametrize("direction", ["restore", "corrupt"])
@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1, 1])])
def test_exact_patching_agrees_with_a_loop(direction, groups):
    found = patching.attribute(bent, CLEAN, CORRUPTED, groups=groups, order="exact", direction=direction)
    for unit in range(4):
        members = np.arange(4) == unit if groups is None else groups == groups[unit]
        if direction == "restore":
            right = bent(jnp.where(members, CLEAN, CORRUPTED)) - bent(CORRUPTED)
        else:
            right = bent(CLEAN) - bent(jnp.where(members, CORRUPTED, CLEAN))
        np.testing.assert_allclose(found[:, unit], right, atol=1e-6)


def test_estimates_are_exact_where_the_score_is_linear():
    found = patching.compare(jax.tree_util.Partial(lambda h: h @ WEIGHTS), CLEAN, CORRUPTED)
    for effect in (found.exact, found.first_order, found.integrated):
        np.testing.assert_allclose(effect, (CLEAN - CORRUPTED) * WEIGHTS[None], atol=1e-6)
    np.testing.assert_allclose(found.first_order_agreement, 1, atol=1e-6)
    np.testing.assert_allclose(found.integrated_agreement, 1, atol=1e-6)


def test_the_average_is_complete_and_agreement_is_spearmans():
    found = patching.compare(bent, CLEAN, CORRUPTED, steps=50)
    np.testing.assert_allclose(found.integrated.sum(1), bent(CLEAN) - bent(CORRUPTED), atol=1e-3)
    for row in range(2):
        for estimate, agreement in (
            (found.first_order, found.first_order_agreement),
            (found.integrated, found.integrated_agreement),
        ):
            right = scipy.stats.spearmanr(estimate[row], found.exact[row]).statistic
            np.testing.assert_allclose(agreement[row], right, atol=1e-5)


def test_what_is_masked_is_not_patched():
    mask = jnp.array([[True, True, True, False], [True, True, False, False]])
    found = patching.compare(bent, CLEAN, CORRUPTED, mask=mask)
    assert jnp.all(jnp.where(mask, 0, found.exact) == 0) and jnp.all(jnp.where(mask, 0, found.first_order) == 0)
    right = scipy.stats.spearmanr(found.first_order[0, :3], found.exact[0, :3]).statistic
    np.testing.assert_allclose(found.first_order_agreement[0], right, atol=1e-5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="got 'second'"):
        patching.attribute(bent, CLEAN, CORRUPTED, order="second")
    with pytest.raises(ValueError, match="got 'back'"):
        patching.attribute(bent, CLEAN, CORRUPTED, direction="back")
    with pytest.raises(ValueError, match="does not broadcast"):
        patching.attribute(bent, CLEAN, CORRUPTED[:, :3])
