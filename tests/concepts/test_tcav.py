"""Concept vectors against scikit-learn, and the test of a concept against chance, two hundred times over."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import linear_model

from jaxneuron.concepts import tcav
from jaxneuron.evaluate.statistics import corrected
from jaxneuron.split import above, below
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

UNITS, INPUTS, PERMUTATIONS, RESAMPLES = 12, 30, 99, 3


def examples(rng, count, shift=0.0, axis=0):
    x = rng.normal(size=(count, UNITS))
    x[:, axis] += shift
    return x


def gradient(rng, axis=0, spread=1.0):
    """Gradients that mostly rise along one axis."""
    g = spread * rng.normal(size=(INPUTS, UNITS))
    g[:, axis] += 1
    return g


def run(key, gradient, concept, other, **options):
    """Test one concept at one site; all such tests share what is compiled."""
    sides = ({"c": tcav.Examples({"mlp": concept})}, tcav.Examples({"mlp": other}))
    return tcav.explain(
        key,
        {"mlp": gradient},
        *sides,
        settings=tcav.Settings(permutations=PERMUTATIONS, resamples=RESAMPLES, **options),
    )


@pytest.mark.parametrize("shape", [(30, 12), (16, 40)], ids=["rows", "units"])
def test_vectors_are_those_of_scikit_learn(shape):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape) + 0.5
    labels = np.arange(3 * shape[0]).reshape(3, -1) % 5 < 2
    x[labels[0], 0] += 2
    penalty = 0.05 * shape[0] * x.var(axis=0).mean()
    for name, oracle in (
        ("ridge", linear_model.RidgeClassifier(alpha=penalty)),
        ("logistic", linear_model.LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=1000)),
    ):
        found = tcav.fit(x, labels, classifier=name, l2=0.05)
        wanted = np.stack([oracle.fit(x, y).coef_.ravel() for y in labels])
        np.testing.assert_allclose(found.weights[:, 0], wanted, rtol=2e-3, atol=2e-4)
    each = tcav.fit(np.tile(x, (3, 1, 1)), labels, classifier="logistic", l2=0.05)
    np.testing.assert_allclose(each.weights, found.weights, rtol=1e-3, atol=1e-4)
    mean = tcav.fit(x, labels[0], classifier="mean")
    np.testing.assert_allclose(mean.weights[0], x[labels[0]].mean(0) - x[~labels[0]].mean(0), atol=1e-5)
    middle = (x[labels[0]].mean(0) + x[~labels[0]].mean(0)) / 2
    np.testing.assert_allclose(mean.weights[0] @ middle + mean.bias[0], 0, atol=1e-4)


def test_a_row_of_weight_nothing_is_not_there():
    rng = np.random.default_rng(1)
    x, labels, weight = rng.normal(size=(20, 6)), np.arange(20) % 3 == 0, 1.0 * (np.arange(20) < 15)
    for name in ("ridge", "logistic", "mean"):
        some = tcav.fit(x, labels, weight=weight, classifier=name)
        alone = tcav.fit(x[:15], labels[:15], classifier=name)
        np.testing.assert_allclose(some.weights, alone.weights, rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(some.bias, alone.bias, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["ridge", "logistic", "mean"])
def test_vectors_of_a_pool_are_those_of_their_own_rows(name):
    rng = np.random.default_rng(3)
    pool = rng.normal(5.0, 1.0, size=(30, 40))
    pool[:10, 0] += 2
    rows = np.stack([np.concatenate([np.arange(10), rng.permutation(20)[:8] + 10]) for _ in range(5)])
    labels = np.arange(18) < 10
    shared = tcav.fit(pool, labels, rows=rows, classifier=name)
    own = tcav.fit(pool[rows], np.tile(labels, (5, 1)), classifier=name)
    np.testing.assert_allclose(shared.weights, own.weights, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(shared.bias, own.bias, rtol=1e-3, atol=1e-4)
    few = tcav.fit(pool, labels, rows=rows, classifier=name, budget=1)
    np.testing.assert_allclose(few.weights, shared.weights, rtol=1e-4, atol=1e-5)
    twice = np.concatenate([rows, rows[:, :3]], axis=1)  # a row may be drawn more than once
    again = tcav.fit(pool, np.append(labels, labels[:3]), rows=twice, classifier=name)
    own = tcav.fit(pool[twice], np.tile(np.append(labels, labels[:3]), (5, 1)), classifier=name)
    np.testing.assert_allclose(again.weights, own.weights, rtol=1e-3, atol=1e-4)


def test_scores_by_hand(key):
    rng = np.random.default_rng(2)
    concept, other, g = examples(rng, 10, 3.0), examples(rng, 15), gradient(rng)
    found = run(key, g, concept, other)
    derivative = g @ np.asarray(found.vectors["mlp"].weights[0, 0])
    assert found.score.count.item() == pytest.approx(np.mean(derivative > 0))
    assert found.score.magnitude.item() == pytest.approx(
        np.maximum(derivative, 0).sum() / np.abs(derivative).sum(), 1e-4
    )
    assert found.score.mean.item() == pytest.approx(derivative.mean(), rel=1e-4)
    every = np.append(found.score.mean, found.null.mean)
    far = np.abs(every - every.mean())
    assert found.p.item() == pytest.approx(np.mean(far >= far[0] * (1 - 1e-6)))
    assert found.resampled.count.shape == (1, 1, RESAMPLES) and found.accuracy.item() > 0.8


def test_a_planted_concept_is_found_where_it_is_and_its_sign_is_right(key):
    rng = np.random.default_rng(3)
    sites = ("one", "two", "elsewhere")
    shown = {site: examples(rng, 24, 2.5 if site != "elsewhere" else 0.0) for site in sites}
    more = {site: examples(rng, 15, 2.5 if site != "elsewhere" else 0.0) for site in sites}  # fewer examples, same axis
    other = tcav.Examples({site: examples(rng, 40) for site in sites})
    gradients = {"one": gradient(rng), "two": -gradient(rng), "elsewhere": gradient(rng)}
    concepts = {"a": tcav.Examples(shown), "b": tcav.Examples(more)}
    found = tcav.explain(
        key, gradients, concepts, other, settings=tcav.Settings(permutations=199, resamples=0, classifier="logistic")
    )
    assert (corrected(found.p[:2]).holm <= 0.05).all() and (found.p[2] > 0.05).all()
    assert (found.score.count[0] > 0.6).all() and (found.score.count[1] < 0.4).all()
    assert (found.accuracy[:2] > 0.7).all() and (found.cosine[:2, 0, 1] > 0.6).all()
    assert (found.z[0] > 3).all() and (found.z[1] < -3).all()
    np.testing.assert_allclose(np.diagonal(found.cosine, axis1=1, axis2=2), 1, rtol=1e-5)


def rate(key, spread, runs=200):
    """Return how often a concept of random examples is significant at 5 %."""
    found = []
    for i in range(runs):
        rng = np.random.default_rng(i)
        one = jax.random.fold_in(key, i)
        found.append(run(one, gradient(rng, spread=spread), examples(rng, 10), examples(rng, 15)).p.item())
    return np.mean(np.array(found) <= 0.05)


def test_a_random_concept_is_rarely_significant(key):
    assert rate(key, spread=1.0) <= 0.08


def test_nor_where_all_gradients_are_one(key):
    assert rate(key, spread=0.0) <= 0.08


def test_counts_of_a_linear_head_tell_nothing_but_means_do(key):
    rng = np.random.default_rng(4)
    given = (key, gradient(rng, spread=0.0), examples(rng, 10, 3.0), examples(rng, 15))
    by_mean, by_count = (run(*given, statistic=statistic) for statistic in ("mean", "count"))
    assert by_mean.score.count.item() == 1 and set(by_mean.null.count.ravel()) == {0.0, 1.0}
    assert by_mean.p.item() <= 0.02 and by_count.p.item() > 0.2


def test_new_values_do_not_compile_again(key, no_compilation):
    rng = np.random.default_rng(5)
    given = (gradient(rng), examples(rng, 10), examples(rng, 15))
    another = jax.random.fold_in(key, 1)
    run(key, *given)
    with no_compilation():
        run(another, *(2 * value for value in given), l2=0.3)


def test_tokens_of_a_text_are_examples_of_their_own_but_shuffled_together(key):
    rng = np.random.default_rng(6)
    one = rng.normal(size=(8, 2, UNITS))  # each text twice, and padding
    other = tcav.Examples({"mlp": rng.normal(size=(9, 4, UNITS))}, np.ones((9, 4), bool))
    g, mask = gradient(rng), np.arange(4)[None] < np.array([[2]] * 8)
    vectors = []
    for value in (np.concatenate([one, np.full_like(one, np.nan)], axis=1), np.concatenate([one, one], axis=1)):
        concept = tcav.Examples({"mlp": value}, mask | np.isfinite(value[..., 0]))
        found = tcav.explain(
            key,
            {"mlp": g},
            {"c": concept},
            other,
            settings=tcav.Settings(permutations=9, resamples=0, classifier="mean"),
        )
        assert np.isfinite(found.p).all() and np.isfinite(found.null.mean).all() and np.isfinite(found.accuracy).all()
        vectors.append(found.vectors["mlp"].weights)
    np.testing.assert_allclose(*vectors, atol=1e-5)


@pytest.fixture(scope="module")
def texts():
    ids = jax.random.randint(jax.random.key(1), (6, 4), 0, tiny.VOCAB)
    return Tokens(ids, jnp.asarray(np.arange(4) < np.array([[4], [2], [3], [1], [4], [2]])))


def test_examples_and_gradients_of_a_model(weights, texts):
    site, target = "embed/word", Unit("projection", 3)
    value = below(tiny.recurrent, weights, site)(texts)
    mean = tcav.examples(tiny.recurrent, weights, texts, [site], pool="mean").activations[site]
    np.testing.assert_allclose(mean[1, 0], value[1, :2].mean(axis=0), rtol=1e-5)
    last = tcav.examples(tiny.recurrent, weights, texts, [site], pool=-1).activations[site]
    np.testing.assert_allclose(last[1, 0], value[1, 1], rtol=1e-6)
    tokens = tcav.examples(tiny.recurrent, weights, texts, [site], pool="token", budget=1)  # one text at a time
    np.testing.assert_allclose(tokens.activations[site], value, rtol=1e-6)
    assert (np.asarray(tokens.mask) == np.asarray(texts.mask)).all()

    slope = tcav.gradients(tiny.recurrent, weights, texts, target, [site, "projection"], pool="mean")
    step, along = 1e-2, np.linspace(-1, 1, tiny.VOCAB + 1, dtype=np.float32)
    f = above(tiny.recurrent, weights, texts, site, target)
    rise = (f(value + step * along[None, None]) - f(value - step * along[None, None])) / (2 * step)
    np.testing.assert_allclose(slope[site] @ along, rise, atol=2e-3)
    wanted = np.tile(np.arange(tiny.VOCAB + 1) == 3, (6, 1))  # the target is the last word's own unit
    np.testing.assert_allclose(slope["projection"], wanted, atol=1e-6)


def test_what_is_wrong_is_named(key):
    rng = np.random.default_rng(7)
    good = tcav.Examples({"mlp": examples(rng, 8)})
    given = (key, {"mlp": gradient(rng)}, {"c": good}, good)
    with pytest.raises(KeyError, match="did you mean 'mlp'"):
        tcav.explain(key, {"mlpp": gradient(rng)}, {"c": good}, good)
    with pytest.raises(ValueError, match="12 units at 'mlp'"):
        tcav.explain(*given[:2], {"c": tcav.Examples({"mlp": np.ones((8, 5))})}, good)
    with pytest.raises(ValueError, match="four or more"):
        tcav.explain(*given[:2], {"c": tcav.Examples({"mlp": np.ones((2, 12))})}, good)
    with pytest.raises(ValueError, match="not finite"):
        tcav.explain(*given[:2], {"c": tcav.Examples({"mlp": np.full((8, 12), np.nan)})}, good)
    with pytest.raises(ValueError, match="at least one permutation"):
        tcav.explain(*given, settings=tcav.Settings(permutations=0))
    with pytest.raises(ValueError, match="finite gradients"):
        tcav.explain(key, {"mlp": np.full((3, 12), np.inf)}, {"c": good}, good)
    with pytest.raises(ValueError, match="labels \\[cav row\\]"):
        tcav.fit(np.ones((2, 8, 3)), np.ones((3, 8), bool))
    with pytest.raises(ValueError, match="rows \\[cav row\\]"):
        tcav.fit(np.ones((8, 3)), np.ones((3, 8), bool), rows=np.zeros((3, 5), int))
    with pytest.raises(ValueError, match="repeat rows"):
        tcav.fit(np.ones((8, 3)), np.ones(5, bool), rows=np.zeros((3, 5), int), weight=np.ones(8))
    with pytest.raises(IndexError, match="0 to 7, got 0 to 8"):
        tcav.fit(np.ones((8, 3)), np.ones(2, bool), rows=np.array([[0, 8]]))
