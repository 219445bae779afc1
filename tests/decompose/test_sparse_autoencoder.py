"""Dictionaries are found where they are, whatever the kind; a training can be stopped; bad input is named."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from jaxneuron.decompose import _rounds, sparse_autoencoder, transcoder
from jaxneuron.decompose._descent import Recipe, advance, start
from jaxneuron.decompose._few import written
from jaxneuron.decompose._learn import _first
from jaxneuron.decompose._objective import Costs, jump, objective, step
from jaxneuron.decompose.sparse_autoencoder import Settings
from jaxneuron.dictionary import highest, places, reconstruct
from jaxneuron.live import Live
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

UNITS, FEATURES, ACTIVE, TOKENS = 24, 32, 2, 8000
MORE = 48
"""Features that are learnt: some stay without a direction of their own."""


def planted(seed=0):
    """Return activations that are sums of two directions of 32, far from 0, and the directions and their amounts."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(FEATURES, UNITS))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    codes = np.zeros((TOKENS, FEATURES))
    chosen = np.argsort(random.random(codes.shape), axis=1)[:, :ACTIVE]
    codes[np.arange(TOKENS)[:, None], chosen] = random.uniform(1, 2, chosen.shape)
    return (codes @ directions + 5).astype(np.float32), directions, codes


def matched(found, directions):
    """Return the mean cosine of directions that are paired one to one."""
    cosine = np.asarray(found) @ directions.T
    return cosine[linear_sum_assignment(-cosine)].mean()


@pytest.mark.parametrize("kind", ["topk", "relu", "jumprelu"])
def test_planted_directions_are_found(kind):
    activations, directions, _ = planted()
    settings = Settings(kind=kind, active=ACTIVE, batch=256, steps=700, learning_rate=0.01)
    found, learned = sparse_autoencoder.decompose(jax.random.key(0), activations, factors=MORE, settings=settings)
    assert matched(found.basis, directions) >= 0.95
    written = np.asarray(reconstruct(learned.dictionary, jnp.asarray(activations)))
    spread = np.square(activations - activations.mean(axis=0)).sum()
    explained = 1 - np.square(activations - written).sum() / spread
    assert explained > (0.8 if kind == "relu" else 0.93)  # an L1 cost makes codes smaller than they are
    assert learned.curve.explained[-1] == pytest.approx(explained, abs=0.05)
    active = (np.asarray(found.codes) > 0).sum(axis=1).mean()
    assert active < 2 * ACTIVE and active == pytest.approx(learned.curve.active[-1], rel=0.2)
    np.testing.assert_allclose(np.linalg.norm(found.basis, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("features", [6, 400])  # products of all features, and rows of the active ones
def test_active_features_write_what_all_would(features):
    random = np.random.default_rng(0)
    before, decoder = (jnp.asarray(random.normal(size=size), jnp.float32) for size in ((5, features), (features, 3)))
    place = places(before, 4)

    def few(before, decoder):
        return jnp.sum(jnp.sin(written(before, place, decoder)[0]))

    def all_of_them(before, decoder):
        return jnp.sum(jnp.sin(jnp.where(highest(before, 4), jax.nn.relu(before), 0) @ decoder))

    wanted = jax.value_and_grad(all_of_them, (0, 1))(before, decoder)
    jax.tree.map(
        lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5),
        jax.value_and_grad(few, (0, 1))(before, decoder),
        wanted,
    )


def test_a_transcoder_finds_what_writes_another_site():
    activations, _, codes = planted()
    outputs = np.random.default_rng(7).normal(size=(FEATURES, UNITS))
    outputs /= np.linalg.norm(outputs, axis=1, keepdims=True)
    written = (codes @ outputs - 3).astype(np.float32)
    found, learned = transcoder.decompose(
        jax.random.key(0),
        activations,
        factors=MORE,
        outputs=written,
        settings=Settings(active=ACTIVE, batch=256, steps=700, learning_rate=0.01),
    )
    assert matched(found.basis, outputs) >= 0.9
    made = np.asarray(reconstruct(learned.dictionary, jnp.asarray(activations)))
    assert 1 - np.square(written - made).sum() / np.square(written - written.mean(axis=0)).sum() > 0.9


QUICK = Settings(active=ACTIVE, batch=64, steps=40)


def learnt(activations, **options):
    """Return the dictionary of a short training."""
    return sparse_autoencoder.decompose(jax.random.key(1), activations, factors=8, settings=QUICK, **options)[1]


def test_scale_and_place_of_the_activations_do_not_matter():
    activations = planted()[0][:500]
    first, second = learnt(activations).dictionary, learnt(1000 * activations + 3).dictionary
    np.testing.assert_allclose(first.decoder, second.decoder, atol=2e-3)
    np.testing.assert_allclose(1000 * np.asarray(first.encoder_bias), second.encoder_bias, rtol=2e-2, atol=2)


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    monkeypatch.setattr(_rounds, "STEPS", 10)
    activations = planted()[0][:500]
    whole, seen = learnt(activations), []

    def stop(done, total):
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learnt(activations, directory=tmp_path / "run", progress=stop)
    rest = learnt(activations, directory=tmp_path / "run", progress=lambda done, total: seen.append((done, total)))
    assert seen == [1, 2, (3, 4), (4, 4)]
    for name in ("encoder", "encoder_bias", "decoder", "decoder_bias"):
        np.testing.assert_array_equal(getattr(rest.dictionary, name), getattr(whole.dictionary, name))
    np.testing.assert_allclose(rest.curve.explained, whole.curve.explained, rtol=1e-6)
    with pytest.raises(ValueError, match="other settings"):
        learnt(activations * 2, directory=tmp_path / "run")
    (tmp_path / "run" / "training.safetensors").write_bytes(b"0")
    with pytest.raises(ValueError, match="damaged"):
        learnt(activations, directory=tmp_path / "run")


def test_a_large_table_is_read_from_all_over_with_bounded_memory(monkeypatch):
    monkeypatch.setattr(_rounds, "RUN", 16)
    table = np.arange(1000, dtype=np.float32)[:, None] * np.ones(4, np.float32)
    plan = _rounds.rounds([table, table[:, :1]], seed=3, batch=32, steps=60, budget=5 * 4 * 16 * 10)
    first, again = plan.load(0), plan.load(0)
    assert first.rows[0].nbytes + first.rows[1].nbytes <= 5 * 4 * 16 * 10
    np.testing.assert_array_equal(first.index, again.index)
    np.testing.assert_array_equal(first.rows[0][:, 0], first.rows[1][:, 0])
    assert np.unique(first.index).size == first.index.size and plan.count * plan.steps >= 60
    held = np.asarray(first.rows[0][:, 0])
    assert held.min() < 250 and held.max() > 750
    epoch = np.concatenate([np.asarray(plan.load(number).rows[0][:, 0]) for number in range(7)])
    assert np.unique(epoch).size == 1000
    small = learnt(planted()[0][:600], budget=4 * UNITS * 64)
    assert np.isfinite(small.dictionary.decoder).all()


def test_activations_are_made_on_the_way():
    def forward(params, tokens, edits):
        tap, time = Tap(edits), jnp.arange(tokens.ids.shape[-1])
        x = tap("embed", params[tokens.ids], time)
        return tap("mean", x.mean(axis=-2, keepdims=True), jnp.arange(1)), tap.activations()

    table = jnp.asarray(planted()[0][:50])
    random = np.random.default_rng(0)
    ids, length = random.integers(0, 50, size=(60, 9)), random.integers(1, 10, size=60)
    text = Tokens(ids, np.arange(9)[None] < length[:, None])
    live = Live(forward, table, text, "embed", budget=20_000)
    stored = np.asarray(table)[ids[text.mask]]
    np.testing.assert_array_equal(live[:], stored)
    np.testing.assert_array_equal(live[17:91, 2:4], stored[17:91, 2:4])
    np.testing.assert_array_equal(live[[40, 3]], stored[[40, 3]])
    first, second = learnt(live), learnt(stored)
    np.testing.assert_array_equal(first.dictionary.decoder, second.dictionary.decoder)
    with pytest.raises(ValueError, match="one for each"):
        Live(forward, table, text, "mean")


def test_dead_features_are_revived():
    rows = jnp.asarray(planted()[0][:2000] - 5)
    index = jnp.asarray(np.random.default_rng(0).integers(0, 2000, size=(150, 100)), jnp.int32)
    dead = {}
    for auxiliary in (0.0, 1.0):
        costs = Costs("topk", ACTIVE, 0.0, 0.0, auxiliary, 0.1, True)
        recipe = Recipe(costs, 0.02, steps=150, warmup=0, decay=0, dead_after=1000)
        weights = _first(jax.random.key(0), UNITS, UNITS, FEATURES, costs)
        weights["encoder_bias"] = jnp.where(jnp.arange(FEATURES) < 16, -8.0, 0.0)  # below 0 at every token
        state, _ = advance(start(weights, recipe), (rows,), index, recipe=recipe)
        dead[auxiliary] = float(np.mean(np.asarray(state.idle) > 1000))
    assert dead[0.0] >= 0.5 and dead[1.0] < 0.2


def test_the_loss_is_that_of_the_formula():
    random = np.random.default_rng(0)
    weights = {
        "encoder": random.normal(size=(3, 5)),
        "encoder_bias": random.normal(size=5),
        "decoder": random.normal(size=(5, 3)),
        "decoder_bias": random.normal(size=3),
        "threshold": np.full(5, 0.3),
    }
    x = random.normal(size=(7, 3))
    dead = np.array([False, True, False, True, False])
    before = (x - weights["decoder_bias"]) @ weights["encoder"] + weights["encoder_bias"]
    given = {name: jnp.asarray(part, jnp.float32) for name, part in weights.items()}
    for kind in ("topk", "relu", "jumprelu"):
        costs = Costs(kind, 2, 0.7, 0.4, 0.5, 0.1, True)
        loss, found = objective(
            given, costs, jnp.asarray(x, jnp.float32), jnp.asarray(x, jnp.float32), jnp.asarray(dead), jnp.float32(0.5)
        )
        codes = np.maximum(before, 0)
        if kind == "topk":
            codes = np.where(before >= np.sort(before)[:, -2:-1], codes, 0)
        if kind == "jumprelu":
            codes = np.where(before > 0.3, codes, 0)
        error = x - codes @ weights["decoder"] - weights["decoder_bias"]
        cost = {
            "topk": 0,
            "relu": 0.7 * codes.sum(axis=1).mean(),
            "jumprelu": 0.4 * ((codes > 0).sum(axis=1).mean() / 2 - 1) ** 2,
        }[kind]
        alone = np.where(dead, before, -np.inf)
        alone = np.where(dead & (alone >= alone.max(axis=1, keepdims=True)), np.log1p(np.exp(before)), 0)
        left = np.square(error - alone @ weights["decoder"]).sum() / np.square(error).sum()
        power = np.square(error).sum(axis=1).mean()
        np.testing.assert_allclose(loss, power + 0.5 * cost + 0.5 * left, rtol=1e-4)
        np.testing.assert_allclose(found.active, (codes > 0).sum(axis=1).mean(), rtol=1e-5)


def test_thresholds_have_the_straight_through_gradient():
    value, threshold = jnp.array([[0.9, 2.0], [1.3, 1.9], [1.2, 5.0]]), jnp.array([1.0, 2.05])
    counted = jax.grad(lambda t: (step(value, t, 0.5) * jnp.array([[1.0], [2.0], [4.0]])).sum())(threshold)
    np.testing.assert_allclose(counted, [-(1 + 4) / 0.5, -(1 + 2) / 0.5])
    kept = jax.grad(lambda t: (jump(value, t, 0.5) * jnp.array([[1.0], [2.0], [4.0]])).sum())(threshold)
    np.testing.assert_allclose(kept, [-(1 + 4) * 1.0 / 0.5, -(1 + 2) * 2.05 / 0.5], rtol=1e-6)
    passed = jax.grad(lambda v: jump(v, threshold, 0.5).sum())(value)
    np.testing.assert_array_equal(passed, np.asarray(value > threshold[None], np.float32))


@pytest.mark.parametrize(
    ("activations", "options", "word"),
    [
        (np.full((50, 4), 3.0), {}, "never change"),
        (np.zeros((50, 4)), {}, "never change"),
        (np.where(np.arange(200).reshape(50, 4) == 7, np.nan, 1.0), {}, "token 1 is not finite"),
        (np.random.default_rng(0).normal(size=(7, 4)), {}, "as many tokens as factors"),
        (np.random.default_rng(0).normal(size=50), {}, "token, unit"),
        (np.random.default_rng(0).normal(size=(50, 4)), {"active": 0}, "active of at least 1"),
        (np.random.default_rng(0).normal(size=(50, 4)), {"learning_rate": -1.0}, "learning rate"),
        (np.random.default_rng(0).normal(size=(50, 4)), {"kind": "jumprelu", "bandwidth": 0.0}, "bandwidth above 0"),
        (np.random.default_rng(0).normal(size=(50, 4)), {"learning_rate": 1e30}, "training has failed"),
    ],
)
def test_bad_input_is_named(activations, options, word):
    with pytest.raises(ValueError, match=word):
        sparse_autoencoder.decompose(jax.random.key(0), activations, factors=8, settings=QUICK._replace(**options))


def test_a_transcoder_needs_the_same_tokens():
    with pytest.raises(ValueError, match="as many rows of the output"):
        transcoder.decompose(jax.random.key(0), np.eye(9), factors=3, outputs=np.eye(8))
