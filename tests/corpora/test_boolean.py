"""The machine finds the value, and an LSTM of four units that was taught only the value keeps the machine's state."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxneuron.corpora import boolean, hypotheses
from jaxneuron.rank import linear
from jaxneuron.types import Tokens
from jaxneuron_models import lstm_lm


def by_hand(text):
    """Evaluate with Python's own operators."""
    found = text[0] == "T"
    for operator, operand in zip(text[1::2], text[2::2], strict=True):
        found = (found and operand == "T") if operator == "&" else (found or operand == "T")
    return found


def test_the_machine_evaluates_from_left_to_right():
    for text in boolean.sample(0, 300):
        assert len(text) == 16 and boolean.value(text) == by_hand(text.rstrip("X"))


def test_no_two_states_of_the_machine_can_be_merged():
    apart = set()
    for rest in ("", "T", "F"):
        for one in boolean.STEPS:
            for other in boolean.STEPS:
                ends = [start(one, rest), start(other, rest)]
                if ends[0] != ends[1]:
                    apart.add((one, other))
    assert len(apart) == 5 * 4


def start(state, rest):
    """Return where a text leads from a state, as far as one can see: a value, or none."""
    for symbol in rest:
        if symbol not in boolean.STEPS[state]:
            return "refused"
        state = boolean.step(state, symbol)
    return state if state in ("true", "false") else "none yet"


def test_what_is_no_expression_is_placed():
    fault = hypotheses.label([boolean.state()], ["T&F", "T&&"]).faults[0]
    assert (fault.text, fault.position) == (1, 2) and "expected one of T F" in fault.reason
    with pytest.raises(ValueError, match="lacks its last operand"):
        boolean.value("T&")


UNITS, RESTARTS, STEPS, BATCH, OPERANDS = 4, 6, 600, 64, 6


def encoded(texts):
    ids = np.array([[boolean.SYMBOLS.index(symbol) for symbol in text] for text in texts], np.int32)
    return ids, np.array([boolean.value(text) for text in texts])


def test_the_state_of_the_machine_is_decoded_from_four_units():
    config = lstm_lm.LstmConfig(len(boolean.SYMBOLS), width=UNITS)
    train, build_init = lstm_lm.build(config, training=True)
    forward, _ = lstm_lm.build(config)
    ids, value = encoded(boolean.sample(1, 5000, operands=OPERANDS))
    optimizer = optax.adam(optax.cosine_decay_schedule(0.05, STEPS))

    def loss(params, rows):
        tokens = Tokens(jnp.asarray(ids)[rows], jnp.ones((BATCH, ids.shape[1]), bool))
        output, activations = train(params, tokens, {})
        logits, quiet = output.logits[:, -1], jnp.mean(activations["lstm0/hidden"] ** 2)  # as the paper has it
        sign = jnp.where(jnp.asarray(value)[rows], 1.0, -1.0)
        nats = jax.nn.softplus(-sign * (logits[:, 0] - logits[:, 1]))  # of T against F, after the last X
        return jnp.mean(nats) + 0.03 * quiet

    def fit(key):
        fresh, draws = jax.random.split(key)
        params = build_init(fresh)

        def update(carry, key):
            params, state = carry
            found, gradient = jax.value_and_grad(loss)(params, jax.random.randint(key, (BATCH,), 0, len(ids)))
            change, state = optimizer.update(gradient, state)
            return (optax.apply_updates(params, change), state), found

        (params, _), losses = jax.lax.scan(update, (params, optimizer.init(params)), jax.random.split(draws, STEPS))
        return params, jnp.mean(losses[-100:])

    fitted, losses = jax.jit(jax.vmap(fit))(jax.random.split(jax.random.key(0), RESTARTS))
    best = int(jnp.argmin(losses))
    params = jax.tree.map(lambda leaf: leaf[best], fitted)

    texts = boolean.sample(2, 1000, operands=OPERANDS)
    others, answers = encoded(texts)
    tokens = Tokens(jnp.asarray(others), jnp.ones(others.shape, bool))
    output, activations = jax.jit(forward)(params, tokens, {})
    said = output.logits[:, -1, 0] > output.logits[:, -1, 1]
    assert np.mean(said == answers) >= 0.99

    states = hypotheses.label([boolean.state()], texts).values[:, 0].astype(int)
    x = np.asarray(activations["lstm0/hidden"]).reshape(-1, UNITS)
    cut = len(x) * 2 // 3
    probe = linear.fit(jax.random.key(1), x[:cut], states[:cut], settings=linear.Settings(epochs=20, learning_rate=0.1))
    decoded = np.asarray(linear.logits(probe, x[cut:])).argmax(-1)
    assert np.mean(decoded == states[cut:]) >= 0.99
    recall = [np.mean(decoded[states[cut:] == state] == state) for state in range(5)]
    assert min(recall) >= 0.97, recall
