"""Units that follow a hypothesis are units replaced by it, at every step."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Replace
from jaxneuron.intervene import oracle
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

UNITS = tiny.VOCAB + 1
IDS = np.array([[1, 3, 5, 2], [3, 1, 0, 0]])
TOKENS = Tokens(jnp.asarray(IDS), jnp.array([[True] * 4, [True, True, False, False]]))
TARGET = Unit("projection", 3)


def test_a_unit_at_every_time_is_what_the_labels_say(weights):
    labels = np.where(TOKENS.mask, IDS, 99)  # what is said at padding counts for nothing
    found = oracle.intervene(tiny.recurrent, weights, TOKENS, TARGET, site="hidden", labels=labels, budget=1)
    share = (IDS - 1) / 4
    for unit in (2, 3):
        target = Unit("hidden", unit, position=0)
        at_first = oracle.intervene(tiny.recurrent, weights, TOKENS, target, site="hidden", labels=labels).edited[unit]
        np.testing.assert_allclose(at_first, [-1, 2 * share[1, 0] - 1], atol=1e-6)
    # the recurrence by hand, with unit 3 put in at each step
    params = {name: np.asarray(leaf) for name, leaf in weights.items()}
    for row, length in enumerate((4, 2)):
        hidden = np.zeros(UNITS)
        for time in range(length):
            hidden = np.tanh(params["table"][IDS[row, time]] + 0.5 * hidden @ params["recur"])
            hidden[3] = 2 * share[row, time] - 1
        expected = (hidden @ params["weights"] + params["bias"])[3]
        np.testing.assert_allclose(found.edited[3, row], expected, atol=1e-5)


def test_own_means_are_the_means_of_the_classes(weights):
    labels = IDS == 3
    low, high = oracle.own_means(tiny.recurrent, weights, TOKENS, labels, site="hidden")
    states, mask = np.asarray(tiny.recurrent(weights, TOKENS, {})[1]["hidden"]), np.asarray(TOKENS.mask)
    np.testing.assert_allclose(low, states[mask & ~labels].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(high, states[mask & labels].mean(axis=0), atol=1e-5)


def test_a_unit_that_is_the_hypothesis_is_left_as_it_was(weights):
    states = tiny.recurrent(weights, TOKENS, {})[1]["hidden"]
    labels = np.asarray(states[..., 3])
    means = oracle.own_means(tiny.recurrent, weights, TOKENS, labels, site="hidden")
    one = np.eye(UNITS, dtype=bool)[3]
    found = oracle.intervene(tiny.recurrent, weights, TOKENS, TARGET, one, site="hidden", labels=labels, means=means)
    np.testing.assert_allclose(found.edited, found.unedited, atol=1e-5)


def test_all_units_at_once_replace_the_state(weights):
    every = np.ones(UNITS, bool)
    low, high = np.linspace(-1, 0, UNITS), np.linspace(1, 2, UNITS)
    means = oracle.Means(low, high)
    found = oracle.intervene(
        tiny.recurrent, weights, TOKENS, TARGET, every, site="hidden", labels=IDS == 3, means=means
    )
    value = jnp.asarray(np.where((IDS == 3)[..., None], high, low), jnp.float32)
    expected = TARGET(*tiny.recurrent(weights, TOKENS, {"hidden": Replace(value)}), TOKENS)
    np.testing.assert_allclose(found.edited, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"labels": np.ones((2, 4))}, "all the same"),
        ({"labels": np.where(IDS == 5, np.nan, IDS)}, "1 labels are not finite"),
        ({"labels": IDS[:, :3]}, "a label for each word"),
        ({"labels": IDS, "means": oracle.Means(np.zeros(2), 1)}, "expected `low`"),
    ],
)
def test_what_does_not_fit_is_said(weights, options, fault):
    with pytest.raises(ValueError, match=fault):
        oracle.intervene(tiny.recurrent, weights, TOKENS, TARGET, site="hidden", **options)
