"""What every comparison of models must satisfy. Methods are discovered: a new file is held to it.

Methods of two kinds: those of units, and those that compare whole layers (`LAYERED`), told apart by their `layers`.
"""

import importlib
import inspect

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, comoments
from jaxneuron import compare as package
from jaxneuron.types import Matches
from tests.contracts import called, follows

TOKENS, UNITS, OTHERS = 400, 6, 7
METHODS = _discover.methods(package)
CORRELATIONS = [METHODS[name] for name in ("max_correlation", "min_correlation", "mean_correlation")]
"""Methods that read a model in the basis of its units."""


def layered(method):
    """Tell whether a method compares layers."""
    return "layers" in inspect.signature(method).parameters


def activations(seed=0, tokens=TOKENS, units=UNITS):
    """Return units that are related, each with a scale of its own."""
    random = np.random.default_rng(seed)
    signal = random.normal(size=(tokens, units)) + 0.5 * random.normal(size=(tokens, 1))
    return (signal * np.linspace(1, 2, units)).astype(np.float32)


def related(seed=1):
    """Return two models that share a part, of different widths."""
    a, random = activations(), np.random.default_rng(seed)
    return a, (a @ random.normal(size=(UNITS, OTHERS)) + 2 * random.normal(size=(len(a), OTHERS))).astype(np.float32)


def rotation(units=UNITS):
    """Return a rotation that leaves no unit where it is."""
    return np.linalg.qr(np.random.default_rng(7).normal(size=(units, units)))[0].astype(np.float32)


def run(method, a, b, **options):
    """Call a method with what it asks for."""
    return called(method, {"a": a, "b": b}, options, shared=("layers", "budget", "progress"))


def finish(method):
    """Return what makes the same of sums."""
    return importlib.import_module(method.__module__).finish


def check_shapes(method):
    """Hold a method to what it returns."""
    a, b = related()
    found = run(method, a, b)
    assert isinstance(found, Matches)
    rows, columns = (1, 1) if layered(method) else (UNITS, OTHERS)
    assert found.score.shape == found.partner.shape == (rows,) and found.table.shape == (rows, columns)
    assert np.all((found.score >= 0) & (found.score <= 1)) and np.isfinite(found.table).all()
    assert np.all((found.partner >= 0) & (found.partner < columns))
    assert 0.3 < found.score.mean() < 0.99


def check_strangers(method):
    """Hold a method to telling what is shared from what is not."""
    found = run(method, activations(0), activations(5) - activations(5).mean(axis=1, keepdims=True))
    assert found.score.max() < 0.25


def check_copy(method):
    """Hold a method to recognising a copy whose units are in another order."""
    a, order = activations(), np.array([3, 0, 5, 1, 4, 2])
    found = run(method, a, a[:, order])
    np.testing.assert_allclose(found.score, 1, atol=1e-6)
    if not layered(method):
        np.testing.assert_array_equal(order[found.partner], np.arange(UNITS))


def check_rotation(method, basis=None):
    """Hold a method to a rotated copy: found by what reads a whole layer, and by nothing that reads units."""
    a = activations()
    found = run(method, a, a @ rotation())
    if method in CORRELATIONS if basis is None else basis:
        assert found.score.max() < 0.98
    else:
        np.testing.assert_allclose(found.score, 1, atol=1e-6)


def check_order(method):
    """Hold a method to units in another order, and tokens."""
    a, b = related()
    units, others, tokens = (np.random.default_rng(2).permutation(size) for size in (UNITS, OTHERS, TOKENS))
    found, turned = run(method, a, b), run(method, a[:, units], b[:, others])
    same = (slice(None), slice(None)) if layered(method) else np.ix_(units, others)
    np.testing.assert_allclose(turned.table, found.table[same], atol=2e-6)
    if not layered(method):
        np.testing.assert_allclose(turned.score, found.score[units], atol=2e-6)
        np.testing.assert_array_equal(others[turned.partner], found.partner[units])
    np.testing.assert_allclose(run(method, a[tokens], b[tokens]).table, found.table, atol=2e-6)


def check_scale(method):
    """Hold a method to where activations lie and how large they are; what reads units, to that of each."""
    a, b = related()
    found = run(method, a, b)
    for shift, factor in ((50, 1), (0, 1e-20), (-3, 1e3)):
        np.testing.assert_allclose(run(method, a * factor + shift * factor, b).score, found.score, atol=2e-5)
        np.testing.assert_allclose(run(method, a, b * factor + shift * factor).score, found.score, atol=2e-5)
    if not layered(method):
        each = np.array([1, -1, 100, 1e-6, 3, -5], np.float32)
        np.testing.assert_allclose(run(method, a * each, b * each[0]).score, found.score, atol=2e-5)


def check_dead(method):
    """Hold a method to units that never change, in either model, and to models of nothing else."""
    a, b = related()
    found = run(method, np.insert(a, 2, 0.1, axis=1), np.insert(b, 4, -7.3, axis=1))
    assert np.isfinite(found.score).all() and np.isfinite(found.table).all()
    plain = run(method, a, b)
    if layered(method):
        np.testing.assert_allclose(found.score, plain.score, atol=1e-6)
    else:
        assert found.score[2] == 0 and found.partner[2] == -1 and 4 not in found.partner
        np.testing.assert_allclose(np.delete(found.score, 2), plain.score, atol=1e-6)
    for left, right in ((np.ones_like(a), b), (a, np.ones_like(b))):
        still = run(method, left, right)
        assert not still.score.any() and np.all(still.partner == -1) and np.isfinite(still.table).all()


def check_merge(method):
    """Hold a method to sums of any split, in any order, and to reading as little at a time as it may."""
    a, b = related()
    layers = (UNITS,), (OTHERS,)
    parts = [comoments.over(a[here], b[here], layers=layers) for here in (slice(0, 70), slice(70, 72), slice(72, 400))]
    whole = run(method, a, b)
    for order in ((0, 1, 2), (2, 0, 1)):
        sums = comoments.init(UNITS, OTHERS, layers=layers)
        for place in order:
            sums = comoments.merge(sums, parts[place])
        assert_same(finish(method)(sums), whole)
    assert_same(run(method, a, b, budget=4096), whole)


def assert_same(one, other):
    """Check that two results are the same."""
    np.testing.assert_allclose(one.score, other.score, atol=1e-6)
    np.testing.assert_array_equal(one.partner, other.partner)
    np.testing.assert_allclose(one.table, other.table, atol=5e-6)


def check_single(method):
    """Hold a method to a loop over its units, and over the other models."""
    a, b = related()
    found = run(method, a, b)
    if not layered(method):
        alone = [run(method, a[:, unit : unit + 1], b) for unit in range(UNITS)]
        np.testing.assert_allclose(np.concatenate([one.score for one in alone]), found.score, atol=1e-6)
        np.testing.assert_array_equal(np.concatenate([one.partner for one in alone]), found.partner)
    others = [b, a[:, :4] + 0.1 * related(3)[1][:, :4]]
    several, each = run(method, a, others), [run(method, a, other) for other in others]
    np.testing.assert_allclose(several.table, np.concatenate([one.table for one in each], axis=1), atol=1e-6)
    score = np.stack([one.score for one in each])
    assert np.all((several.score > score.min(axis=0) - 1e-6) & (several.score < score.max(axis=0) + 1e-6))
    starts = np.array([0, each[0].table.shape[1]])
    known = np.stack([one.partner for one in each]) + starts[:, None]
    assert np.all((several.partner == known[0]) | (several.partner == known[1]))
    one = run(method, a, [b])
    np.testing.assert_array_equal(one.score, found.score)


def check_precision(method):
    """Hold a method to the same activations in double precision, on the host or on the device."""
    a, b = related()
    found = run(method, a, b)
    for left, right in ((a.astype(np.float64), b.astype(np.float64)), (jnp.asarray(a), jnp.asarray(b))):
        assert_same(run(method, left, right), found)


def check_input(method):
    """Hold a method to leaving its input alone."""
    a, b = related()
    before = a.copy(), b.copy()
    for array in (a, b):
        array.setflags(write=False)
    run(method, a, b)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


def check_errors(method):
    """Hold a method to naming what cannot be compared."""
    a, b = related()
    wrong = a.copy()
    wrong[11, 2] = np.nan
    cases = [(wrong, b, "finite"), (a, wrong, "finite"), (a[:-1], b, "same words"), (a[:1], b[:1], "2 tokens")]
    cases += [(a, [], "no other model"), (a, [b, b[:-5]], "same words"), (a[:, 0], b, "expected activations")]
    for left, right, said in cases:
        with_message(lambda left=left, right=right: run(method, left, right), said)
    if {"keep", "ridge"} & inspect.signature(method).parameters.keys():
        with_message(lambda: run(method, a[:OTHERS], b[:OTHERS]), "give more")


def with_message(call, said):
    """Fail unless a call says something."""
    try:
        call()
    except ValueError as error:
        assert said in str(error), f"{error}, which does not say {said!r}"
    else:
        raise AssertionError(f"nothing was said of {said!r}")


def check_layers(method):
    """Hold a method of layers to doing each two of them by themselves."""
    if not layered(method):
        return
    a, b = related()
    found = run(method, a, [b, a], layers=((3, 3), (3, 4), (6,)))
    parts = [b[:, :3], b[:, 3:], a]
    each = [[run(method, own, other).score[0] for other in parts] for own in (a[:, :3], a[:, 3:])]
    np.testing.assert_allclose(found.table, each, atol=1e-6)
    np.testing.assert_array_equal(found.partner, np.argmax(each, axis=1))
    with_message(lambda: run(method, a, b, layers=((3, 3), (3, 3))), "expected 7 in all")
    with_message(lambda: run(method, a, b, layers=((3, 3),)), "layers of 2 models")


def check_arguments(method):
    """Hold a method to the folder's Protocol: its options beside are keyword-only, and `finish` has them too."""
    protocol = package.Compare
    known = inspect.signature(protocol.__call__).parameters
    own = [name for name in inspect.signature(method).parameters if name not in known]
    follows(method, protocol, own)
    run(method, *related())
    options = {name: one.default for name, one in inspect.signature(finish(method)).parameters.items()}
    options.pop("sums")
    assert options == {
        name: one.default
        for name, one in inspect.signature(method).parameters.items()
        if name not in (*known, "layers")
    }


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_method_holds_the_contract(method, check):
    check(method)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_other_values_do_not_compile_again(method, no_compilation):
    run(method, *related())
    with no_compilation():
        run(method, *related(2))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_progress_is_told_to_the_end(method):
    told = []
    run(method, *related(), progress=lambda done, total: told.append((done, total)), budget=4096)
    assert len(told) > 2 and told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_sums_that_a_method_names_are_enough(method):
    a, b = related()
    wanted = comoments.needed(importlib.import_module(method.__module__).SUMS, ((UNITS,), (OTHERS,)))
    assert_same(finish(method)(comoments.over(a, b, layers=wanted)), run(method, a, b))


def test_the_methods_are_found():
    assert {"max_correlation", "linear_regression", "svcca", "pwcca", "cka"} <= METHODS.keys()


class broken:
    """Comparisons with one mistake each."""

    def right(a, b):
        return METHODS["max_correlation"](a, b)

    def in_place(a, b):
        found = broken.right(a, b)
        return found._replace(partner=np.arange(len(found.partner)) % found.table.shape[1])

    def by_the_norm(a, b):
        found = broken.right(a, b)
        size = np.abs(np.asarray(a)).mean(axis=0)
        return found._replace(score=found.score * size / size.max())

    def covariance(a, b):
        found = broken.right(a, b)
        table = np.asarray(a - a.mean(axis=0)).T @ np.asarray(b - b.mean(axis=0)) / len(a)
        return found._replace(table=table, score=np.abs(table).max(axis=1).clip(0, 1))

    def by_index(a, b):
        found = broken.right(a, b)
        return found._replace(table=found.table + 1e-3 * np.arange(found.table.shape[1]))

    def divides_by_nothing(a, b):
        found = broken.right(a, b)
        with np.errstate(invalid="ignore"):
            return found._replace(score=found.score * np.asarray(a).std(axis=0) / np.asarray(a).std(axis=0))

    def everything_is_alike(a, b):
        found = broken.right(a, b)
        return found._replace(score=np.ones_like(found.score))

    def first_model_only(a, b):
        return broken.right(a, b[0] if isinstance(b, list) else b)

    def overwrites(a, b):
        a -= a.mean(axis=0)
        return broken.right(a, b)

    def says_nothing(a, b):
        size = min(len(a), len(b))
        return broken.right(np.nan_to_num(a[:size]), b[:size])

    def half_precision(a, b):
        return broken.right(*(rows if rows.dtype == np.float64 else np.asarray(rows, np.float16) for rows in (a, b)))

    def misspells(a, other):
        return broken.right(a, other)


@pytest.mark.parametrize(
    ("method", "check"),
    [
        ("in_place", check_copy),
        ("in_place", check_order),
        ("by_the_norm", check_copy),
        ("by_the_norm", check_scale),
        ("covariance", check_scale),
        ("by_index", check_order),
        ("divides_by_nothing", check_dead),
        ("everything_is_alike", check_strangers),
        ("first_model_only", check_single),
        ("says_nothing", check_errors),
        ("half_precision", check_precision),
        ("misspells", check_shapes),
        ("misspells", check_arguments),
    ],
)
def test_the_contract_rejects(method, check):
    with pytest.raises(AssertionError):
        check(getattr(broken, method))


def test_the_contract_rejects_what_overwrites():
    with pytest.raises(ValueError, match="read-only"):
        check_input(broken.overwrites)


def test_the_contract_rejects_units_that_survive_a_rotation():
    with pytest.raises(AssertionError):
        check_rotation(broken.everything_is_alike, basis=True)
    with pytest.raises(AssertionError):
        check_rotation(broken.right, basis=False)
