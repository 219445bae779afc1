"""What every method of interact must satisfy. Methods are discovered: a new file is held to it.

Whatever a method returns says of each pair of players how much they count as one: that is compared.
"""

import jax
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import interact as package
from tests.contracts import called, follows

PLAYERS, PAIR = 4, (1, 2)
X = np.random.default_rng(0).uniform(1, 2, size=(2, PLAYERS)).astype(np.float32)
METHODS = _discover.methods(package)

OWN = {"agglomeration": ("score", "percentile", "shared"), "arch_attribute": ("top", "sets", "tolerance")} | {
    "arch_detect": ("tolerance",),
    "contextual_decomposition": ("shared",),
    "integrated_hessians": ("steps",),
}
"""Options that a method has beside those of the folder."""

ALONG_THE_TEXT = {"agglomeration"}
"""Methods whose sets are spans: which players meet depends on their order, and in the end all do."""


def planted(order, x):
    """Score a product of two players, and two that count alone."""
    x = x[:, order]
    return 3 * x[:, 1] * x[:, 2] + x[:, 0] - x[:, 3]


@pytest.fixture(params=METHODS)
def name(request):
    """Each method in turn."""
    return request.param


def run(method, x=X, order=(0, 1, 2, 3), factor=1.0, **options):
    """Call a method with what it asks for."""
    f = jax.tree_util.Partial(planted, np.argsort(order))
    return called(method, {"f": f, "x": factor * np.asarray(x)[:, order], "baseline": 0.0}, options, shared=WORDS)


WORDS = ("groups", "mask", "budget", *(word for words in OWN.values() for word in words))


def together(found):
    """Return `[batch player player]`, how much two players count as one: 0 on the diagonal."""
    found = getattr(found, "attribution", found) if not hasattr(found, "sets") else found
    if isinstance(found, list):  # of a row, levels of spans: the score of the first span that holds both
        matrix = np.zeros((len(found), PLAYERS, PLAYERS))
        for row, levels in enumerate(found):
            for level in levels[::-1]:
                for start, stop, score in zip(*level, strict=True):
                    matrix[row, start:stop, start:stop] = score
    elif hasattr(found, "members"):
        matrix = np.zeros((len(found.value), PLAYERS, PLAYERS))
        for members, value in zip(found.members, np.asarray(found.value).T, strict=True):
            if members.sum() == 2:
                matrix[:, *np.ix_(members, members)] = value[:, None, None]
    elif hasattr(found, "sets"):
        same = found.sets[:, :, None] == found.sets[:, None, :]
        matrix = np.where(same, np.asarray(found.attribution)[:, :, None], 0)
    else:
        matrix = np.asarray(found)
    return matrix * (1 - np.eye(PLAYERS))


def check_pair(method):
    """Hold a method to a pair that interacts where nobody else does."""
    found = together(run(method))
    rest = np.abs(found)
    assert np.isfinite(found).all() and (rest[:, *PAIR] > 0.1).all()
    rest[:, *PAIR] = rest[:, *PAIR[::-1]] = 0
    assert rest.max() < 1e-3 * np.abs(found).max(), "others interact, too"


def check_order(method):
    """Hold a method to players in another order."""
    order = np.array([2, 0, 3, 1])
    found, moved = together(run(method)), together(run(method, order=order))
    np.testing.assert_allclose(moved, found[:, order][:, :, order], atol=1e-4)


def check_rows(method):
    """Hold a method to rows that do not see each other."""
    found, one = together(run(method)), together(run(method, x=np.stack([X[0] + 1, X[1]])))
    np.testing.assert_allclose(one[1], found[1], atol=1e-4)


def test_it_has_the_arguments_of_the_folder(name):
    follows(METHODS[name], package.Interact, own=OWN.get(name, ()))


def test_a_planted_pair_interacts_and_nothing_else(name):
    if name in ALONG_THE_TEXT:
        pytest.skip("in the end all players are in one span")
    check_pair(METHODS[name])


def test_players_in_another_order_interact_in_that_order(name):
    if name in ALONG_THE_TEXT:
        pytest.skip("spans follow the order")
    check_order(METHODS[name])


def test_other_rows_do_not_matter(name):
    check_rows(METHODS[name])


def test_a_small_budget_changes_nothing(name):
    found, small = (together(run(METHODS[name], **options)) for options in ({}, {"budget": 1}))
    np.testing.assert_allclose(small, found, atol=1e-4)


def test_other_values_do_not_compile_again(name, no_compilation):
    if name in ALONG_THE_TEXT:
        pytest.skip("how many spans are tried together depends on what was found")
    run(METHODS[name])
    with no_compilation():
        run(METHODS[name], factor=2.0)


def test_what_is_not_a_number_is_named(name):
    broken = X.copy()
    broken[1, 2] = np.nan
    with pytest.raises(ValueError, match="finite|nan|NaN"):
        run(METHODS[name], x=broken)


def test_the_methods_are_found_and_what_is_left_out_is_there():
    assert {"harsanyi", "integrated_hessians", "agglomeration", "banzhaf"} <= set(METHODS)
    assert (set(OWN) | ALONG_THE_TEXT) <= set(METHODS)


class broken:
    """Methods with one mistake each, of the sum over players."""

    def matrix(x):
        right = np.zeros((len(x), PLAYERS, PLAYERS))
        right[:, *PAIR] = right[:, *PAIR[::-1]] = 1
        return right

    def interacts_with_all(f, x, baseline=0.0, *, groups=None, mask=None, budget=0):
        return broken.matrix(x) + 0.5

    def has_an_order_of_its_own(f, x, baseline=0.0, *, groups=None, mask=None, budget=0):
        return broken.matrix(x)

    def mixes_rows(f, x, baseline=0.0, *, groups=None, mask=None, budget=0):
        return broken.matrix(x) * np.asarray(x).sum()

    def misspells(f, x, basline=0.0, *, groups=None, mask=None, budget=0):
        return broken.matrix(x)


@pytest.mark.parametrize(
    ("method", "check"),
    [
        ("interacts_with_all", check_pair),
        ("has_an_order_of_its_own", check_order),
        ("mixes_rows", check_rows),
        ("misspells", lambda method: follows(method, package.Interact)),
        ("misspells", check_pair),
    ],
)
def test_the_contract_rejects(method, check):
    with pytest.raises(AssertionError):
        check(getattr(broken, method))
