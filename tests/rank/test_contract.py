"""What every way of ranking units must satisfy. Methods are discovered: a new file in `rank` is held to it at once.

`fisher`, variance between classes over variance within, passes the contract itself, which shows that it can be met. The
`broken` methods at the end show that it bites.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import rank as package
from jaxneuron.ranking import ranked
from jaxneuron.types import Ranking

TOKENS, UNITS = 240, 8
SMALL = {
    "epochs": 150,
    "batch": 240,
    "learning_rate": 0.05,
    "folds": 3,
    "trees": 30,
    "select": 4,
    "steps": 60,
    "samples": 3,
    "beam": 4,
    "length": 2,
}
"""Options that keep the suite small; a method gets those that it has."""


def fisher(key, activations, labels, /, *, budget=0, progress=None):
    """Divide the variance between classes by that within."""
    x, labels = np.asarray(activations[:]), np.asarray(labels)
    if x.ndim != 2 or labels.dtype.kind not in "iub" or labels.shape != (len(x),) or len(np.unique(labels)) < 2:
        raise ValueError("expected a class for each token, and at least two")
    if not np.isfinite(x).all():
        raise ValueError("expected finite activations")
    means = np.stack([x[labels == c].mean(0) for c in np.unique(labels)])[np.unique(labels, return_inverse=True)[1]]
    within, between = ((x - means) ** 2).mean(0), means.var(0)
    if progress:
        progress(1, 1)
    return ranked(jnp.asarray(np.where(x.std(0) > 1e-6, between / (within + 1e-6), 0)[None], jnp.float32))


METHODS = {"fisher": fisher, **_discover.methods(package)}

RISING = [METHODS[name] for name in ("compositional", "synthetic_sentences") if name in METHODS]
"""Methods that ask what a unit fires for, and so not what silences it."""


@pytest.fixture(params=METHODS)
def rank(request):
    """Each method in turn."""
    return METHODS[request.param]


class Lazy:
    """What a store gives: an array that reads nothing before it is sliced, and then a part."""

    ndim = 2

    def __init__(self, array):
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        return self._array[index].copy()


def planted(effects, seed=0, scale=0.3):
    """Return noise in which units rise with classes, and the classes: `effects[unit] = (class, height)`."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(TOKENS) % 3).astype(np.int32)
    activations = rng.normal(size=(TOKENS, UNITS)).astype(np.float32) * np.float32(scale)
    for unit, (label, height) in effects.items():
        activations[:, unit] += np.float32(height) * (labels == label)
    return activations, labels


def run(rank, activations, labels, key=None, **options):
    """Call a method with options as small as it has them; return its ranking alone."""
    known = inspect.signature(rank).parameters
    small = {name: value for name, value in (SMALL | options).items() if name in known}
    if "settings" in known:
        default = known["settings"].default
        small["settings"] = default._replace(**{name: SMALL[name] for name in default._fields if name in SMALL})
    options = small
    result = rank(jax.random.key(1) if key is None else key, activations, labels, **options)
    if not isinstance(result, Ranking):
        result = result[0]
    assert isinstance(result, Ranking)
    return result


def best(found, label):
    """Return the best unit for a label, or for the whole property where a method does not tell labels apart."""
    return int(found.order[label if len(found.order) > 1 else 0, 0])


def assert_found(found, planted):
    """Check that the best unit for each label is planted, or that those for the whole property are."""
    if len(found.order) > 1:
        assert set(np.asarray(found.order[:, 0]).tolist()) <= set(planted)
    else:
        assert set(np.asarray(found.order[0, : len(planted)]).tolist()) == set(planted)


def test_shapes_and_order(rank):
    score, units = run(rank, *planted({3: (1, 2.0)}))
    assert score.shape in ((1, UNITS), (3, UNITS)) and units.shape == score.shape
    assert score.dtype == jnp.float32
    np.testing.assert_array_equal(units, ranked(score).order)
    assert not np.any(np.isnan(score))


def test_a_planted_unit_is_found(rank):
    for unit, label in ((3, 1), (6, 0)):
        assert best(run(rank, *planted({unit: (label, 2.0)})), label) == unit


def test_a_negative_unit_is_found(rank):
    if rank in RISING:
        pytest.skip("a unit that a concept silences does not carry it, by definition")
    assert best(run(rank, *planted({5: (2, -2.0)})), 2) == 5


def test_a_group_is_found(rank):
    effects = {1: (0, 2.0), 4: (1, 2.0), 6: (2, 2.0)}
    assert_found(run(rank, *planted(effects)), effects)


def test_one_of_two_duplicates_is_found(rank):
    activations, labels = planted({2: (1, 2.0)})
    activations[:, 7] = activations[:, 2] + np.float32(0.001) * activations[:, 0]
    assert best(run(rank, activations, labels), 1) in (2, 7)


def test_permuting_units_permutes_the_result(rank):
    activations, labels = planted({3: (1, 2.0)})
    shuffle = np.array([4, 2, 7, 0, 3, 1, 6, 5])
    one, other, again = (
        run(rank, activations[:, units], labels, jax.random.key(key)).score
        for units, key in ((np.arange(UNITS), 1), (shuffle, 1), (np.arange(UNITS), 2))
    )
    if np.array_equal(one, again):
        np.testing.assert_allclose(other, one[:, shuffle], rtol=1e-3, atol=1e-4)
    assert shuffle[best(ranked(other), 1)] == 3


def test_permuting_tokens_changes_nothing_but_chance(rank):
    activations, labels = planted({3: (1, 2.0), 5: (0, 0.2)})
    shuffle = np.random.default_rng(1).permutation(TOKENS)
    one, other, again = (
        run(rank, activations[tokens], labels[tokens], jax.random.key(key)).score
        for tokens, key in ((np.arange(TOKENS), 1), (shuffle, 1), (np.arange(TOKENS), 2))
    )
    if np.array_equal(one, again):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)
    assert best(ranked(other), 1) == 3


def test_units_that_never_change_stay_finite_and_below(rank):
    effects = {3: (1, 2.0), 6: (2, 2.0), 0: (0, 2.0)}
    activations, labels = planted(effects)
    activations[:, 1], activations[:, 5] = 0, 37.7
    found = run(rank, activations, labels)
    assert not np.any(np.isnan(found.score)) and not np.any(np.isposinf(found.score))
    assert_found(found, effects)


def test_a_label_of_one_token_stays_finite(rank):
    activations, labels = planted({3: (1, 2.0)})
    labels = labels.copy()
    labels[7] = 3
    assert not np.any(np.isnan(run(rank, activations, labels).score))


def test_a_concept_is_a_property_of_two_classes(rank):
    activations, labels = planted({3: (1, 2.0)})
    found = run(rank, activations, labels == 1)
    assert found.score.shape in ((1, UNITS), (2, UNITS)) and found.order[-1, 0] == 3


def test_a_value_that_is_not_finite_is_named(rank):
    for wrong in (np.nan, np.inf):
        activations, labels = planted({3: (1, 2.0)})
        activations[11, 2] = wrong
        with pytest.raises(ValueError, match="finite"):
            run(rank, activations, labels)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda labels: np.array(["DET", "NOUN", "VERB"])[labels],
        lambda labels: labels[:-1],
        lambda labels: labels - 1,
        lambda labels: np.zeros_like(labels),
        lambda labels: labels[:0],
    ],
    ids=["strings", "too few", "negative", "one class", "none"],
)
def test_labels_that_cannot_be_used_are_an_error(rank, wrong):
    if rank is fisher:
        pytest.skip("the example checks less")
    activations, labels = planted({3: (1, 2.0)})
    with pytest.raises((TypeError, ValueError)):
        run(rank, activations, wrong(labels))


def test_activations_must_be_tokens_by_units(rank):
    activations, labels = planted({3: (1, 2.0)})
    with pytest.raises((TypeError, ValueError)):
        run(rank, activations[:, 3], labels)


def test_the_callers_arrays_are_not_changed(rank):
    activations, labels = planted({3: (1, 2.0)})
    before = activations.copy(), labels.copy()
    for array in (activations, labels):
        array.setflags(write=False)
    run(rank, activations, labels)
    np.testing.assert_array_equal(activations, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_the_same_key_ranks_the_same(rank):
    data = planted({3: (1, 2.0), 5: (0, 0.5)})
    jax.tree.map(np.testing.assert_array_equal, *(run(rank, *data, key=jax.random.key(3)) for _ in range(2)))


def test_new_values_do_not_compile_again(rank, no_compilation):
    run(rank, *planted({3: (1, 2.0)}))
    other, key = planted({4: (0, 1.0)}, seed=1), jax.random.key(9)
    with no_compilation():
        run(rank, *other, key=key)


def test_streamed_is_as_in_memory(rank):
    if "budget" not in inspect.signature(rank).parameters:
        pytest.skip("has no budget")
    activations, labels = planted({3: (1, 2.0), 5: (0, 0.2)})
    whole, again = (run(rank, activations, labels, jax.random.key(key)).score for key in (1, 2))
    streamed = run(rank, Lazy(activations), labels, budget=TOKENS * UNITS * 4).score
    if np.array_equal(whole, again):
        np.testing.assert_allclose(streamed, whole, rtol=1e-4, atol=1e-5)
    assert best(ranked(streamed), 1) == 3


def test_jax_arrays_are_welcome(rank):
    activations, labels = planted({3: (1, 2.0)})
    given = run(rank, jnp.asarray(activations), jnp.asarray(labels))
    np.testing.assert_allclose(given.score, run(rank, activations, labels).score, rtol=1e-5, atol=1e-6)


def test_progress_is_reported_to_the_end(rank):
    if "progress" not in inspect.signature(rank).parameters:
        pytest.skip("reports nothing")
    calls = []
    run(rank, *planted({3: (1, 2.0)}), progress=lambda done, total: calls.append((done, total)))
    assert calls and calls[-1][0] == calls[-1][1]


class broken:
    """Mean differences, each time with one mistake."""

    def one_sign(key, activations, labels, /):
        x = np.asarray(activations)
        return ranked(jnp.asarray([x[labels == 2].mean(0) - x.mean(0)]))

    def overwrites(key, activations, labels, /):
        activations[np.abs(activations) < 0.05] = 0
        return fisher(key, activations, labels)

    def compiles_each_time(key, activations, labels, /):
        return ranked(jax.jit(lambda x: jnp.var(x, axis=0, keepdims=True))(activations))

    def divides_by_nothing(key, activations, labels, /):
        return ranked(jnp.asarray([activations[labels == 1].mean(0) / activations.std(0)]))

    def by_index(key, activations, labels, /):
        return ranked(fisher(key, activations, labels).score + jnp.arange(UNITS) % 4 * 50)

    def first_block_only(key, activations, labels, /, *, budget=10**9):
        few = min(TOKENS, budget // (UNITS * 8))
        return fisher(key, activations[:few], labels[:few])


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    ("method", "contract"),
    [
        ("one_sign", test_a_negative_unit_is_found),
        ("overwrites", test_the_callers_arrays_are_not_changed),
        ("compiles_each_time", test_new_values_do_not_compile_again),
        ("divides_by_nothing", test_units_that_never_change_stay_finite_and_below),
        ("by_index", test_permuting_units_permutes_the_result),
        ("by_index", test_a_planted_unit_is_found),
        ("first_block_only", test_streamed_is_as_in_memory),
    ],
)
def test_the_contract_rejects(method, contract, no_compilation):
    offered = {"rank": getattr(broken, method), "no_compilation": no_compilation}
    with pytest.raises((AssertionError, ValueError)):
        contract(**{name: offered[name] for name in inspect.signature(contract).parameters})
