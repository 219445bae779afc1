"""What every way of finding n-grams must satisfy. Methods are discovered: a new file in `find` is held to it at once.

`exhaustive` tries every n-gram of a tiny vocabulary. It passes the contract itself, which shows that the contract can
be met, and it is the oracle: nothing scores higher. The `broken` methods at the end show that the contract bites.
"""

import functools
import inspect
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, batching, targets
from jaxneuron import find as package
from jaxneuron.targets import Along, Group, Minus, Unit
from jaxneuron.types import Found, Tokens
from tests import tiny
from tests.contracts import follows

LENGTH = 3
EVERY = np.array(list(itertools.product(range(tiny.VOCAB), repeat=LENGTH)), np.int32)
ALLOWED = np.arange(tiny.VOCAB) != 0
WORDS = jnp.array([1, 3, 5, 7])
"""The words whose units are searched: always four, so that the suite compiles little."""
SMALL = {"steps": 60, "epoch": 20, "restarts": 2, "samples": 4, "learning_rate": 0.1}


@functools.partial(jax.jit, static_argnames=("forward", "k", "mesh"))
def exhaustive(key, forward, params, targets, ngrams, candidates, *, k=1, budget=0, progress=None, mesh=None):
    """Score every n-gram of candidates."""
    every = Tokens(jnp.asarray(EVERY), jnp.ones(EVERY.shape, bool))
    output, activations = forward(params, every, {})
    score = jax.vmap(lambda target: target(output, activations, every))(targets)
    allowed = jnp.all(candidates[every.ids], axis=-1)
    score, order = jax.lax.top_k(jnp.where(allowed[None], score, -jnp.inf), k)
    return Found(Tokens(every.ids[order], every.mask[order]), score, order, jnp.ones_like(score), score[:, :0])


METHODS = {"exhaustive": exhaustive, **_discover.methods(package)}


@pytest.fixture(scope="module", autouse=True)
def quick_compilation():
    """Spend less time on compiling; there is little to run."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(params=METHODS)
def find(request):
    """Each method in turn."""
    return METHODS[request.param]


def site_of(forward):
    """Return the site at which unit j responds to word j."""
    return {tiny.bag_of_words: "bag", tiny.recurrent: "hidden"}[forward]


def ngrams():
    """Return a corpus of some n-grams, every word among them."""
    rows = np.random.default_rng(0).permutation(EVERY)[:100]
    return Tokens(rows, np.ones(rows.shape, bool))


def run(find, forward, weights, target, key=None, **options):
    """Call a method with options as small as it has them, on words 1 and up."""
    settings, known = _discover.settings(find), inspect.signature(find).parameters
    options = {name: value for name, value in options.items() if name in known}
    if settings is not None:
        few = (
            {"steps": 6, "tries": 16, "pool": 4, "passes": 80, "least": 1} if hasattr(settings, "pool") else {}
        )  # they score texts exactly
        small = {name: value for name, value in {**SMALL, **few}.items() if name in settings._fields}
        options = {"settings": settings._replace(**small)} | options
    key = jax.random.key(1) if key is None else key
    options = {"candidates": jnp.asarray(ALLOWED), **options}
    return find(key, forward, weights, target, ngrams(), options.pop("candidates"), **options)


def units(*index):
    """Return units of the recurrent model."""
    return Unit("hidden", jnp.array(index))


def rescored(forward, weights, target, found):
    """Score the n-grams found with a fresh forward."""

    def one(target, tokens):
        return target(*forward(weights, tokens, {}), tokens)

    return jax.vmap(one)(target, found.tokens)


def test_shapes(find, weights):
    found = run(find, tiny.recurrent, weights, units(*WORDS), k=2)
    assert found.tokens.ids.shape == found.tokens.mask.shape == (4, 2, LENGTH)
    assert found.tokens.ids.dtype == jnp.int32 and found.tokens.mask.dtype == bool
    assert found.score.shape == found.step.shape == found.proximity.shape == (4, 2)
    assert found.trace.ndim == 2 and found.trace.shape[0] == 4


def test_a_planted_unit_is_found(find, forward, weights):
    found = run(find, forward, weights, Unit(site_of(forward), WORDS))
    assert np.all(np.any(found.tokens.ids[:, 0] == WORDS[:, None], axis=-1))


def test_nothing_scores_above_the_optimum(find, forward, weights):
    target = Unit(site_of(forward), WORDS)
    best = run(exhaustive, forward, weights, target).score
    assert np.all(run(find, forward, weights, target).score <= best + 1e-5)


@pytest.mark.parametrize(
    "target",
    [
        Unit("hidden", WORDS),
        pytest.param(
            Group("hidden", jnp.eye(tiny.VOCAB + 1)[:4] + jnp.eye(tiny.VOCAB + 1)[4:8]), marks=pytest.mark.slow
        ),
        Minus(Unit("projection", WORDS, position=1), Along("embed", -jnp.eye(tiny.VOCAB + 1)[4:8], jnp.arange(4.0))),
    ],
    ids=["unit", "group", "difference"],
)
def test_the_score_is_that_of_the_tokens(find, weights, target):
    found = run(find, tiny.recurrent, weights, target)
    np.testing.assert_allclose(found.score, rescored(tiny.recurrent, weights, target, found), atol=1e-5)
    with jax.enable_x64(True):
        double = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), weights)
        reference = rescored(tiny.recurrent, double, target, found)
    assert reference.dtype == np.float64
    np.testing.assert_allclose(found.score, reference, atol=1e-5)


def test_the_best_come_first_and_differ(find, weights):
    found = run(find, tiny.recurrent, weights, units(*WORDS), k=2)
    assert not np.any(np.isnan(found.score))
    assert np.all(np.diff(np.where(np.isinf(found.score), -1e9, found.score)) <= 1e-6)
    for ids, score in zip(np.asarray(found.tokens.ids), np.asarray(found.score), strict=True):
        kept = ids[np.isfinite(score)]
        assert len(kept) >= 1 and len(np.unique(kept, axis=0)) == len(kept)


def test_permuting_targets_permutes_the_result(find, weights):
    order = jnp.array([2, 0, 3, 1])
    found, permuted = (run(find, tiny.recurrent, weights, units(*words)) for words in (WORDS, WORDS[order]))
    np.testing.assert_array_equal(permuted.tokens.ids, found.tokens.ids[order])
    np.testing.assert_allclose(permuted.score, found.score[order], atol=1e-5)


def test_many_targets_find_what_each_finds_alone(find, weights):
    many = run(find, tiny.recurrent, weights, units(*WORDS))
    for row, index in enumerate(WORDS):
        alone = run(find, tiny.recurrent, weights, units(index))
        np.testing.assert_array_equal(alone.tokens.ids[0], many.tokens.ids[row])
        np.testing.assert_allclose(alone.score[0], many.score[row], atol=1e-5)


def test_a_small_budget_changes_nothing(find, weights):
    many = run(find, tiny.recurrent, weights, units(*WORDS))
    chunked = run(find, tiny.recurrent, weights, units(*WORDS), budget=1)
    np.testing.assert_array_equal(chunked.tokens.ids, many.tokens.ids)
    np.testing.assert_allclose(chunked.score, many.score, atol=1e-5)


def test_a_mesh_changes_nothing(find, weights):
    mesh = jax.make_mesh((1,), ("target",))
    alone, spread = (run(find, tiny.recurrent, weights, units(*WORDS), mesh=mesh) for mesh in (None, mesh))
    np.testing.assert_array_equal(spread.tokens.ids, alone.tokens.ids)


def test_the_same_key_finds_the_same(find, weights):
    first, second = (run(find, tiny.recurrent, weights, units(*WORDS), key=jax.random.key(3)) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_banned_words_never_occur(find, weights):
    candidates = jnp.arange(tiny.VOCAB) < 4
    found = run(find, tiny.recurrent, weights, units(*WORDS), candidates=candidates, k=2)
    real = found.tokens.mask & jnp.isfinite(found.score)[..., None]
    assert np.any(real) and np.all(found.tokens.ids[real] < 4)


def test_a_dead_unit_stays_finite(find, forward, weights):
    found = run(find, forward, weights, Unit(site_of(forward), jnp.array([tiny.DEAD, 1, 3, 5])))
    np.testing.assert_array_equal(found.score[0], 0.0)
    assert np.all(np.isfinite(found.score)) and np.all(np.any(found.tokens.ids[1, 0] == 1))


def test_new_values_do_not_compile_again(find, weights, no_compilation):
    run(find, tiny.recurrent, weights, units(*WORDS))
    other = jax.tree.map(lambda leaf: leaf * 1.5, weights)
    target, key = units(2, 4, 6, 1), jax.random.key(9)
    with no_compilation():
        run(find, tiny.recurrent, other, target, key=key)


def test_an_unknown_site_and_a_missing_unit_are_named(find, weights):
    if find is exhaustive:
        pytest.skip("the oracle checks nothing")
    with pytest.raises(KeyError, match="did you mean 'hidden'"):
        run(find, tiny.recurrent, weights, Unit("hiden", jnp.array([1])))
    with pytest.raises(ValueError, match="out of range"):
        run(find, tiny.recurrent, weights, units(1, tiny.VOCAB + 1))
    with pytest.raises(ValueError, match="stack"):
        run(find, tiny.recurrent, weights, Unit("hidden", 1))


def test_progress_is_reported_to_the_end(find, weights):
    if find is exhaustive:
        pytest.skip("the oracle reports nothing")
    calls = []
    run(find, tiny.recurrent, weights, units(*WORDS), progress=lambda done, total: calls.append((done, total)))
    assert calls and calls[-1][0] == calls[-1][1]
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def _random(keys, params, target):
    ids = jax.vmap(lambda key: jax.random.randint(key, (1, LENGTH), 1, tiny.VOCAB))(keys)
    none = jnp.zeros((len(keys), 1))
    found = Found(Tokens(ids, jnp.ones(ids.shape, bool)), none, ids[..., 0], none, none)
    return found._replace(score=rescored(tiny.recurrent, params, target, found))


def test_it_has_the_arguments_of_the_folder(find):
    if find is not exhaustive:
        follows(find, package.Find, own=("settings", "start", "onward"))


class broken:
    """Random search, each time with one mistake."""

    def keys_by_row(key, forward, params, target, ngrams, candidates):
        return _random(jax.random.split(key, targets.count(target)), params, target)

    def compiles_each_time(key, forward, params, target, ngrams, candidates):
        return jax.jit(lambda *inputs: _random(*inputs))(batching.fold_targets(key, target), params, target)

    def ignores_candidates(key, forward, params, target, ngrams, candidates):
        return _random(batching.fold_targets(key, target), params, target)

    def wrong_score(key, forward, params, target, ngrams, candidates):
        found = _random(batching.fold_targets(key, target), params, target)
        return found._replace(score=found.score + 0.1)


@pytest.mark.parametrize(
    ("method", "contract"),
    [
        ("keys_by_row", test_permuting_targets_permutes_the_result),
        ("keys_by_row", test_many_targets_find_what_each_finds_alone),
        ("compiles_each_time", test_new_values_do_not_compile_again),
        ("ignores_candidates", test_banned_words_never_occur),
        ("ignores_candidates", test_a_planted_unit_is_found),
        ("wrong_score", test_the_score_is_that_of_the_tokens),
        ("wrong_score", test_it_has_the_arguments_of_the_folder),
    ],
)
def test_the_contract_rejects(method, contract, weights, no_compilation):
    offered = {
        "find": getattr(broken, method),
        "weights": weights,
        "forward": tiny.recurrent,
        "target": units(*WORDS),
        "no_compilation": no_compilation,
    }
    with pytest.raises(AssertionError):
        contract(**{name: offered[name] for name in inspect.signature(contract).parameters})
