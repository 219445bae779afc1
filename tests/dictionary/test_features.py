"""Features as a site of a model: recorded, edited, reached by gradients, and asked like any unit."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import saliency
from jaxneuron.dictionary import Dictionary, attach, encode, featured_step
from jaxneuron.edits import Add, Clamp, Replace, Scale
from jaxneuron.split import above, between, on_path, recurrent, through
from jaxneuron.tap import Tap, sites
from jaxneuron.targets import Logit, Unit
from jaxneuron.types import Tokens

UNITS, FEATURES, WORDS = 4, 11, 6
SITE, NAME = "block0/residual", "block0/residual/features"
TEXT = Tokens(jnp.array([[1, 2, 5], [3, 4, 0]]), jnp.array([[True, True, True], [True, True, False]]))


def forward(params, tokens, edits):
    """A model with a block, a recurrence over it, and scores."""
    tap, time = Tap(edits), jnp.arange(tokens.ids.shape[-1])
    x = tap("embed", params["table"][tokens.ids], time)
    x = x + tap("block0/mlp", jnp.tanh(x @ params["first"]), time)
    x = tap(SITE, x, time)

    def step(state, now):
        place, word = now
        state = tap.edit("gru", jnp.tanh(state @ params["second"] + word), place)
        return state, state

    last, states = jax.lax.scan(step, jnp.zeros((len(x), UNITS)), (time, jnp.swapaxes(x, 0, 1)))
    del last
    tap.record("gru", jnp.swapaxes(states, 0, 1))
    y = tap("block1/residual", jnp.tanh(x @ params["second"]) + jnp.swapaxes(states, 0, 1), time)
    return y @ params["table"].T, tap.activations()


def params():
    """Return random weights."""
    keys = jax.random.split(jax.random.key(0), 3)
    shapes = {"table": (WORDS, UNITS), "first": (UNITS, UNITS), "second": (UNITS, UNITS)}
    return {name: jax.random.normal(key, shape) for key, (name, shape) in zip(keys, shapes.items(), strict=True)}


def dictionary(**options):
    """Return a random dictionary."""
    keys = jax.random.split(jax.random.key(1), 4)
    return Dictionary(
        jax.random.normal(keys[0], (UNITS, FEATURES)),
        jax.random.normal(keys[1], (FEATURES,)),
        jax.random.normal(keys[2], (FEATURES, UNITS)),
        jax.random.normal(keys[3], (UNITS,)),
        **({"k": 3, "site": SITE} | options),
    )


TRANSCODER = {"site": "embed", "output": "block0/mlp", "centred": False, "kind": "relu"}


@pytest.fixture(params=[{}, {"kind": "relu"}, TRANSCODER], ids=["topk", "relu", "transcoder"])
def attached(request):
    """The model with each kind of dictionary, and the dictionary."""
    found = dictionary(**request.param)
    return attach(forward, params(), found, TEXT), found


def test_without_edits_the_model_is_the_same_to_the_bit(attached):
    model, found = attached
    output, activations = jax.jit(model.forward)(model.params, TEXT, {})
    wanted, known = jax.jit(forward)(params(), TEXT, {})
    np.testing.assert_array_equal(output, wanted)
    for site in known:
        np.testing.assert_array_equal(activations[site], known[site])
    np.testing.assert_allclose(activations[model.site], encode(found, known[found.site]), rtol=1e-6)
    same, _ = model.forward(model.params, TEXT, {model.site: Scale(1.0)})
    np.testing.assert_array_equal(same, forward(params(), TEXT, {})[0])
    assert list(sites(model.forward, model.params, TEXT)).count(model.site) == 1


@pytest.mark.parametrize(
    "edit",
    [
        Scale(0.0),
        Add(jnp.linspace(-1, 1, FEATURES)),
        Clamp(0.2, 0.5),
        Replace(jnp.linspace(0, 3, 6 * FEATURES).reshape(2, 3, FEATURES)),
    ],
)
def test_an_edit_moves_the_activation_by_the_decoded_difference(attached, edit):
    model, found = attached
    other = {"embed": Scale(jnp.array([1.0, 0.5, 2.0, 1.0]))}
    _, known = forward(params(), TEXT, other)
    codes = encode(found, known[found.site])
    wanted = edit(codes, jnp.arange(3))
    moved = known[found.written] + (wanted - codes) @ found.decoder
    output, activations = jax.jit(model.forward)(model.params, TEXT, {model.site: edit, **other})
    np.testing.assert_allclose(activations[model.site], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(activations[found.written], moved, rtol=1e-4, atol=1e-5)
    right, _ = forward(params(), TEXT, {**other, found.written: Replace(moved)})
    np.testing.assert_allclose(output, right, rtol=1e-4, atol=1e-4)


def test_an_edit_of_the_site_itself_comes_first():
    model, found = attach(forward, params(), dictionary(), TEXT), dictionary()
    value = jax.random.normal(jax.random.key(5), (2, 3, UNITS))
    _, activations = model.forward(model.params, TEXT, {SITE: Replace(value), NAME: Scale(0.0)})
    np.testing.assert_allclose(activations[SITE], value - encode(found, value) @ found.decoder, atol=1e-5)


def test_gradients_flow_through_the_features(attached):
    model, found = attached
    score = above(model.forward, model.params, TEXT, model.site, Logit(2))
    _, activations = model.forward(model.params, TEXT, {})
    codes = activations[model.site]
    below = above(forward, params(), TEXT, found.written, Logit(2))
    gradient = jax.grad(lambda value: below(value).sum())(activations[found.written])
    np.testing.assert_allclose(
        jax.grad(lambda value: score(value).sum())(codes), gradient @ found.decoder.T, rtol=1e-3, atol=1e-5
    )
    reached = between(model.forward, model.params, TEXT, "embed", model.site)
    assert np.asarray(jax.jacobian(lambda x: reached(x).sum())(activations["embed"])).any()
    one = above(model.forward, model.params, TEXT, "embed", Unit(model.site, 3))
    assert saliency.attribute(one, activations["embed"]).shape == (2, 3, UNITS)
    assert {model.site, found.written} <= set(on_path(model.forward, model.params, TEXT, "embed", Logit(2)))
    both, value = through(model.forward, model.params, TEXT, "embed", model.site, Logit(2))(activations["embed"])
    np.testing.assert_allclose(value, codes, rtol=1e-5, atol=1e-6)
    assert both.shape == (2,)


def test_many_edits_are_one_call_with_stacked_leaves():
    model = attach(forward, params(), dictionary(), TEXT)
    run = jax.jit(jax.vmap(lambda factor: model.forward(model.params, TEXT, {model.site: Scale(factor)})[0]))
    many = run(1 - jnp.eye(FEATURES))
    alone = model.forward(model.params, TEXT, {model.site: Scale(1 - jnp.eye(FEATURES)[4])})[0]
    np.testing.assert_allclose(many[4], alone, rtol=1e-4, atol=1e-5)


def test_two_dictionaries_of_a_model_see_each_other():
    first = attach(forward, params(), dictionary(), TEXT)
    later = replace(dictionary(kind="relu"), site="block1/residual")
    both = attach(first.forward, first.params, later, TEXT)
    edits = {NAME: Scale(0.0), both.site: Add(1.0)}
    _, activations = both.forward(both.params, TEXT, edits)
    _, known = first.forward(first.params, TEXT, {NAME: Scale(0.0)})
    np.testing.assert_allclose(
        activations[both.site], encode(later, known["block1/residual"]) + 1, rtol=1e-5, atol=1e-6
    )
    assert not np.asarray(activations[NAME]).any()
    assert recurrent(both.forward, both.params, TEXT) == {"gru"}


def test_the_incremental_form_has_them_too():
    def step(params, state, ids, edits):
        text = Tokens(ids, jnp.ones(ids.shape, bool))
        output, activations = forward(params, text, edits)
        return output, activations, state + 1

    model = attach(forward, params(), dictionary(), TEXT)
    output, activations, state = featured_step(step, model.site)(model.params, 0, TEXT.ids, {model.site: Scale(0.0)})
    wanted, _ = model.forward(model.params, TEXT, {model.site: Scale(0.0)})
    np.testing.assert_allclose(output, wanted, rtol=1e-5)
    assert model.site in activations and state == 1


@pytest.mark.parametrize(
    ("wrong", "error", "word"),
    [
        ({"site": ""}, ValueError, "does not say of which site"),
        ({"site": "block0/residua"}, KeyError, "did you mean 'block0/residual'"),
        ({"site": "gru"}, ValueError, "inside a recurrence"),
        ({"output": "embed", "site": SITE, "centred": False}, ValueError, "does not depend"),
    ],
)
def test_a_site_that_cannot_have_features_is_named(wrong, error, word):
    with pytest.raises(error, match=word):
        attach(forward, params(), replace(dictionary(), **wrong), TEXT)


def test_a_dictionary_of_another_width_or_a_second_one_is_refused():
    model = attach(forward, params(), dictionary(), TEXT)
    with pytest.raises(ValueError, match="already"):
        attach(model.forward, model.params, dictionary(), TEXT)
    wide = replace(dictionary(), encoder=jnp.zeros((9, FEATURES)))
    with pytest.raises(ValueError, match="of 9 units"):
        attach(forward, params(), wide, TEXT)
    with pytest.raises(KeyError, match="features"):
        model.forward(model.params, TEXT, {"block0/residual/featurs": Scale(0.0)})
