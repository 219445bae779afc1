"""What every intervention must satisfy. Methods are discovered: a new file in `intervene` is held to it at once.

An option is given to the methods that have it. `broken` at the end shows that the contract bites.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import intervene as package
from jaxneuron.edits import Scale
from jaxneuron.intervene import Effect, Sampling, Taking, Written
from jaxneuron.intervene.induce import Experts, Tried
from jaxneuron.intervene.patch import Patched
from jaxneuron.intervene.switch import Sides
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny
from tests.contracts import called
from tests.intervene import writers

UNITS = tiny.VOCAB + 1
IDS = np.array([[1, 3, 5, 2], [4, 1, 0, 0], [7, 7, 6, 0]], np.int32)
MASK = np.arange(4) < np.array([[4], [2], [3]])
ORDER = np.array([2, 0, 1])


METHODS = _discover.methods(package)

SHARED = ("budget", "progress", "value", "settings", "width", "amounts")
"""Words for options that this suite leaves at their defaults."""


@pytest.fixture(params=METHODS)
def intervene(request):
    """Each method in turn."""
    return METHODS[request.param]


def run(intervene, weights, *, order=None, factor=1.0, site="hidden", **options):
    """Call a method with what it asks for."""
    order = np.arange(3) if order is None else order
    tokens = Tokens(IDS[order], MASK[order])
    masks = np.eye(UNITS, dtype=bool)[:5] if factor == 1 else np.eye(UNITS, dtype=bool)[[7, 6, 5, 4, 3]]
    offered = {
        "key": jax.random.key(0),
        "forward": tiny.recurrent,
        "step": writers.recurrent,
        "params": jax.tree.map(lambda leaf: leaf * factor, weights),
        "state": writers.start(3),
        "tokens": tokens,
        "source": Tokens((IDS[order] + 3) % tiny.VOCAB, MASK[order]),
        "groups": None,
        "pushes": masks.astype(np.float32),
        "sites": (site,),
        "prompt": tokens,
        "target": Unit("projection", 3),
        "masks": masks,
        "directions": masks[:, None].astype(np.float32),
        "edits": {site: Scale(0.5 * factor)},
        "labels": tokens.ids * factor,
        "site": site,
        "taking": Taking(2),
        "sampling": Sampling(3, 0.0, read=writers.words),
        "sides": Sides(np.stack([np.zeros(UNITS), np.full(UNITS, factor)]), np.array([0, 1, 0])[order]),
        "experts": Experts(np.arange(UNITS)[:: -1 if factor == 1 else 1], np.full(UNITS, factor)),
        "tried": Tried((1, 3), 1),
    } | options
    return called(intervene, offered, shared=SHARED)


def by_sequence(result):
    """Return the arrays of a result, the axis of the sequences first."""
    result = getattr(result, "effect", result)
    if isinstance(result, Patched):  # nan where there is no word
        result = jax.tree.map(np.nan_to_num, result)
    axis = -2 if isinstance(result, Written) else -1
    return [np.moveaxis(np.asarray(leaf), axis, 0) for leaf in jax.tree.leaves(result)]


def test_it_returns_what_the_folder_promises(intervene, weights):
    result = run(intervene, weights)
    found = getattr(result, "effect", result)
    assert isinstance(found, Effect | Written | Patched)
    assert all(len(leaf) == 3 and np.isfinite(leaf).all() for leaf in by_sequence(result))
    if isinstance(found, Written):
        assert found.tokens.ids.shape[-2:] == (3, 7) and found.sampled.sum(axis=-1).max() == 3
    else:
        unedited = tiny.recurrent(weights, Tokens(jnp.asarray(IDS), jnp.asarray(MASK)), {})[1]["projection"]
        np.testing.assert_allclose(found.unedited, unedited[np.arange(3), [3, 1, 2], 3], atol=1e-5)


def test_sequences_do_not_see_each_other(intervene, weights):
    for one, other in zip(
        by_sequence(run(intervene, weights)), by_sequence(run(intervene, weights, order=ORDER)), strict=True
    ):
        np.testing.assert_allclose(one[ORDER], other, atol=1e-5)


def test_new_values_do_not_compile_again(intervene, weights, no_compilation):
    run(intervene, weights), jax.tree.map(lambda leaf: leaf * 1.5, weights)
    with no_compilation():
        run(intervene, weights, factor=1.5)


def test_a_small_budget_changes_nothing(intervene, weights):
    if "budget" not in inspect.signature(intervene).parameters:
        pytest.skip("it does one thing at a time")
    whole, parts = (by_sequence(run(intervene, weights, **options)) for options in ({}, {"budget": 1}))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_inputs_are_left_alone(intervene, weights):
    before = IDS.copy(), MASK.copy()
    run(intervene, weights)
    np.testing.assert_array_equal(IDS, before[0])
    np.testing.assert_array_equal(MASK, before[1])


def test_an_unknown_site_is_named(intervene, weights):
    with pytest.raises(KeyError, match="did you mean 'hidden'"):
        run(intervene, weights, site="hiden")


def test_masks_of_another_width_are_refused(intervene, weights):
    masks = {"masks": np.eye(3, dtype=bool)[0], "candidates": np.eye(3, dtype=bool)[0]}
    if "pushes" in inspect.signature(intervene).parameters:
        pytest.skip("it takes directions")
    masks["groups"] = {"hidden": np.eye(3, dtype=bool)}
    names = set(masks) & set(inspect.signature(intervene).parameters)
    if not names:
        pytest.skip("it takes edits")
    with pytest.raises(ValueError, match="'hidden' has 9 units, got masks over 3"):
        run(intervene, weights, **{name: masks[name] for name in names})


class broken:
    """Interventions with one mistake each."""

    def read(forward, params, tokens, target):
        tokens = Tokens(*map(jnp.asarray, tokens))
        return target(*forward(params, tokens, {}), tokens)

    def forgets_the_site(forward, params, tokens, target, *, site):
        found = broken.read(forward, params, tokens, target)
        return Effect(found[None], found)

    def compiles_each_time(forward, params, tokens, target, *, site):
        found = jax.jit(lambda params: broken.read(forward, params, tokens, target))(params)
        return Effect(found[None], found)

    def mixes_sequences(forward, params, tokens, target, *, site):
        found = np.asarray(broken.read(forward, params, tokens, target))
        return Effect(np.cumsum(found)[None], found)


def test_a_misspelt_argument_is_not_let_off(weights):
    for method in (lambda forward, params, tokens, traget: None, lambda key, step, params, *, samplign=1: None):
        with pytest.raises(AssertionError, match="no word"):
            run(method, weights)


@pytest.mark.parametrize(
    ("method", "contract"),
    [
        ("forgets_the_site", test_an_unknown_site_is_named),
        ("compiles_each_time", test_new_values_do_not_compile_again),
        ("mixes_sequences", test_sequences_do_not_see_each_other),
    ],
)
def test_the_contract_rejects(method, contract, weights, no_compilation):
    offered = {"intervene": getattr(broken, method), "weights": weights, "no_compilation": no_compilation}
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        contract(**{name: offered[name] for name in inspect.signature(contract).parameters})
