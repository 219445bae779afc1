"""What every statistic must satisfy. They are discovered: a new file is held to it."""

import inspect
from functools import cache
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, atlas
from jaxneuron.atlas import Places, Rows

METHODS = _discover.methods(atlas)
SITES = {"block0/mlp/gate": 6, "block0/mlp/in": 6, "pool": 4}
LABELS, DRAWN, TEXTS, TIME, DEAD = 3, 12, 40, 7, 5
OPTIONS = {
    "samples": {"count": DRAWN},
    "label_sums": {"labels": LABELS},
    "label_counts": {"labels": LABELS},
    "exemplars": {"count": 4},
    "pairs": {"count": 3},
}
"""What a statistic must be told to suit a text as small as this."""
SUMS = ("moments", "sign_cases", "pairs", "label_sums")
"""Statistics of sums, which rounding may change in the last digits; all others are the same to the last bit."""

UNITLESS = ("tokens", "count", "skewness", "kurtosis", "share", "correlation", "unit")


@cache
def corpus():
    """Return activations of every word, whose they are, and how long each text is."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, TIME + 1, TEXTS)
    value = {site: rng.normal(size=(TEXTS, TIME if site != "pool" else 1, units)) for site, units in SITES.items()}
    value["block0/mlp/in"][..., 1] = np.round(value["block0/mlp/in"][..., 1])  # ties
    value["block0/mlp/in"][..., 2] = 1000 + 0.1 * value["block0/mlp/in"][..., 2]
    value["block0/mlp/in"][..., 3] *= 1e-9
    value["block0/mlp/in"][..., 4] *= 1e9
    value["block0/mlp/in"][..., DEAD] = 0.7
    drawn = np.full((TEXTS, TIME), -1)
    inside = np.argwhere(np.arange(TIME) < lengths[:, None])
    for slot, (text, word) in enumerate(rng.permutation(inside)[:DRAWN]):
        drawn[text, word] = slot
    return (
        {site: one.astype(np.float32) for site, one in value.items()},
        lengths,
        drawn,
        rng.integers(0, LABELS, drawn.shape),
    )


def batch(texts, room):
    """Return the activations and places of some texts; the rest of the room is padding with garbage in it."""
    value, lengths, drawn, label = corpus()
    rows = np.pad(np.asarray(texts, int), (0, room - len(texts)))
    real = (np.arange(room) < len(texts))[:, None]
    there = real & (np.arange(TIME) < lengths[rows][:, None])
    activations = {
        site: np.where(real[..., None] if site == "pool" else there[..., None], one[rows], 7e3)
        for site, one in value.items()
    }
    text = np.broadcast_to(np.arange(room)[:, None], there.shape)
    words = Rows(np.where(there, text, -1), np.broadcast_to(np.arange(TIME), there.shape), drawn[rows], label[rows])
    whole = Rows(
        np.where(real, text[:, :1], -1), 0 * text[:, :1], np.where(rows < DRAWN, rows, -1)[:, None], label[rows, :1]
    )
    places = Places(np.where(real[:, 0], rows, -1), words, whole)
    return jax.tree.map(
        jnp.asarray,
        (
            {site: one.astype(np.float32) for site, one in activations.items()},
            jax.tree.map(lambda leaf: leaf.astype(np.int32), places),
        ),
    )


@cache
def made(name):
    """Return a statistic with its update compiled."""
    statistic = METHODS[name](**OPTIONS.get(name, {}))
    return statistic._replace(update=jax.jit(statistic.update))


def read(statistic, texts, room=10):
    """Return the state after these texts, in batches of some."""
    state = statistic.init(SITES)
    for first in range(0, len(texts), room):
        state = statistic.update(state, *batch(texts[first : first + room], room))
    return state


def merged(statistic, parts, rng):
    """Return the state of parts that are read apart, merged in pairs in a random order."""
    states = [read(statistic, part) for part in parts]
    while len(states) > 1:
        one, other = (states.pop(int(rng.integers(len(states)))) for _ in range(2))
        states.append(statistic.merge(one, other))
    return states[0]


def alike(name, one, other):
    """Check that two results are the same, to the last bit but for sums, which are to a millionth of a unit's size."""
    if name not in SUMS:
        jax.tree.map(np.testing.assert_array_equal, one, other)
        return
    for site in other:
        value = corpus()[0]["block0/mlp/in" if name == "sign_cases" else site]
        size = np.abs(value).max(axis=(0, 1)).astype(np.float64)
        for field, left, right in zip(other[site]._fields, one[site], other[site], strict=True):
            small = np.float64(1) if field in UNITLESS else size ** (2 if field == "variance" else 1)
            np.testing.assert_allclose(left / small, right / small, rtol=1e-6, atol=1e-6, err_msg=field)


def check_split(name):
    """Hold a statistic to any split and any order of merging, of which some parts are empty."""
    statistic, rng = made(name), np.random.default_rng(1)
    whole = statistic.finish(read(statistic, np.arange(TEXTS)))
    for _ in range(3):
        order, cuts = rng.permutation(TEXTS), np.sort(rng.integers(0, TEXTS + 1, 4))
        parts = [order[first:last] for first, last in pairwise([0, *cuts, TEXTS])]
        alike(name, statistic.finish(merged(statistic, parts, rng)), whole)


def check_nothing(name):
    """Hold a statistic to states of nothing: they change nothing, and finish without a word."""
    statistic = made(name)
    some, none = read(statistic, np.arange(9)), statistic.init(SITES)
    for state in (statistic.merge(some, none), statistic.merge(none, some)):
        alike(name, statistic.finish(state), statistic.finish(some))
    assert set(statistic.finish(statistic.merge(none, none))) == set(statistic.finish(some))


def beside(statistic, batches):
    """Return the state after some batches by the update in two halves."""
    look, state = jax.jit(statistic.beside.look), jax.tree.map(np.array, statistic.init(SITES))
    for one in batches:
        activations, places = jax.tree.map(np.asarray, one)
        state = statistic.beside.add(state, jax.tree.map(np.asarray, look(*one)), activations, places)
    return statistic.beside.settle(state)


def check_beside(name):
    """Hold an update in two halves to what the whole one says, in any order of the texts."""
    statistic, order = made(name), np.random.default_rng(2).permutation(TEXTS)
    if statistic.beside is not None:
        found = beside(statistic, [batch(order[first : first + 10], 12) for first in range(0, TEXTS, 10)])
        alike(name, statistic.finish(found), statistic.finish(read(statistic, np.arange(TEXTS))))


def check_pure(name):
    """Hold a statistic to leaving states as they are."""
    statistic = made(name)
    one, other = (read(statistic, np.arange(first, first + 8)) for first in (0, 8))
    before = jax.tree.map(np.array, (one, other))
    statistic.finish(statistic.merge(one, other)), statistic.update(one, *batch([3], 10))
    jax.tree.map(np.testing.assert_array_equal, before, jax.tree.map(np.asarray, (one, other)))


def check_apart(name):
    """Hold a statistic that says so to sites that are matters of their own."""
    statistic = made(name)
    if statistic.apart:
        whole = statistic.finish(read(statistic, np.arange(TEXTS)))
        alone = METHODS[name](**OPTIONS.get(name, {}))
        state = alone.init({"pool": SITES["pool"]})
        for first in range(0, TEXTS, 10):
            state = alone.update(state, *batch(np.arange(first, first + 10), 10))
        alike(name, alone.finish(state), {"pool": whole["pool"]})


def check_others(name):
    """Hold a statistic to refusing states of other sites."""
    statistic = made(name)
    fewer = {"block0/mlp/gate": 2, "block0/mlp/in": 2}
    with pytest.raises(ValueError, match="of other sites, units or settings"):
        statistic.merge(statistic.init(SITES), statistic.init(fewer))


def check_arguments(name):
    """Hold a statistic to settings that are keyword-only."""
    assert all(one.kind is one.KEYWORD_ONLY for one in inspect.signature(METHODS[name]).parameters.values())


CHECKS = (check_split, check_nothing, check_beside, check_pure, check_apart, check_others, check_arguments)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", METHODS)
def test_a_statistic_holds_the_contract(name, check):
    check(name)


def test_a_sentence_is_an_exemplar_once_however_often_it_is_read():
    statistic, held = made("exemplars"), made("exemplars").init(SITES)
    batches = []
    for first in range(0, TEXTS, 10):
        activations, places = batch(np.arange(first, first + 10), 10)
        batches.append((activations, places._replace(sentence=places.sentence % 7)))
        held = statistic.update(held, *batches[-1])
    one, other = statistic.finish(held), statistic.finish(beside(statistic, batches))
    alike("exemplars", one, other)
    for side in one["block0/mlp/in"]:
        assert all(len(set(row)) == len(row) == 4 for row in side.sentence.tolist())


def test_the_statistics_are_found():
    assert {"moments", "histogram", "exemplars", "samples", "saturated", "sign_cases", "pairs"} <= set(METHODS)
    assert set(OPTIONS) | set(SUMS) <= set(METHODS)
