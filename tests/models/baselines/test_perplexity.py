"""Unigram and Kneser–Ney: distributions that sum to 1, and what slow dictionaries compute from the formulas."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from jaxneuron.types import Tokens
from jaxneuron_models.baselines import kneser_ney, unigram

V, BEGIN, END = 7, 0, 1


def padded(sentences):
    width = max(map(len, sentences), default=0) + 1
    ids, mask = np.zeros((len(sentences), width), np.int32), np.zeros((len(sentences), width), bool)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)], mask[row, : len(sentence)] = sentence, True
    return Tokens(ids, mask)


def skewed(seed, count, words=(2, 3, 4, 5)):
    """Sentences of 0 to 6 words, some much more frequent than others."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, len(words) + 1)
    return [list(rng.choice(words, size=rng.integers(0, 7), p=share / share.sum())) for _ in range(count)]


def events(sentences, first, order):
    """(context, word) for each word that the model has to predict."""
    for sentence in sentences:
        text = [BEGIN] * (order - 1) + list(map(int, sentence)) + [END]
        for place in range(order - 1, len(text)):
            if first or place > order - 1:
                yield tuple(text[place - order + 1 : place + 1])


class SlowKneserNey:
    """The textbook recursion, with dictionaries and one n-gram at a time."""

    def __init__(self, sentences, first, order):
        self.counts = {order: Counter(events(sentences, first, order))}
        for length in range(order - 1, 0, -1):
            self.counts[length] = Counter(gram[1:] for gram in self.counts[length + 1])
        self.discount, self.following = {}, {}
        for length, counts in self.counts.items():
            n1, n2 = (sum(1 for c in counts.values() if c == k) for k in (1, 2))
            self.discount[length] = n1 / (n1 + 2 * n2) if n1 else 0.5
            self.following[length] = defaultdict(list)
            for gram, count in counts.items():
                self.following[length][gram[:-1]].append(count)

    def probability(self, gram):
        if not gram:
            return 1 / V
        lower, following = self.probability(gram[1:]), self.following[len(gram)][gram[:-1]]
        if not following:
            return lower
        discount, count = self.discount[len(gram)], self.counts[len(gram)][gram]
        return (max(count - discount, 0) + discount * len(following) * lower) / sum(following)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_kneser_ney_agrees_with_dictionaries(order, first):
    train, dev = skewed(0, 30), skewed(1, 12, words=(2, 3, 5, 6))  # 6 never occurs in train
    slow = SlowKneserNey(train, first, order)
    grams = list(events(dev, first, order))
    expected = -np.mean([np.log(slow.probability(gram)) for gram in grams])
    result = kneser_ney.perplexity(
        padded(train), padded(dev), vocabulary_size=V, end=END, begin=BEGIN, first=first, order=order
    )
    assert result.n == len(grams)
    assert result.cross_entropy == pytest.approx(expected, rel=1e-12)
    assert result.perplexity == pytest.approx(np.exp(expected), rel=1e-12)


@pytest.mark.parametrize("first", [False, True])
def test_kneser_ney_sums_to_one_in_every_context(first):
    model = kneser_ney.fit(padded(skewed(0, 30)), vocabulary_size=V, end=END, begin=BEGIN, first=first)
    contexts = np.indices((V, V)).reshape(2, -1).T  # seen and unseen ones, with specials and the unseen word 6
    grams = np.column_stack([contexts.repeat(V, axis=0), np.tile(np.arange(V), V * V)])
    p = kneser_ney.probability(model, grams).reshape(V * V, V)
    assert np.all(p > 0)
    assert p.sum(axis=1) == pytest.approx(np.ones(V * V), abs=1e-12)


def test_kneser_ney_prefers_words_that_follow_many_words():
    """Chen and Goodman's "San Francisco": frequent, but after one word only."""
    sentences = [[2, 3]] * 10 + [[4, 5], [2, 5], [3, 5], [6, 5]]
    model = kneser_ney.fit(padded(sentences), vocabulary_size=V, end=END, begin=BEGIN, first=True)
    seldom_before, often_before = kneser_ney.probability(model, np.array([[5, 5, 3], [5, 5, 5]]))
    assert often_before > 2 * seldom_before


def test_context_helps_on_a_text_that_has_some():
    rng = np.random.default_rng(5)
    sentences = [list(2 + (rng.integers(5) + np.arange(6)) % 5) for _ in range(40)]  # each word decides the next
    train, dev = padded(sentences[:30]), padded(sentences[30:])
    plain = unigram.perplexity(train, dev, vocabulary_size=V, end=END)
    trigram = kneser_ney.perplexity(train, dev, vocabulary_size=V, end=END, begin=BEGIN)
    assert plain.n == trigram.n == 60
    assert trigram.perplexity < 0.5 * plain.perplexity


@pytest.mark.parametrize("first", [False, True])
def test_unigram_agrees_with_dictionaries(first):
    train, dev, delta = skewed(2, 30), skewed(3, 10, words=(2, 3, 6)), 0.5
    counts = Counter(gram[-1] for gram in events(train, first, 1))
    total = sum(counts.values()) + delta * V
    expected = [np.log((counts[gram[-1]] + delta) / total) for gram in events(dev, first, 1)]
    result = unigram.perplexity(padded(train), padded(dev), vocabulary_size=V, end=END, first=first, delta=delta)
    assert result.n == len(expected)
    assert result.cross_entropy == pytest.approx(-np.mean(expected), rel=1e-12)
    probability = unigram.fit(padded(train), vocabulary_size=V, end=END, first=first, delta=delta)
    assert probability.sum() == pytest.approx(1, abs=1e-12)


def test_width_of_the_padding_and_order_of_sentences_do_not_matter():
    sentences = skewed(4, 20)
    narrow, options = padded(sentences), {"vocabulary_size": V, "end": END, "begin": BEGIN}
    wide = Tokens(*(np.pad(array, [(0, 0), (0, 3)])[::-1] for array in narrow))
    assert kneser_ney.perplexity(narrow, narrow, **options).perplexity == pytest.approx(
        kneser_ney.perplexity(wide, wide, **options).perplexity, rel=1e-12
    )


def test_a_full_row_without_padding_still_predicts_the_end():
    text = Tokens(np.array([[2, 3]]), np.ones((1, 2), bool))
    assert unigram.perplexity(text, text, vocabulary_size=V, end=END).n == 2


def test_nothing_to_predict_is_nan():
    train, nothing = padded([[2, 3]]), padded([[]])
    result = kneser_ney.perplexity(train, nothing, vocabulary_size=V, end=END, begin=BEGIN)
    assert result.n == 0 and np.isnan(result.perplexity)


def test_errors_say_what_to_do():
    text = padded([[2, 3]])
    with pytest.raises(ValueError, match="no word to predict"):
        kneser_ney.fit(padded([[]]), vocabulary_size=V, end=END, begin=BEGIN)
    with pytest.raises(ValueError, match="from 0 to 2, got 2 to 3"):
        kneser_ney.fit(text, vocabulary_size=3, end=END, begin=BEGIN)
    with pytest.raises(ValueError, match="expected end to be a word id"):
        unigram.fit(text, vocabulary_size=V, end=V)
    with pytest.raises(ValueError, match="63 bits"):
        kneser_ney.fit(text, vocabulary_size=30_000, end=END, begin=BEGIN, order=5)
    with pytest.raises(ValueError, match="positive delta"):
        unigram.fit(text, vocabulary_size=V, end=END, delta=0.0)
    with pytest.raises(ValueError, match="padding on the right"):
        unigram.fit(Tokens(np.array([[0, 2]]), np.array([[False, True]])), vocabulary_size=V, end=END)
