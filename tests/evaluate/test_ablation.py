"""Many sets of units taken away at once are what a loop over the sets gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Replace, Scale
from jaxneuron.evaluate import ablation
from jaxneuron.types import Probe, Tokens
from tests import tiny
from tests.quick import quick_compilation  # noqa: F401

UNITS = tiny.VOCAB + 1


@pytest.fixture
def probe():
    random = np.random.default_rng(0)
    weights, bias, mean = random.normal(size=(3, 6)), random.normal(size=3), random.normal(size=6)
    scale = random.uniform(0.5, 2, 6)
    return Probe(*(np.asarray(leaf, np.float32) for leaf in (weights, bias, mean, scale)), {})


@pytest.fixture
def words():
    random = np.random.default_rng(1)
    return random.normal(1, 2, (50, 6)).astype(np.float32), random.integers(0, 3, 50)


def test_masks_are_nested_and_as_large_as_asked(key):
    found = ablation.masks(key, np.array([3, 1, 0, 2]), [0, 1, 3, 4], repeats=2)
    for sets in (found.top, found.bottom, *found.random):
        assert sets.sum(axis=-1).tolist() == [0, 1, 3, 4]
        assert np.all(sets[1:] >= sets[:-1])
    assert found.top[1].tolist() == [False, False, False, True]
    assert np.all(found.top[2] == ~found.bottom[1])
    with pytest.raises(ValueError, match="from 0 to 4, got"):
        ablation.masks(key, np.arange(4), [5])
    with pytest.raises(ValueError, match="overall"):
        ablation.masks(key, np.zeros((2, 4), int), [1])


@pytest.mark.parametrize("value", [0.0, "mean"])
@pytest.mark.parametrize("kind", ["classes", "concepts"])
def test_a_probe_without_units_is_the_probe_on_changed_activations(key, probe, words, value, kind):
    activations, labels = words
    truth = labels if kind == "classes" else labels[:, None] == np.arange(3)
    sets = np.stack(ablation.masks(key, np.arange(6), [0, 2, 5])[:2])
    value = probe.mean if value == "mean" else value
    before = activations.copy()
    found = ablation.in_representation(probe, activations, truth, sets, value=value, budget=2000)
    for place in np.ndindex(sets.shape[:-1]):
        changed = np.where(sets[place], np.broadcast_to(value, 6), activations)
        logits = (changed - probe.mean) / probe.scale @ probe.weights.T + probe.bias
        hits = logits.argmax(axis=1) == labels if kind == "classes" else (logits > 0) == truth
        np.testing.assert_allclose(found[place], hits.mean(), atol=1e-6)
    np.testing.assert_array_equal(activations, before)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_units_far_from_zero_keep_their_digits(probe, words, kind):
    activations, labels = words
    away = {np.float32: 2.0**17, np.float64: 2.0**40}[kind]
    there = probe._replace(mean=probe.mean.astype(kind) + away)
    near = ablation.in_representation(probe, activations, labels, np.eye(6, dtype=bool), value=probe.mean)
    alone = ablation.in_representation(probe, activations, labels, np.eye(6, dtype=bool)[0], value=probe.mean)
    assert alone.shape == () and alone == near[0]  # one set is an array of no axes
    far = ablation.in_representation(
        there, activations.astype(kind) + kind(away), labels, np.eye(6, dtype=bool), value=there.mean
    )
    np.testing.assert_allclose(far, near, atol=0.021)  # a word of 50 whose two best classes are about as good


def test_what_does_not_fit_is_said(probe, words):
    activations, labels = words
    with pytest.raises(ValueError, match="as many units"):
        ablation.in_representation(probe, activations[:, :5], labels, np.zeros((1, 6), bool))
    with pytest.raises(ValueError, match="a label for each of the 50 words, got 49"):
        ablation.in_representation(probe, activations, labels[1:], np.zeros((1, 6), bool))


@pytest.fixture
def sentences():
    random = np.random.default_rng(2)
    mask = np.arange(4) < random.integers(1, 5, (7, 1))
    return Tokens(jnp.asarray(random.integers(0, tiny.VOCAB, (7, 4))), jnp.asarray(mask))


def scores(output, activations):
    return output


def test_the_model_without_units_is_the_model_with_them_at_nought(key, weights, sentences):
    targets = np.where(sentences.mask, np.roll(np.asarray(sentences.ids), 1), -1)
    sets = np.stack(ablation.masks(key, np.arange(UNITS), [0, 2, UNITS])[:2])
    forward = tiny.recurrent
    found = ablation.in_model(forward, weights, sentences, targets, sets, site="hidden", read=scores, budget=4000)
    asked = targets >= 0
    before = jax.nn.log_softmax(forward(weights, sentences, {})[0])
    for place in np.ndindex(sets.shape[:-1]):
        edited, _ = forward(weights, sentences, {"hidden": Scale(jnp.asarray(~sets[place], float))})
        after = jax.nn.log_softmax(edited)
        nats = -np.take_along_axis(np.asarray(after), np.maximum(targets, 0)[..., None], -1)[..., 0][asked]
        best, first = (np.asarray(x).argmax(axis=-1) for x in (after, before))
        np.testing.assert_allclose(found.perplexity[place], np.exp(nats.mean()), rtol=1e-4)
        np.testing.assert_allclose(found.accuracy[place], (best == targets)[asked].mean(), atol=1e-6)
        np.testing.assert_allclose(found.flips[place], (best != first)[asked].mean(), atol=1e-6)
        divergence = np.asarray((np.exp(before) * (before - after)).sum(axis=-1))[asked].mean() / np.log(2)
        np.testing.assert_allclose(found.divergence[place], divergence, atol=1e-5)
    assert found.flips[0, 0] == 0 and found.divergence[0, 0] == pytest.approx(0, abs=1e-6)
    assert found.unedited[0] == pytest.approx(found.perplexity[0, 0], rel=1e-5)


def test_units_may_be_taken_away_at_some_words_only_and_set_to_any_value(weights, sentences):
    where = sentences.ids == 3
    value = np.linspace(-1, 1, UNITS).astype(np.float32)
    sets = np.eye(UNITS, dtype=bool)[:2]
    targets = np.where(sentences.mask, 3, -1)
    options = {"site": "embed", "value": value, "where": where, "read": scores}
    found = ablation.in_model(tiny.recurrent, weights, sentences, targets, sets, **options)
    embed = tiny.recurrent(weights, sentences, {})[1]["embed"]
    changed = jnp.where(jnp.asarray(where)[..., None] & sets[1][None, None], value[None, None], embed)
    edited, _ = tiny.recurrent(weights, sentences, {"embed": Replace(changed)})
    nats = -np.asarray(jax.nn.log_softmax(edited))[..., 3][targets >= 0]
    np.testing.assert_allclose(found.perplexity[1], np.exp(nats.mean()), rtol=1e-4)


def test_a_classifier_of_sentences_has_one_target_each(weights, sentences):
    targets = np.zeros((7, 1), int)
    sets = np.zeros((1, UNITS), bool)
    found = ablation.in_model(tiny.bag_of_words, weights, sentences, targets, sets, site="bag", read=scores)
    output = tiny.bag_of_words(weights, sentences, {})[0]
    assert found.accuracy[0] == pytest.approx(float((output.argmax(axis=-1) == 0).mean()), abs=1e-6)


def test_other_arrays_in_the_head_do_not_compile_again(weights, sentences, no_compilation):
    def head(matrix, output, activations):
        return activations["hidden"] @ matrix

    def run(value):
        matrix = jnp.full((UNITS, 2), value) * jnp.arange(2.0)[None]
        read = jax.tree_util.Partial(head, matrix)
        targets = np.where(sentences.mask, 1, -1)
        sets = np.eye(UNITS, dtype=bool)[:3]
        return ablation.in_model(tiny.recurrent, weights, sentences, targets, sets, site="embed", read=read)

    run(1.0), jnp.full((UNITS, 2), 2.0) * jnp.arange(2.0)[None]
    with no_compilation():
        assert np.isfinite(run(2.0).perplexity).all()


def test_a_site_that_is_not_there_and_targets_that_are_not(weights, sentences):
    sets = np.zeros((1, UNITS), bool)
    with pytest.raises(KeyError, match="did you mean 'hidden'"):
        ablation.in_model(tiny.recurrent, weights, sentences, sentences.ids, sets, site="hiden", read=scores)
    with pytest.raises(ValueError, match="no position has a target"):
        ablation.in_model(tiny.recurrent, weights, sentences, np.full((7, 4), -1), sets, site="hidden", read=scores)
    with pytest.raises(ValueError, match="has 9 units, got masks over 3"):
        ablation.in_model(tiny.recurrent, weights, sentences, sentences.ids, sets[:, :3], site="hidden", read=scores)
