"""Many sets of units at once are what a loop of edits gives."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import chunks
from jaxneuron.edits import Replace, Scale
from jaxneuron.intervene import ablate
from jaxneuron.targets import Group, Minus, Unit
from jaxneuron.types import Tokens
from tests import tiny

UNITS = tiny.VOCAB + 1
TARGET = Minus(Unit("projection", 2), Unit("projection", 4))


@pytest.fixture
def sentences():
    random = np.random.default_rng(2)
    mask = np.arange(4) < random.integers(1, 5, (5, 1))
    return Tokens(jnp.asarray(random.integers(0, tiny.VOCAB, (5, 4))), jnp.asarray(mask))


@jax.jit
def score(weights, sentences, edits, target=TARGET):
    return target(*tiny.recurrent(weights, sentences, edits), sentences)


def test_each_unit_alone_is_a_loop_over_units(weights, sentences):
    found = ablate.intervene(tiny.recurrent, weights, sentences, TARGET, site="hidden")
    assert found.edited.shape == (UNITS, 5)
    for unit in range(UNITS):
        edits = {"hidden": Scale(jnp.asarray(np.arange(UNITS) != unit, jnp.float32))}
        np.testing.assert_allclose(found.edited[unit], score(weights, sentences, edits), atol=1e-5)
    np.testing.assert_allclose(found.unedited, score(weights, sentences, {}), atol=1e-5)
    np.testing.assert_allclose(found.edited[tiny.DEAD], found.unedited, atol=1e-6)


def test_masks_keep_their_axes_and_an_empty_set_is_the_model(weights, sentences):
    masks = np.random.default_rng(0).random((2, 3, UNITS)) < 0.4
    masks[1, 2] = False
    found = ablate.intervene(tiny.recurrent, weights, sentences, TARGET, masks, site="hidden", value=0.3, budget=3000)
    assert found.edited.shape == (2, 3, 5)
    np.testing.assert_allclose(found.edited[1, 2], found.unedited, atol=1e-6)
    alone = ablate.intervene(tiny.recurrent, weights, sentences, TARGET, masks[0, 1], site="hidden", value=0.3)
    np.testing.assert_allclose(alone.edited, found.edited[0, 1], atol=1e-5)


def test_a_planted_unit_is_missed_most(weights):
    tokens = Tokens(jnp.array([[3]]), jnp.array([[True]]))
    found = ablate.intervene(tiny.recurrent, weights, tokens, Unit("projection", 3), site="hidden")
    assert np.argmin(found.edited[:, 0]) == 3


def test_the_mean_is_over_words_only(weights, sentences):
    states, mask = np.asarray(tiny.recurrent(weights, sentences, {})[1]["hidden"]), np.asarray(sentences.mask)
    found = ablate.mean(tiny.recurrent, weights, sentences, site="hidden", budget=1000)
    np.testing.assert_allclose(found, states[mask].mean(axis=0), atol=1e-6)
    units = np.eye(UNITS, dtype=bool)[:2]
    edited = ablate.intervene(tiny.recurrent, weights, sentences, TARGET, units, site="embed", value=found).edited
    embed = tiny.recurrent(weights, sentences, {})[1]["embed"]
    changed = {"embed": Replace(jnp.where(units[1], found, embed.reshape(-1, UNITS)).reshape(embed.shape))}
    np.testing.assert_allclose(edited[1], score(weights, sentences, changed), atol=1e-5)


def test_resampling_shuffles_words_and_touches_no_padding(key, weights, sentences):
    states, mask = np.asarray(tiny.recurrent(weights, sentences, {})[1]["hidden"]), np.asarray(sentences.mask)
    found = ablate.resampled(key, tiny.recurrent, weights, sentences, site="hidden")
    np.testing.assert_array_equal(np.sort(found[mask], axis=0), np.sort(states[mask], axis=0))
    assert not np.array_equal(found[mask], states[mask])
    edited = ablate.intervene(
        tiny.recurrent, weights, sentences, TARGET, np.ones(UNITS, bool), site="hidden", value=found, budget=1000
    ).edited
    np.testing.assert_allclose(edited, score(weights, sentences, {"hidden": Replace(found)}), atol=1e-5)


def test_units_may_be_set_at_some_words_only(weights, sentences):
    where = np.asarray(sentences.ids) == 3
    target = Group("embed", jnp.ones(UNITS))
    found = ablate.intervene(
        tiny.recurrent, weights, sentences, target, np.ones(UNITS, bool), site="embed", where=where
    )
    embed = np.asarray(tiny.recurrent(weights, sentences, {})[1]["embed"])
    changed = {"embed": Replace(jnp.asarray(np.where(where[..., None], 0, embed)))}
    np.testing.assert_allclose(found.edited, score(weights, sentences, changed, target), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"value": np.zeros(3)}, r"a number, \[9\] or \[5, 4, 9\]"),
        ({"where": np.ones((5, 3), bool)}, "`where` for each word"),
        ({"masks": np.ones((0, UNITS), bool)}, "true where a unit is set"),
    ],
)
def test_what_does_not_fit_is_said(weights, sentences, options, fault):
    with pytest.raises(ValueError, match=fault):
        ablate.intervene(tiny.recurrent, weights, sentences, TARGET, site="hidden", **options)


@pytest.mark.parametrize(
    ("target", "site", "error", "message"),
    [
        (Unit("projection", 999), "hidden", ValueError, r"unit \[999\] is out of range"),
        (Unit("projektion", 0), "hidden", KeyError, "did you mean 'projection'"),
        (Unit("projection", 0), "hiden", KeyError, "did you mean 'hidden'"),
        (Unit("embed", 0), "hidden", ValueError, "choose a site before the one that the target reads"),
        (Unit("projection", 0, position=3), "hidden", ValueError, "position 3 is no word of text"),
        (Group("projection", jnp.ones(2)), "hidden", ValueError, "units, got Group of the shape"),
    ],
)
def test_a_target_that_reads_nothing_or_is_not_reached_is_an_error(weights, target, site, error, message):
    tokens = Tokens(jnp.array([[1, 2, 0, 0]]), jnp.array([[True, True, False, False]]))
    with pytest.raises(error, match=message):
        ablate.intervene(tiny.recurrent, weights, tokens, target, site=site)


@pytest.mark.parametrize("read", ["target", "comparison at each word"])
def test_texts_cut_to_their_length_give_what_they_give_padded(weights, monkeypatch, read):
    random = np.random.default_rng(3)
    time = 17
    mask = np.arange(time) < np.array([1, 17, 9, 3, 12, 10, 8, 16])[:, None]
    sentences = Tokens(jnp.asarray(random.integers(0, tiny.VOCAB, mask.shape)), jnp.asarray(mask))
    value, where = random.normal(size=(*mask.shape, UNITS)).astype(np.float32), random.random(mask.shape) < 0.7
    target = TARGET if read == "target" else EachWord()

    def effect():
        given = (tiny.recurrent, weights, sentences, target)
        return ablate.intervene(*given, site="hidden", value=value, where=where, budget=30_000)

    padded = effect()
    monkeypatch.setattr(chunks, "SHAPE_COST", 100)
    cut = effect()
    here = mask if read != "target" else mask[:, 0]
    for found, expected in zip(cut, padded, strict=True):
        np.testing.assert_allclose(found[..., here], expected[..., here], atol=1e-5)
        assert found.shape == expected.shape and (read == "target" or not found[..., 0, 8:].any())


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class EachWord:
    """What an edit adds to a unit of the projection, at each word."""

    def compare(self, edited, unedited, tokens, answers):
        """Return `[text time]`."""
        return edited[1]["projection"][..., 2] - 2 * unedited[1]["projection"][..., 2]
