"""What every erasure must satisfy. Methods are discovered: a new file is held to it."""

import importlib
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import erase as package
from jaxneuron.edits import Project
from jaxneuron.erase import Erased
from tests.contracts import called, follows, holding, rejecting

TOKENS, UNITS, DEAD = 300, 7, 5
METHODS = _discover.methods(package)
RANDOM = "its directions are drawn for places, and have nothing to do with the labels"
LEFT_OUT = {("random", check): RANDOM for check in ("check_planted", "check_order")}
LABELS = {
    "classes": lambda kind: kind,
    "concept": lambda kind: kind == 2,
    "concepts": lambda kind: kind[:, None] == np.arange(2),
    "numbers": lambda kind: np.stack([kind, kind**2], axis=1).astype(np.float64),
}


def planted(seed=0):
    """Return activations of units far apart in scale and offset, one that never changes, and the classes in them."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, TOKENS)
    x = random.normal(size=(TOKENS, UNITS)) + kind[:, None] * random.normal(size=UNITS) * 2
    x[:, 3] = x[:, 2] + 0.3 * random.normal(size=TOKENS)
    x = x @ (np.eye(UNITS) + 0.2 * random.normal(size=(UNITS, UNITS))) * 10.0 ** np.arange(-3, 4)
    x += np.array([0, 1, 0, 5, 0, 0, 1e4])
    x[:, DEAD] = 0.7
    return x.astype(np.float32), kind


def run(method, activations, labels, key=0):
    """Call a method with what it asks for."""
    found = called(method, {"key": jax.random.key(key), "activations": activations, "labels": labels}, shared=())
    assert isinstance(found, Project)
    return found


def map_of(edit):
    """Return `[unit unit]`, what the edit takes off of a distance to the point."""
    return np.asarray(edit.read, np.float64).T @ np.asarray(edit.write, np.float64)


def left(values, labels, activations):
    """Return the largest covariance of a unit and a label, in deviations that both have before."""
    z = np.asarray(labels, np.float64).reshape(len(labels), -1)
    z = (labels[:, None] == np.arange(labels.max() + 1)).astype(float) if labels.dtype.kind == "i" else z
    x, z, before = (side - side.mean(axis=0) for side in (values.astype(float), z, activations.astype(float)))
    norms = np.outer(*(np.linalg.norm(side, axis=0) for side in (before, z)))
    return np.abs(x.T @ z / np.maximum(norms, 1e-30)).max()


def check_returns(method):
    """Hold a method to what it returns: a projection that leaves the mean where it is."""
    activations, kind = planted()
    found = run(method, activations, kind)
    directions = found.read.shape[0]
    assert found.read.shape == found.write.shape == (directions, UNITS) and 1 <= directions < UNITS
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    np.testing.assert_allclose(found.write @ found.read.T, np.eye(directions), atol=1e-6)
    erased, wide = Erased(activations, found)[:], activations.astype(np.float64)
    np.testing.assert_allclose(erased.mean(axis=0), wide.mean(axis=0), atol=1e-7 * wide.std(axis=0).max())


def check_planted(method):
    """Hold a method to labels of every kind: next to nothing of them is left."""
    activations, kind = planted()
    for name, made in LABELS.items():
        labels = made(kind)
        erased = Erased(activations, run(method, activations, labels))[:]
        before, after = (left(values, labels, activations) for values in (activations, erased))
        assert before > 0.3 and after < 0.05, name


def check_order(method):
    """Hold a method to units and tokens in another order."""
    activations, kind = planted()
    units, tokens = np.random.default_rng(1).permutation(UNITS), np.random.default_rng(2).permutation(TOKENS)
    found, scale = map_of(run(method, activations, kind)), 10.0 ** np.arange(-3, 4)
    scale = scale[:, None] / scale
    others = map_of(run(method, activations[:, units], kind)), map_of(run(method, activations[tokens], kind[tokens]))
    np.testing.assert_allclose(others[0] * scale[units][:, units], (found * scale)[units][:, units], atol=1e-3)
    np.testing.assert_allclose(others[1] * scale, found * scale, atol=1e-3)


def check_constant(method):
    """Hold a method to a unit that never changes: it still does not, whatever its value."""
    activations, kind = planted()
    for value in (0.7, 0.0, -1e5):
        activations[:, DEAD] = value
        erased = Erased(activations, run(method, activations, kind))[:]
        assert np.isfinite(erased).all()
        np.testing.assert_allclose(erased[:, DEAD], np.float32(value), rtol=1e-9, atol=1e-9)


def check_few(method):
    """Hold a method to fewer tokens than units, and to more classes than units: it is finite."""
    activations, kind = planted()
    for rows, labels in ((activations[:4], np.array([0, 1, 0, 1])), (activations[:60], np.arange(60) % 20)):
        found = run(method, rows, labels)
        assert found.read.shape[0] < UNITS
        assert np.isfinite(Erased(rows, found)[:]).all()


def check_wide(method):
    """Hold a method to numbers that single precision does not hold."""
    activations, kind = planted()
    wide = activations.astype(np.float64)
    found = run(method, wide * 1e60 + 1e62, kind)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    ratio = 10.0 ** -np.arange(-3, 4)
    np.testing.assert_allclose(
        map_of(found) * ratio / ratio[:, None], map_of(run(method, wide, kind)) * ratio / ratio[:, None], atol=1e-2
    )


def check_refused(method):
    """Hold a method to naming what is wrong."""
    activations, kind = planted()
    broken = activations.copy()
    broken[3, 2] = np.nan
    refused(method, broken, kind, "unit 2 at token 3 is not finite")
    refused(method, activations, kind[:-1], f"a label for each of the {TOKENS} tokens")
    refused(method, activations, kind * 0, f"all {TOKENS} tokens have the label 0")
    refused(method, activations, kind > 5, "nothing to take out")
    refused(method, activations, kind.astype(str), "whole numbers, booleans or real numbers")
    refused(method, activations[0], kind, "expected activations [token, unit]")


def refused(method, activations, labels, said):
    """Check that a method refuses something, with these words."""
    try:
        run(method, activations, labels)
    except (TypeError, ValueError) as error:
        assert said in str(error), f"{error}"
    else:
        raise AssertionError("nothing was said")


def check_key(method):
    """Hold a method to the same key, which finds the same, and to leaving its input alone."""
    activations, kind = planted()
    before = activations.copy()
    first, second = (run(method, activations, kind, key=3) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, first, second)
    np.testing.assert_array_equal(activations, before)


def check_arguments(method):
    """Hold a method to the folder's Protocol: what it has beside is keyword-only, with a default."""
    parameters = inspect.signature(method).parameters
    own = [name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY and one.default is not one.empty]
    follows(method, package.Erase, own=own)


CHECKS = (
    check_returns,
    check_planted,
    check_order,
    check_constant,
    check_few,
    check_wide,
    check_refused,
    check_key,
    check_arguments,
)


test_a_method_holds_the_contract = holding(METHODS, CHECKS, LEFT_OUT)


@pytest.mark.parametrize("name", METHODS)
def test_any_split_and_order_of_blocks_is_the_same(name):
    activations, kind = planted()
    module = importlib.import_module(f"jaxneuron.erase.{name}")
    parts = []
    for here in (slice(200, 300), slice(0, 1), slice(1, 200)):
        block, valid = activations[here].copy(), np.ones(len(activations[here]), bool)
        if len(block) > 1:
            block[0], valid[0] = np.nan, False
            parts.append(module.update(module.init(UNITS, 3), None, ~valid, activations[here], kind[here]))
        parts.append(module.update(module.init(UNITS, 3), None, valid, block, kind[here]))
    total = module.init(UNITS, 3)
    for part in parts:
        total = module.merge(total, part)
    given = {"key": jax.random.key(0), "sums": total}
    found = map_of(called(module.finish, given, shared=("rounds", "least", "l2", "rank")))
    whole = map_of(run(METHODS[name], activations, kind))
    scale = 10.0 ** np.arange(-3, 4)
    np.testing.assert_allclose(found * (scale[:, None] / scale), whole * (scale[:, None] / scale), atol=1e-3)


@pytest.mark.parametrize("name", METHODS)
def test_other_values_compile_nothing(name, no_compilation):
    activations, kind = planted()
    run(METHODS[name], activations, kind)
    with no_compilation():
        run(METHODS[name], activations * np.float32(2), 2 - kind, key=1)


def test_an_erasure_is_an_edit_and_the_same_in_a_table():
    activations, kind = planted()
    found = run(METHODS["leace"], activations, kind)
    value = jnp.asarray(activations[:12]).reshape(3, 4, UNITS)
    edited = np.asarray(found(value, jnp.arange(4))).reshape(12, UNITS)
    table = Erased(activations, found)
    np.testing.assert_allclose(edited, table[:12], rtol=1e-4, atol=1e-4 * activations.std(axis=0).max())
    assert table.shape == activations.shape and len(table) == TOKENS
    np.testing.assert_array_equal(table[3:5, 1:3], table[:][3:5, 1:3])
    with pytest.raises(ValueError, match="of 7 units, the activations of 6"):
        Erased(activations[:, :6], found)
    with pytest.raises(ValueError, match="erasure of all places"):
        Erased(activations, Project(found.point, found.read, found.write, 0.5))


def test_the_methods_are_found():
    assert {"leace", "inlp", "random"} <= set(METHODS)


class broken:
    """Erasures with one mistake each."""

    def right(activations, labels):
        return METHODS["leace"](None, activations, labels)

    def moves_the_mean(key, activations, labels):
        found = broken.right(activations, labels)
        return Project(0 * found.point, found.read, found.write)

    def goes_half_way(key, activations, labels):
        found = broken.right(activations, labels)
        return Project(found.point, found.read, found.write / 2)

    def forgets_the_last_label(key, activations, labels):
        return broken.right(activations, np.minimum(labels, 1) if labels.ndim == 1 else labels[:, :1])

    def sees_places(key, activations, labels):
        return broken.right(activations + np.arange(UNITS) * labels.reshape(TOKENS, -1)[:, :1], labels)

    def divides_by_the_deviation(key, activations, labels):
        found = broken.right(activations, labels)
        return Project(found.point, found.read / activations.std(axis=0).round(6), found.write)

    def draws_without_its_key(key, activations, labels):
        found = broken.right(activations, labels)
        return Project(found.point + np.random.default_rng().normal(), found.read, found.write)

    def says_nothing(key, activations, labels):
        return broken.right(np.nan_to_num(activations), labels)

    def misspells(key, activations, label):
        return broken.right(activations, label)


spoilt = pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
test_the_contract_rejects = spoilt(
    rejecting(
        broken,
        [
            ("moves_the_mean", check_returns),
            ("goes_half_way", check_returns),
            ("forgets_the_last_label", check_planted),
            ("sees_places", check_order),
            ("divides_by_the_deviation", check_constant),
            ("draws_without_its_key", check_key),
            ("says_nothing", check_refused),
            ("misspells", check_arguments),
            ("misspells", check_returns),
        ],
    )
)
