"""The numbers are right at any scale, offset, type and layout, or an error says why not.

All methods of `rank`, `attribute`, `interact` and `decompose` are discovered, and the functions of
`evaluate.attribution` that take a score: what is added there is held to this at once. Each is asked about numbers in
another shape, and must answer what it answers about the same numbers in single precision and near 1. The question is
asked such that its right answer does not change: the score undoes the shift and the scale, and answers are compared by
their proportions. Else a ValueError or a TypeError must say why. What is left out is named, with the reason, and a name
that nothing has fails.
"""

import importlib
import inspect
import pkgutil
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, attribute, decompose, interact, rank
from jaxneuron.concepts import concept_shap, discovery, table, tcav
from jaxneuron.evaluate import attribution as evaluated
from jaxneuron.evaluate.attribution.infidelity import Noise
from jaxneuron.ranking import ranked
from jaxneuron.types import Factors, Ranking

KEY = jax.random.key(0)
x64: Any = getattr(jax, "enable_x64", None)
x64 = x64 if x64 is not None else importlib.import_module("jax.experimental").enable_x64


class Variant(NamedTuple):
    """The same numbers otherwise: `x * scale + shift`, in a type and a layout."""

    scale: float = 1.0
    shift: float = 0.0
    kind: Any = np.float32
    layout: str = "C"

    def of(self, x):
        """Return the numbers, and what they are near 1, rounded as they were."""
        value = (x.astype(np.float64) * self.scale + self.shift).astype(self.kind)
        back = ((value.astype(np.float64) - self.shift) / self.scale).astype(np.float32)
        if self.layout == "columns":
            value = np.asfortranarray(value)
        if self.layout == "strided":
            value = np.repeat(value, 2, axis=0)[::2]
        return value, back


VARIANTS = {
    "times 1e20": Variant(scale=1e20),
    "times 1e-20": Variant(scale=1e-20),
    "plus 1e6": Variant(shift=1e6),
    "float16": Variant(kind=np.float16),
    "bfloat16": Variant(kind=jnp.bfloat16),
    "float64 under x64": Variant(kind=np.float64),
    "in columns": Variant(layout="columns"),
    "strided": Variant(layout="strided"),
}
WIDE = {
    "float64 plus 1e9": Variant(kind=np.float64, shift=1e9),
    "float64 times 1e39": Variant(kind=np.float64, scale=1e39),
    "float64 times 1e-60": Variant(kind=np.float64, scale=1e-60),
    "int64": Variant(kind=np.int64, scale=1e12, shift=1e15),
}
"""Activations that single precision does not hold, for methods on the host; what JAX is given it rounds by itself."""

ALL_ANSWER = ("float64 under x64", "in columns", "strided")
"""Nothing is wrong with these, and so nobody refuses them."""

OF_THE_UNIT = "its threshold of activity is a number of the unit itself, 0 by default"
DRAWS = "what is drawn differs from type to type"
OFFSET = dict.fromkeys(("plus 1e6", "float64 plus 1e9", "int64"), "its parts, or its means, have the offset as well")
LEFT_OUT = {
    **dict.fromkeys(("nmf", "semi_nmf", "k_means", "latent_concepts"), OFFSET),
    "compositional": dict.fromkeys(("plus 1e6", "float64 plus 1e9", "int64"), OF_THE_UNIT),
    "lime": {"plus 1e6": "near is what points the same way, which an offset changes"},
    "input_x_gradient": {"plus 1e6": "it is times the value, offset and all"},
    "lrp": {"plus 1e6": "it is times the value, offset and all"},
    "activation_clusters": OFFSET
    | dict.fromkeys(
        ("times 1e20", "times 1e-20", "float64 under x64", "float64 times 1e39", "float64 times 1e-60"),
        "a token midway between two clusters goes to either, by the last digit",
    ),
} | {
    name: dict.fromkeys(("float16", "bfloat16", "float64 under x64"), DRAWS)
    for name in ("smooth_grad", "expected_gradients", "infidelity", "dummy", "sensitivity", "curves", "erasure")
}
TOLERANCE = {np.float16: 2e-2, jnp.bfloat16: 1e-1}

SMALL = {
    "epochs": 100,
    "batch": 120,
    "learning_rate": 0.05,
    "folds": 3,
    "trees": 20,
    "select": 3,
    "steps": 16,
    "samples": 3,
    "beam": 4,
    "length": 2,
    "jobs": 1,
    "factors": 2,
    "clip": True,
    "share": 1.0,
}
"""Options that keep the suite small; a method gets those that it has."""


def known(function, **options):
    """Return the options that a function has."""
    return {name: value for name, value in options.items() if name in inspect.signature(function).parameters}


def skip_if_left_out(name, variant):
    """Skip with the reason why."""
    if variant in LEFT_OUT.get(name, {}):
        pytest.skip(LEFT_OUT[name][variant])


def answer(function, *args, **options):
    """Return all numbers of an answer, each field by its proportions; or None where an error says why there is none."""
    try:
        found = function(*args, **known(function, **(SMALL | options)))
    except (TypeError, ValueError) as error:
        assert len(str(error).split()) > 5, f"{error!r} is no sentence"
        assert "carry" not in str(error) and "dtype" not in str(error), f"{error!r} is of JAX, not of us"
        return None
    found = getattr(found, "attribution", found)  # of a path, not its error, which is rounding
    fields = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(found) if not isinstance(leaf, str)]
    assert all(np.isfinite(field).all() for field in fields), "not finite"
    return [field / max(np.abs(field).max(initial=0), 1e-300) for field in fields]


def check_same(found, wanted, tolerance):
    """Check that two answers are the same, or that the first is an error."""
    assert wanted is not None
    for one, other in zip(found or wanted, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# activations

TOKENS, UNITS = 120, 6
LABELS = np.random.default_rng(1).permutation(np.arange(TOKENS) % 3).astype(np.int32)
ACTIVATIONS = 0.3 * np.random.default_rng(0).normal(size=(TOKENS, UNITS)).astype(np.float32)
ACTIVATIONS[:, 3] += 2 * (LABELS == 1)
ACTIVATIONS[:, 5] += (LABELS == 2) + 0.5 * ACTIVATIONS[:, 3]
HOSTS = {**_discover.methods(rank), **_discover.methods(decompose)}


def scores(name, activations):
    """Return the scores of units, or the groups of units."""
    method, labels = HOSTS[name], (LABELS,) * ("labels" in inspect.signature(HOSTS[name]).parameters)
    learnt = {"outputs": activations} if name == "transcoder" else {}
    if name in ("sparse_autoencoder", "transcoder"):
        learnt["settings"] = _discover.settings(method)._replace(steps=16)

    def part(*args, **options):
        found = method(*args, **options)
        found = found[0] if isinstance(found, tuple) and isinstance(found[0], Factors | Ranking) else found
        return getattr(found, "score", getattr(found, "basis", None))

    part.__signature__ = inspect.signature(method)
    return answer(part, KEY, activations, *labels, **learnt)


@pytest.mark.parametrize("name", HOSTS)
def test_units_are_told_apart_whatever_their_numbers_are_like(name):
    for variant, how in (VARIANTS | WIDE).items():
        if variant in LEFT_OUT.get(name, {}):
            continue
        value, back = how.of(ACTIVATIONS)
        with x64(how.kind is np.float64):
            found = scores(name, value)
        wanted = scores(name, back)
        try:
            assert found is not None or variant not in ALL_ANSWER, "refused"
            check_same(found, wanted, 5e-3)
        except AssertionError as error:
            raise AssertionError(f"{name}, {variant}: {error}") from error


@pytest.mark.parametrize("name", HOSTS)
def test_one_unit_without_an_axis_is_an_error(name):
    assert scores(name, ACTIVATIONS[:, 0]) is None


# maps

ROWS, FEATURES = 3, 4
X = np.random.default_rng(2).normal(size=(ROWS, FEATURES)).astype(np.float32)
MIXING = np.random.default_rng(3).normal(size=(FEATURES, 3)).astype(np.float32)
MIXING[2] = 0  # what nobody reads


def bent(shift, scale, x):
    """Score rows by a small net, in the type of `x`, after the shift and the scale are undone."""
    near = (x - shift) / scale
    return jnp.tanh(near @ jnp.asarray(MIXING, x.dtype)) @ jnp.arange(1, 4).astype(x.dtype)


def bent_through(shift, scale, x, amount=None):
    """Return the score and, as the site, the input."""
    return bent(shift, scale, x if amount is None else x + amount), x


def slope(shift, scale, x):
    """Return the gradient of the score: a method to evaluate."""
    return jax.grad(lambda x: jnp.sum(bent(shift, scale, x)))(x)


def explain(f, x):
    """Return the gradient of any score."""
    return jax.grad(lambda x: jnp.sum(f(x)))(x)


def _by_weights(shift, scale, params, x):
    return (x - shift) / scale @ params["mixing"]


def functions(package):
    """Return the public functions of a package's modules that take a score or an explanation of an input."""
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        for name, one in vars(importlib.import_module(f"{package.__name__}.{module.name}")).items():
            own = inspect.isfunction(one) and one.__module__ == f"{package.__name__}.{module.name}"
            if own and not f"{module.name}{name}".startswith("_") and "x" in inspect.signature(one).parameters:
                found[name] = one
    return found


MAPS = {
    **{name: one for name, one in _discover.methods(attribute).items() if name != "omission"},  # 0 means: no word
    **_discover.methods(interact),
    **functions(evaluated),
}


def asked(name, value, how):
    """Return the answer about a map of `value` that undoes how it was changed."""
    kind = value.dtype
    ends = jnp.asarray(how.shift, kind), jnp.asarray(how.scale, kind)
    f = jax.tree_util.Partial(bent, *ends)
    parameters = inspect.signature(MAPS[name]).parameters
    rates = "infidelity" in name  # an attribution per unit of the input
    back = (np.asarray(value).astype(np.float64) - how.shift) / how.scale
    near = slope(jnp.float32(0), jnp.float32(1), jnp.asarray(back, jnp.float32))
    given = {
        "key": KEY,
        "f": f,
        "through": jax.tree_util.Partial(bent_through, *ends),
        "x": value,
        "baseline": np.full((), how.shift, kind),
        "baselines": np.full((1, FEATURES), how.shift, kind),
        "attribution": (near / (how.scale if rates else 1)).astype(jnp.float32),
        "explain": explain if "f" in parameters else jax.tree_util.Partial(slope, *ends),
        "same": f,
        "first": 0,
        "second": 1,
        "unused": np.arange(FEATURES) == 2,
        "deviation": how.scale,
        "radius": 0.02 * how.scale,
        "perturb": Noise(0.1 * how.scale),
        "params": {"mixing": jnp.asarray(MIXING)},
        "layers": ["mixing"],
    }
    if name == "randomisation":
        given["explain"] = jax.tree_util.Partial(_by_weights, *ends)
    if name in ("smooth_grad", "expected_gradients"):
        del given["deviation"]  # their own, which follow the input
    required = {key: given[key] for key in parameters if key in given}
    positional = [required.pop(key) for key, one in parameters.items() if one.default is one.empty]
    return answer(MAPS[name], *positional, **required)


@pytest.mark.parametrize("name", MAPS)
def test_scores_are_shared_out_alike_whatever_the_input_is_like(name):
    for variant, how in VARIANTS.items():
        if variant in LEFT_OUT.get(name, {}):
            continue
        value, back = how.of(X)
        if how.layout == "C" and how.kind is not np.float64:
            value = jnp.asarray(value)
        with x64(how.kind is np.float64):
            found = asked(name, value, how)
        try:
            assert found is not None or variant not in ALL_ANSWER, "refused"
            # far from 0 there are no digits left for what lies between input and baseline, or for noise
            check_same(found, asked(name, back, Variant()), 0.1 if how.shift else TOLERANCE.get(how.kind, 2e-3))
        except AssertionError as error:
            raise AssertionError(f"{name}, {variant}: {error}") from error


# concepts

SHOWN = np.random.default_rng(4).normal(size=(24, 5)).astype(np.float32)
SHOWN[:12, 1] += 3
GRADIENT = np.tile(np.array([[0.2, 1.0, 0.0, -0.1, 0.0]], np.float32), (6, 1))


def concepts_of(value, scale):
    """Return what concepts of these activations mean for a target that undoes the scale."""
    gradient = GRADIENT / scale
    sides = tcav.Examples({"site": value[:12]}), tcav.Examples({"site": value[12:]})
    tested = tcav.explain(
        KEY, {"site": gradient}, {"one": sides[0]}, sides[1], settings=tcav.Settings(permutations=19, resamples=2)
    )
    texts = np.arange(24)
    spans = discovery.Spans(value, texts, 0 * texts, 1 + 0 * texts)
    options = {"clusters": 2, "least": 3, "most": 12, "runs": 2}
    discovered = discovery.explain(KEY, gradient, spans, **options)
    return {
        "weights": tested.vectors["site"].weights,
        "mean": tested.score.mean,
        "p": tested.p,
        "accuracy": tested.accuracy,
        "alone": tcav.fit(value, np.arange(24) < 12).weights,
        "clusters": discovered.cluster,
        "discovered": discovered.vectors,
    }


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "float64 under x64"] + ["float64 plus 1e9"])
def test_concepts_are_found_whatever_the_activations_are_like(variant):
    how = (VARIANTS | WIDE)[variant]
    value, back = how.of(SHOWN)
    found, wanted = concepts_of(value, how.scale), concepts_of(back, 1.0)
    for name, one in wanted.items():
        one, other = (np.asarray(array, np.float64) for array in (one, found[name]))
        np.testing.assert_allclose(other / np.abs(other).max(), one / np.abs(one).max(), atol=5e-3, err_msg=name)


def test_concepts_explain_as_much_whatever_the_activations_are_like():
    method, concepts = concept_shap.explain, np.eye(5, dtype=np.float32)[[1, 3]]
    for how in VARIANTS.values():
        if how.kind is np.float64:
            continue
        value, back = how.of(SHOWN)
        head = jax.tree_util.Partial(_head, jnp.float32(how.shift), jnp.float32(how.scale))
        labels = (back[:, 1] > 1).astype(np.int32)
        found = method(head, value, labels, concepts / how.scale)
        wanted = method(jax.tree_util.Partial(_head, 0.0, 1.0), back, labels, concepts)
        np.testing.assert_allclose(found.score, wanted.score, atol=0.01)


def _head(shift, scale, x):
    near = (x - shift) / scale
    return jnp.stack([1 - near[:, 1], near[:, 1] - 1], axis=1)


def test_a_prediction_is_divided_among_concepts_at_any_scale():
    neurons, parts = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]], np.float32), np.array([0.5, 3.0, 0.25], np.float32)
    wanted = table.explain(ranked(jnp.asarray(neurons)), parts, top=2).score
    for scale in (np.float32(1e20), np.float32(1e-20)):
        found = table.explain(ranked(jnp.asarray(neurons * scale)), parts * scale, top=2).score
        np.testing.assert_allclose(found / scale, wanted, rtol=1e-5)


# the suite itself


def test_what_is_left_out_is_there():
    assert set(LEFT_OUT) <= set(HOSTS) | set(MAPS)
    assert all(set(left) <= set(VARIANTS | WIDE) for left in LEFT_OUT.values())
    assert {"correlation", "gaussian", "correlation_clusters"} <= set(HOSTS)
    assert {"shapley", "integrated_gradients", "harsanyi", "sensitivity", "completeness"} <= set(MAPS)


def test_the_suite_rejects_what_rounds_and_what_overflows():
    def variance(key, activations, labels):
        return ranked(jnp.asarray(np.asarray(activations, np.float32).var(axis=0))[None])

    HOSTS["variance"] = variance
    try:
        for variant in ("times 1e20", "float64 plus 1e9"):
            value, back = (VARIANTS | WIDE)[variant].of(ACTIVATIONS)
            with pytest.raises(AssertionError), np.errstate(over="ignore", invalid="ignore"):
                check_same(scores("variance", value), scores("variance", back), 5e-3)
    finally:
        del HOSTS["variance"]
