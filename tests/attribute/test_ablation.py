"""Ablation is what a loop over edited runs finds, at any site, for any groups and baselines, padding aside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import ablation
from jaxneuron.edits import Replace
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

TARGET = Unit("projection", 3)
LENGTHS = np.array([5, 3])
UNITS = tiny.VOCAB + 1


@pytest.fixture(scope="module")
def text():
    """Two sentences, one of them padded."""
    ids = np.random.default_rng(0).integers(0, tiny.VOCAB, (2, 5))
    return Tokens(jnp.asarray(ids), jnp.asarray(np.arange(5)[None] < LENGTHS[:, None]))


def test_each_neuron_of_a_layer_is_ablated_as_a_loop_of_edits_would(forward, weights, text):
    value = np.array(jax.jit(split.below(forward, weights, "embed"))(text))
    score = split.above(forward, weights, text, "embed", TARGET)
    found = np.asarray(ablation.attribute(score, value, 0.5, groups=np.arange(UNITS)[None], mask=text.mask))
    run = jax.jit(lambda value: TARGET(*forward(weights, text, {"embed": Replace(value)}), text))
    for unit in range(UNITS):
        expected = run(value) - run(np.where(np.arange(UNITS) == unit, np.float32(0.5), value))
        np.testing.assert_allclose(found[0, :, unit], np.full(5, expected[0]), atol=1e-6)
        np.testing.assert_allclose(found[1, :3, unit], np.full(3, expected[1]), atol=1e-6)
    assert not found[1, 3:].any()  # exactly 0 on padding


def test_padding_changes_nothing(weights, text):
    def attribution(tokens):
        value = np.asarray(weights["table"])[np.asarray(tokens.ids)]
        score = split.above(tiny.recurrent, weights, tokens, "embed", TARGET)
        return ablation.attribute(score, value, mask=tokens.mask, groups=np.arange(value.shape[1])[:, None])

    padded, alone = attribution(text), attribution(Tokens(text.ids[1:, :3], text.mask[1:, :3]))
    np.testing.assert_allclose(padded[1, :3], alone[0], rtol=1e-5, atol=1e-7)


def test_only_what_is_above_the_site_is_computed(weights, text):
    def flops(site):
        score = split.above(tiny.recurrent, weights, text, site, TARGET)
        run = jax.jit(lambda x: ablation.attribute(score, x, groups=np.arange(UNITS)[None]))
        return run.lower(np.ones((2, 5, UNITS), np.float32)).compile().cost_analysis()["flops"]

    # the recurrence below is gone: what is left is a projection, of ten values of each unit and of the text itself
    assert flops("hidden") < 1.3 * 2 * 5 * 2 * UNITS**2 * (UNITS + 1) < flops("embed")


def test_new_values_do_not_compile_again(weights, text, no_compilation):
    def attribution(ids, unit, baseline, groups):
        score = split.above(tiny.recurrent, weights, text._replace(ids=ids), "embed", Unit("projection", unit))
        return score, np.ones((2, 5, UNITS), np.float32), baseline, groups

    first = attribution(text.ids, 3, 0.0, np.arange(UNITS)[None])
    second = attribution((text.ids + 1) % tiny.VOCAB, 5, 1.0, np.arange(UNITS)[None, ::-1])
    ablation.attribute(*first[:3], groups=first[3])
    with no_compilation():
        ablation.attribute(*second[:3], groups=second[3])


def test_a_small_budget_changes_only_the_chunks():
    x = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)
    f = lambda x: jnp.sum(jnp.sin(x), axis=1) ** 2  # noqa: E731
    np.testing.assert_allclose(ablation.attribute(f, x, budget=200), ablation.attribute(f, x), rtol=1e-5)


def test_the_example_of_the_tutorial():
    x = jnp.array([[0.29, 0.51, 0.25, 0.68], [0.07, 0.86, 0.13, 0.10]])
    groups = np.array([0, 1, 0, 2])
    f = lambda x: x @ jnp.array([1.0, 2.0, 3.0, 4.0])  # noqa: E731
    np.testing.assert_allclose(
        ablation.attribute(f, x, groups=groups), [[1.04, 1.02, 1.04, 2.72], [0.46, 1.72, 0.46, 0.40]], atol=1e-6
    )
    custom = ablation.attribute(f, x, np.array([1.0, -1.0, 1.0, 0.0]), groups=groups)
    np.testing.assert_allclose(custom, [[-2.96, 3.02, -2.96, 2.72], [-3.54, 3.72, -3.54, 0.40]], atol=1e-6)


def test_truth_values_are_ablated_too():
    f = lambda x: x.astype(float) @ jnp.array([1.0, 2.0])  # noqa: E731
    assert ablation.attribute(f, jnp.array([[True, False]]), True).tolist() == [[0, -2]]


def test_a_mean_is_over_words_alone():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    mask = np.arange(5)[None] < LENGTHS[:, None]
    np.testing.assert_allclose(ablation.mean(x, mask), np.asarray(x)[mask].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(ablation.mean(x), x.mean(axis=0), rtol=1e-6)


def test_resampled_words_are_those_of_others(key):
    x, mask = jnp.arange(10.0).reshape(2, 5, 1), np.arange(5)[None] < LENGTHS[:, None]
    found = np.asarray(ablation.resampled(key, x, mask))
    assert sorted(found[mask].ravel()) == sorted(np.asarray(x)[mask].ravel())
    assert (found[mask] != np.asarray(x)[mask]).all() and (found[~mask] == np.asarray(x)[~mask]).all()
    rows = np.asarray(ablation.resampled(key, x[:, 0]))
    assert rows.tolist() == [[5], [0]]
