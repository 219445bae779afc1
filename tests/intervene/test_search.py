"""A beam is the best of what it tries, and what only matters together is found by breeding sets, not one by one."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.intervene import Taking, _run, beam, evolutionary, greedy
from jaxneuron.tap import Tap
from jaxneuron.targets import Logit
from jaxneuron.types import Tokens

UNITS, PAIR = 24, (5, 17)
TOKENS = Tokens(jnp.array([[1, 2], [3, 4]]), jnp.ones((2, 2), bool))
DECOYS = jnp.where(jnp.isin(jnp.arange(UNITS), jnp.array(PAIR)), 0, 0.01 * (1 + jnp.arange(UNITS) % 7))


def planted(params, tokens, edits):
    """Say yes if either of a pair is on, which stands in for the other; every other unit helps a little alone."""
    tap = Tap(edits)
    units = tap("units", jnp.ones((*tokens.mask.shape, UNITS)), jnp.arange(tokens.mask.shape[1]))
    either = jnp.maximum(units[..., PAIR[0]], units[..., PAIR[1]])
    return (params * either + units @ DECOYS)[..., None], tap.activations()


def ask(method, *key, count, taking=(), **options):
    return method.intervene(
        *key, planted, jnp.float32(1), TOKENS, Logit(0), site="units", taking=Taking(count, *taking), **options
    )


def test_a_pair_that_matters_only_together_is_missed_one_by_one_and_bred():
    settings = evolutionary.Settings(population=96, generations=60, patience=20)
    alone = ask(greedy, count=5)
    assert not set(PAIR) & set(alone.order.tolist()) and alone.score[-1] > 1
    for seed in range(3):
        found = ask(evolutionary, jax.random.key(seed), count=5, settings=settings)
        assert set(PAIR) < set(found.units.tolist()) and found.score < 1 < found.unedited
        assert (np.diff(found.best) <= 0).all() and found.best[-1] == pytest.approx(found.score)
        np.testing.assert_allclose(found.effect.edited.mean(), found.score, atol=1e-6)
    assert found.settled == (len(found.best) < 60)


def test_a_beam_as_wide_as_all_sets_is_the_best_set_and_one_set_is_greedy():
    by_hand = {pair: float(DECOYS.sum() - DECOYS[jnp.array(pair)].sum() + (set(pair) != set(PAIR)))
               for pair in combinations(range(UNITS), 2)}  # fmt: skip
    wide = ask(beam, count=2, width=UNITS)
    assert set(wide.order.tolist()) == set(min(by_hand, key=by_hand.get)) == set(PAIR)
    assert wide.score[-1] == pytest.approx(min(by_hand.values()), abs=1e-5)
    assert wide.effect.edited.shape == (2, 2) and len(wide.alone) == 2
    one, narrow = ask(greedy, count=3), ask(beam, count=3, width=1)
    assert one.order.tolist() == narrow.order.tolist() == [6, 13, 20]


def test_what_no_set_changes_is_kept_as_far_as_there_is_room():
    kept, asked = _run.Kept(budget=10), []

    def made(key, size):
        return kept(key, lambda: asked.append(key) or np.zeros(size, np.int8))

    assert [len(made(*given)) for given in (("a", 6), ("b", 6), ("c", 4)) * 2] == [6, 6, 4] * 2
    assert asked == ["a", "b", "c", "b"]


def test_only_candidates_are_bred():
    allowed = np.arange(UNITS) % 2 == 0
    few = evolutionary.Settings(population=8, generations=3, elite=2)
    found = ask(evolutionary, jax.random.key(0), candidates=allowed, count=4, settings=few)
    assert len(found.units) == 4 and allowed[found.units].all() and not found.settled


@pytest.mark.parametrize(
    ("method", "options", "fault"),
    [
        (beam, {"width": 0, "count": 1}, "a width of at least 1"),
        (beam, {"count": UNITS + 1}, "at least 25 units"),
        (greedy, {"count": 1, "taking": (np.zeros(3),)}, r"a value as a number, \[24\]"),
        (greedy, {"count": 1, "taking": (0.0, lambda read: read[0])}, "a number for each of 24 sets"),
    ],
)
def test_what_does_not_fit_is_said(method, options, fault):
    with pytest.raises(ValueError, match=fault):
        ask(method, **options)


def test_settings_out_of_range_are_said():
    with pytest.raises(ValueError, match="an elite from 1 to the population"):
        ask(evolutionary, jax.random.key(0), count=1, settings=evolutionary.Settings(elite=200))
