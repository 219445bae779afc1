"""What every decomposition must satisfy. Methods are discovered: a new file is held to it."""

import inspect

import jax
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from jaxneuron import _discover
from jaxneuron import decompose as package
from jaxneuron.types import Factors
from tests.contracts import called, follows, holding, rejecting

SIZES, TOKENS, FACTORS = (4, 3, 2), 120, 3
METHODS = _discover.methods(package)
DICTIONARIES = ("sparse_autoencoder", "transcoder")
"""Methods that return what they learnt beside the factors."""
LEARNT = [METHODS[name] for name in DICTIONARIES]
OPTIONS = {"semi_nmf": {"share": 0.4}, "activation_clusters": {"dimensions": 2}}
"""What a method must be told to suit activations as small as these."""


def planted(*, apart=False, noise=0.05):
    """Return activations of units that follow one signal per group; all above 0, and each signal often 0.

    Args:
        apart: whether each token has one of the signals, so that tokens are in groups as well; else
            they are independent.
        noise: its deviation.
    """
    random = np.random.default_rng(0)
    member = np.repeat(np.arange(len(SIZES)), SIZES)
    on = random.integers(0, len(SIZES), (TOKENS, 1)) == np.arange(len(SIZES))
    on = on if apart else random.uniform(size=on.shape) < 0.15
    signal = on * random.uniform(1, 3, on.shape)
    return np.abs(signal[:, member] + noise * random.normal(size=(TOKENS, len(member)))).astype(np.float32), member


LEFT_OUT = {
    ("pca", "check_parts"): "its directions are at right angles, which parts that overlap by chance are not"
} | {
    (name, check): "few features are active, and twenty steps are few: what is planted is in test_sparse_autoencoder"
    for name in DICTIONARIES
    for check in ("check_planted", "check_parts", "check_order", "check_duplicate", "check_few")
}


def run(method, activations, factors=FACTORS, key=0):
    """Call a method with what it asks for."""
    given = {"key": jax.random.key(key), "activations": activations, "outputs": activations, "factors": factors}
    options = next((OPTIONS[name] for name in OPTIONS if METHODS.get(name) is method), {})
    short = {"settings": _discover.settings(method)._replace(steps=20)} if method in LEARNT else options
    found = called(method, given, short)
    return found if isinstance(found, Factors) else found[0]


def one_hot(rows):
    """Tell whether each row has a single 1 and else zeros."""
    rows = np.asarray(rows)
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))


def suited(method):
    """Return activations with groups of units, and of tokens where the method is about those, and which are whose."""
    activations, member = planted(apart=True)
    return (activations, member) if one_hot(run(method, activations).codes) else planted()


def together(found):
    """Return `[unit unit]`, how much two units have the same factors."""
    basis = np.asarray(found.basis, np.float64)
    basis = basis / np.maximum(np.linalg.norm(basis, axis=0, keepdims=True), 1e-9)
    return np.abs(basis.T @ basis)


def check_shapes(method):
    """Hold a method to what it returns."""
    activations, _ = planted()
    found = run(method, activations)
    assert isinstance(found, Factors)
    assert found.codes.shape == (TOKENS, len(SIZES)) and found.basis.shape == (len(SIZES), activations.shape[1])
    assert np.isfinite(found.codes).all() and np.isfinite(found.basis).all()


def check_planted(method):
    """Hold a method to groups of units that are there: they have the same factors, and no other unit has."""
    activations, member = suited(method)
    found = together(run(method, activations))
    same = member[:, None] == member[None]
    assert found[same].min() > 0.9 and found[~same].max() < 0.3


def check_parts(method):
    """Hold a method to the parts that the activations were made of."""
    activations, member = suited(method)
    basis = np.asarray(run(method, activations).basis, np.float64)
    parts = (member == np.arange(len(SIZES))[:, None]).astype(float)
    length = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (basis, parts)]
    cosine = np.abs(basis / np.maximum(length[0], 1e-9) @ (parts / length[1]).T)
    assert cosine[linear_sum_assignment(-cosine)].mean() >= 0.95


def check_order(method):
    """Hold a method to units and tokens in another order."""
    activations, _ = suited(method)
    units, tokens = np.random.default_rng(1).permutation(9), np.random.default_rng(2).permutation(TOKENS)
    found = together(run(method, activations))
    np.testing.assert_allclose(together(run(method, activations[:, units])), found[units][:, units], atol=0.05)
    np.testing.assert_allclose(together(run(method, activations[tokens])), found, atol=0.05)


def check_duplicate(method):
    """Hold a method to units that are copies of each other: they have the same factors."""
    activations, _ = suited(method)
    activations[:, 8] = activations[:, 0]
    assert together(run(method, activations))[0, 8] > 0.99


def check_dead(method):
    """Hold a method to a unit that never changes, and to one that is always 0."""
    activations, _ = suited(method)
    for value in (0.7, 0.0):
        activations[:, 3] = value
        found = run(method, activations)
        assert np.isfinite(found.codes).all() and np.isfinite(found.basis).all()


def check_settles(method):
    """Hold a method to defaults that settle, where there are parts and where there is only noise."""
    noise = np.random.default_rng(7).normal(size=(TOKENS, sum(SIZES))).astype(np.float32)  # FastICA has no end of it
    assert run(method, suited(method)[0]).settled and run(method, np.abs(noise)).settled


def check_key(method):
    """Hold a method to the same key, which finds the same, and to leaving its input alone."""
    activations, _ = planted()
    before = activations.copy()
    first, second = (run(method, activations, key=3) for _ in range(2))
    np.testing.assert_array_equal(first.basis, second.basis)
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(activations, before)


def check_finite(method):
    """Hold a method to naming what is not a number."""
    activations, _ = planted()
    activations[3, 2] = np.nan
    refused(method, activations, FACTORS, "unit 2 at token 3 is not finite")


def check_few(method):
    """Hold a method to saying how many factors there can be: of three tokens, of none, and of words."""
    activations, _ = planted()
    refused(method, activations[:3, :2], 4, "got 3 tokens, 2 units and 4")
    refused(method, activations, 0, "got 120 tokens, 9 units and 0")
    refused(method, activations[0], FACTORS, r"expected activations [token, unit]")
    refused(method, activations.astype(str), FACTORS, "real numbers")


def refused(method, activations, factors, said):
    """Check that a method refuses activations, with these words."""
    try:
        run(method, activations, factors)
    except (TypeError, ValueError) as error:
        assert said in str(error), f"{error}"
    else:
        raise AssertionError("nothing was said")


def check_arguments(method):
    """Hold a method to the folder's Protocol: what it has beside is keyword-only, with a default."""
    parameters = inspect.signature(method).parameters
    own = [name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY and one.default is not one.empty]
    either = "factors" in own and parameters["factors"].default is None  # another option may say how many there are
    own = [name for name in own if name != "factors"] + ["outputs"]  # the other side of a transcoder
    follows(method, EitherProtocol if either else package.Decompose, own=own)


class EitherProtocol:
    """The folder's Protocol for a method of which another option may say how many factors there are."""

    def __call__(self, key, activations, *, factors=None):
        """Explain the activations."""


CHECKS = (
    check_shapes,
    check_planted,
    check_parts,
    check_order,
    check_duplicate,
    check_dead,
    check_settles,
    check_key,
    check_finite,
    check_few,
    check_arguments,
)


test_a_method_holds_the_contract = holding(METHODS, CHECKS, LEFT_OUT)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in DICTIONARIES])
def test_other_values_compile_nothing(name, no_compilation):
    activations, _ = planted()
    counted = {"steps": 7, "tolerance": 1e-3}
    more = {word: counted[word] for word in counted if word in inspect.signature(METHODS[name]).parameters}
    options = OPTIONS.get(name, {})
    METHODS[name](jax.random.key(0), activations, factors=FACTORS, **options)
    with no_compilation():
        METHODS[name](jax.random.key(1), activations + np.float32(0.5), factors=FACTORS, **options, **more)


def test_the_methods_are_found():
    clusters = {"correlation_clusters", "activation_clusters", "k_means", "latent_concepts"}
    assert clusters | {"pca", "ica", "nmf", "semi_nmf"} <= set(METHODS)
    assert set(OPTIONS) <= set(METHODS)


class broken:
    """Decompositions with one mistake each."""

    def right(activations, factors):
        return METHODS["correlation_clusters"](None, activations, factors=factors)

    def forgets_a_factor(key, activations, *, factors):
        found = broken.right(activations, factors)
        return Factors(found.codes[:, 1:], found.basis[1:])

    def cuts_the_units_by_place(key, activations, *, factors):
        basis = np.repeat(np.eye(factors), -(-activations.shape[1] // factors), axis=1)[:, : activations.shape[1]]
        return Factors(activations @ basis.T, basis)

    def divides_by_the_deviation(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(basis=np.asarray(found.basis) / activations.std(axis=0).round(5))

    def mixes_the_parts(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(basis=np.array([[1, 1, 0], [1, -1, 1], [0, 1, 1]]) @ np.asarray(found.basis))

    def tells_copies_apart(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(basis=np.asarray(found.basis) + np.eye(9)[:factors][::-1])

    def runs_out_of_steps(key, activations, *, factors):
        return broken.right(activations, factors)._replace(settled=activations.min() < 0.001)

    def draws_without_its_key(key, activations, *, factors):
        found = broken.right(activations, factors)
        return found._replace(codes=found.codes + np.random.default_rng().normal())

    def overwrites(key, activations, *, factors):
        found = broken.right(activations, factors)
        activations -= activations.mean(axis=0)
        return found

    def says_nothing(key, activations, *, factors):
        return broken.right(np.nan_to_num(activations), factors)

    def takes_as_many_as_there_are(key, activations, *, factors):
        return broken.right(activations, min(factors, activations.shape[1]))

    def misspells(key, activatoins, *, factors):
        return broken.right(activatoins, factors)


spoilt = pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
test_the_contract_rejects = spoilt(
    rejecting(
        broken,
        [
            ("forgets_a_factor", check_shapes),
            ("cuts_the_units_by_place", check_planted),
            ("cuts_the_units_by_place", check_order),
            ("mixes_the_parts", check_parts),
            ("tells_copies_apart", check_duplicate),
            ("divides_by_the_deviation", check_dead),
            ("runs_out_of_steps", check_settles),
            ("draws_without_its_key", check_key),
            ("overwrites", check_key),
            ("says_nothing", check_finite),
            ("takes_as_many_as_there_are", check_few),
            ("misspells", check_arguments),
            ("misspells", check_shapes),
        ],
    )
)
