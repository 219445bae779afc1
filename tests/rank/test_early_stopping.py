import jax
import numpy as np
import pytest

from jaxneuron.rank import early_stopping
from jaxneuron.rank.early_stopping import Settings, settle

TOKENS = 20_000


@pytest.fixture(scope="module")
def data():
    """Units that tell two concepts by 0.5 to 2 standard deviations; the concepts come in long runs."""
    rng = np.random.default_rng(0)
    concepts = np.repeat(rng.random((TOKENS // 50, 2)) < [0.1, 0.5], 50, axis=0)
    effects = np.array([[2.0, -1.9, 0.5, 0, 0, 0], [0, 0, 0, 1.5, 0.3, 0]])
    return (concepts @ effects + rng.normal(size=(TOKENS, 6))).astype(np.float32), concepts


def exact(activations, concepts, counts):
    """Balanced accuracy over all tokens of the same thresholds, one by one."""
    score = np.full(counts.sign.shape, 0.5)
    for label, unit in np.ndindex(score.shape):
        held = concepts[:, label]
        says = counts.sign[label, unit] * (activations[:, unit] - counts.threshold[label, unit]) > 0
        score[label, unit] = (np.mean(says[held]) + np.mean(~says[~held])) / 2
    return score


def test_it_stops_when_the_top_is_certain(data):
    activations, concepts = data
    for label, top in enumerate([{0, 1}, {3}]):
        found = settle(
            jax.random.key(0),
            activations,
            concepts[:, label],
            k=len(top),
            settings=Settings(tolerance=0.0),
        )
        assert found.settled.all() and found.tokens < TOKENS / 2
        assert set(np.asarray(found.ranking.order[0, : len(top)]).tolist()) == top


def test_what_cannot_be_settled_reads_everything(data):
    activations, concepts = data
    twins = np.stack([activations[:, 0]] * 2, axis=1)
    found = settle(jax.random.key(0), twins, concepts[:, 0], k=1, settings=Settings(tolerance=0.0))
    assert found.tokens == TOKENS and not found.settled.any()
    all_of_them = settle(jax.random.key(0), twins, concepts[:, 0], k=2, settings=Settings(tolerance=0.0))
    assert all_of_them.tokens == 2000 and all_of_them.settled.all()


def test_the_bounds_hold_for_all_tokens(data, monkeypatch):
    kept = []
    init = early_stopping.init
    monkeypatch.setattr(early_stopping, "init", lambda sums: kept.append(init(sums)) or kept[-1])
    for number in range(4):
        found = settle(jax.random.key(number), *data, k=1, settings=Settings(tolerance=0.1))
        truth = exact(*data, kept[-1])
        assert np.all((found.low <= truth) & (truth <= found.high))
        assert np.all(found.high - found.low < 0.4)


def test_bounds_are_those_of_the_formulas():
    counts = early_stopping.SideCounts(
        np.zeros((1, 1)), np.ones((1, 1)), np.array([[400, 100]]), np.array([[[396], [50]]])
    )
    score, low, _ = early_stopping.finish(counts, error=0.1, look=2)
    share = 0.1 / 6 / 2 / 2
    sure = np.sqrt(2 * 0.99 * 0.01 * 400 / 399 * np.log(4 / share) / 400) + 7 * np.log(4 / share) / (3 * 399)
    unsure = np.sqrt(np.log(2 / share) / 200)
    assert score[0, 0] == pytest.approx((0.99 + 0.5) / 2)
    assert low[0, 0] == pytest.approx(score[0, 0] - (sure + unsure) / 2)


def test_runs_stay_together_and_every_token_is_read_once():
    order = early_stopping._shuffled(jax.random.key(1), 103, 10)
    np.testing.assert_array_equal(np.sort(order), np.arange(103))
    assert np.sum(np.diff(order) != 1) <= 10 and np.any(order != np.arange(103))


def test_a_label_that_the_first_tokens_lack_is_not_waited_for(data):
    activations, concepts = data
    rare = np.stack([concepts[:, 1], np.arange(TOKENS) == TOKENS - 1], axis=1)
    found = settle(None, activations, rare, k=1)
    assert found.settled.tolist() == [True, False] and found.tokens < TOKENS
    assert np.all(found.ranking.score[1] == 0.5)


def test_what_is_not_finite_is_named_with_its_token(data):
    activations, concepts = data[0].copy(), data[1]
    activations[1234, 5] = np.inf
    with pytest.raises(ValueError, match="unit 5 at token 1234"):
        settle(jax.random.key(0), activations[:2000], concepts[:2000])


WRONG = (Settings(error=0.0), Settings(tolerance=-1.0), Settings(chunk=0))


@pytest.mark.parametrize("options", [{"k": 0}, *({"settings": wrong} for wrong in WRONG)], ids=str)
def test_wrong_options_are_named(data, options):
    with pytest.raises(ValueError, match="expected k, first"):
        settle(None, *data, **options)
