"""The cell against a loop that spells out its equations, and its taps."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxneuron.edits import Clamp, Replace, Scale
from jaxneuron.tap import Tap
from jaxneuron_models.gru import CANDIDATES, GATES, GRU

INPUTS, UNITS = 3, 4
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 0]], bool)
GATE = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.minimum(np.maximum(0.2 * x + 0.5, 0), 1),
    "steep_sigmoid": lambda x: 1 / (1 + np.exp(-3.75 * x)),
}
CANDIDATE = {"tanh": np.tanh, "clipped_relu": lambda x: np.minimum(np.maximum(x, 0), 5)}


def cell(**options):
    """Return a cell whose every weight is drawn, biases too."""
    gru = GRU(INPUTS, UNITS, **options, rngs=nnx.Rngs(0))
    keys = iter(jax.random.split(jax.random.key(1), 4))
    for param in filter(None, (gru.input, gru.recurrent, gru.bias, gru.initial)):
        param[...] = jax.random.normal(next(keys), param.shape)
    return gru


def inputs():
    return jax.random.normal(jax.random.key(2), (*MASK.shape, INPUTS))


def reference(gru, x, mask):
    """Return the states of each row, one word after the other."""
    (w, u, b), n = (np.asarray(param[...], np.float64) for param in (gru.input, gru.recurrent, gru.bias)), UNITS
    gate, candidate, x = GATE[gru.gate], CANDIDATE[gru.candidate], np.asarray(x, np.float64)
    states = np.zeros((*mask.shape, n))
    for row in range(len(mask)):
        h = np.zeros(n) if gru.initial is None else np.asarray(gru.initial[...], np.float64)
        for time in range(mask.shape[1]):
            if mask[row, time]:
                z = gate(x[row, time] @ w[:, :n] + h @ u[:, :n] + b[:n])
                r = gate(x[row, time] @ w[:, n : 2 * n] + h @ u[:, n : 2 * n] + b[n : 2 * n])
                own = x[row, time] @ w[:, 2 * n :] + b[2 * n :]
                past = (r * h) @ u[:, 2 * n :] if gru.reset == "before" else r * (h @ u[:, 2 * n :])
                h = z * h + (1 - z) * candidate(own + past)
            states[row, time] = h
    return states


def test_every_published_function_is_covered():
    assert GATE.keys() == GATES.keys() and CANDIDATE.keys() == CANDIDATES.keys()


@pytest.mark.parametrize(
    ("reset", "gate", "candidate", "initial"),
    [
        *((*some, "tanh", "zero") for some in itertools.product(("before", "after"), GATES)),
        ("before", "steep_sigmoid", "clipped_relu", "learned"),
        ("after", "sigmoid", "clipped_relu", "learned"),
    ],
)
def test_states_are_those_of_the_equations(reset, gate, candidate, initial):
    gru = cell(reset=reset, gate=gate, candidate=candidate, initial=initial)
    states = gru(Tap({}), "gru", inputs(), jnp.asarray(MASK))
    np.testing.assert_allclose(states, reference(gru, inputs(), MASK), rtol=2e-5, atol=2e-5)


def test_padding_holds_the_state_whatever_stands_there():
    gru, mask = cell(), jnp.asarray(MASK)
    states = gru(Tap({}), "gru", inputs(), mask)
    np.testing.assert_array_equal(states[1, 1:], jnp.broadcast_to(states[1, 1], (4, UNITS)))
    other = gru(Tap({}), "gru", jnp.where(mask[..., None], inputs(), 1e3), mask)
    np.testing.assert_array_equal(states, other)


def test_the_record_is_what_is_returned():
    tap = Tap({})
    states = cell()(tap, "gru", inputs(), jnp.asarray(MASK))
    assert tap.activations().keys() == {"gru"}
    np.testing.assert_array_equal(tap.activations()["gru"], states)


@pytest.mark.parametrize("unit", range(UNITS))
def test_an_edit_acts_at_every_step(unit):
    gru, x = cell(), inputs()
    ablated = gru(Tap({"gru": Scale(1.0 - jnp.eye(UNITS)[unit])}), "gru", x, jnp.asarray(MASK))
    cut = cell()
    keep = jnp.delete(jnp.arange(UNITS), unit)
    # a unit that is 0 after each step is a unit whose outgoing recurrent weights are 0
    cut.recurrent[...] = cut.recurrent[...].at[unit].set(0.0)
    np.testing.assert_array_equal(ablated[..., unit], 0.0)
    np.testing.assert_allclose(ablated[..., keep], gru_alone(cut, x)[..., keep], atol=1e-6)


def gru_alone(gru, x):
    return gru(Tap({}), "gru", x, jnp.asarray(MASK))


def test_a_replacement_of_one_step_reaches_the_next():
    gru, x, mask = cell(), inputs(), jnp.asarray(MASK)
    plain = gru_alone(gru, x)
    np.testing.assert_allclose(gru(Tap({"gru": Replace(plain)}), "gru", x, mask), plain, atol=1e-6)
    moved = plain.at[:, 1].add(1.0)
    first = jnp.array([True, True, False, False, False])[:, None]
    low, high = (jnp.where(first, moved, bound) for bound in (-jnp.inf, jnp.inf))
    edited = gru(Tap({"gru": Clamp(low, high)}), "gru", x, mask)
    np.testing.assert_allclose(edited[:, :2], moved[:, :2], atol=1e-6)
    # the short row is held after its second word, so what the edit put there stays
    np.testing.assert_allclose(edited[1, 4], moved[1, 1], atol=1e-6)
    assert np.all(np.abs(edited[0, 2:] - plain[0, 2:]).max(axis=-1) > 1e-3)
