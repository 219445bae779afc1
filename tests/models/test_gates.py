"""Gates as sites: they change nothing, multiply to what is recorded, and say what was planted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.atlas import Places, Rows, sign_cases
from jaxneuron.edits import Clamp
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models import imaginet, lstm_lm
from jaxneuron_models.gates import with_gates
from jaxneuron_models.imaginet import ImaginetConfig
from jaxneuron_models.lstm_lm import LstmConfig
from jaxneuron_models.model import Model

UNITS, KEPT, SHUT = 4, 1, 2
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
TEXT = Tokens(jnp.array([[1, 2, 3, 4, 5], [5, 4, 3, 0, 0]]), jnp.asarray(MASK))


def model(kind):
    """Return a model of random weights, whose unit `KEPT` keeps all, and whose unit `SHUT` lets nothing in."""
    if kind == "lstm":
        config = LstmConfig(vocabulary=6, width=UNITS, embedding=3)
        forward, init = lstm_lm.build(config)
        params = init(jax.random.key(0))
        bias = params["lstm0"]["bias"].at[UNITS + KEPT].set(9).at[SHUT].set(-9)  # keep is the second block
        params["lstm0"]["bias"] = bias
    else:
        config = ImaginetConfig(vocabulary=6, features=2, embedding=3, units=UNITS, gate="sigmoid", reset=kind)
        forward, init = imaginet.build(config)
        params = init(jax.random.key(0))
        params["textual"]["bias"] = params["textual"]["bias"].at[jnp.array([KEPT, SHUT])].set(9)  # update: the first
    return Model(forward, params, Vocabulary(("a",) * 6, np.zeros(6, int)), {}, config)


@pytest.mark.parametrize(("kind", "site"), [("lstm", "lstm0"), ("before", "textual/gru"), ("after", "textual/gru")])
def test_gates_are_offered_and_say_what_was_planted(kind, site):
    plain = model(kind)
    gated = with_gates(plain)
    found = jax.jit(gated.forward)(gated.params, TEXT, {})[1]
    for name, value in plain.forward(plain.params, TEXT, {})[1].items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-6)
    enter, keep = (found[f"{site}/{gate}/open"] * found[f"{site}/{gate}/in"] for gate in ("enter", "keep"))
    state = found[f"{site}/cell" if kind == "lstm" else site]
    np.testing.assert_allclose(
        np.where(MASK[..., None], enter + keep, 0), np.where(MASK[..., None], state, 0), atol=1e-6
    )
    statistic = sign_cases.statistic()
    text, word = np.where(MASK, np.arange(2)[:, None], -1), np.broadcast_to(np.arange(5), MASK.shape)
    places = Places(np.arange(2), *[Rows(text, word, 0 * word - 1, 0 * word - 1)] * 2)
    told = statistic.finish(statistic.update(statistic.init(dict.fromkeys(found, UNITS)), found, places))
    assert told[f"{site}/keep/open"].share[0, :, KEPT].sum() == 1
    assert told[f"{site}/enter/open"].share[1, :, SHUT].sum() == 1 and told[f"{site}/enter/open"].tokens == MASK.sum()
    above = (np.asarray(found[f"{site}/enter/in"])[MASK] >= 0).mean(axis=0)
    np.testing.assert_allclose(told[f"{site}/enter/open"].share[:, 0].sum(axis=0), above, rtol=1e-6)


def test_an_edit_of_a_gate_acts_at_every_step():
    gated = with_gates(model("lstm"))
    shut = Clamp(jnp.zeros(()), jnp.zeros(()))
    found = gated.forward(gated.params, TEXT, {"lstm0/enter/open": shut})[1]
    assert not np.asarray(found["lstm0/cell"]).any()


def test_what_has_no_gates_says_so():
    with pytest.raises(ValueError, match="no gates of a recurrence"):
        with_gates(model("lstm")._replace(config=None))
    with pytest.raises(ValueError, match="ask for them without"):
        with_gates(model("lstm")._replace(forward=lambda *given: None))
