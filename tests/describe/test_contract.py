"""What every description must satisfy. Methods are discovered: a new file is held to it."""

import inspect
from typing import NamedTuple

import jax
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import describe as package
from jaxneuron.corpora import labelled
from jaxneuron.describe import Described, score
from tests.contracts import called, follows

METHODS = _discover.methods(package)
UNITS = ("noun", "minus noun", "first", "dead", "zero", "noise", "both")
LIVE = [unit for unit, name in enumerate(UNITS) if name not in ("dead", "zero")]


class Case(NamedTuple):
    """A text, and what some units do at its words."""

    text: labelled.Labelled
    activations: np.ndarray


def made(seed, sentences=60):
    """Return sentences of made-up words, and units for nouns, against nouns, for the first word, for nothing."""
    random = np.random.default_rng(seed)
    words = {"DET": ["the", "a"], "NOUN": ["dog", "cat", "wall"], "VERB": ["barks", "sleeps"], "PUNCT": [","]}
    order = ["DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    tags = [order[first : first + int(random.integers(3, 6))] for first in random.integers(0, 2, sentences)]
    text = [[words[tag][random.integers(len(words[tag]))] for tag in row] for row in tags]
    noun = np.array([tag == "NOUN" for row in tags for tag in row], float)
    first = np.array([place == 0 for row in tags for place in range(len(row))], float)
    noise = random.normal(size=(len(noun), 4))
    columns = [3 * noun, -3 * noun, 3 * first, 0 * noun + 0.7, 0 * noun, noise[:, 0], noun + noise[:, 3]]
    moving = np.isin(np.arange(len(UNITS)), LIVE)
    activations = np.stack(columns, axis=1) + 0.1 * moving * random.normal(size=(len(noun), len(UNITS)))
    return Case(labelled.build(text, labels={"upos": tags}), activations.astype(np.float32))


FIT, HELD = made(0), made(1)


def embed(texts):
    """Return a vector for each text: which letters it has."""
    return np.array([[one.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz,"] for one in texts], float)


def tell(exemplars):
    """Return the words at which a unit is far out."""
    return " ".join(sorted({one.words[one.place] for one in exemplars}))


LEFT_OUT = {("formula", "check_alone"): "its search is compiled for a number of units, which takes seconds"}
GIVEN = {"embed": embed, "tell": tell}


def run(method, case=FIT, **options):
    """Call a method with what it asks for."""
    return called(method, {"activations": case.activations, "text": case.text} | GIVEN, options)


def foretold(described, text):
    """Return all that is foretold of a text."""
    return np.asarray(described.predict(text)[:, :])


def check_shapes(method):
    """Hold a method to what it returns: a line, a side and a prediction for each unit."""
    found = run(method)
    tokens = len(HELD.activations)
    assert isinstance(found, Described)
    assert len(found.text) == len(found.source) == len(found.side) == len(UNITS)
    assert all(line and line == " ".join(line.split()) for line in found.text)
    values = foretold(found, HELD.text)
    assert values.shape == (tokens, len(UNITS)) and np.isfinite(values).all()
    for some in ([5, 0], slice(1, 3), 2):
        np.testing.assert_allclose(found.predict(HELD.text)[:, some], values[:, some], atol=1e-5)


def check_sides(method):
    """Hold a method to the side on which a unit goes far out, and to saying so."""
    found = run(method)
    np.testing.assert_array_equal(found.side[[0, 1, 3, 4]], [1, -1, 0, 0])
    assert found.text[0].startswith("high") or found.text[0].startswith("no ")
    assert found.text[1].startswith("low") or found.text[1].startswith("no ")


def check_dead(method):
    """Hold a method to units that never change: they are said to be so, foretell what they do, and have no score."""
    found = run(method)
    assert found.text[3] == "never on: always 0.7" and found.text[4] == "never on"
    np.testing.assert_allclose(foretold(found, HELD.text)[:, 3:5], [[0.7, 0.0]] * len(HELD.activations), atol=1e-6)
    scored = score(jax.random.key(0), found, HELD.activations, HELD.text, controls=4)
    assert scored.known.tolist() == [unit in LIVE for unit in range(len(UNITS))]
    assert all(np.isfinite(figure).all() for measure in scored[:4] for figure in measure)
    assert scored.correlation.value[3] == 0 and scored.auroc.value[4] == 0.5


def check_units(method):
    """Hold a method to units in another order, of which it says and foretells the same."""
    order = np.random.default_rng(3).permutation(len(UNITS))
    found, other = run(method), run(method, FIT._replace(activations=FIT.activations[:, order]))
    assert other.text == tuple(found.text[unit] for unit in order)
    np.testing.assert_allclose(foretold(other, HELD.text), foretold(found, HELD.text)[:, order], atol=1e-5)


def check_alone(method):
    """Hold a method to a unit by itself."""
    found, other = run(method), run(method, FIT._replace(activations=FIT.activations[:, :1]))
    assert other.text[0] == found.text[0]
    np.testing.assert_allclose(foretold(other, HELD.text)[:, 0], foretold(found, HELD.text)[:, 0], atol=1e-5)


def check_precision(method):
    """Hold a method to the same in double precision, and to units of any scale."""
    found, exact = run(method), run(method, FIT._replace(activations=FIT.activations.astype(np.float64)))
    assert exact.text == found.text
    np.testing.assert_allclose(foretold(exact, HELD.text), foretold(found, HELD.text), atol=1e-4)
    for scale in (2.0**40, 2.0**-100):
        other = run(method, FIT._replace(activations=FIT.activations * np.float32(scale)))
        assert [other.text[unit] for unit in LIVE] == [found.text[unit] for unit in LIVE]
        np.testing.assert_allclose(foretold(other, HELD.text) / scale, foretold(found, HELD.text), atol=1e-4)


def check_budget(method):
    """Hold a method to the same with few units at a time, and to leaving its input alone."""
    before = FIT.activations.copy()
    found, small = run(method), run(method, budget=20_000)
    np.testing.assert_array_equal(FIT.activations, before)
    assert small.text == found.text
    np.testing.assert_allclose(foretold(small, HELD.text), foretold(found, HELD.text), atol=1e-5)


def check_refused(method):
    """Hold a method to naming what is wrong with activations and text."""
    missing = FIT.activations.copy()
    missing[4, 2] = np.nan
    for activations, text, said in (
        (missing, FIT.text, "unit 2 at token 4 is not finite"),
        (FIT.activations[1:], FIT.text, f"{len(FIT.activations)} words of the 60 sentences"),
        (FIT.activations[:, 0], FIT.text, "[token, unit]"),
        (FIT.activations, FIT.text.sentences, "Labelled"),
    ):
        try:
            called(method, {"activations": activations, "text": text} | GIVEN)
        except (TypeError, ValueError) as error:
            assert said in str(error), f"{error}"
        else:
            raise AssertionError("nothing was said")


def check_arguments(method):
    """Hold a method to the folder's Protocol: what it has beside is keyword-only."""
    own = [name for name, one in inspect.signature(method).parameters.items() if one.kind is one.KEYWORD_ONLY]
    follows(method, package.Describe, own=[name for name in own if name != "budget"])


CHECKS = (
    check_shapes,
    check_sides,
    check_dead,
    check_units,
    check_alone,
    check_precision,
    check_budget,
    check_refused,
    check_arguments,
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", METHODS)
def test_a_method_holds_the_contract(name, check):
    if (name, check.__name__) in LEFT_OUT:
        pytest.skip(LEFT_OUT[name, check.__name__])
    check(METHODS[name])


@pytest.mark.parametrize("name", METHODS)
def test_other_values_compile_nothing(name, no_compilation):
    run(METHODS[name])
    with no_compilation():
        run(METHODS[name], FIT._replace(activations=FIT.activations * 2 + 1))


def test_the_methods_are_found():
    known = {"token", "ngram", "position", "label", "formula", "inputs", "embedding", "told"}
    assert known <= set(METHODS)
    assert {name for name, _ in LEFT_OUT} <= known
    assert {check for _, check in LEFT_OUT} <= {check.__name__ for check in CHECKS}


class broken:
    """Descriptions with one mistake each."""

    def right(activations, text, *, budget=2**28):
        return METHODS["token"](activations, text, budget=budget)

    def forgets_a_unit(activations, text, *, budget=2**28):
        return broken.right(activations[:, 1:], text)

    def says_nothing(activations, text, *, budget=2**28):
        return broken.right(activations, text)._replace(text=("",) * activations.shape[1])

    def is_always_high(activations, text, *, budget=2**28):
        return broken.right(activations, text)._replace(side=np.ones(activations.shape[1], int))

    def divides_by_nothing(activations, text, *, budget=2**28):
        found = broken.right(activations, text)
        return found._replace(predict=lambda other: foretold(found, other) / activations.std(axis=0).round(5))

    def looks_at_its_neighbour(activations, text, *, budget=2**28):
        return broken.right(np.roll(activations, 1, axis=1), text)

    def rounds(activations, text, *, budget=2**28):
        return broken.right(activations.astype(np.float16).astype(np.float32), text)

    def overwrites(activations, text, *, budget=2**28):
        activations -= 0.5
        return broken.right(activations, text)

    def believes(activations, text, *, budget=2**28):
        return broken.right(np.nan_to_num(activations), text)

    def misspells(activations, text, *, buget=2**28):
        return broken.right(activations, text)


@pytest.mark.parametrize(
    ("method", "check"),
    [
        ("forgets_a_unit", check_shapes),
        ("says_nothing", check_shapes),
        ("is_always_high", check_sides),
        ("divides_by_nothing", check_dead),
        ("looks_at_its_neighbour", check_units),
        ("looks_at_its_neighbour", check_alone),
        ("rounds", check_precision),
        ("overwrites", check_budget),
        ("believes", check_refused),
        ("misspells", check_arguments),
        ("misspells", check_shapes),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value", "ignore:overflow")
def test_the_contract_rejects(method, check, monkeypatch):
    monkeypatch.setattr(inspect.getmodule(check), "FIT", Case(FIT.text, FIT.activations.copy()))
    with pytest.raises((AssertionError, ValueError)):
        check(getattr(broken, method))
