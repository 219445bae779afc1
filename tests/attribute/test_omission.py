"""An omission score is what a loop over shortened texts says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import omission
from jaxneuron.types import Packed, Tokens
from tests.tiny import bag_of_words, planted, recurrent

PARAMS = planted(jax.random.key(0))
IDS = np.array([[1, 2, 3, 4, 5], [6, 0, 0, 7, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]], np.int32)
TEXTS = Tokens(IDS, np.arange(5) < np.array([5, 4, 1, 0])[:, None])


def alone(model, ids, site, pool):
    """Return the vector of one text, without any padding."""
    value = np.asarray(model(PARAMS, Tokens(jnp.asarray(ids[None]), jnp.ones((1, len(ids)), bool)), {})[1][site])[0]
    return value.mean(axis=0) if pool == "mean" else value[-1]


def looped(model, site, pool):
    """Return the scores by the formula, a text and a word at a time."""
    found = np.full(IDS.shape, np.nan)
    for row, (ids, mask) in enumerate(zip(*TEXTS, strict=True)):
        words = ids[mask]
        for place in range(len(words)):
            if len(words) > 1:
                whole, left = (alone(model, some, site, pool) for some in (words, np.delete(words, place)))
                found[row, place] = 1 - whole @ left / np.linalg.norm(whole) / np.linalg.norm(left)
    return found


@pytest.mark.parametrize(
    ("model", "site", "pool"),
    [(recurrent, "hidden", "end"), (recurrent, "hidden", "mean"), (bag_of_words, "bag", "end")],
)
def test_a_loop_over_shortened_texts_agrees(model, site, pool):
    found = omission.of_texts(model, PARAMS, TEXTS, site, pool=pool, batch=2)
    np.testing.assert_allclose(found, looped(model, site, pool), atol=1e-6)
    assert np.isnan(found[2]).all() and np.isnan(found[3]).all()  # nothing would be left of a single word


def test_what_is_asked_about_may_be_a_score():
    weights = np.array([1.0, -2.0, 0.5], np.float32)
    found = omission.attribute(
        lambda there: there @ weights, np.ones((1, 3), bool), mask=np.array([[True, True, False]])
    )
    np.testing.assert_allclose(found, [[1.0, -2.0, 0.0]])


def test_a_word_that_says_nothing_is_not_missed():
    ids = np.array([[1, 2, 2, 3]], np.int32)
    params = PARAMS | {"table": PARAMS["table"].at[2].set(0)}
    found = omission.of_texts(bag_of_words, params, Tokens(ids, np.ones((1, 4), bool)), "bag")
    assert found[0, 1] == found[0, 2] == 0 and found[0, 0] > 0.1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"site": "hiden"}, KeyError, "did you mean 'hidden'"),
        ({"pool": "first"}, ValueError, "end or mean"),
        ({"batch": 0}, ValueError, "whole number of at least 1"),
        ({"tokens": Tokens(IDS, np.zeros((4, 5), bool))}, ValueError, "no word in the texts"),
        ({"tokens": Packed(*TEXTS, np.zeros((4, 5), np.int32))}, TypeError, "got Packed"),
    ],
)
def test_what_cannot_be_asked_is_named(change, error, message):
    given = {"tokens": TEXTS, "site": "hidden"} | change
    with pytest.raises(error, match=message):
        omission.of_texts(recurrent, PARAMS, **given)


@pytest.mark.parametrize(("x", "mask"), [(np.ones(3), None), (np.ones((1, 3)), np.ones((1, 2), bool))])
def test_shapes_that_do_not_fit_are_named(x, mask):
    with pytest.raises(ValueError, match="expected"):
        omission.attribute(lambda there: there.sum(1), x, mask=mask)
