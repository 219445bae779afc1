"""What every explanation by concepts must satisfy. Methods are discovered: a new file is held to it.

The data plant two concepts, on units of their own; the first speaks for the output, the second a little against it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import concepts as package
from jaxneuron.concepts import amnesic, discovery, tcav
from jaxneuron.edits import Project
from jaxneuron.ranking import ranked
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens
from tests.contracts import called

KEY, UNITS, EACH, FOR, AGAINST, DEAD = jax.random.key(0), 6, 24, 1, 3, 5
METHODS = _discover.methods(package)

SETTINGS = {"tcav": {"settings": tcav.Settings(permutations=49, resamples=1)}} | {
    "amnesic": {"settings": amnesic.Settings(3, 10)},
    "discovery": {"clusters": 3, "least": 8, "most": 24, "runs": 3},
}
"""Small numbers where the default is of the size of a study."""

FINDS_ITS_OWN = {"discovery"}
"""Methods that are given no concepts, so that there is no order of them; everything else holds of them too."""


@pytest.fixture(params=METHODS)
def name(request):
    """Each method in turn."""
    return request.param


def activations():
    """Return examples of the first concept, of the second, and of neither, one after another."""
    x = np.random.default_rng(0).normal(size=(3 * EACH, UNITS)).astype(np.float32)
    x[:EACH, FOR] += 6
    x[EACH : 2 * EACH, AGAINST] += 6
    x[:, DEAD] = 0
    return x


def head(reads, x):
    """Tell by one direction whether the first concept is there."""
    score = x @ reads - 3
    return jnp.stack([-score, score], axis=1)


def answering(params, tokens, edits):
    """Look examples up, one in a text, and answer by the head."""
    tap = Tap(edits)
    x = tap("mlp", params["x"][tokens.ids], jnp.arange(tokens.mask.shape[-1]))
    return head(params["reads"], x[:, 0])[:, None], tap.activations()


def erasers(x, concepts):
    """Return erasures of the concepts, each by the difference of the means of its examples and the others."""
    found = {}
    for i in concepts:
        here = np.arange(len(x)) // EACH == i
        apart = x[here].mean(axis=0) - x[~here].mean(axis=0)
        along = (apart / np.linalg.norm(apart))[None]
        found[str(i)] = Project(x.mean(axis=0), along, along)
    return found


def data(order=None, concepts=(0, 1), broken=None):
    """Return every argument of the folder's vocabulary, with units in an order and concepts in an order."""
    order = np.arange(UNITS) if order is None else np.asarray(order)
    x = activations()
    if broken is not None:
        x[broken] = np.nan
    x, reads = x[:, order], np.eye(UNITS, dtype=np.float32)[FOR][order]
    directions = np.eye(UNITS, dtype=np.float32)[[FOR, AGAINST]][np.array(concepts)][:, order]
    parts = [x[EACH * i : EACH * (i + 1)] for i in range(3)]
    slope = reads - 0.5 * np.eye(UNITS, dtype=np.float32)[AGAINST][order]
    gradient = np.tile(slope, (5, 1)) + 0.05 * np.random.default_rng(1).normal(size=(5, UNITS))[:, order]
    texts = np.arange(len(x))
    return {
        "key": KEY,
        "gradient": gradient,
        "gradients": {"mlp": gradient},
        "concepts": {str(i): tcav.Examples({"mlp": parts[i]}) for i in concepts},
        "random": tcav.Examples({"mlp": parts[2]}),
        "directions": directions,
        "spans": discovery.Spans(x, texts, 0 * texts, 1 + 0 * texts),
        "head": jax.tree_util.Partial(head, reads),
        "activations": x,
        "labels": np.repeat([1, 0, 0], EACH),
        "units": ranked(jnp.asarray(directions)),
        "forward": answering,
        "params": {"x": jnp.asarray(x), "reads": jnp.asarray(reads)},
        "tokens": Tokens(texts[:, None], np.ones((len(x), 1), bool)),
        "erasers": erasers(x, concepts),
        "site": "mlp",
        "attribution": x[:EACH].mean(axis=0) * reads if broken is None else x[0] * reads,
    }


def scores(found):
    """Return what each concept does, by every measure that the method has."""
    assert isinstance(found, package.Explained) and hasattr(found, "_fields"), "a NamedTuple with a `score` is expected"
    return [np.asarray(leaf).reshape(-1, np.shape(leaf)[-1]) for leaf in jax.tree.leaves(found.score)]


def run(name, **given):
    """Return the scores of a discovered method."""
    return scores(called(METHODS[name], data(**given), SETTINGS.get(name, {})))


def check(run, ordered=True):
    """Hold a method, here data -> scores, to the contract."""
    found = run()
    assert all(np.isfinite(leaf).all() and leaf.shape[-1] >= 2 for leaf in found)
    assert all((leaf[..., 0] > leaf[..., 1:].max(axis=-1)).all() for leaf in found)  # the planted one does the most
    for here, there in zip(run(order=[5, 2, 0, 3, 1, 4]), found, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-3 * np.abs(there).max(), err_msg="units in another order")
    if ordered:
        for here, there in zip(run(concepts=(1, 0)), found, strict=True):
            np.testing.assert_allclose(
                here[..., ::-1], there, atol=0.05 * np.abs(there).max(), err_msg="concepts in another order"
            )


def test_a_method_holds_the_contract(name):
    check(lambda **given: run(name, **given), ordered=name not in FINDS_ITS_OWN)


def test_what_is_not_a_number_is_named_or_stays_one(name):
    try:
        found = run(name, broken=(0, FOR))
    except ValueError as error:
        assert "finite" in str(error) or "nan" in str(error).lower()
    else:
        assert all(np.isnan(leaf).any() for leaf in found)


def test_other_values_do_not_compile_again(name, no_compilation):
    if name in FINDS_ITS_OWN:
        pytest.skip("how many spans there are of each concept is found out")
    run(name)
    given = data()
    given |= {key: 2 * given[key] for key in ("gradient", "directions", "attribution")}
    with no_compilation():
        called(METHODS[name], given, SETTINGS.get(name, {}))


def test_the_methods_are_found_and_what_is_left_out_is_there():
    assert {"tcav", "concept_shap", "discovery", "table", "amnesic"} <= set(METHODS)
    assert (FINDS_ITS_OWN | set(SETTINGS)) <= set(METHODS)


class Result(NamedTuple):
    """What a method made here returns."""

    score: np.ndarray


def _rotten(**change):
    """Return a method that does right but for one thing."""

    def explain(attribution, directions):
        score = directions @ attribution
        return change.get("result", Result)(change.get("wrong", lambda score, *_: score)(score, attribution))

    return explain


BROKEN = {
    "does right": {},
    "the other sign": {"wrong": lambda score, *_: -score},
    "an order of its own": {"wrong": lambda score, *_: np.sort(score)[::-1]},
    "a place of a unit": {"wrong": lambda score, attribution: score + attribution[1]},
    "not finite": {"wrong": lambda score, *_: score * np.array([1, np.nan])},
    "no score": {"result": lambda score: score},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_suite_rejects_a_method_with_a_fault(fault):
    method = _rotten(**BROKEN[fault])

    def run(**given):
        return scores(called(method, data(**given), {}))

    if fault == "does right":
        check(run)
    else:
        with pytest.raises(AssertionError):
            check(run)


def test_the_suite_rejects_a_misspelt_argument():
    def explain(gradeint):
        """Never called."""

    with pytest.raises(AssertionError, match="gradeint is no word"):
        called(explain, data(), {})
