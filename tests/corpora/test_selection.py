import numpy as np
import pytest

from jaxneuron.corpora import selection


def corpus(seed=0, sentences=30, types=8, units=5):
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 9, sentences)
    text = [[f"w{int(i)}" for i in draw.integers(0, types, length)] for length in lengths]
    return draw.normal(2, 3, (lengths.sum(), units)).astype(np.float32), text


def neurox(activations, sentences, unit):
    """The scores of `get_top_words`: mean |z| of each type, over that of the best."""
    values = activations[:, unit]
    z = np.abs((values - values.mean()) / values.std())
    words = np.array([word for sentence in sentences for word in sentence])
    scores = {word: z[words == word].mean() for word in set(words.tolist())}
    return {word: score / max(scores.values()) for word, score in scores.items()}


BUDGETS = [2**28, 2000]


@pytest.mark.parametrize("budget", BUDGETS)
def test_words_are_those_of_neurox(budget):
    activations, sentences = corpus()
    before = activations.copy()
    found = selection.top_words(activations, sentences, count=8, least=1, budget=budget)
    for unit in range(5):
        expected = neurox(activations, sentences, unit)
        score = found.absolute.score[unit]
        ours = {found.words[i]: s for i, s in zip(found.absolute.item[unit], score / score[0], strict=True)}
        assert list(ours) == sorted(expected, key=expected.get, reverse=True)
        np.testing.assert_allclose([expected[word] for word in ours], list(ours.values()), rtol=1e-5)
    np.testing.assert_array_equal(activations, before)


@pytest.mark.parametrize("budget", BUDGETS)
def test_words_up_and_down(budget):
    activations, sentences = corpus(1)
    words = np.array([word for sentence in sentences for word in sentence])
    least = int(np.sort(np.unique(words, return_counts=True)[1])[2])
    found = selection.top_words(activations, sentences, count=3, least=least, budget=budget)
    z = (activations - activations.mean(axis=0)) / activations.std(axis=0)
    mean = np.stack([z[words == word].mean(axis=0) for word in found.words])
    assert all((words == word).sum() == n >= least for word, n in zip(found.words, found.count, strict=True))
    np.testing.assert_array_equal(found.highest.item, np.argsort(-mean.T, axis=1)[:, :3])
    np.testing.assert_array_equal(found.lowest.item, np.argsort(mean.T, axis=1)[:, :3])
    np.testing.assert_allclose(found.lowest.score, np.sort(mean.T, axis=1)[:, :3], rtol=1e-4, atol=1e-6)


def test_case_a_constant_unit_and_fewer_types_than_asked_for():
    activations, _ = corpus(2)
    sentences = [["The"], ["the", "dog"]]
    activations = activations[:3].copy()
    activations[:, 0] = 1e6 + 0.1
    found = selection.top_words(activations, sentences, count=3, least=1, ignore_case=True)
    assert found.words == ("the", "dog") and found.count.tolist() == [2, 1]
    assert (found.highest.item[:, 2] == -1).all() and (found.highest.score[:, 2] == 0).all()
    assert (found.absolute.score[0] == 0).all()


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("by", ["mean", "peak"])
def test_sentences(by, budget):
    activations, sentences = corpus(3)
    parts = np.split(activations, np.cumsum([len(words) for words in sentences])[:-1])
    found = selection.top_sentences(activations, sentences, count=4, by=by, budget=budget)
    for top, sign in ((found.highest, 1), (found.lowest, -1)):
        reduce = np.mean if by == "mean" else (np.max if sign == 1 else np.min)
        score = np.stack([reduce(part, axis=0) for part in parts]).T
        order = np.argsort(-sign * score, axis=1)[:, :4]
        np.testing.assert_array_equal(top.item, order)
        np.testing.assert_allclose(top.score, np.take_along_axis(score, order, axis=1), rtol=1e-5)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_each_context_once_where_it_is_best(length, budget):
    activations, sentences = corpus(4, types=3)
    grams = [tuple(words[max(i - length + 1, 0) : i + 1]) for words in sentences for i in range(len(words))]
    found = selection.top_contexts(activations, sentences, count=6, length=length, budget=budget)
    for top, sign in ((found.highest, 1), (found.lowest, -1)):
        for unit in range(5):
            expected, seen = [], set()
            for token in np.argsort(-sign * activations[:, unit]).tolist():
                if grams[token] not in seen:
                    seen.add(grams[token])
                    expected.append(token)
            expected = expected[:6] + [-1] * (6 - len(expected))
            assert top.item[unit].tolist() == expected
            scores = [activations[token, unit] if token >= 0 else 0 for token in expected]
            np.testing.assert_array_equal(top.score[unit], scores)


def test_context_says_the_words_around():
    sentences = [["a"], ["b", "c", "d"]]
    assert selection.context(sentences, 3) == (["b", "c", "d"], 2)
    assert selection.context(sentences, 2, before=0, after=5) == (["c", "d"], 0)
    with pytest.raises(IndexError, match="there are 4"):
        selection.context(sentences, 4)


def test_errors():
    activations, sentences = corpus(5)
    with pytest.raises(ValueError, match="words of 29 sentences"):
        selection.top_words(activations, sentences[1:])
    with pytest.raises(ValueError, match="lower `least`"):
        selection.top_words(activations, sentences, least=1000)
    with pytest.raises(ValueError, match="no way 'median'"):
        selection.top_sentences(activations, sentences, by="median")
    with pytest.raises(ValueError, match="at least one item"):
        selection.top_contexts(activations, sentences, count=0)
    activations[7, 2] = np.inf
    for select in (selection.top_words, selection.top_sentences, selection.top_contexts):
        with pytest.raises(ValueError, match="unit 2 at token 7"):
            select(activations, sentences, budget=500)
