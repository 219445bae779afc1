"""Sums by class are what counting position by position gives."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.edits import Clamp
from jaxneuron.evaluate.effects import Confidence, Predictions, differences, summary
from jaxneuron.intervene import Answered, ablate
from jaxneuron.types import Tokens
from tests import tiny
from tests.quick import quick_compilation  # noqa: F401

UNITS = tiny.VOCAB + 1
CLASSES = np.array([[word in words for word in range(UNITS)] for words in ({1, 2}, {2, 3, 4}, {7})])
TOKENS = Tokens(
    np.array([[1, 2, 3, 4], [2, 1, 0, 0], [5, 6, 2, 0]], np.int32), np.arange(4) < np.array([[4], [2], [3]])
)


def scores(output, activations):
    return output


def test_they_are_what_counting_gives(weights):
    unit = np.eye(UNITS, dtype=bool)[2]
    found = ablate.intervene(
        tiny.recurrent,
        weights,
        TOKENS,
        Predictions(jnp.asarray(CLASSES), jax.tree_util.Partial(scores)),
        np.stack([np.zeros(UNITS, bool), unit]),
        site="hidden",
        value=2.0,
    )
    rates, unedited = summary(found.edited), summary(found.unedited)
    hold = np.where(unit, 2.0, np.inf).astype(np.float32)
    tokens = Tokens(*map(jnp.asarray, TOKENS))
    before, after = (
        np.asarray(jax.nn.log_softmax(tiny.recurrent(weights, tokens, edits)[0]))
        for edits in ({}, {"hidden": Clamp(jnp.asarray(np.where(unit, 2.0, -np.inf), jnp.float32), jnp.asarray(hold))})
    )
    places = [(row, time) for row, length in enumerate((4, 2, 3)) for time in range(length - 1)]
    right = [int(TOKENS.ids[row, time + 1]) for row, time in places]
    p, q = (np.stack([log_p[place] for place in places]) for log_p in (before, after))
    for label, members in enumerate(CLASSES):
        of = [place for place, word in enumerate(right) if members[word]]
        assert rates.count[1, label] == len(of)
        np.testing.assert_allclose(rates.anywhere[1, label], np.exp(q)[:, members].sum(axis=1).mean(), rtol=1e-5)
        if not of:
            assert np.isnan(rates.accuracy[1, label])
            continue
        words = np.array(right)[of]
        np.testing.assert_allclose(rates.perplexity[1, label], np.exp(-q[of, words].mean()), rtol=1e-5)
        np.testing.assert_allclose(rates.accuracy[1, label], (q[of].argmax(axis=1) == words).mean(), rtol=1e-6)
        flips = (q[of].argmax(axis=1) != p[of].argmax(axis=1)).mean()
        np.testing.assert_allclose(rates.flips[1, label], flips, rtol=1e-6)
        np.testing.assert_allclose(rates.probability[1, label], np.exp(q[of])[:, members].sum(axis=1).mean(), rtol=1e-5)
        bits = (np.exp(p[of]) * (p[of] - q[of])).sum(axis=1).mean() / np.log(2)
        np.testing.assert_allclose(rates.divergence[1, label], bits, rtol=1e-4)
        np.testing.assert_allclose(unedited.perplexity[label], np.exp(-p[of, words].mean()), rtol=1e-5)
    np.testing.assert_allclose(rates.divergence[0, :2], 0, atol=1e-6)
    np.testing.assert_allclose(rates.accuracy[0, :2], unedited.accuracy[:2])


def test_without_classes_everything_is_one_and_targets_may_be_given(weights):
    targets = np.where(TOKENS.ids == 2, 3, -1)
    target = Predictions(read=jax.tree_util.Partial(scores))
    units = np.eye(UNITS, dtype=bool)[:2]
    found = ablate.intervene(tiny.recurrent, weights, TOKENS, Answered(target, targets), units, site="hidden")
    rates = summary(found.edited)
    assert rates.accuracy.shape == (2, 1) and rates.count.tolist() == [[3], [3]]
    np.testing.assert_allclose(rates.probability, 1.0)


def test_confidence_is_lost_raw_and_as_a_share_of_what_it_was(weights):
    answers = np.array([[0, 0, -1, 0], [0, -1, -1, -1], [0, 0, -1, -1]])
    comparison = Confidence(read=jax.tree_util.Partial(scores))
    found = ablate.intervene(tiny.recurrent, weights, TOKENS, Answered(comparison, answers), site="hidden")
    raw, normalised, before = differences(found.edited)
    tokens, unit = Tokens(*map(jnp.asarray, TOKENS)), jnp.arange(UNITS) == 3
    off = {"hidden": Clamp(jnp.where(unit, 0, -jnp.inf), jnp.where(unit, 0, jnp.inf))}
    p, q = (np.asarray(jax.nn.softmax(tiny.recurrent(weights, tokens, edits)[0])) for edits in ({}, off))
    lost = [(p[row, time].max(), q[row, time, p[row, time].argmax()]) for row, time in np.argwhere(answers >= 0)]
    np.testing.assert_allclose(raw[3], np.mean([was - now for was, now in lost]), atol=1e-5)
    np.testing.assert_allclose(normalised[3], np.mean([(was - now) / was for was, now in lost]), atol=1e-5)
    np.testing.assert_allclose(before, np.mean([was for was, _ in lost]), atol=1e-5)
    of_class = Answered(Confidence(4, jax.tree_util.Partial(scores)), answers)
    one = ablate.intervene(tiny.recurrent, weights, TOKENS, of_class, np.asarray(unit), site="hidden")
    here = answers >= 0
    np.testing.assert_allclose(differences(one.edited).raw, (p - q)[here][:, 4].mean(), atol=1e-5)
