"""The LSTM against a loop that spells out its equations, its taps, and step by step as in one go."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add, Clamp, Replace, Scale
from jaxneuron.types import Tokens
from jaxneuron_models import lstm_lm

WORDS, UNITS, TIME = 7, 5, 9  # longer than what is unrolled, which takes long to compile
KINDS = {"one-hot": {}, "embedded": {"embedding": 3}, "two layers": {"layers": 2}}
STATES = ("lstm0/hidden", "lstm0/cell", "lstm1/hidden", "lstm1/cell")


@functools.cache
def build(kind="two layers"):
    """Return a model whose every weight is drawn, biases too."""
    config = lstm_lm.LstmConfig(WORDS, width=UNITS, **KINDS[kind])
    forward, init = lstm_lm.build(config)
    leaves, structure = jax.tree.flatten(init(jax.random.key(0)))
    keys = jax.random.split(jax.random.key(1), len(leaves))
    drawn = [0.7 * jax.random.normal(key, leaf.shape) for key, leaf in zip(keys, leaves, strict=True)]
    return config, jax.jit(forward), jax.tree.unflatten(structure, drawn)


def texts(lengths=(TIME, 4, 1)):
    ids = np.random.default_rng(0).integers(0, WORDS, (len(lengths), TIME))
    return Tokens(jnp.asarray(ids), jnp.asarray(np.arange(TIME)[None] < np.array(lengths)[:, None]))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference(params, ids):
    """Return all states and logits of one text, one symbol after the other."""
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    table, n = params.get("word", np.eye(WORDS)), UNITS
    layers = sorted(name for name in params if name.startswith("lstm"))
    h, c = ({name: np.zeros(n) for name in layers} for _ in range(2))
    seen = {f"{name}/{state}": [] for name in layers for state in ("hidden", "cell")} | {"logits": []}
    for symbol in ids:
        x = table[symbol]
        for name in layers:
            gates = x @ params[name]["input"] + h[name] @ params[name]["recurrent"] + params[name]["bias"]
            i, f, g, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
            c[name] = sigmoid(f) * c[name] + sigmoid(i) * np.tanh(g)
            h[name] = x = sigmoid(o) * np.tanh(c[name])
            seen[f"{name}/hidden"].append(h[name])
            seen[f"{name}/cell"].append(c[name])
        seen["logits"].append(x @ params["head"]["kernel"] + params["head"]["bias"])
    return {site: np.array(values) for site, values in seen.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_those_of_the_equations(kind):
    _, forward, params = build(kind)
    tokens = texts()
    output, activations = forward(params, tokens, {})
    assert output.logits.shape == (3, TIME, WORDS)
    for row in range(3):
        length = int(tokens.mask[row].sum())
        for site, expected in reference(params, np.asarray(tokens.ids[row, :length])).items():
            np.testing.assert_allclose(activations[site][row, :length], expected, atol=1e-5)


def test_a_short_text_is_read_like_a_long_one():
    _, forward, params = build()
    ids = texts().ids[:1, :3]  # unrolled
    activations = forward(params, Tokens(ids, jnp.ones((1, 3), bool)), {})[1]
    for site, expected in reference(params, np.asarray(ids[0])).items():
        np.testing.assert_allclose(activations[site][0], expected, atol=1e-5)


def test_sites_are_the_promised_ones():
    _, forward, params = build()
    assert set(forward(params, texts(), {})[1]) == {"embed", "embed/word", "logits", *STATES}


def test_padding_holds_the_state_whatever_stands_there():
    _, forward, params = build()
    tokens = texts()
    activations = forward(params, tokens, {})[1]
    other = tokens._replace(ids=jnp.where(tokens.mask, tokens.ids, 3))
    for site in STATES:
        held = jnp.broadcast_to(activations[site][1, 3], (TIME - 4, UNITS))
        np.testing.assert_array_equal(activations[site][1, 4:], held)
        np.testing.assert_array_equal(activations[site], forward(params, other, {})[1][site])


@pytest.mark.parametrize("kind", ["one-hot", "embedded"])
def test_soft_symbols_on_a_corner_are_symbols(kind):
    _, forward, params = build(kind)
    tokens = texts()
    soft = tokens._replace(ids=jax.nn.one_hot(tokens.ids, WORDS))
    whole, rows = forward(params, tokens, {}), forward(params, soft, {})
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), whole, rows)


@pytest.mark.parametrize("kind", ["one-hot", "two layers"])
def test_an_edit_acts_at_every_site_and_on_what_follows(kind):
    _, forward, params = build(kind)
    tokens = texts((TIME, TIME))
    output, activations = forward(params, tokens, {})
    for site in activations:
        push = jax.random.normal(jax.random.key(1), activations[site].shape[-1:])
        edited, seen = forward(params, tokens, {site: Add(push)})
        np.testing.assert_allclose(seen[site][:, 0], activations[site][:, 0] + push[None], atol=1e-5)
        assert site == "logits" or not np.allclose(edited.logits, output.logits, atol=1e-3), site


@pytest.mark.parametrize("site", ["lstm0/cell", "lstm1/hidden"])
def test_a_state_replaced_by_itself_changes_nothing(site):
    _, forward, params = build()
    output, activations = forward(params, texts(), {})
    again, _ = forward(params, texts(), {site: Replace(activations[site])})
    np.testing.assert_allclose(again.logits, output.logits, atol=1e-5)


def test_an_ablated_unit_is_a_unit_without_outgoing_weights():
    _, forward, params = build()
    unit = 3
    ablated = forward(params, texts(), {"lstm0/hidden": Scale(1.0 - jnp.eye(UNITS)[unit])})
    cut = jax.tree.map(jnp.copy, params)
    cut["lstm0"]["recurrent"] = cut["lstm0"]["recurrent"].at[unit].set(0.0)
    cut["lstm1"]["input"] = cut["lstm1"]["input"].at[unit].set(0.0)
    np.testing.assert_array_equal(ablated[1]["lstm0/hidden"][..., unit], 0.0)
    np.testing.assert_allclose(ablated[0].logits, forward(cut, texts(), {})[0].logits, atol=1e-5)


def test_a_cell_that_is_moved_once_is_remembered():
    _, forward, params = build("one-hot")
    tokens = texts((TIME,))
    plain = forward(params, tokens, {})[1]["lstm0/cell"]
    here = (jnp.arange(TIME) == 1)[None, :, None]
    low, high = (jnp.where(here, plain + 1.0, bound) for bound in (-jnp.inf, jnp.inf))
    edited = forward(params, tokens, {"lstm0/cell": Clamp(low, high)})[1]
    np.testing.assert_allclose(edited["lstm0/cell"][:, :2], plain[:, :2] + jnp.where(here, 1.0, 0.0)[:, :2], atol=1e-5)
    expected = jnp.tanh(edited["lstm0/cell"][0, 1]) / jnp.tanh(plain[0, 1])
    hidden = forward(params, tokens, {})[1]["lstm0/hidden"]
    np.testing.assert_allclose(edited["lstm0/hidden"][0, 1], hidden[0, 1] * expected, rtol=1e-3)
    assert np.all(np.abs(edited["lstm0/cell"][0, 2:] - plain[0, 2:]).max(axis=-1) > 1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [(1,) * TIME, (2, 6, 1)])
def test_step_by_step_agrees_with_all_at_once(kind, pieces):
    config, forward, params = build(kind)
    tokens = texts((TIME, TIME))
    # an edit that differs from step to step: the state knows where in the text it is
    edits = {"lstm0/hidden": Add(0.3 * jax.random.normal(jax.random.key(2), (TIME, UNITS)))}
    step = jax.jit(lstm_lm.step)
    whole, activations = forward(params, tokens, edits)
    state, at, logits, cells = lstm_lm.initial_state(config, 2), 0, [], []
    for size in pieces:
        output, seen, state = step(params, state, tokens.ids[:, at : at + size], edits)
        logits.append(output.logits)
        cells.append(seen["lstm0/cell"])
        at += size
    np.testing.assert_allclose(jnp.concatenate(logits, 1), whole.logits, atol=1e-5)
    np.testing.assert_allclose(jnp.concatenate(cells, 1), activations["lstm0/cell"], atol=1e-5)
    assert int(state.length) == TIME
    np.testing.assert_allclose(state.hidden[-1], activations[f"lstm{config.layers - 1}/hidden"][:, -1], atol=1e-5)


def test_a_step_over_padding_leaves_the_state():
    config, _, params = build()
    tokens = texts((TIME, 2))
    step = jax.jit(lstm_lm.step)
    _, _, state = step(params, lstm_lm.initial_state(config, 2), tokens, {})
    _, _, short = step(params, lstm_lm.initial_state(config, 1), tokens.ids[1:, :2], {})
    np.testing.assert_allclose(state.hidden[:, 1], short.hidden[:, 0], atol=1e-6)
    np.testing.assert_allclose(state.cell[:, 1], short.cell[:, 0], atol=1e-6)


def test_the_gradient_by_hand_is_that_of_the_scan():
    config, _, params = build()
    tokens = texts()
    weigh = jax.random.normal(jax.random.key(3), (3, TIME, WORDS))

    def loss(params, training):  # the cell's own gradient too
        forward, _ = lstm_lm.build(config, training=training)
        output, activations = forward(params, tokens, {})
        return jnp.sum(weigh * output.logits) + jnp.sum(activations["lstm0/cell"] ** 2)

    fast, slow = (jax.jit(jax.value_and_grad(loss), static_argnums=1)(params, training) for training in (True, False))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), fast, slow)


def test_many_ablations_are_one_edit_and_compile_once(no_compilation):
    _, forward, params = build("one-hot")
    tokens = texts()
    many = jax.jit(jax.vmap(lambda edit: forward(params, tokens, {"lstm0/hidden": edit})[0].logits))
    logits = many(Scale(1.0 - jnp.eye(UNITS)))
    for unit in (0, 4):
        alone = forward(params, tokens, {"lstm0/hidden": Scale(1.0 - jnp.eye(UNITS)[unit])})[0].logits
        np.testing.assert_allclose(logits[unit], alone, atol=1e-5)
    halves = Scale(0.5 * jnp.eye(UNITS))
    with no_compilation():
        many(halves)


def test_a_wrong_setting_or_shape_or_site_is_named():
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        lstm_lm.LstmConfig(WORDS, layers=0)
    with pytest.raises(ValueError, match="character or word, got 'letter'"):
        lstm_lm.LstmConfig(WORDS, symbol="letter")
    config, forward, params = build()
    with pytest.raises(ValueError, match=r"expected ids \[batch time\], got the shape \(2,\).*ids\[:, None\]"):
        lstm_lm.step(params, lstm_lm.initial_state(config, 2), jnp.array([1, 2]), {})
    with pytest.raises(ValueError, match="built for training takes no edit at 'lstm0/cell'"):
        lstm_lm.build(config, training=True)[0](params, texts(), {"lstm0/cell": Scale(0.0)})
    with pytest.raises(KeyError, match="did you mean 'lstm0/hidden'"):
        forward(params, texts(), {"lstm0/hiden": Scale(0.0)})
