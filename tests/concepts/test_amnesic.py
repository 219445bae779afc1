"""What a model loses without a concept: a planted one that it uses, one that it carries and does not use."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.concepts import amnesic
from jaxneuron.edits import Project
from jaxneuron.erase import leace
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

UNITS, WORDS, SITE = 8, 24, "block"
KEY = jax.random.key(0)
USED, CARRIED = np.arange(WORDS) % 2, np.arange(WORDS) // 2 % 2


def forward(params, tokens, edits):
    """Say at each word whether it is of the used kind."""
    tap = Tap(edits)
    hidden = tap(SITE, params["table"][tokens.ids], jnp.arange(tokens.mask.shape[-1]))
    score = hidden @ params["read"]
    return jnp.stack([-score, score], axis=-1), tap.activations()


@pytest.fixture(scope="module")
def net():
    """Return weights: the used kind is along one direction across units, the other along another."""
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.normal(size=(UNITS, UNITS)))[0]
    features = 0.5 * random.normal(size=(WORDS, UNITS))
    features[:, 0], features[:, 1] = 2 * USED - 1 + 0.4 * features[:, 0], 2 * CARRIED - 1
    return {"table": jnp.asarray(features @ basis, jnp.float32), "read": jnp.asarray(3 * basis[0], jnp.float32)}


@pytest.fixture(scope="module")
def texts():
    """Return texts of one to five words."""
    random = np.random.default_rng(1)
    return Tokens(random.integers(0, WORDS, (60, 5)), np.arange(5) < random.integers(1, 6, (60, 1)))


def erasers(net):
    """Return the erasures of both kinds, fitted on all words."""
    table = np.asarray(net["table"])
    return {"carried": leace.erase(None, table, CARRIED == 1), "used": leace.erase(None, table, USED == 1)}


def test_what_is_used_is_missed_and_what_is_carried_is_not(net, texts):
    answers = np.where(texts.mask, USED[texts.ids], -1)
    labels = {"used": USED[texts.ids], "carried": CARRIED[texts.ids]}
    found = amnesic.explain(
        KEY,
        forward,
        net,
        texts,
        erasers(net),
        site=SITE,
        truth=amnesic.Truth(answers, labels),
        settings=amnesic.Settings(resamples=100),
    )
    assert found.concepts == ("carried", "used") and found.rank.tolist() == [1, 1]
    assert found.accuracy == 1 and found.places == texts.mask.sum()
    assert all(leaf.shape == (2,) for leaf in (*found.score, *found.returned, *found.p))
    assert all(leaf.shape == (20, 2) for leaf in found.random) and all(leaf.shape == (2, 2) for leaf in found.interval)
    assert found.score.accuracy[1] > 0.3 and found.p.accuracy[1] == pytest.approx(1 / 21)
    assert abs(found.score.loss[0]) < 0.1 * found.score.loss[1] and found.p.loss[0] > 0.2
    assert found.interval.loss[0, 1] > 0 and found.interval.loss[0, 0] < found.interval.loss[0, 1]
    assert abs(found.returned.loss[1]) < 0.1 * found.score.loss[1]  # with the labels' means, all is there again


def test_it_is_what_one_pass_after_another_says(net, texts):
    given = erasers(net)
    found = amnesic.explain(KEY, forward, net, texts, given, site=SITE, settings=amnesic.Settings(1, 5), budget=1)
    tokens = Tokens(*map(jnp.asarray, texts))
    before = np.asarray(jax.nn.log_softmax(forward(net, tokens, {})[0]))[texts.mask]
    for number, edit in enumerate(given.values()):
        after = np.asarray(jax.nn.log_softmax(forward(net, tokens, {SITE: edit})[0]))[texts.mask]
        own = before.argmax(axis=1)
        assert found.score.accuracy[number] == pytest.approx((after.argmax(axis=1) != own).mean(), abs=1e-6)
        divergence = (np.exp(before) * (before - after)).sum(axis=1).mean()
        assert found.score.divergence[number] == pytest.approx(divergence, rel=1e-4, abs=1e-6)
        rows = np.arange(len(own))
        assert found.score.loss[number] == pytest.approx((before - after)[rows, own].mean(), rel=1e-4, abs=1e-6)
    assert np.isnan(found.returned.loss).all() and found.accuracy == 1


def test_erasures_of_several_ranks_go_together(net, texts):
    wide = Project(np.zeros(UNITS), np.eye(UNITS)[:3], np.eye(UNITS)[:3])
    none = Project(np.zeros(UNITS), np.zeros((0, UNITS)), np.zeros((0, UNITS)))
    found = amnesic.explain(
        KEY,
        forward,
        net,
        texts,
        {"none": none, **erasers(net), "wide": wide},
        site=SITE,
        settings=amnesic.Settings(2, 5),
    )
    assert found.rank.tolist() == [0, 1, 1, 3]
    np.testing.assert_allclose([leaf[0] for leaf in found.score], 0, atol=1e-6)
    alone = amnesic.explain(KEY, forward, net, texts, erasers(net), site=SITE, settings=amnesic.Settings(2, 5))
    np.testing.assert_allclose(alone.score.loss, found.score.loss[1:3], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"site": "blok"}, KeyError, "did you mean 'block'"),
        ({"erasers": {}}, ValueError, "at least one erasure"),
        ({"erasers": {"a": Project(0.0, np.eye(3), np.eye(3))}}, ValueError, "'block' has 8 units, the erasure of 'a'"),
        ({"truth": amnesic.Truth(np.zeros((60, 4), int))}, ValueError, r"answers as whole numbers \(60, 5\)"),
        ({"truth": amnesic.Truth(np.full((60, 5), -1))}, ValueError, "at least one"),
        ({"truth": amnesic.Truth(np.full((60, 5), 2))}, ValueError, "answers from 0 to 1"),
        ({"truth": amnesic.Truth(None, {"other": np.zeros((60, 5))})}, KeyError, "'other', which is no concept"),
        ({"truth": amnesic.Truth(None, {"used": np.zeros((60, 4))})}, ValueError, "labels of 'used' for each token"),
        ({"forward": lambda params, tokens, edits: (None, forward(params, tokens, edits)[1])}, ValueError, "no head"),
    ],
)
def test_what_does_not_go_together_is_refused(net, texts, change, error, said):
    given = {"forward": forward, "erasers": erasers(net), "site": SITE} | change
    first, given_erasers = given.pop("forward"), given.pop("erasers")
    with pytest.raises(error, match=said):
        amnesic.explain(KEY, first, net, texts, given_erasers, **given)
