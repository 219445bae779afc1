"""Planted units get the description and the score that they deserve, and chance is called chance."""

import jax
import numpy as np
import pytest

from jaxneuron.corpora import labelled
from jaxneuron.describe import (
    Described,
    _correlated,
    _extremes,
    _ranks,
    best,
    ngram,
    parts,
    position,
    score,
    token,
)
from jaxneuron.describe._lazy import Lazy

KEY = jax.random.key(0)


def text(seed, sentences=200, longest=15):
    """Return sentences of words that are drawn by a law like that of real ones, with commas."""
    random = np.random.default_rng(seed)
    words = np.array([",", *(f"word{number}" for number in range(1, 60))])
    share = 1 / np.arange(2, len(words) + 2)
    lengths = random.integers(4, longest, sentences)
    return labelled.build([words[random.choice(len(words), size, p=share / share.sum())].tolist() for size in lengths])


def planted(given, seed):
    """Return units for commas, against commas, for nothing, for the second word, and of noise."""
    random = np.random.default_rng(seed)
    words = [word for sentence in given.sentences for word in sentence]
    comma = np.array([word == "," for word in words], float)
    second = np.array([place == 1 for sentence in given.sentences for place in range(len(sentence))], float)
    noise = random.normal(size=(4, len(words)))
    units = [2 * comma + 0.2 * noise[0], -comma + 0.1 * noise[1], 0 * comma, second + 0.1 * noise[2], noise[3]]
    return np.stack(units, axis=1).astype(np.float32)


FIT, CHOICE, HELD = (text(seed) for seed in range(3))


def test_planted_units_get_the_description_and_the_score_that_they_deserve():
    fit, choice, held = (planted(given, seed) for seed, given in enumerate((FIT, CHOICE, HELD)))
    chosen = best([verb(fit, FIT) for verb in (token.describe, ngram.describe, position.describe)], choice, CHOICE)
    assert chosen.text[:4] == ("high at “,”", "low at “,”", "never on", "high at the second word")
    assert chosen.source[0] == "token" and chosen.source[3] == "position"
    found = score(KEY, chosen, held, HELD)
    assert found.known.tolist() == [True, True, False, True, True]
    known = [0, 1, 3]
    assert (found.correlation.low[known] > np.maximum(found.correlation.control_high[known], 0.9)).all()
    for measure in (found.auroc, found.fuzzing):  # other commas, no farther out by the description, count as wrong
        assert (measure.value[known] > 0.85).all() and (measure.low[known] > measure.control[known]).all()
    assert found.correlation.low[4] < 0 < found.correlation.high[4]
    for measure in (found.auroc, found.detection, found.fuzzing):
        assert measure.low[4] < 0.5 < measure.high[4] and measure.value[2] == 0.5
    assert all(np.isfinite(figure).all() for measure in found[:4] for figure in measure)


def test_permuted_texts_are_scored_as_chance():
    random = np.random.default_rng(0)
    fit, held = text(10, 120), text(11, 120)
    count = 200
    words = len([word for sentence in fit.sentences for word in sentence])
    foretold = token.describe(random.normal(size=(words, count)).astype(np.float32) ** 3, fit)
    starts = np.cumsum([0, *map(len, held.sentences)])
    true = np.empty((starts[-1], count), np.float32)
    texts = random.normal(size=(len(held.sentences), count))  # words of a text are alike, as those of real ones are
    for row, first in enumerate(starts[:-1]):
        true[first : starts[row + 1]] = texts[row] + random.normal(size=(starts[row + 1] - first, count))
    found = score(KEY, foretold, true**3, held)
    for measure, chance in zip(found[:4], (0, 0.5, 0.5, 0.5), strict=True):
        inside = (measure.low <= chance) & (chance <= measure.high)
        assert inside.mean() >= 0.9
        assert (measure.low <= measure.value).all() and (measure.value <= measure.high).all()


def by_hand(value, foretold, given, side, share=0.05, few=6):
    """Return the four measures of one unit, word by word and pair by pair."""
    value, foretold = side * value, side * foretold
    rows = np.split(np.arange(len(value)), np.cumsum(list(map(len, given.sentences)))[:-1])

    def pairs(right, wrong):
        return np.mean([(one > other) + 0.5 * (one == other) for one in right for other in wrong])

    def farthest(values, count):
        return values > np.sort(values)[-count - 1]

    on = farthest(value, round(share * len(value)))
    peak, guess = (np.array([table[row].max() for row in rows]) for table in (value, foretold))
    far = farthest(peak, few)
    near = np.arange(60)[np.argsort(list(map(len, given.sentences)), kind="stable")].reshape(3, 20)
    both = [[(one, two) for one in some if far[one] for two in some if not far[two]] for some in near]
    detected = np.mean([pairs(guess[[one]], guess[[two]]) for some in both for one, two in some])
    marked = [(row, row[np.argmax(value[row])]) for row, one in zip(rows, far, strict=True) if one]
    fuzz = np.mean([pairs(foretold[[word]], foretold[row[row != word]]) for row, word in marked])
    return np.corrcoef(value, foretold)[0, 1], pairs(foretold[on], foretold[~on]), detected, fuzz


def test_the_measures_are_those_counted_by_hand():
    random, given = np.random.default_rng(0), text(3, 60)
    words = sum(map(len, given.sentences))
    value = random.normal(size=(words, 4)).astype(np.float32)
    foretold = np.round(value + random.normal(size=value.shape), 1).astype(np.float32)  # with equal ones among them
    side = np.array([1, -1, 1, -1])
    described = Described(("",) * 4, side, ("",) * 4, lambda _: Lazy(foretold.shape, lambda unit: foretold[:, unit]))
    found = score(KEY, described, value, given, share=0.05, exemplars=6, controls=4)
    for unit in range(4):
        wanted = by_hand(value[:, unit], foretold[:, unit], given, side[unit])
        np.testing.assert_allclose([measure.value[unit] for measure in found[:4]], wanted, atol=1e-6)
    own = side[0] * value[:, 0]
    others = [by_hand(own, side[other] * foretold[:, other], given, 1) for other in (1, 2, 3)]
    np.testing.assert_allclose([measure.control[0] for measure in found[:4]], np.mean(others, axis=0), atol=1e-6)


def test_a_correlation_has_the_jackknife_s_interval():
    random, start = np.random.default_rng(1), np.arange(0, 400, 8)
    one = random.normal(size=(1, 400)) + np.repeat(random.normal(size=(1, 50)), 8, axis=1)
    other = one + 2 * random.normal(size=(1, 400))
    r, low, high = _correlated.correlation(one, other, start)
    left = [
        np.corrcoef(*(np.delete(row[0].reshape(50, 8), text, 0).ravel() for row in (one, other)))[0, 1]
        for text in range(50)
    ]
    deviation = np.sqrt(np.var(left) * 49)
    np.testing.assert_allclose(np.arctanh(high) - np.arctanh(low), 2 * 2.0096 * deviation / (1 - r**2), rtol=0.05)


def test_one_unit_is_beside_its_own_words_laid_elsewhere():
    fit, held = planted(FIT, 0)[:, :1], planted(HELD, 2)[:, :1]
    found = score(KEY, token.describe(fit, FIT), held, HELD)
    assert found.correlation.low[0] > 0.9 > found.correlation.control_high[0]


def test_units_in_another_order_have_the_same_scores():
    order = np.array([3, 0, 4, 2, 1])
    found = score(KEY, token.describe(planted(FIT, 0), FIT), planted(HELD, 2), HELD, budget=200_000)
    other = score(KEY, token.describe(planted(FIT, 0)[:, order], FIT), planted(HELD, 2)[:, order], HELD)
    for one, same in zip(found[:4], other[:4], strict=True):
        for figure in ("value", "low", "high"):
            np.testing.assert_allclose(getattr(same, figure), getattr(one, figure)[order], atol=1e-9)


def test_what_is_out_is_a_share_or_the_top():
    values = np.array([[0.0, 0, 0, 5], [1, 2, 3, 4], [0, 7, 7, 7], [2, 2, 2, 2]])
    assert _extremes.out(values, 0.5).sum(axis=1).tolist() == [1, 2, 3, 0]


def test_values_of_other_groups_do_not_count():
    values = np.array([[5.0, 1, -0.0, 0, 9]])
    found = _ranks.below(values, np.array([0, 0, 1, 1, 1]), np.zeros(5, int), np.arange(5))
    assert found.tolist() == [1, 0, 0.5, 0.5, 2]


def test_parts_share_no_sentence():
    given = text(5, 203)
    found = parts(given)
    rows = np.concatenate(found[:3])
    assert sorted(rows.tolist()) == list(range(sum(map(len, given.sentences))))
    assert [sum(map(len, part.sentences)) for part in found[3:]] == list(map(len, found[:3]))
    assert 0.15 < len(found.held_text.sentences) / 203 < 0.35 and 0.1 < len(found.choice_text.sentences) / 203 < 0.2
    assert {len(part.sentences) > 1 for count in (5, 6, 7, 25) for part in parts(text(0, count))[4:]} == {True}
    assert {len(parts(text(0, count)).fit_text.sentences) > 0 for count in (5, 6, 7, 25)} == {True}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": 0.0}, "share between 0 and 1"),
        ({"controls": 1}, "at least 1 exemplar and 2 controls"),
        ({"exemplars": 0}, "at least 1 exemplar"),
    ],
)
def test_what_cannot_be_scored_is_refused(options, said):
    described = token.describe(planted(FIT, 0), FIT)
    with pytest.raises(ValueError, match=said):
        score(KEY, described, planted(HELD, 2), HELD, **options)


def test_other_units_or_words_are_refused():
    described, held = token.describe(planted(FIT, 0), FIT), planted(HELD, 2)
    with pytest.raises(ValueError, match="expected the 5 units that are described, got 4"):
        score(KEY, described, held[:, 1:], HELD)
    with pytest.raises(ValueError, match="of the 200 sentences"):
        score(KEY, described, held[1:], HELD)
    with pytest.raises(ValueError, match="at least 2 texts"):
        score(KEY, described, held[:4], labelled.build([["a", "b", "c", "d"]]))
    with pytest.raises(ValueError, match="at least one description"):
        best([], held, HELD)
    with pytest.raises(ValueError, match="at least 5 sentences"):
        parts(labelled.build([["a"], ["b"]]))
