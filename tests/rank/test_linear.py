import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression, Ridge

from jaxneuron.rank import linear
from jaxneuron.ranking import ranked
from jaxneuron.types import Probe
from tests.quick import quick_compilation  # noqa: F401

TOKENS, UNITS, LABELS = 240, 6, 3


@pytest.fixture(scope="module")
def data():
    """Three classes that the first three units tell apart, one of them by its absence; units of different scales."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(TOKENS, UNITS)).astype(np.float32)
    score = np.stack([2 * x[:, 0] - x[:, 2], 2 * x[:, 1], np.zeros(TOKENS)], axis=1) + rng.gumbel(size=(TOKENS, LABELS))
    return x * np.array([1, 10, 0.1, 1, 1, 3], np.float32) + 2, score.argmax(axis=1)


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


EXACT = linear.Settings(tolerance=1e-6)


def test_l2_agrees_with_scikit_learn(data):
    x, y = data
    peer = LogisticRegression(C=1 / (2 * 0.01 * TOKENS), tol=1e-8, max_iter=2000).fit(standardised(x), y)
    probe = linear.fit(None, x, y, settings=EXACT._replace(l2=0.01))
    np.testing.assert_allclose(probe.weights, peer.coef_, atol=2e-3)
    ours = jax.nn.softmax(linear.logits(probe, x), axis=-1)
    np.testing.assert_allclose(ours, peer.predict_proba(standardised(x)), atol=1e-3)


def test_l1_has_the_zeros_of_scikit_learn(data):
    x, y = data
    settings = {"C": 1 / (0.03 * TOKENS), "solver": "saga", "tol": 1e-7, "max_iter": 5000}
    peer = LogisticRegression(l1_ratio=1, **settings).fit(standardised(x), y)
    probe = linear.fit(None, x, y, settings=EXACT._replace(l1=0.03))
    assert 3 < (peer.coef_ == 0).sum() < peer.coef_.size - 3
    np.testing.assert_array_equal(probe.weights == 0, peer.coef_ == 0)
    np.testing.assert_allclose(probe.weights, peer.coef_, atol=3e-3)


def test_numbers_agree_with_ridge(data):
    x, _ = data
    y = (x @ np.arange(UNITS * 2).reshape(UNITS, 2) / 20).astype(np.float32)
    peer = Ridge(alpha=0.1 * TOKENS).fit(standardised(x), y)
    probe = linear.fit(None, x, y, settings=EXACT._replace(l2=0.1))
    np.testing.assert_allclose(probe.weights, peer.coef_, atol=2e-3)
    np.testing.assert_allclose(linear.logits(probe, x), peer.predict(standardised(x)), atol=1e-2)


def test_concepts_agree_with_one_probe_each(data):
    x, y = data
    concepts = y[:, None] == np.arange(2)
    both = linear.fit(None, x, concepts, settings=EXACT._replace(l2=0.01))
    for i in range(2):
        peer = LogisticRegression(C=1 / (2 * 0.01 * TOKENS), tol=1e-8).fit(standardised(x), concepts[:, i])
        np.testing.assert_allclose(both.weights[i], peer.coef_[0], atol=2e-3)


def loss(weights, bias, x, y):
    z = x @ np.asarray(weights, np.float64).T + np.asarray(bias, np.float64)
    z -= z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])


@pytest.mark.parametrize("case", ["correlated", "separable", "rare", "wide"])
def test_the_defaults_are_a_weak_ridge_to_convergence(case):
    rng = np.random.default_rng(5)
    tokens, units = (60, 200) if case == "wide" else (1000, 10)
    x = rng.normal(size=(tokens, units)) + (0.95 * 3 * rng.normal(size=(tokens, 1)) if case == "correlated" else 0)
    y = (x[:, 0] + x[:, 1] / 2 + (case == "correlated") * rng.logistic(size=tokens) > 0).astype(int)
    if case == "rare":
        y = (np.arange(tokens) == 3).astype(int)
    x = standardised(x)
    ranking, probe = linear.rank(None, x.astype(np.float32), y)
    peer = LogisticRegression(C=10, tol=1e-9, max_iter=5000).fit(x, y)
    theirs = loss(np.concatenate([-peer.coef_, peer.coef_]) / 2, np.array([-0.5, 0.5]) * peer.intercept_, x, y)
    assert loss(probe.weights, probe.bias, x, y) == pytest.approx(theirs, rel=0.01)
    assert spearmanr(ranking.score[1], np.abs(peer.coef_[0])).statistic > 0.99
    assert probe.settings["converged"] is True and probe.settings["l2"] == pytest.approx(0.1 / tokens)


@pytest.mark.parametrize("kind", ["1e20", "1e-20", "offset", "half", "bfloat16", "float64", "far"])
def test_no_scale_is_too_large_or_too_small(data, kind):
    x, y = data
    plain = linear.fit(None, x, y)
    other = {
        "1e20": lambda: x * np.float32(1e20),
        "1e-20": lambda: x * np.float32(1e-20),
        "offset": lambda: x + np.float32(1e4),
        "half": lambda: x.astype(np.float16),
        "bfloat16": lambda: jnp.asarray(x, jnp.bfloat16),
        "float64": lambda: x.astype(np.float64) + 1e8,
        "far": lambda: x * np.float32(100) + np.float32(1e6),
    }[kind]()
    probe = linear.fit(None, other, y)
    np.testing.assert_allclose(probe.weights, plain.weights, atol=0.03)
    np.testing.assert_allclose(linear.logits(probe, other), linear.logits(plain, x), atol=0.1)


@pytest.mark.parametrize("batch", [None, 16])
def test_float64_is_standardised_before_it_is_cut(key, data, batch):
    x, y = data
    far = x.astype(np.float64) * 1e-3 + 1.7e9  # float32 holds every 128th whole number here
    options = {"settings": linear.Settings(batch=batch, l2=0.01), "mask": np.arange(UNITS) != 1}
    plain = linear.fit(key, x, y, dev=(x[:40], y[:40]), **options)
    probe = linear.fit(key, far, y, dev=(far[:40], y[:40]), **options)
    np.testing.assert_allclose(probe.weights, plain.weights, atol=0.01)
    np.testing.assert_allclose(linear.logits(probe, far), linear.logits(plain, x), atol=0.02)
    np.testing.assert_allclose(probe.settings["dev_loss"], plain.settings["dev_loss"], atol=0.01)
    np.testing.assert_allclose(linear.logits(probe, far, budget=5000), linear.logits(probe, far), atol=1e-5)


def test_units_and_numbers_of_any_scale_need_no_standardising(data):
    x, y = data
    tokens = len(x)
    peer = LogisticRegression(C=10, tol=1e-9, max_iter=20000).fit(x.astype(np.float64), y)
    probe = linear.fit(None, x, y, settings=linear.Settings(standardise=False, tolerance=1e-6))
    np.testing.assert_allclose(probe.weights, peer.coef_, atol=5e-3)
    seconds = (1e6 * x[:, :1] + 1e3 * np.random.default_rng(0).normal(size=(tokens, 2))).astype(np.float32)
    ridge = Ridge(alpha=0.1).fit(standardised(x), seconds)
    np.testing.assert_allclose(linear.fit(None, x, seconds).weights, ridge.coef_, rtol=1e-2, atol=300)


def test_what_did_not_converge_says_so(data):
    x, y = data
    assert linear.fit(None, x, y, settings=linear.Settings(epochs=3)).settings["converged"] is False
    many = linear.fit(None, x, y, settings=linear.Settings(l1=np.array([0.1, 0.0])), mask=np.eye(2, UNITS, dtype=bool))
    assert many.settings["converged"].tolist() == [True, True] and (many.settings["gradient"] < 1e-3).all()
    np.testing.assert_allclose(many.settings["l2"], [0, 0.1 / (2 * TOKENS)])


def test_a_label_that_a_probe_has_not_seen_stays_possible(data):
    x, y = data
    probe = linear.fit(None, x, y, weight=(y != 2).astype(np.float32))
    chance = np.asarray(jax.nn.softmax(linear.logits(probe, x), axis=-1))[:, 2]
    assert (chance > 1e-6).all() and np.median(chance) < 0.02


def test_many_probes_are_those_fitted_one_by_one(key, data):
    x, y = data
    keys = jax.random.split(key, 2)[jnp.array([0, 1, 0])]
    rng = np.random.default_rng(1)
    l1, l2 = np.array([0, 0.01, 0.02]), np.array([0.01, 0, 0.02])
    mask = np.array([[1, 1, 0, 1, 0, 0], [1, 0, 1, 0, 1, 0], [0, 0, 0, 1, 1, 1]], bool)[:, [0, 1, 2, 3, 4, 4]]
    weight = rng.uniform(size=(3, TOKENS)).astype(np.float32)
    held = (x[:50] + 0.5, y[:50])
    settings = linear.Settings(epochs=4, batch=32, learning_rate=0.05, patience=1)
    many = linear.fit(keys, x, y, settings=settings._replace(l1=l1, l2=l2), mask=mask, weight=weight, dev=held)
    assert many.weights.shape == (3, LABELS, UNITS)
    assert not np.asarray(many.weights)[~np.repeat(mask[:, None], LABELS, axis=1)].any()
    for i in range(3):
        own = settings._replace(l1=l1[i], l2=l2[i])
        one = linear.fit(keys[i], x, y, settings=own, mask=mask[i], weight=weight[i], dev=held)
        assert one.settings["best_epoch"] == many.settings["best_epoch"][i]
        np.testing.assert_allclose(many.weights[i], one.weights, atol=1e-5)
        np.testing.assert_allclose(many.bias[i], one.bias, atol=1e-5)


def test_other_strengths_do_not_compile_again(key, data, no_compilation):
    x, y = data
    linear.fit(key, x, y, settings=linear.Settings(l1=np.array([0.1, 0.2]), epochs=1))
    with no_compilation():
        linear.fit(
            jax.random.key(3),
            x + 1,
            y[::-1].copy(),
            settings=linear.Settings(l1=np.array([0.3, 0.0]), epochs=70, tolerance=1e-3),
        )


def test_the_best_epoch_is_kept_not_the_last(key, data):
    x, y = data
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(40, 60)).astype(np.float32)  # more units than tokens: it learns them by heart
    labels = (noise[:, 0] + rng.normal(size=40) > 0).astype(int)
    held = rng.normal(size=(200, 60)).astype(np.float32)
    dev = (held, (held[:, 0] > 0).astype(int))
    settings = linear.Settings(epochs=12, learning_rate=0.05, batch=8)
    probe = linear.fit(key, noise, labels, settings=settings._replace(patience=None), dev=dev)
    losses = probe.settings["dev_loss"]
    assert losses.shape == (12,) and probe.settings["best_epoch"] == losses.argmin() + 1 < 12
    z = jax.nn.log_softmax(linear.logits(probe, held), axis=-1)
    np.testing.assert_allclose(-z[np.arange(200), dev[1]].mean(), losses.min(), rtol=1e-4)
    patient = linear.fit(key, noise, labels, settings=settings._replace(patience=2), dev=dev)
    assert len(patient.settings["dev_loss"]) == patient.settings["best_epoch"] + 2


def test_weights_of_tokens_are_repetitions(data):
    x, y = data
    times = np.random.default_rng(3).integers(0, 3, TOKENS)
    options = {"settings": EXACT._replace(l2=0.01, standardise=False)}
    x = standardised(x).astype(np.float32)
    weighed = linear.fit(None, x, y, weight=times.astype(np.float32), **options)
    repeated = linear.fit(None, np.repeat(x, times, axis=0), np.repeat(y, times), **options)
    np.testing.assert_allclose(weighed.weights, repeated.weights, atol=1e-3)


def test_blocks_within_a_budget_change_nothing_in_full_steps(data):
    x, y = data
    options = {"settings": linear.Settings(epochs=20, l1=0.01, patience=None), "dev": (x[:30], y[:30])}
    seen = []
    small = linear.fit(None, x, y, budget=5000, progress=lambda done, total: seen.append((done, total)), **options)
    assert seen[-1] == (20, 20)
    np.testing.assert_allclose(small.weights, linear.fit(None, x, y, **options).weights, atol=1e-4)


def test_blocks_within_a_budget_learn_in_batches(key, data):
    x, y = data
    seen = []
    probe = linear.fit(
        key,
        x,
        y,
        budget=3000,
        settings=linear.Settings(epochs=20, batch=16, learning_rate=0.05),
        progress=lambda *at: seen.append(at),
    )
    assert seen[-1][0] == seen[-1][1] and seen[-1][1] >= 60
    whole = linear.fit(None, x, y, settings=EXACT)
    assert np.mean(linear.logits(probe, x).argmax(-1) == linear.logits(whole, x).argmax(-1)) > 0.95


def test_planted_units_lead_each_label(key, data):
    x, y = data
    before = x.copy()
    ranking, probe = linear.rank(key, x, y, settings=linear.Settings(l1=0.01, epochs=40, batch=32, learning_rate=0.02))
    assert ranking.order[0, 0] == 0 and ranking.order[1, 0] == 1
    assert probe.weights[0, 0] > 0 > probe.weights[0, 2]
    assert set(np.asarray(linear.mass_order(probe).order[:3])) == {0, 1, 2}
    assert (x == before).all()
    np.testing.assert_array_equal(ranked(probe.weights).order[1, -1:] == 1, [False])


def test_a_constant_unit_gets_no_weight(key, data):
    x, y = data
    x = np.concatenate([x, np.full((TOKENS, 1), 0.1, np.float32)], axis=1)
    probe = linear.fit(key, x, y)
    assert probe.scale[-1] == 1 and not np.asarray(probe.weights[:, -1]).any()


def test_masked_logits_are_those_of_the_units_that_are_left(data):
    x, y = data
    probe = linear.fit(None, x, y)
    mask = np.tril(np.ones((UNITS, UNITS), bool))
    many = linear.logits(probe, x, mask, budget=20000)
    assert many.shape == (UNITS, TOKENS, LABELS)
    for row, ours in zip(mask, many, strict=True):
        weights, bias, mean, scale = (np.asarray(part) for part in probe[:4])
        expected = ((x - mean) / scale * row) @ weights.T + bias
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def brute_mass_order(weights, shares):
    """The sets of Dalvi et al. for each share in turn."""
    entered = {}
    for share in shares:
        for row in np.abs(weights):
            total, mass = row.sum(), 0.0
            for unit in np.argsort(-row, kind="stable"):
                if mass >= share * total:
                    break
                entered.setdefault(int(unit), share)
                mass += row[unit]
    return entered


def test_mass_order_is_that_of_ever_finer_shares():
    weights = np.random.default_rng(4).integers(0, 8, size=(3, 7)).astype(float)
    weights[:, 5] = 0
    entered = brute_mass_order(weights, np.linspace(1e-4, 1, 5001))
    ranking = linear.mass_order(Probe(jnp.asarray(weights), jnp.zeros(3), jnp.zeros(7), jnp.ones(7), {}))
    first = np.array([entered.get(i, 1.0) for i in range(7)])
    assert ranking.score[5] == 0 and ranking.order[-1] == 5
    np.testing.assert_allclose(1 - ranking.score, first, atol=5e-4)
    assert (np.diff(first[np.asarray(ranking.order)]) >= 0).all()


def test_bad_input_says_what_to_do(key, data):
    x, y = data
    with pytest.raises(ValueError, match="random key"):
        linear.fit(None, x, y, settings=linear.Settings(batch=8))
    with pytest.raises(TypeError):
        linear.fit(0, x, y)
    with pytest.raises(ValueError, match="at least two labels"):
        linear.fit(key, x, np.zeros(TOKENS, int))
    with pytest.raises(ValueError, match="one number of probes"):
        linear.fit(key, x, y, settings=linear.Settings(l1=np.zeros(2)), mask=np.ones((3, UNITS), bool))
    with pytest.raises(ValueError, match="class 7"):
        linear.fit(key, x, y, dev=(x, np.where(np.arange(TOKENS) == 0, 7, y)))
    with pytest.raises(ValueError, match="unit 1 at token 2"):
        linear.fit(key, np.where(np.arange(UNITS * TOKENS).reshape(TOKENS, UNITS) == 13, np.nan, x), y)
    with pytest.raises(ValueError, match="concept 1"):
        linear.fit(key, x, np.stack([y > 0, y > 5], axis=1))
    with pytest.raises(ValueError, match="at least one epoch"):
        linear.fit(key, x, y, settings=linear.Settings(epochs=0))


@pytest.mark.parametrize("options", [{}, {"batch": 50, "epochs": 3}], ids=["converged", "batches"])
def test_units_as_they_are_are_refused_where_single_precision_loses_them(key, options):
    labels = np.arange(120) % 3
    x = np.random.default_rng(0).normal(size=(120, 4)) + (labels == 1)[:, None]
    alike = linear.fit(key, x + 100, labels, settings=linear.Settings(standardise=False, **options))
    single = linear.fit(
        key, (x + 100).astype(np.float32), labels, settings=linear.Settings(standardise=False, **options)
    )
    np.testing.assert_allclose(linear.logits(alike, x + 100), linear.logits(single, x + 100), atol=0.02)
    for wide in (x + 1e6, x + 1e9, x * 1e39, x * 1e-60):
        with pytest.raises(ValueError, match="unit 0 has a standard deviation of .* leave standardise=True"):
            linear.fit(key, wide, labels, settings=linear.Settings(standardise=False, **options))
