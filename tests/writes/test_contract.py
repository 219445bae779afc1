"""What every reading of what units write must satisfy. Methods are discovered: a new file is held to it."""

import inspect

import jax
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import writes as package
from jaxneuron.types import Tokens
from tests.contracts import called
from tests.writes import handmade

METHODS = _discover.methods(package)
SITE, UNITS = "block0/mlp/hidden", handmade.WIDTH
IDS = np.random.default_rng(0).integers(0, handmade.WORDS, (6, 5)).astype(np.int32)
MASK = np.arange(5) < np.array([5, 3, 4, 5, 2, 5])[:, None]
OF_ALL = {"null", "settled"}
"""Fields of a result that are of all units together."""
SHARED = ("budget", "progress", "settings", "head", "into", "value", "frequency", "threshold", "ways")
"""Words for options that this suite leaves at their defaults."""


@pytest.fixture(scope="module")
def params():
    """Weights of the handmade model."""
    return handmade.weights(jax.random.key(0))


@pytest.fixture(params=METHODS)
def write(request):
    """Each method in turn."""
    return METHODS[request.param]


def run(write, params, *, units=None, site=SITE, tokens=None, forward=handmade.forward, **options):
    """Call a method with what it asks for."""
    tokens = Tokens(IDS, MASK) if tokens is None else tokens
    given = {"key": jax.random.key(0), "forward": forward, "params": params, "tokens": tokens}
    return called(write, given | {"units": units, "site": site}, options, shared=SHARED)


def by_unit(found):
    """Return the fields that have a row for each unit."""
    return {name: np.asarray(value) for name, value in found._asdict().items() if name not in OF_ALL}


def assert_alike(one, other):
    """Check that two results are the same for each unit, but for rounding."""
    for name, value in by_unit(one).items():
        np.testing.assert_allclose(value, by_unit(other)[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_each_unit_has_a_row_and_all_is_finite(write, params):
    found = run(write, params)
    assert isinstance(found, tuple) and by_unit(found)
    for name, value in by_unit(found).items():
        assert len(value) == UNITS and np.isfinite(value).all(), name


def test_units_do_not_see_each_other(write, params):
    whole, order = run(write, params), np.array([4, 0, 8])
    some = run(write, params, units=order)
    assert_alike(type(whole)(**whole._asdict() | {name: value[order] for name, value in by_unit(whole).items()}), some)
    dead = run(write, params, units=np.array([handmade.DEAD]))
    assert_alike(dead, type(whole)(**whole._asdict() | {name: value[-1:] for name, value in by_unit(whole).items()}))


def test_other_values_compile_nothing(write, params, no_compilation):
    run(write, params), jax.tree.map(lambda leaf: leaf * 1.5, params)
    with no_compilation():
        run(write, jax.tree.map(lambda leaf: leaf * 1.5, params))


def test_a_small_budget_and_padding_change_nothing(write, params):
    whole = run(write, params)
    if "budget" in inspect.signature(write).parameters:
        assert_alike(whole, run(write, params, budget=1))
    assert_alike(whole, run(write, params, tokens=Tokens(np.where(MASK, IDS, 7), MASK)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"site": "block0/mpl"}, "did you mean 'block0/mlp'"),
        ({"units": np.array([2, 10])}, r"unit \[10\] is out of range: 'block0/mlp/hidden' has the units 0 to 9"),
        ({"units": np.array([], int)}, "expected the numbers of units"),
        ({"tokens": Tokens(IDS[:0], MASK[:0])}, "at least one"),
    ],
)
def test_what_is_not_there_is_named(write, params, given, message):
    with pytest.raises((KeyError, ValueError), match=message):
        run(write, params, **given)


def test_a_model_without_a_head_is_named(write, params):
    if write.__module__.endswith("weight_classes"):
        pytest.skip("it reads no head")
    with pytest.raises(ValueError, match="this model has no head"):
        run(write, {name: leaf for name, leaf in params.items() if name != "head"})


def test_the_arguments_are_those_of_the_folder(write):
    parameters = inspect.signature(write).parameters
    own = [name for name, one in parameters.items() if one.kind is not one.KEYWORD_ONLY and name != "key"]
    assert own == ["forward", "params", "tokens", "units"] and parameters["units"].default is None
    needed = [name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
    assert needed == ["site"]


def test_the_methods_are_found():
    assert {"vocabulary", "token_change", "weight_classes", "entropy", "jacobian_lens"} <= set(METHODS)
