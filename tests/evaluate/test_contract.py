"""What every evaluation that reads activations must satisfy. They are discovered, with their arguments by name.

A function of `evaluate` that takes a `Table` is held to this at once, in a new file too. What has none is named in
`LEFT_OUT`, and a required argument that `GIVEN` does not know fails, so that no misspelt word lets anything off. The
`broken` evaluations at the end show that the contract bites.
"""

import importlib
import inspect
import pkgutil
import typing

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import evaluate as package
from jaxneuron.dictionary import Dictionary
from jaxneuron.evaluate.minimal_set import Grid
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe
from tests.evaluate import planted

LEFT_OUT = {
    "agreement": "compares rankings",
    "attribution": "judges attributions of a function",
    "average_precision": "judges scores",
    "clusters": "compares clusters with labels",
    "effects": "judges outputs of a model",
    "information": "judges logits; what reads activations calls it",
    "monitor": "takes a stream, one block at a time",
    "naming": "judges words",
    "standing": "scores n-grams with a model",
    "statistics": "judges numbers",
    "word_counts": "counts words",
    "written": "judges text",
}
"""Modules that read no activations, and what they do."""

TRUTH_VALUES = ["npmi"]
"""What reads truth values, which are always finite."""


def readers():
    """Return every public function that takes a table, by module and name, and the modules that have none."""
    found, without = {}, set()
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_"):
            continue
        source = importlib.import_module(f"{package.__name__}.{module.name}")
        here = {
            f"{module.name}.{name}": f
            for name, f in inspect.getmembers(source, inspect.isfunction)
            if f.__module__ == source.__name__ and not name.startswith("_") and tables(f)
        }
        found |= here
        without |= set() if here else {module.name}
    return found, without


def tables(function):
    """Return the parameters that are, or have, tables."""
    return [name for name, p in inspect.signature(function).parameters.items() if _is_table(p.annotation)]


def _is_table(annotation):
    return annotation is Table or any(map(_is_table, typing.get_args(annotation)))


def nearest_mean(key, activations, labels, *, mask=None, weight=None, dev=None):
    """Fit a probe in closed form, as a stand-in: by the distance to the mean of each class."""
    x, y = Checked(activations)[:], np.asarray(labels)
    held = (y[:, None] == np.arange(y.max() + 1)).astype(np.float32)
    lead = np.ones((1, len(x)), np.float32) if weight is None else np.asarray(weight)
    shares = lead[:, :, None] * held
    mean = np.einsum("ptl,tu->plu", shares, x) / np.maximum(shares.sum(axis=1), 1e-6)[..., None]
    mean = mean if mask is None else mean * np.asarray(mask, np.float32)[:, None]
    bias = -0.5 * (mean**2).sum(axis=-1)
    if mask is None and weight is None:
        mean, bias = mean[0], bias[0]
    return Probe(jnp.asarray(mean), jnp.asarray(bias), jnp.zeros(x.shape[1]), jnp.ones(x.shape[1]), {})


DATA = planted.classes(tokens=120)
WORDS = [[f"w{i % 30}" for i in range(120)]] * 2
GIVEN = {
    "key": jax.random.key(0),
    "ranking": DATA.ranking,
    "order": np.asarray(DATA.ranking.order),
    "train": DATA.train,
    "test": DATA.test,
    "dev": DATA.test,
    "untrained": (DATA.train[0][::-1].copy(), DATA.test[0][::-1].copy()),
    "activations": DATA.test[0],
    "active": DATA.test[0] > 0.5,
    "concepts": DATA.test[1][:, None] == np.arange(planted.LABELS),
    "labels": DATA.test[1],
    "label": DATA.test[1],
    "score": np.asarray(DATA.ranking.score),
    "minimum": 0.5,
    "masks": np.eye(3, planted.UNITS, dtype=bool),
    "layers": {"first": 5, "second": planted.UNITS - 5},
    "words": tuple(WORDS),
    "groups": np.arange(planted.UNITS) // 3,
    "probe": nearest_mean(None, *DATA.train),
    "dictionary": Dictionary(
        jnp.eye(planted.UNITS), jnp.zeros(planted.UNITS), jnp.eye(planted.UNITS), jnp.zeros(planted.UNITS), k=2
    ),
}
"""Arguments by name: what they mean is the same in the whole folder."""

SMALL = {"counts": [1, 3, 6], "fit": nearest_mean, "seeds": 2, "grid": Grid(rounds=1)}
"""Options that keep the suite small."""

NO_LABELS = ["redundant_units", "kept"]
"""What asks for nothing but activations."""

READERS, WITHOUT = readers()


@pytest.fixture(params=READERS)
def evaluation(request):
    """Each evaluation in turn."""
    return READERS[request.param]


class Lazy:
    """The least that a table is."""

    def __init__(self, array):
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, index):
        return self._array[index].copy()


def run(function, change=lambda array: array, **options):
    """Call an evaluation on the planted data, its tables changed."""
    known = inspect.signature(function).parameters
    given = {name: p for name, p in known.items() if p.default is p.empty}
    missing = [name for name, p in given.items() if name not in GIVEN and p.kind is not p.VAR_KEYWORD]
    assert not missing, f"no argument of the folder is called {missing}; use its words: {sorted(GIVEN)}"
    arguments = {name: GIVEN[name] for name in given if name in GIVEN}
    for name in {*tables(function), "untrained"} & set(arguments):
        value = arguments[name]
        if not isinstance(value, tuple):
            arguments[name] = change(value)
        else:
            arguments[name] = tuple(change(part) if np.ndim(part) == 2 else part for part in value)
    options = {name: value for name, value in (SMALL | options).items() if name in known and value is not None}
    positional = [arguments.pop(n) for n, p in given.items() if p.kind is not p.KEYWORD_ONLY and n in arguments]
    return function(*positional, **arguments, **options)


def leaves(result):
    """Return the numbers of a result."""
    found = [np.asarray(leaf) for leaf in jax.tree.leaves(result) if not isinstance(leaf, str | bytes)]
    assert found, "an evaluation returns numbers"
    return found


def test_what_reads_no_activations_is_named():
    assert WITHOUT == set(LEFT_OUT)


def test_a_result_has_names_or_is_one_array(evaluation):
    result = run(evaluation)
    assert hasattr(result, "_fields") or isinstance(result, np.ndarray | jax.Array | float)
    leaves(result)


def test_streamed_is_as_in_memory(evaluation):
    small = {"budget": 4000} if "budget" in inspect.signature(evaluation).parameters else {}
    for one, other in zip(leaves(run(evaluation)), leaves(run(evaluation, Lazy, **small)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_jax_arrays_are_welcome(evaluation):
    for one, other in zip(leaves(run(evaluation)), leaves(run(evaluation, jnp.asarray)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_value_that_is_not_finite_is_named(evaluation):
    if evaluation.__name__ in TRUTH_VALUES:
        pytest.skip("truth values are finite")

    def spoil(array):
        array = array.copy()
        array[57, planted.CARRIERS[0]] = np.nan
        return array

    with pytest.raises(ValueError, match="at token 57 is not finite"):
        run(evaluation, spoil)


def test_a_table_of_other_tokens_than_the_labels_is_an_error(evaluation):
    if evaluation.__name__ in NO_LABELS:
        pytest.skip("takes no labels")
    with pytest.raises(ValueError, match=r"\d"):
        run(evaluation, lambda array: array[:-1])


def test_the_callers_arrays_are_not_changed(evaluation):
    def locked(array):
        array = array.copy()
        array.setflags(write=False)
        return array

    run(evaluation, locked)


def test_the_same_key_says_the_same(evaluation):
    for one, other in zip(leaves(run(evaluation)), leaves(run(evaluation)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress_is_reported_to_the_end(evaluation):
    if "progress" not in inspect.signature(evaluation).parameters:
        pytest.skip("reports nothing")
    calls = []
    run(evaluation, progress=lambda done, total: calls.append((done, total)))
    assert calls and calls[-1][0] == calls[-1][1]


class broken:
    """The mean activation where each class is, each time with one mistake."""

    def first_block_only(activations: Table, labels, *, budget=10**9):
        few = min(activations.shape[0], budget // 100)
        return np.asarray(activations[:few]).mean(axis=0)

    def passes_on_what_is_not_finite(activations: Table, labels):
        return np.asarray(activations[:]).mean(axis=0)

    def overwrites(activations: Table, labels):
        activations[0] = 0
        return np.asarray(activations).mean(axis=0)

    def draws_by_itself(activations: Table, labels):
        return np.random.default_rng().permutation(np.asarray(activations[:]))[:3]

    def stops_reporting(activations: Table, labels, *, progress=None):
        progress(1, 2)
        return np.zeros(1)

    def needs_an_array(activations: Table, labels):
        return activations.mean(axis=0)

    def says_it_in_a_dictionary(activations: Table, labels):
        return {"mean": np.zeros(1)}

    def says_nothing(activations: Table, labels):
        return None

    def has_a_word_of_its_own(activatoins: Table, labels):
        return np.zeros(1)


@pytest.mark.parametrize(
    ("method", "contract"),
    [
        ("first_block_only", test_streamed_is_as_in_memory),
        ("needs_an_array", test_streamed_is_as_in_memory),
        ("passes_on_what_is_not_finite", test_a_value_that_is_not_finite_is_named),
        ("passes_on_what_is_not_finite", test_a_table_of_other_tokens_than_the_labels_is_an_error),
        ("overwrites", test_the_callers_arrays_are_not_changed),
        ("draws_by_itself", test_the_same_key_says_the_same),
        ("stops_reporting", test_progress_is_reported_to_the_end),
        ("says_it_in_a_dictionary", test_a_result_has_names_or_is_one_array),
        ("says_nothing", test_a_result_has_names_or_is_one_array),
        ("has_a_word_of_its_own", test_a_result_has_names_or_is_one_array),
    ],
)
def test_the_contract_rejects(method, contract):
    with pytest.raises((AssertionError, AttributeError, ValueError, pytest.fail.Exception)):
        contract(getattr(broken, method))
