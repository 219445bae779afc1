"""What every attribution of a score to features must satisfy. Methods are discovered: a new file is held to it."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import attribute as package
from tests.contracts import called

KEY, ROWS, FEATURES, DEAD = jax.random.key(0), 3, 5, 2
X = jax.random.normal(jax.random.key(1), (ROWS, FEATURES))
WEIGHTS = jnp.array([1.0, -2.0, 0.0, 0.5, 3.0])
MIXING = jax.random.normal(jax.random.key(2), (FEATURES, 4)).at[DEAD].set(0)

METHODS = _discover.methods(package)
PARAMETERS = {name: inspect.signature(method).parameters for name, method in METHODS.items()}
DRAWN = {"smooth_grad", "expected_gradients", "permutation", "lime"}
"""What they return depends on the key; `shapley` and `kernel_shap` are exact for so few features."""

RATES = {"saliency", "smooth_grad", "guided_backprop", "internal_influence", "permutation", "lime"}
"""Their numbers are no shares of the score: rates of change, effects in a batch, or shrunken weights."""


def linear(x):
    """Score each row by a fixed weight per feature."""
    return x @ WEIGHTS


TRACED = []
"""A mark for each time that Python runs `bent`."""


def bent(x):
    """Score each row by a small net that does not read `DEAD`."""
    TRACED.append(x.shape)
    return jnp.tanh(x @ MIXING) @ jnp.arange(1.0, 5.0)


@pytest.fixture(params=METHODS)
def name(request):
    """Each method in turn."""
    return request.param


def attributed(name, f, x):
    """Return a method's attribution against a baseline of zeros."""
    given = {
        "key": KEY,
        "f": f,
        "kept": f,
        "through": lambda x, amount=None: (f(x if amount is None else x + amount), x),
        "x": x,
        "baseline": 0.0,
        "baselines": jnp.zeros((1, FEATURES)),
    }
    found = called(METHODS[name], given)
    return np.asarray(getattr(found, "attribution", found))


def test_the_methods_are_found():
    assert {"saliency", "integrated_gradients", "conductance", "ablation", "shapley", "deep_lift", "lrp"} <= set(
        METHODS
    )


def test_what_nothing_reads_gets_nothing(name):
    found = attributed(name, bent, X)
    assert found.shape == X.shape and np.isfinite(found).all() and np.abs(found).max() > 0
    assert np.abs(found[:, DEAD]).max() <= (0.1 if name == "lime" else 1e-6) * np.abs(found).max()


def test_a_linear_score_is_shared_out_by_its_terms(name):
    if name in RATES:
        pytest.skip("its numbers are no shares of the score")
    np.testing.assert_allclose(attributed(name, linear, X), np.asarray(X) * np.asarray(WEIGHTS), atol=1e-4)


def test_other_rows_do_not_matter(name):
    if name in DRAWN:
        pytest.skip("other rows change what is drawn")
    others = X.at[jnp.array([0, 2])].add(1.0)
    np.testing.assert_allclose(attributed(name, bent, others)[1], attributed(name, bent, X)[1], atol=1e-5)


def test_features_in_another_order_are_attributed_in_that_order(name):
    if name in DRAWN:
        pytest.skip("draws do not follow the features")
    order = np.array([3, 0, 4, 2, 1])
    back = np.argsort(order)
    found = attributed(name, lambda x: bent(x[:, back]), X[:, order])
    np.testing.assert_allclose(found, attributed(name, bent, X)[:, order], atol=1e-5)


def test_what_is_not_a_number_is_named(name):
    with pytest.raises(ValueError, match="finite|nan|NaN"):
        attributed(name, bent, X.at[1, 2].set(jnp.nan))


def test_other_values_do_not_trace_again(name):
    if "through" in PARAMETERS[name]:
        pytest.skip("the map is made anew by `attributed`")
    attributed(name, bent, X)
    before = len(TRACED)
    attributed(name, bent, 2 * X + 1)
    assert len(TRACED) == before


@pytest.mark.parametrize(
    "method",
    [lambda f, x, basline: x, lambda attention, mask: attention, lambda f, x, *, grups=None: x, lambda f, x, **rest: x],
    ids=["misspelt", "of something else", "a misspelt option", "hidden"],
)
def test_a_method_with_words_of_its_own_is_not_let_off(method, monkeypatch):
    monkeypatch.setitem(METHODS, "invented", method)
    with pytest.raises(AssertionError, match="no word|misspelt"):
        attributed("invented", linear, X)
