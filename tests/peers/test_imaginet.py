import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks import imaginet_torch as peer  # noqa: E402
from jaxneuron import lowering  # noqa: E402
from jaxneuron.find import _climb, gumbel_softmax  # noqa: E402
from jaxneuron.find._noise import exponential  # noqa: E402
from jaxneuron.targets import Unit  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import imaginet  # noqa: E402

VOCAB, LENGTH = 30, 5


def models(reset):
    config = imaginet.ImaginetConfig(VOCAB, features=4, embedding=7, units=9, reset=reset)
    forward, init = imaginet.build(config)
    params = jax.tree.map(lambda leaf: 3 * leaf + 0.01, init(jax.random.key(0)))  # away from the linear range
    return forward, params, peer.weights(params)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_states_and_scores_are_those_of_torch(reset):
    forward, params, weights = models(reset)
    ids = np.random.default_rng(0).integers(0, VOCAB, (6, LENGTH)).astype(np.int32)
    output, activations = forward(params, Tokens(jnp.asarray(ids), jnp.ones(ids.shape, bool)), {})
    states = peer.gru(weights, weights.embedding[torch.from_numpy(ids).long()], reset=reset)
    np.testing.assert_allclose(activations["textual/gru"], states, rtol=1e-4, atol=1e-6)
    scores = states @ weights.kernel + weights.offset
    np.testing.assert_allclose(output.textual, scores, rtol=1e-4, atol=1e-5)


def test_reset_after_with_sigmoid_is_torchs_own_gru():
    units, inputs = 9, 7
    forward, init = imaginet.build(imaginet.ImaginetConfig(VOCAB, 4, inputs, units, reset="after", gate="sigmoid"))
    params = init(jax.random.key(1))
    weights = peer.weights(params)
    cell = torch.nn.GRU(inputs, units, batch_first=True)
    # torch orders reset, update, new; and its recurrent bias is ours at zero
    order = [slice(units, 2 * units), slice(0, units), slice(2 * units, 3 * units)]
    with torch.no_grad():
        cell.weight_ih_l0.copy_(torch.cat([weights.input[:, part].T for part in order]))
        cell.weight_hh_l0.copy_(torch.cat([weights.recurrent[:, part].T for part in order]))
        cell.bias_ih_l0.copy_(torch.cat([weights.bias[part] for part in order]))
        cell.bias_hh_l0.zero_()
    ids = np.arange(2 * LENGTH, dtype=np.int32).reshape(2, LENGTH)
    ours = forward(params, Tokens(jnp.asarray(ids), jnp.ones(ids.shape, bool)), {})[1]["textual/gru"]
    theirs = cell(weights.embedding[torch.from_numpy(ids).long()])[0].detach()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_the_gradient_through_the_same_noise_is_that_of_torch():
    forward, params, weights = models("before")
    neurons, samples, temperature = [4, 17], 3, 0.7
    targets = lowering.lower(forward, params, Unit("textual/projection", jnp.array(neurons)), "textual/gru")
    x = jax.random.normal(jax.random.key(2), (len(neurons), 1, LENGTH, VOCAB))
    values = _climb.Values(jnp.ones(VOCAB, bool), None, *map(jnp.float32, (0.1, 1.0, 0.0, 1.0)))
    keys = jax.random.split(jax.random.key(3), len(neurons))

    def objective(x, key, target):
        relaxed = gumbel_softmax._relax(key, x, jnp.float32(temperature), values, _climb.Shape(1, samples, "step"))
        return jnp.sum(target(*forward(params, relaxed.tokens, {}), relaxed.tokens)) / samples

    score, gradient = jax.vmap(jax.value_and_grad(objective))(x, keys, targets)

    noise = jnp.stack([-jnp.log(exponential(key, (1, samples, LENGTH, VOCAB)))[0] for key in keys])
    uniform = torch.from_numpy(np.array(jnp.exp(-jnp.exp(-noise)), np.float64))
    weights = peer.Weights(*(leaf.double() for leaf in weights))
    batched = peer.Batched(weights, samples=samples, learning_rate=0.1, compiled=False)
    free = torch.from_numpy(np.array(x[:, 0], np.float64)).requires_grad_()
    direction, offset = weights.kernel.T[neurons], weights.offset[neurons]
    total = batched.objective(free, uniform, torch.tensor(temperature), direction, offset)
    total.backward()
    np.testing.assert_allclose(jnp.sum(score), total.detach(), rtol=1e-4)
    np.testing.assert_allclose(gradient[:, 0], free.grad, rtol=2e-3, atol=2e-5)
