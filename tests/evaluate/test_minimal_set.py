"""The smallest set of units that is nearly as good as all: the planted ones."""

from functools import partial

import numpy as np
import pytest

from jaxneuron.evaluate.minimal_set import Grid, minimal_set
from jaxneuron.rank import linear
from jaxneuron.types import Ranking
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

FIT = partial(linear.fit, settings=linear.Settings(epochs=5, batch=16, learning_rate=0.05))
DATA = planted.classes()


def test_the_planted_units_are_enough_and_fewer_are_not(key):
    seen = []
    found = minimal_set(
        key,
        DATA.ranking,
        DATA.train,
        DATA.test,
        shares=(0.5, 0.97),
        grid=Grid(fractions=(0.1, 0.5), parts=2),
        fit=FIT,
        progress=lambda *n: seen.append(n),
    )
    assert found.size[0] <= found.size[1] <= len(planted.CARRIERS) and found.size[1] >= 2
    assert (found.accuracy >= found.shares * found.oracle).all()
    at = dict(zip(found.counts.tolist(), found.curve.tolist(), strict=True))
    assert all(at[k] < 0.97 * found.oracle for k in at if k < found.size[1])
    assert found.counts[-1] == planted.UNITS and at[planted.UNITS] == found.oracle
    assert seen[-1] == (3, 3)


def test_shares_may_be_of_more_units_than_are_ranked(key):
    given = {"grid": Grid(rounds=0, fractions=(0.1, 0.5)), "fit": FIT, "shares": (1.0,)}
    own = minimal_set(key, DATA.ranking, DATA.train, DATA.test, **given)
    half = minimal_set(key, DATA.ranking, DATA.train, DATA.test, **given, oracle=own.curve[0])
    assert half.size[0] == own.counts[0] <= own.size[0] and half.oracle == own.curve[0]
    beyond = minimal_set(key, DATA.ranking, DATA.train, DATA.test, **given, oracle=1.5)
    assert beyond.size[0] == planted.UNITS and beyond.accuracy[0] < beyond.oracle


def test_what_does_not_fit_is_named(key):
    with pytest.raises(ValueError, match="shares above 0"):
        minimal_set(key, DATA.ranking, DATA.train, DATA.test, shares=(1.5,))
    with pytest.raises(ValueError, match="one property"):
        minimal_set(key, DATA.ranking, DATA.train, (DATA.test[0], np.ones((240, 2), bool)))
    with pytest.raises(ValueError, match=r"ranking\.overall"):
        two = Ranking(np.zeros((2, 12)), np.stack([np.arange(12)] * 2))
        minimal_set(key, two, DATA.train, DATA.test)
