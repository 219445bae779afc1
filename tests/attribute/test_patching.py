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


def relevance(f, clean, corrupted, **options):
    return np.asarray(patching.attribute(jax.tree_util.Partial(f), clean, corrupted, order="relevance", **options))


def test_relevance_keeps_the_scale_of_a_norm_and_shares_what_a_gate_makes():
    change = CLEAN - CORRUPTED
    scale = jax.lax.rsqrt(jnp.mean(CORRUPTED**2, axis=1, keepdims=True))
    found = relevance(lambda h: (h * jax.lax.rsqrt(jnp.mean(h * h, axis=1, keepdims=True))) @ WEIGHTS, CLEAN, CORRUPTED)
    np.testing.assert_allclose(found, change * scale * WEIGHTS[None], rtol=1e-5)
    # silu(a) b: both take half, and the nonlinearity hands on its own unchanged: silu(a) / a for a slope
    found = relevance(lambda h: jax.nn.silu(h[:, 0]) * h[:, 1], CLEAN, CORRUPTED, direction="corrupt")
    a, b = CLEAN[:, 0], CLEAN[:, 1]
    np.testing.assert_allclose(found[:, 0], change[:, 0] * jax.nn.sigmoid(a) * b / 2, rtol=1e-5)
    np.testing.assert_allclose(found[:, 1], change[:, 1] * jax.nn.silu(a) / 2, rtol=1e-5)


def test_relevance_goes_through_the_values_of_attention_alone():
    def attend(h):
        weights = jax.nn.softmax(h[:, None] * h[:, :, None])
        return jnp.sum(weights @ h[:, :, None], axis=(1, 2))

    weights = jax.nn.softmax(CORRUPTED[:, None] * CORRUPTED[:, :, None])
    np.testing.assert_allclose(
        relevance(attend, CLEAN, CORRUPTED), (CLEAN - CORRUPTED) * weights.sum(axis=1), rtol=1e-5
    )


def test_relevance_finds_an_effect_that_the_slope_does_not_see():
    def saturated(h):
        return jnp.tanh(20 * h[:, 0])

    clean, corrupted = jnp.array([[0.1, 0.0]]), jnp.array([[1.0, 0.0]])
    options = {"direction": "corrupt"}
    first = patching.attribute(jax.tree_util.Partial(saturated), corrupted, 0 * clean, **options)[0, 0]
    exact = saturated(corrupted)[0]
    assert abs(first) < 1e-6 and exact > 0.99
    np.testing.assert_allclose(relevance(saturated, corrupted, 0 * clean, **options)[0, 0], exact, rtol=1e-6)


def test_relevance_never_passes_over_an_operation():
    with pytest.raises(NotImplementedError, match="sort"):
        relevance(lambda h: jnp.sort(h, axis=1)[:, 0], CLEAN, CORRUPTED)


def attending(h):
    """Score texts [batch place unit]: the last place reads the value (third unit) at the key that its query meets."""
    weights = jax.nn.softmax(30 * h[:, -1:, 0] * h[..., 1], axis=1)
    return jnp.tanh(jnp.sum(weights * h[..., 2], axis=1))


def turned(h):
    """Score the same with the batch on the last axis."""
    weights = jax.nn.softmax(30 * h[None, :, -1, 0] * h[..., 1].T, axis=0)
    return jnp.tanh(jnp.sum(weights * h[..., 2].T, axis=0))


@pytest.mark.parametrize("f", [attending, turned])
@pytest.mark.parametrize("direction", ["restore", "corrupt"])
def test_weights_are_computed_anew_where_a_saturated_softmax_has_no_slope(f, direction):
    # the last place reads 0.5 where its query is -1, and -0.7 where it is 1
    corrupted = jnp.array([[0.0, -1, 0.5], [0, 0, 0.1], [-1, 1, -0.7]])
    query, key = corrupted.at[2, 0].set(1), corrupted.at[2, 1].set(-2)
    x, baseline = jnp.stack([query, key, corrupted]), jnp.stack([corrupted] * 3)
    exact, first, found = (
        np.asarray(patching.attribute(jax.tree_util.Partial(f), x, baseline, order=order, direction=direction))
        for order in ("exact", "first", "attention")
    )
    right = np.zeros((3, 3, 3))
    right[0, 2, 0] = right[1, 2, 1] = np.tanh(-0.7) - np.tanh(0.5)
    np.testing.assert_allclose(exact, right, atol=1e-5)
    assert np.abs(first).max() < 1e-5
    slope = 1 - np.tanh([0.5, 0.5] if direction == "restore" else [-0.7, -0.7]) ** 2  # of the tanh that follows
    np.testing.assert_allclose([found[0, 2, 0], found[1, 2, 1]], -1.2 * slope, rtol=1e-4)
    np.testing.assert_allclose(np.where(right, 0, found), 0, atol=1e-5)


def test_without_attention_nothing_is_computed_anew():
    first, found = (patching.attribute(bent, CLEAN, CORRUPTED, order=order) for order in ("first", "attention"))
    np.testing.assert_allclose(found, first, rtol=1e-6)
