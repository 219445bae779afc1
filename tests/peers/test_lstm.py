"""Our LSTM against torch's: the same weights, the same states, the same gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

torch = pytest.importorskip("torch")

from jaxneuron.intervene import ablate  # noqa: E402
from jaxneuron.targets import Unit  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import lstm_lm  # noqa: E402

WORDS, UNITS, LENGTHS = 11, 6, (12, 5, 9)


def torch_model(params, layers, inputs):
    """Return torch's layers and head with our weights; its second bias is zero."""
    stack = torch.nn.LSTM(inputs, UNITS, layers, batch_first=True)
    head = torch.nn.Linear(UNITS, WORDS)
    with torch.no_grad():
        for number in range(layers):
            own = params[f"lstm{number}"]
            for name, value in (
                ("weight_ih", own["input"].T),
                ("weight_hh", own["recurrent"].T),
                ("bias_ih", own["bias"]),
            ):
                getattr(stack, f"{name}_l{number}").copy_(torch.tensor(np.asarray(value)))
            getattr(stack, f"bias_hh_l{number}").zero_()
        head.weight.copy_(torch.tensor(np.asarray(params["head"]["kernel"].T)))
        head.bias.copy_(torch.tensor(np.asarray(params["head"]["bias"])))
    return stack, head


@pytest.mark.parametrize(("layers", "embedding"), [(1, 0), (2, 4)])
def test_states_logits_and_gradients_agree(layers, embedding):
    config = lstm_lm.LstmConfig(WORDS, width=UNITS, layers=layers, embedding=embedding)
    forward, init = lstm_lm.build(config)
    params = init(jax.random.key(0))
    random = np.random.default_rng(0)
    ids, following = random.integers(0, WORDS, (2, len(LENGTHS), max(LENGTHS)))
    mask = np.arange(max(LENGTHS))[None] < np.array(LENGTHS)[:, None]

    table = params["word"] if embedding else jnp.eye(WORDS)
    stack, head = torch_model(params, layers, table.shape[1])
    vectors = torch.tensor(np.asarray(table))[torch.tensor(ids)]
    packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, LENGTHS, batch_first=True, enforce_sorted=False)
    theirs, (hidden, cell) = stack(packed)
    theirs, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    logits = head(theirs)
    torch.nn.functional.cross_entropy(logits[torch.tensor(mask)], torch.tensor(following[mask])).backward()

    def loss(params):
        output, activations = forward(params, Tokens(jnp.asarray(ids), jnp.asarray(mask)), {})
        nats = optax.softmax_cross_entropy_with_integer_labels(output.logits, jnp.asarray(following))
        return jnp.sum(nats * mask) / mask.sum(), (output, activations)

    (_, (output, activations)), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(params)
    last = f"lstm{layers - 1}/hidden"
    np.testing.assert_allclose(activations[last][mask], theirs.detach().numpy()[mask], atol=1e-5)
    np.testing.assert_allclose(output.logits[mask], logits.detach().numpy()[mask], atol=1e-5)
    for number in range(layers):  # held through padding, so the last state is the last symbol's
        np.testing.assert_allclose(activations[f"lstm{number}/hidden"][:, -1], hidden[number].detach(), atol=1e-5)
        np.testing.assert_allclose(activations[f"lstm{number}/cell"][:, -1], cell[number].detach(), atol=1e-5)
        own = gradient[f"lstm{number}"]
        np.testing.assert_allclose(own["input"].T, getattr(stack, f"weight_ih_l{number}").grad, atol=1e-5)
        np.testing.assert_allclose(own["recurrent"].T, getattr(stack, f"weight_hh_l{number}").grad, atol=1e-5)
        np.testing.assert_allclose(own["bias"], getattr(stack, f"bias_ih_l{number}").grad, atol=1e-5)


def test_a_unit_taken_away_inside_the_recurrence_is_a_loop_in_torch():
    forward, init = lstm_lm.build(lstm_lm.LstmConfig(WORDS, width=UNITS, layers=2, embedding=4))
    params = init(jax.random.key(0))
    ids = np.random.default_rng(0).integers(0, WORDS, (len(LENGTHS), max(LENGTHS)))
    tokens = Tokens(ids, np.arange(max(LENGTHS))[None] < np.array(LENGTHS)[:, None])
    stack, head = torch_model(params, 2, 4)
    cells = [torch.nn.LSTMCell(4, UNITS), torch.nn.LSTMCell(UNITS, UNITS)]
    for number, cell in enumerate(cells):
        cell.load_state_dict({name: getattr(stack, f"{name}_l{number}") for name in cell.state_dict()})
    vectors = torch.tensor(np.asarray(params["word"]))[torch.tensor(ids)]

    for place, site in enumerate(("lstm0/hidden", "lstm0/cell", "lstm1/hidden")):
        found = ablate.intervene(forward, params, tokens, Unit("logits", 3), site=site, value=0.5)
        expected = np.zeros((UNITS, len(LENGTHS)))
        for unit in range(UNITS):
            for text, length in enumerate(LENGTHS):
                states = [(torch.zeros(1, UNITS), torch.zeros(1, UNITS)) for _ in cells]
                with torch.no_grad():
                    for now in vectors[text : text + 1, :length].unbind(1):
                        for number, cell in enumerate(cells):
                            hidden, memory = cell(now, states[number])
                            if number == place // 2 and site.endswith("hidden"):
                                hidden[:, unit] = 0.5
                            elif number == place // 2:  # what the layer shows is made of the edited cell
                                hidden = hidden / torch.tanh(memory)
                                memory[:, unit] = 0.5
                                hidden = hidden * torch.tanh(memory)
                            states[number] = now, _ = hidden, memory
                    expected[unit, text] = head(now)[0, 3]
        np.testing.assert_allclose(found.edited, expected, atol=1e-5)
