"""What every decomposition must satisfy. Methods are discovered: a new file is held to it."""

import inspect

import jax
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import decompose as package
from jaxneuron.types import Factors
from tests.contracts import called, follows

SIZES, TOKENS = (4, 3, 2), 120
METHODS = _discover.methods(package)
DICTIONARIES = ("sparse_autoencoder", "transcoder")
"""Methods that return what they learnt beside the factors. Their features have a sign, and few are active: a group that
goes both ways takes two, so what is planted for the others is not what they look for (`test_sparse_autoencoder`)."""
LEARNT = [METHODS[name] for name in DICTIONARIES]


def planted():
    """Return activations of units that follow one signal per group."""
    random = np.random.default_rng(0)
    member = np.repeat(np.arange(len(SIZES)), SIZES)
    signal = random.normal(size=(TOKENS, len(SIZES)))
    return (signal[:, member] + 0.1 * random.normal(size=(TOKENS, len(member)))).astype(np.float32), member


@pytest.fixture(params=METHODS)
def method(request):
    """Each method in turn."""
    return METHODS[request.param]


class EitherProtocol:
    """The folder's Protocol for a method of which another option may say how many factors there are."""

    def __call__(self, key, activations, *, factors=None):
        """Explain the activations."""


def run(method, activations, factors=3, key=0):
    """Call a method with what it asks for."""
    given = {"key": jax.random.key(key), "activations": activations, "outputs": activations, "factors": factors}
    short = {"settings": _discover.settings(method)._replace(steps=20)} if method in LEARNT else {}
    found = called(method, given, short)
    return found if isinstance(found, Factors) else found[0]


def together(found):
    """Return `[unit unit]`, how much two units have the same factors."""
    basis = np.asarray(found.basis, np.float64)
    basis = basis / np.maximum(np.linalg.norm(basis, axis=0, keepdims=True), 1e-9)
    return np.abs(basis.T @ basis)


def check_shapes(method):
    """Hold a method to what it returns."""
    activations, _ = planted()
    found = run(method, activations)
    assert isinstance(found, Factors)
    assert found.codes.shape == (TOKENS, len(SIZES)) and found.basis.shape == (len(SIZES), activations.shape[1])
    assert np.isfinite(found.codes).all() and np.isfinite(found.basis).all()


def check_planted(method):
    """Hold a method to groups that are there."""
    activations, member = planted()
    found = together(run(method, activations))
    same = member[:, None] == member[None]
    assert found[same].min() > 0.9 and found[~same].max() < 0.3


def check_order(method):
    """Hold a method to units and tokens in another order."""
    activations, _ = planted()
    units, tokens = np.random.default_rng(1).permutation(9), np.random.default_rng(2).permutation(TOKENS)
    found = together(run(method, activations))
    np.testing.assert_allclose(together(run(method, activations[:, units])), found[units][:, units], atol=0.05)
    np.testing.assert_allclose(together(run(method, activations[tokens])), found, atol=0.05)


def check_dead(method):
    """Hold a method to a unit that never changes."""
    activations, _ = planted()
    found = run(method, np.insert(activations, 4, 0.7, axis=1), factors=4)
    assert np.isfinite(found.codes).all() and np.isfinite(found.basis).all()


def check_key(method):
    """Hold a method to the same key, which finds the same, and to leaving its input alone."""
    activations, _ = planted()
    before = activations.copy()
    first, second = (run(method, activations, key=3) for _ in range(2))
    np.testing.assert_array_equal(first.basis, second.basis)
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(activations, before)


def check_finite(method):
    """Hold a method to naming what is not a number."""
    activations, _ = planted()
    activations[3, 2] = np.nan
    try:
        run(method, activations)
    except ValueError as error:
        assert "finite" in str(error)
    else:
        raise AssertionError("nothing was said")


def check_arguments(method):
    """Hold a method to the folder's Protocol: what it has beside is keyword-only, with a default."""
    parameters = inspect.signature(method).parameters
    own = [name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY and one.default is not one.empty]
    either = "factors" in own and parameters["factors"].default is None  # another option may say how many there are
    own = [name for name in own if name != "factors"] + ["outputs"]  # the other side of a transcoder
    follows(method, EitherProtocol if either else package.Decompose, own=own)


CHECKS = (check_shapes, check_planted, check_order, check_dead, check_key, check_finite, check_arguments)


@pytest.mark.parametrize("check", CHECKS)
def test_a_method_holds_the_contract(method, check):
    if method in LEARNT and check in (check_planted, check_order):
        pytest.skip("a dictionary looks for something else, see DICTIONARIES")
    check(method)


def test_the_methods_are_found():
    assert "correlation_clusters" in METHODS


class broken:
    """Decompositions with one mistake each."""

    def right(activations, factors):
        return METHODS["correlation_clusters"](None, activations, factors=factors)

    def forgets_a_factor(key, activations, *, factors):
        found = broken.right(activations, factors)
        return Factors(found.codes[:, 1:], found.basis[1:])

    def cuts_the_units_by_place(key, activations, *, factors):
        basis = np.repeat(np.eye(factors), -(-activations.shape[1] // factors), axis=1)[:, : activations.shape[1]]
        return Factors(activations @ basis.T, basis)

    def divides_by_the_deviation(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(basis=np.asarray(found.basis) / activations.std(axis=0).round(5))

    def draws_without_its_key(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(codes=found.codes + np.random.default_rng().normal())

    def overwrites(key, activations, *, factors):
        found = broken.right(activations, factors)
        activations -= activations.mean(axis=0)
        return found

    def says_nothing(key, activations, *, factors):
        return broken.right(np.nan_to_num(activations), factors)

    def misspells(key, activatoins, *, factors):
        return broken.right(activatoins, factors)


@pytest.mark.parametrize(
    ("method", "check"),
    [
        ("forgets_a_factor", check_shapes),
        ("cuts_the_units_by_place", check_planted),
        ("cuts_the_units_by_place", check_order),
        ("divides_by_the_deviation", check_dead),
        ("draws_without_its_key", check_key),
        ("overwrites", check_key),
        ("says_nothing", check_finite),
        ("misspells", check_arguments),
        ("misspells", check_shapes),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_the_contract_rejects(method, check):
    with pytest.raises(AssertionError):
        check(getattr(broken, method))
