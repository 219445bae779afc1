"""What statistics say agrees with a store of every activation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxneuron.atlas import Places, Rows, exemplars, histogram, label_counts
from jaxneuron.rank import average_precision
from tests.atlas.test_contract import DEAD, LABELS, TEXTS, TIME, corpus, made, read

SITE = "block0/mlp/in"


def store():
    """Return every word's activations, its sentence, its place there and its label."""
    value, lengths, _, label = corpus()
    there = np.arange(TIME) < lengths[:, None]
    sentence, word = np.nonzero(there)
    return value[SITE][there], sentence, word, label[there]


def found(name):
    """Return what a statistic says of the whole text."""
    return made(name).finish(read(made(name), np.arange(TEXTS)))[SITE]


def rounded(value):
    return np.asarray(jnp.asarray(value).astype(jnp.bfloat16).astype(jnp.float32))


def test_moments_are_those_of_the_values():
    value, one = store()[0].astype(np.float64), found("moments")
    alive = np.arange(value.shape[1]) != DEAD
    size = value.std(axis=0) + ~alive
    np.testing.assert_allclose(one.mean / size, value.mean(axis=0) / size, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(one.variance[alive], value.var(axis=0)[alive], rtol=1e-5)
    np.testing.assert_allclose(one.skewness[alive], stats.skew(value)[alive], atol=1e-5)
    np.testing.assert_allclose(one.kurtosis[alive], stats.kurtosis(value)[alive] + 3, rtol=1e-5)
    assert one.variance[DEAD] == 0 and one.kurtosis[DEAD] == 0
    assert found("saturated").dead.tolist() == (~alive).tolist()


@pytest.mark.parametrize("side", ["highest", "lowest"])
def test_exemplars_are_the_best_of_the_best_of_each_sentence(side):
    value, sentence, word, _ = store()
    one, sign = getattr(found("exemplars"), side), 1 if side == "highest" else -1
    for unit, column in enumerate(sign * value.T):
        order = np.lexsort((word, sentence, -column))
        best = order[np.unique(sentence[order], return_index=True)[1]]
        best = best[np.lexsort((sentence[best], -column[best]))][:4]
        np.testing.assert_array_equal(one.sentence[unit], sentence[best])
        np.testing.assert_array_equal(one.word[unit], word[best])
        np.testing.assert_array_equal(one.value[unit], value[best, unit])


@pytest.mark.parametrize("words", [1, 7, 255, 256, 700])
def test_an_exemplar_is_the_first_of_equal_words_however_long_its_sentence(words):
    value = np.zeros((1, 2 * words, 2), np.float32)
    value[0, [words // 2, words - 1], :] = 2, -2
    value[0, -1, 0] = 3
    text, word = np.repeat([[0, 1]], words, axis=1), np.tile(np.arange(words), 2)[::-1][None]  # the last word first
    rows = Rows(text, word, -np.ones_like(word), -np.ones_like(word))
    sentence = np.array([5, 5 + (words > 7)])
    statistic = exemplars.statistic(count=1)
    held = jax.tree.map(np.array, statistic.init({SITE: 2}))
    state = statistic.beside.add(held, {SITE: ()}, {SITE: value}, Places(sentence, rows, rows))
    found = statistic.finish(statistic.beside.settle(state))[SITE]
    for side, sign in zip(found, (1, -1), strict=True):
        for unit in range(2):
            first = np.lexsort((word[0], sentence[text[0]], -sign * value[0, :, unit]))[0]
            assert side.value[unit, 0] == value[0, first, unit]
            assert (side.sentence[unit, 0], side.word[unit, 0]) == (sentence[text[0, first]], word[0, first])


def test_quantiles_are_those_of_values_of_sixteen_bits():
    value, shares = rounded(store()[0]), np.array([0.0, 0.1, 0.5, 0.99, 1.0])
    one = histogram.quantiles(found("histogram"), shares)
    expected = np.quantile(value, shares, axis=0, method="inverted_cdf").T
    np.testing.assert_array_equal(one.value, expected)
    np.testing.assert_array_equal(one.count, (value[:, :, None] <= expected).sum(axis=0))


def test_thresholds_are_those_of_the_values_of_sixteen_bits():
    value, _, _, label = store()
    one, other = found("label_counts").thresholds, average_precision.scores(rounded(value), label)
    for field in ("rising", "falling", "auroc"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=0, atol=1e-12)
    for number in range(LABELS):
        for unit, column in enumerate(rounded(value).T):
            on = column[:, None] >= np.unique(column)
            held = (label == number)[:, None]
            best = ((on & held).sum(axis=0) / (on | held).sum(axis=0)).max()
            assert one.iou[number, unit] == pytest.approx(best, abs=1e-12)


def test_sums_of_labels_are_those_of_the_values():
    value, _, _, label = store()
    means = np.stack([value[label == number].mean(axis=0, dtype=np.float64) for number in range(LABELS)])
    np.testing.assert_allclose(
        found("label_sums").mean / np.abs(value).max(axis=0), means / np.abs(value).max(axis=0), atol=1e-6
    )


def test_counts_say_where_values_share_a_level():
    assert found("histogram").exact.all()
    narrow = histogram.statistic(lowest=-20, highest=20)
    narrow = narrow._replace(update=jax.jit(narrow.update))
    one = narrow.finish(read(narrow, np.arange(TEXTS)))[SITE]
    assert one.exact.tolist() == [True, True, True, False, False, True] and (one.count.sum(axis=1) == one.tokens).all()
    with pytest.raises(ValueError, match="0 to 7 digits"):
        histogram.statistic(digits=8)
    with pytest.raises(ValueError, match="at least one label"):
        label_counts.statistic(labels=0)
