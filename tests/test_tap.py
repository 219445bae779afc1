import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add, Clamp, Replace, Scale
from jaxneuron.tap import Tap, lookup, read, sites
from jaxneuron.types import Tokens
from tests import tiny

TEXT = Tokens(jnp.array([[1, 2, 3, 4], [5, 6, 0, 0]]), jnp.array([[True] * 4, [True, True, False, False]]))


def test_sites_have_shapes_and_cost_nothing(forward, weights):
    found = sites(forward, weights, TEXT)
    assert {"embed/word", "embed", "projection"} < set(found)
    assert all(shape.shape[0] == 2 and shape.shape[-1] == tiny.VOCAB + 1 for shape in found.values())
    assert isinstance(found["embed"], jax.ShapeDtypeStruct)


def test_capture_does_not_change_the_output(forward, weights):
    output, activations = forward(weights, TEXT, {})
    np.testing.assert_array_equal(output, activations["projection"])


def test_soft_words_that_are_words_give_the_same(forward, weights):
    soft = TEXT._replace(ids=jax.nn.one_hot(TEXT.ids, tiny.VOCAB))
    np.testing.assert_allclose(forward(weights, soft, {})[0], forward(weights, TEXT, {})[0], atol=1e-6)


def test_lookup_gathers_or_multiplies(weights):
    half = 0.5 * (jax.nn.one_hot(1, tiny.VOCAB) + jax.nn.one_hot(2, tiny.VOCAB))
    table = weights["table"]
    np.testing.assert_allclose(lookup(table, half[None, None])[0, 0], (table[1] + table[2]) / 2, atol=1e-7)
    np.testing.assert_array_equal(lookup(table, TEXT.ids), table[TEXT.ids])


@pytest.mark.parametrize("edit", [Scale(0.0), Add(1.0), Clamp(-0.1, 0.1), Replace(0.5)], ids=lambda e: type(e).__name__)
def test_an_edit_acts_at_its_site_and_on_what_follows(forward, weights, edit):
    plain, edited = forward(weights, TEXT, {})[1], forward(weights, TEXT, {"embed": edit})[1]
    np.testing.assert_array_equal(edited["embed/word"], plain["embed/word"])
    expected = edit(plain["embed"], jnp.arange(4))
    np.testing.assert_array_equal(edited["embed"], expected)
    assert not np.allclose(edited["projection"], plain["projection"])


def test_padding_does_not_matter(forward, weights):
    other = TEXT._replace(ids=jnp.where(TEXT.mask, TEXT.ids, 7))
    np.testing.assert_array_equal(forward(weights, TEXT, {})[0], forward(weights, other, {})[0])


def test_an_edit_of_an_unknown_site_names_the_nearest(forward, weights):
    with pytest.raises(KeyError, match="did you mean 'projection'"):
        forward(weights, TEXT, {"projektion": Scale(0.0)})
    with pytest.raises(KeyError, match="its sites are"):
        jax.jit(forward)(weights, TEXT, {"zzz": Scale(0.0)})


def test_two_activations_of_one_name_are_refused():
    tap = Tap({})
    tap.record("embed", jnp.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="twice"):
        tap.record("embed", jnp.ones((1, 2, 3)))


def test_a_site_of_many_texts_is_read_a_budget_at_a_time(forward, weights, no_compilation):
    host = Tokens(*(np.asarray(leaf) for leaf in TEXT))
    wanted, calls = np.asarray(forward(weights, TEXT, {})[1]["embed"]), []
    for tokens, budget in ((TEXT, 2**20), (host, 1)):
        np.testing.assert_allclose(read(forward, weights, tokens, "embed", budget=budget), wanted, atol=1e-6)
    read(forward, weights, host, "embed", budget=1, progress=lambda *numbers: calls.append(numbers))
    assert calls == [(1, 2), (2, 2)]
    twice = jax.tree.map(lambda leaf: 2 * leaf, weights)
    with no_compilation():
        read(forward, twice, host, "embed", budget=1)
    with pytest.raises(KeyError, match="did you mean 'embed'"):
        read(forward, weights, TEXT, "embde")
    with pytest.raises(ValueError, match="at least one text"):
        read(forward, weights, Tokens(host.ids[:0], host.mask[:0]), "embed")
