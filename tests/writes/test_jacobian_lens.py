import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add
from jaxneuron.types import Tokens
from jaxneuron.writes import jacobian_lens, vocabulary
from jaxneuron.writes.jacobian_lens import Settings
from tests import tiny
from tests.writes import handmade

TEXT = Tokens(jnp.array([[1, 4, 2], [3, 3, 0]]), jnp.array([[True, True, True], [True, True, False]]))


def bidirectional(params, tokens, edits):
    """Read each word as itself and the mean of the text, then bend it."""
    from jaxneuron.tap import Tap, lookup

    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    embed = tap("embed", lookup(params["table"], tokens.ids), time)
    share = tokens.mask / jnp.sum(tokens.mask, axis=1, keepdims=True)
    mixed = jnp.tanh(embed + jnp.einsum("bt,btu->bu", share, embed)[:, None])
    last = tap("last", mixed @ params["weights"], time)
    return last @ params["head"], tap.activations()


def by_hand(forward, params, site, last):
    """Return the mean over the words of what a unit there does to the last site, at all places of its text."""

    def total(amount):
        value = forward(params, TEXT, {site: Add(amount)})[1][last]
        return jnp.sum(jnp.where(TEXT.mask[..., None], value, 0), axis=(0, 1))

    shape = jax.eval_shape(lambda: forward(params, TEXT, {})[1][site])
    slope = np.asarray(jax.jacobian(total)(jnp.zeros(shape.shape)))
    return slope[:, np.asarray(TEXT.mask)].mean(axis=1).T


@pytest.mark.parametrize(("forward", "last"), [(bidirectional, "last"), (tiny.recurrent, "hidden")])
def test_the_mean_is_that_of_all_derivatives(weights, forward, last):
    params = weights | {"head": 2 * jnp.eye(tiny.VOCAB + 1)}
    site = "embed" if forward is bidirectional else "hidden"
    found = jacobian_lens.write(jax.random.key(0), forward, params, TEXT, site=site, settings=Settings(rows=99))
    head = params["head"] if forward is bidirectional else params["weights"]
    np.testing.assert_allclose(found.effect, by_hand(forward, params, site, last) @ head, atol=1e-4)


def test_some_rows_of_many_texts_are_enough():
    params, random = handmade.weights(jax.random.key(0)), np.random.default_rng(0)
    text = Tokens(random.integers(0, handmade.WORDS, (64, 3)).astype(np.int32), np.ones((64, 3), bool))
    some, whole = (
        jacobian_lens.write(
            jax.random.key(1), handmade.forward, params, text, site="embed", settings=Settings(rows=rows)
        )
        for rows in (3, 10)
    )
    length = np.linalg.norm(whole.effect, axis=1)
    apart = np.linalg.norm(some.effect - whole.effect, axis=1) / length
    assert apart.mean() < 0.3 and np.all(apart < 3 * some.error) and np.all(some.error > whole.error)
    assert whole.settled == bool(whole.error.max() <= 0.1)


def test_what_goes_straight_into_the_last_sum_is_read_as_by_its_weights():
    params = handmade.weights(jax.random.key(0))
    options = {"site": "block0/mlp/hidden", "settings": Settings(rows=99)}
    found = jacobian_lens.write(jax.random.key(0), handmade.forward, params, TEXT, **options)
    np.testing.assert_allclose(
        found.effect, vocabulary.write(handmade.forward, params, TEXT, site="block0/mlp/hidden").effect, atol=1e-5
    )
    assert found.settled and found.error.max() < 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"site": "final"}, "nothing at 'final' reaches 'block0/residual'"),
        ({"site": "embed", "settings": Settings(last="block0/mlp/in")}, None),
        ({"site": "embed", "settings": Settings(last="block0/resdual")}, "did you mean"),
        ({"site": "embed", "settings": Settings(skip=3)}, "no text is longer than the 3 words"),
        ({"site": "embed", "settings": Settings(rows=0)}, "at least 1 row"),
    ],
)
def test_what_cannot_be_fitted_is_named(options, message):
    params = handmade.weights(jax.random.key(0))
    narrow = {name: params[name][:, :7] for name in ("in", "gate")} | {
        "bias": params["bias"][:7],
        "out": params["out"][:7],
    }
    with pytest.raises((ValueError, KeyError), match=message or "no direction of the stream"):
        jacobian_lens.write(jax.random.key(0), handmade.forward, params | narrow, TEXT, **options)
