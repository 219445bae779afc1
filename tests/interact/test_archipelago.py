"""Archipelago finds the pairs of its authors' functions, and shares the score out over the sets that they make."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.interact import arch_attribute, arch_detect
from jaxneuron.interact._archipelago import merge

COUNT = 12
QUARTER = COUNT // 4


def both(x, members, value):
    """Return 1 where all members have the value, else -1."""
    return jnp.where(jnp.all(x[:, list(members)] == value, axis=1), 1.0, -1.0)


def pairs(*groups):
    """Return the pairs within groups, as a matrix."""
    found = np.zeros((COUNT, COUNT), bool)
    for group in groups:
        for i, j in itertools.combinations(group, 2):
            found[i, j] = found[j, i] = True
    return found


def products(x):
    """All pairs of the first quarter twice over, and the second quarter with the third."""
    first, second, third = (jnp.sum(x[:, i * QUARTER : (i + 1) * QUARTER], axis=1) for i in range(3))
    return jnp.sum(x, axis=1) + first**2 + second * third


LATER = range(QUARTER, 3 * QUARTER)
ACROSS = np.zeros((COUNT, COUNT), bool)
ACROSS[QUARTER : 2 * QUARTER, 2 * QUARTER : 3 * QUARTER] = True
# the four functions of the paper's synthetic test, with inputs of 1 and baselines of -1
SYNTHETIC = {
    "products": (products, pairs(range(QUARTER)) | ACROSS | ACROSS.T),
    "input twice": (
        lambda x: jnp.sum(x, axis=1) + both(x, range(2 * QUARTER), 1) + both(x, LATER, 1),
        pairs(range(2 * QUARTER), LATER),
    ),
    "baseline and input": (
        lambda x: jnp.sum(x, axis=1) + both(x, range(2 * QUARTER), -1) + both(x, LATER, 1),
        pairs(range(2 * QUARTER), LATER),
    ),
    "mixed": (
        lambda x: (
            jnp.sum(x, axis=1)
            + jnp.where((x[:, 0] == 1) & (x[:, 1] == 1) & (x[:, 2] == -1), 1.0, -1.0)
            + both(x, LATER, 1)
        ),
        pairs(range(3), LATER),
    ),
}


@pytest.fixture(scope="module")
def strengths():
    """What the method makes of all of them, in one call: a row for each."""
    functions = [f for f, _ in SYNTHETIC.values()]
    x = np.ones((len(functions), COUNT), np.float32)
    return arch_detect.interact(lambda x: jnp.stack([f(x)[i] for i, f in enumerate(functions)]), x, -1.0)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_planted_pair_is_stronger_than_every_other(name, strengths):
    planted, found = SYNTHETIC[name][1], np.asarray(strengths[list(SYNTHETIC).index(name)])
    assert found[planted].min() > 0.01 and np.abs(found[~planted]).max() == 0
    np.testing.assert_allclose(found, found.T)


def test_strengths_have_their_closed_forms():
    x = jnp.array([[1.0, 2.0, 3.0]])
    product = arch_detect.interact(lambda x: jnp.prod(x, axis=1), x)[0]
    # seen from the baseline of zeros a pair makes nothing; seen from the input it makes its third
    np.testing.assert_allclose(product, 0.5 * np.array([[0, 9, 4], [9, 0, 1], [4, 1, 0]]), rtol=1e-5)
    largest = arch_detect.interact(lambda x: jnp.max(x, axis=1), x)[0]
    np.testing.assert_allclose(largest[0, 1], 0.5 * (1 / 2) ** 2, rtol=1e-5)  # from zeros: 0 - 1 - 2 + 2
    np.testing.assert_allclose(largest[1, 2], 0.5 * (2 / 6) ** 2 + 0.5 * (1 / 6) ** 2, rtol=1e-5)


def test_groups_are_there_or_not():
    x = jnp.array([[1.0, 2.0, 3.0]])
    found = arch_detect.interact(lambda x: jnp.prod(x, axis=1), x, groups=np.array([0, 1, 1]))[0]
    np.testing.assert_allclose(found, [[0, 36], [36, 0]])


def test_a_feature_at_its_baseline_has_no_strength():
    found = arch_detect.interact(lambda x: jnp.prod(x, axis=1), jnp.array([[0.0, 2.0]]))
    assert not found.any()


def test_pairs_that_overlap_are_merged():
    strength = np.zeros((6, 6), np.float32)
    for value, (i, j) in enumerate([(4, 5), (2, 3), (3, 5), (0, 1)], start=1):
        strength[i, j] = strength[j, i] = value
    join = jax.jit(merge, static_argnums=1)
    assert join(strength, 1).tolist() == [0, 0, 2, 3, 4, 5]
    assert join(strength, 3).tolist() == [0, 0, 2, 2, 4, 2]
    assert join(strength, 15).tolist() == [0, 0, 2, 2, 2, 2]


def test_each_set_gets_what_it_adds_alone():
    f = lambda x: 5 * x[:, 0] * x[:, 1] * x[:, 2] + x[:, 3] + x[:, 4] * x[:, 5]  # noqa: E731
    x = jnp.array([[1.0, 2, 1, 7, 1, 3], [1.0, 1, 1, 2, 0, 3]])
    found = arch_attribute.interact(f, x, top=4)
    assert found.sets.tolist() == [[0, 0, 0, 3, 4, 4], [0, 0, 0, 3, 4, 5]]
    np.testing.assert_allclose(found.attribution, [[10, 10, 10, 7, 3, 3], [5, 5, 5, 2, 0, 0]], atol=1e-5)
    given = arch_attribute.interact(f, x, sets=np.array([[0, 0, 2, 3, 3, 3]] * 2))
    np.testing.assert_allclose(given.attribution, [[0, 0, 0, 10, 10, 10], [0, 0, 0, 2, 2, 2]], atol=1e-5)


@pytest.mark.parametrize("options", [{"top": -1}, {"sets": np.zeros((1, 3), int)}, {"sets": np.full((1, 2), 2)}])
def test_bad_sets_are_named(options):
    with pytest.raises(ValueError, match="expected"):
        arch_attribute.interact(lambda x: jnp.sum(x, axis=1), np.ones((1, 2)), **options)
