"""What one pass says of a site becomes records: the same numbers, at the words where they were."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import atlas
from jaxneuron.report.atlas import neuronpedia, plain, records, write
from tests.report.atlas import made

SHARES = np.array([0.0, 0.25, 0.5, 0.9, 1.0])
K = 3


def extremes(values, where, sign):
    """Return the K best words of each unit, one of a sentence at most, by brute force."""
    found = atlas.Extremes(*(np.full((values.shape[1], K), fill) for fill in (np.nan, -1, -1)))
    for unit in range(values.shape[1]):
        seen = []
        for token in np.argsort(-sign * values[:, unit], kind="stable"):
            sentence, word = where[token]
            if sentence not in seen and len(seen) < K:
                for field, entry in zip(found, (values[token, unit], sentence, word), strict=True):
                    field[unit, len(seen)] = entry
                seen.append(sentence)
    return atlas.Extremes(found.value, found.sentence.astype(int), found.word.astype(int))


def excerpts(values, where, texts, found, around=2):
    first = np.maximum(found.word - around, 0)
    starts = np.cumsum([0, *map(len, texts)])
    shown = np.full((*first.shape, 2 * around + 1), np.nan)
    for unit, place in np.ndindex(first.shape):
        sentence = found.sentence[unit, place]
        part = values[starts[sentence] : starts[sentence + 1], unit][first[unit, place] :][: shown.shape[-1]]
        shown[unit, place, : len(part)] = part
    return atlas.Excerpts(first, shown)


@pytest.fixture(scope="module")
def texts():
    return made.texts(12)


@pytest.fixture(scope="module")
def values(texts):
    values = np.random.default_rng(0).normal(size=(sum(map(len, texts)), 4))
    values[:, 1] = np.maximum(values[:, 1], 0)  # half of it is 0
    values[:, 3] = 0  # dead
    return np.asarray(jnp.asarray(values, jnp.bfloat16), np.float64)  # as they are counted


@pytest.fixture(scope="module")
def summary(texts, values):
    where = [(sentence, word) for sentence, text in enumerate(texts) for word in range(len(text))]
    count, units = values.shape
    high, low = (extremes(values, where, sign) for sign in (1, -1))
    edges = np.linspace(values.min(axis=0), values.max(axis=0) + 1e-9, 11).T
    bars = np.stack([np.histogram(values[:, unit], edges[unit])[0] for unit in range(units)])
    quantiles = np.quantile(values, SHARES, axis=0, method="inverted_cdf").T
    below = np.array([(values[:, unit, None] <= quantiles[unit]).sum(axis=0) for unit in range(units)])
    drawn = np.arange(sum(map(len, texts[:5])))  # whole texts
    share = np.stack([np.mean(values > 0, axis=0), np.mean(values == 0, axis=0)])
    zero = np.zeros(units)
    return atlas.SiteSummary(
        site="block0/mlp/gate",
        per_text=False,
        moments=atlas.UnitMoments(
            count, values.mean(axis=0), values.var(axis=0), zero, zero + 3, values.min(axis=0), values.max(axis=0)
        ),
        quantiles=atlas.Quantiles(SHARES, quantiles, below),
        bars=atlas.Bars(edges, bars),
        saturation=atlas.Saturation(count, share[1], share[0], zero, zero + 0.25, np.ptp(values, axis=0) == 0, (-1, 1)),
        exemplars=atlas.Exemplars(high, low),
        highest=excerpts(values, where, texts, high),
        lowest=excerpts(values, where, texts, low),
        samples=atlas.Samples(*np.array([where[token] for token in drawn]).T, values[drawn]),
        sign_cases=atlas.SignCases(count, *(np.arange(16.0).reshape(2, 2, 4) / 16 for _ in range(4))),
        neighbours=atlas.Neighbours(np.array([[1, 2]] * 2 + [[0, -1]] * 2), np.array([[0.5, -0.4]] * 4)),
    )


def made_of(summary, texts, units=None):
    read = records.Reading(texts, "made", "", made.PROVENANCE)
    return list(records.records(read, {summary.site: summary}, units))


def test_examples_are_the_words_with_their_values(summary, texts, values):
    starts = np.cumsum([0, *map(len, texts)])
    for unit, one in enumerate(made_of(summary, texts, [0, 1, 2])):
        for side, sign in ((one.examples.positive, 1), (one.examples.negative, -1)):
            if unit == 1 and sign < 0:
                assert not side.top  # rectified, and mostly off: nowhere is it lowest
                continue
            assert len({example.text for example in side.top}) == len(side.top) == K
            assert side.top[0].values[side.top[0].word] == sign * max(sign * values[:, unit])
            for example in side.top:
                span = slice(example.start, example.start + len(example.tokens))
                assert example.tokens == texts[example.text][span]
                here = values[starts[example.text] : starts[example.text + 1], unit][span]
                np.testing.assert_array_equal(example.values, here)


def test_ranges_hold_what_was_drawn_in_them(summary, texts, values):
    one = made_of(summary, texts)[0]
    up, down = one.examples.positive.bins, one.examples.negative.bins
    assert [bin.fraction for bin in up] == pytest.approx([0.1, 0.4], abs=0.02) and len(down) == 2
    assert up[0].upper == values[:, 0].max() and up[-1].lower == down[-1].upper and down[0].lower == values[:, 0].min()
    for bin in (*up, *down):
        inside = (values[:, 0] > bin.lower) | (bin is down[0])
        assert bin.count == (inside & (values[:, 0] <= bin.upper)).sum()
        assert 0 < bin.drawn == len(bin.examples) <= records.SHOWN
        for example in bin.examples:
            assert bin.lower <= example.values[example.word] <= bin.upper
            assert texts[example.text][example.start + example.word] == example.tokens[example.word]


def test_ranges_of_one_value_are_left_out(summary, texts):
    rectified, dead = made_of(summary, texts, [1, 3])
    assert len(rectified.examples.negative.bins) <= 1 <= len(rectified.examples.positive.bins)
    assert dead.examples is None and dead.distribution.dead


def test_neighbours_share_exemplars_of_the_side_that_goes_together(summary, texts):
    one, _, other, _ = made_of(summary, texts)
    tops = [{example.text for example in made_of(summary, texts)[1].examples.positive.top}]
    tops.append({example.text for example in made_of(summary, texts)[2].examples.negative.top})
    own = {example.text for example in one.examples.positive.top}
    assert [(near.unit, near.shared) for near in one.neighbours] == [(1, len(own & tops[0])), (2, len(own & tops[1]))]
    assert [near.unit for near in other.neighbours] == [0]


def test_numbers_are_those_of_the_pass(summary, texts, values):
    one = made_of(summary, texts)[2]
    spread = one.distribution
    assert spread.mean.low < spread.mean.value == values[:, 2].mean() < spread.mean.high
    assert spread.density.low < spread.density.value == np.mean(values[:, 2] > 0) < spread.density.high
    assert spread.saturated == 0.25 and sum(spread.counts) == len(values)
    assert [(case.gate, case.input, case.frequency) for case in one.sign_cases] == [
        ("+", "+", 2 / 16),
        ("+", "-", 6 / 16),
        ("-", "+", 10 / 16),
        ("-", "-", 14 / 16),
    ]


def test_a_vector_of_a_text_is_one_word(summary, texts):
    whole = summary._replace(
        per_text=True,
        exemplars=atlas.Exemplars(*(one._replace(word=np.zeros_like(one.word)) for one in summary.exemplars)),
        highest=None,
        lowest=None,
        samples=summary.samples._replace(word=np.zeros_like(summary.samples.word)),
    )
    one = made_of(whole, texts)[0]
    assert one.examples.positive.top[0].tokens == [" ".join(texts[one.examples.positive.top[0].text])]


def test_records_are_pages_and_rows_of_neuronpedia(summary, texts, tmp_path):
    write.write(tmp_path / "atlas", made_of(summary, texts))
    (folder,) = neuronpedia.export(tmp_path / "exports", made_of(summary, texts))
    assert neuronpedia.check(folder) > 4
    content = plain.plain(made_of(summary, texts)[0])
    assert plain.plain(plain.unit(content)) == content


def test_what_does_not_belong_together_is_refused(summary, texts):
    with pytest.raises(ValueError, match="no site has a unit 4; the widest has 0 to 3"):
        made_of(summary, texts, [4])
    with pytest.raises(ValueError, match="there are 2"):
        made_of(summary, texts[:2])
