"""The loop that the gradient methods share: against the original's loop, its patience, its starts, its devices."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, batching
from jaxneuron.find import _climb, corpus, embedding, gumbel_softmax, logit, softmax
from jaxneuron.find._noise import exponential
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

GRADIENT = {module.__name__.rpartition(".")[2]: module for module in (embedding, logit, softmax, gumbel_softmax)}
T, V = 3, tiny.VOCAB
ALLOWED = jnp.arange(V) != 0
UNITS = jnp.array([1, 3, 5, tiny.DEAD])
IDS = np.random.default_rng(0).integers(1, V, (30, T)).astype(np.int32)
NGRAMS = Tokens(IDS, IDS >= 0)
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=GRADIENT)
def module(request):
    return GRADIENT[request.param]


def find(module, weights, units=UNITS, *, key=4, ngrams=NGRAMS, **options):
    options = {"steps": 12, "epoch": 4, "learning_rate": 0.1} | options
    if module is gumbel_softmax:
        options = {"samples": 3} | options
    fields = module.Settings._fields
    settings = module.POERNER2018._replace(**{name: value for name, value in options.items() if name in fields})
    options = {name: value for name, value in options.items() if name not in fields} | {"settings": settings}
    target = Unit("hidden", jnp.asarray(units))
    return module.find(jax.random.key(key), tiny.recurrent, weights, target, ngrams, ALLOWED, **options)


def test_defaults_are_the_paper_s(module):
    assert _discover.settings(module.find) == module.POERNER2018
    assert module.POERNER2018.keep == "epoch" and module.POERNER2018.restarts == 1


class Original:
    """One neuron at a time, as the code behind the paper: an epoch is judged by its mean, its last input is kept."""

    def __init__(self, weights, unit, key, samples):
        self.key = batching.fold_targets(jax.random.key(key), Unit("hidden", jnp.array([unit])))[0]
        self.samples = samples

        def score(words):
            return tiny.recurrent(weights, Tokens(words, jnp.ones(words.shape[:2], bool)), {})[1]["hidden"][:, -1, unit]

        def relaxed(x, noise, temperature):
            p = jax.nn.softmax(jnp.where(ALLOWED[None], x, -jnp.inf), axis=-1)
            if samples:
                p = jax.nn.softmax(
                    (jnp.log(p + 1e-7)[None] + noise) / temperature + jnp.log(ALLOWED * 1.0)[None, None], axis=-1
                )
            return jnp.mean(score(p if samples else p[None]))

        self.discrete = jax.jit(lambda ids: score(ids[None])[0])
        self.gradient = jax.jit(jax.grad(relaxed))

    def noise(self, step):
        if not self.samples:
            return jnp.zeros((1, T, V))
        return -jnp.log(exponential(jax.random.fold_in(self.key, step), (1, self.samples, T, V)))[0]

    def words(self, x):
        return jnp.argmax(jnp.where(ALLOWED[None], x, -jnp.inf), axis=-1).astype(jnp.int32)

    def search(self, *, steps, epoch, patience, learning_rate, temperature=(2.0, 0.1), decay=0.99995):
        x = np.asarray(jax.random.uniform(self.key, (1, T, V), minval=-0.05, maxval=0.05))[0]
        m, v, best, waited, kept = np.zeros_like(x), np.zeros_like(x), -np.inf, 0, None
        for first in range(0, steps, epoch):
            total = np.float32(0)
            for step in range(first, first + epoch):
                total += np.float32(self.discrete(self.words(x)))
                heat = max(temperature[0] * decay**step, temperature[1])
                gradient = np.asarray(self.gradient(jnp.asarray(x, jnp.float32), self.noise(step), heat))
                m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                x = x + learning_rate * m / (1 - 0.9 ** (step + 1)) / (np.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-7)
            if total / epoch > best:
                best, waited, kept, at = total / epoch, 0, self.words(x), step
            else:
                waited += 1
                if waited >= patience:
                    break
        return kept.tolist(), float(self.discrete(kept)), at, best


@pytest.mark.parametrize("module", [softmax, gumbel_softmax], ids=["softmax", "gumbel_softmax"])
def test_the_preset_keeps_what_the_original_keeps(weights, module):
    options = {"steps": 60, "epoch": 5, "patience": 3, "learning_rate": 0.05}
    if module is gumbel_softmax:
        options |= {"temperature": (2.0, 0.1), "decay": 0.95}
    found = find(module, weights, **options, keep="epoch")
    for row, unit in enumerate(UNITS):
        original = Original(weights, int(unit), 4, 3 if module is gumbel_softmax else 0)
        ids, score, step, mean = original.search(**options)
        assert found.tokens.ids[row, 0].tolist() == ids and int(found.step[row, 0]) == step
        np.testing.assert_allclose(found.score[row, 0], score, atol=1e-5)
        np.testing.assert_allclose(found.trace[row, -1], mean, atol=1e-5)


def test_the_temperature_falls_as_in_the_original():
    def at(step):
        values = _climb.Values(ALLOWED, None, *map(jnp.float32, (1e-3, 2.0, np.log(0.99995), 0.1)))
        return float(_climb.temperature_at(jnp.int32(step), values))

    assert at(0) == 2.0
    np.testing.assert_allclose(at(20_000), 0.7358, atol=1e-4)  # the log of a fork of the original code
    assert at(59_910) > at(59_914) == at(200_000) == np.float32(0.1)


def test_patience_stops_a_search_that_stands_still(weights, module):
    calls = []
    found = find(
        module, weights, steps=40, learning_rate=0.0, patience=2, progress=lambda *numbers: calls.append(numbers)
    )
    assert calls == [(1, 10), (2, 10), (3, 10), (10, 10)]  # better than nothing, then two epochs without change
    assert found.trace.shape == (4, 10)


def test_patience_freezes_one_target_while_others_go_on(weights):
    alone = find(logit, weights, [tiny.DEAD, 1], steps=80, patience=None)
    patient = find(logit, weights, [tiny.DEAD, 1], steps=80, patience=3)
    np.testing.assert_array_equal(patient.tokens.ids[1], alone.tokens.ids[1])
    assert int(patient.step[0, 0]) == int(alone.step[0, 0]) == 3
    assert int(patient.step[1, 0]) > 3


@pytest.mark.parametrize("keep", ["step", "epoch"])
def test_the_best_come_first(weights, module, keep):
    score = np.asarray(find(module, weights, steps=40, k=4, restarts=2, keep=keep).score)
    assert np.all(score[:, :-1] >= score[:, 1:])


def test_a_start_from_the_corpus_optima_is_never_worse(weights, module):
    optima = corpus.find(None, tiny.recurrent, weights, Unit("hidden", UNITS), NGRAMS, ALLOWED, k=2)
    found = find(module, weights, steps=8, restarts=2, start=optima.tokens, keep="step", k=2)
    assert np.all(found.score[:, 0] >= optima.score[:, 0] - 1e-6)
    still = find(module, weights, steps=4, restarts=2, start=optima.tokens, keep="step", k=2, learning_rate=0.0)
    if module is not gumbel_softmax:
        assert {*map(tuple, still.tokens.ids[0].tolist())} == {*map(tuple, optima.tokens.ids[0].tolist())}


def test_starts_of_other_targets_or_lengths_are_refused(weights, module):
    for shape in ((3, 1, T), (4, 1, T + 1)):
        with pytest.raises(ValueError, match="`start` must be"):
            find(module, weights, start=Tokens(jnp.ones(shape, jnp.int32), jnp.ones(shape, bool)))


def test_new_rates_and_temperatures_do_not_compile_again(weights, module, no_compilation):
    heat = [{"temperature": (2.0, 0.1)}, {"temperature": (1.5, 0.2), "decay": 0.9}]
    first, second = heat if module is gumbel_softmax else ({}, {})
    find(module, weights, patience=5, **first)
    with no_compilation():
        find(module, weights, patience=9, learning_rate=0.3, key=8, **second)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"epoch": 0}, {"restarts": 0}, {"k": 0}, {"keep": "steps"}], ids=lambda wrong: [*wrong][0]
)
def test_impossible_options_are_named(weights, wrong):
    with pytest.raises(ValueError, match=f"`{[*wrong][0]}` must be"):
        find(softmax, weights, **wrong)


MESH = """
import jax, jax.numpy as jnp, numpy as np
from tests import tiny
from tests.find.test_ascent import GRADIENT, UNITS, find
from tests.find.test_corpus import EVERY_WORD, TARGETS
from jaxneuron.find import corpus
from jaxneuron.types import Tokens

assert len(jax.devices()) == 8
mesh = jax.make_mesh((4, 2), ("target", "more"))
loaded = jax.device_put(tiny.planted(jax.random.key(0)), jax.devices()[0])  # on one device, as from a checkpoint
ids = np.random.default_rng(0).integers(0, tiny.VOCAB, (50, 3)).astype(np.int32)
results = [
    [corpus.find(None, tiny.recurrent, loaded, TARGETS, Tokens(ids, ids >= 0), EVERY_WORD, k=3, mesh=mesh, budget=400)]
    + [find(module, loaded, jnp.arange(5), mesh=mesh, keep="step", steps=8) for module in GRADIENT.values()]
    for mesh in (None, mesh)
]
for alone, spread in zip(*results):
    np.testing.assert_array_equal(alone.tokens.ids, spread.tokens.ids)
    np.testing.assert_allclose(alone.score, spread.score, atol=1e-5)
"""


@pytest.mark.slow
def test_eight_devices_find_what_one_finds():
    environment = os.environ | {
        "XLA_FLAGS": os.environ["XLA_FLAGS"] + " --xla_force_host_platform_device_count=8",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'models'}",
    }
    done = subprocess.run([sys.executable, "-c", MESH], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
