"""What is peculiar to each method."""

import numpy as np
import pytest

from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import build
from jaxneuron.describe import (
    _atoms,
    _forms,
    _lookup,
    _words,
    embedding,
    formula,
    inputs,
    label,
    ngram,
    position,
    token,
    told,
)
from jaxneuron.describe.inputs import BestInput
from tests.describe.test_contract import FIT, HELD, embed, tell


def unit(text, test):
    """Return one unit, 1 at the words that pass a test of the sentence and the place."""
    return np.array([[float(test(row, at))] for row in text.sentences for at in range(len(row))], np.float32)


def test_a_rare_word_foretells_less_than_a_frequent_one():
    random = np.random.default_rng(0)
    text = build([["a"] * 50 + ["b"] * 2 + ["c"] * 50 + ["d"]])
    values = np.array([1.0] * 50 + [1.0] * 2 + [-1.0] * 50 + [9.0])[:, None] + 0.8 * random.normal(size=(103, 1))
    [means] = _lookup.fit(values, [[_forms.folded(_forms.read(_words.of(text)), _words.of(text))]], budget=10**6)
    mean, groups = values.mean(), [values[:50], values[50:52], values[52:102]]
    size = np.array([50, 2, 50])
    apart = np.array([group.mean() - mean for group in groups])
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (102 - 3)
    between = ((size * apart**2).sum() - 3 * within) / 102
    np.testing.assert_allclose(means.value[1:, 0], mean + apart * size / (size + within / between), rtol=1e-5)
    foretold = token.describe(values, text).predict(build([["a", "b", "d", "e"]]))[:, 0]
    np.testing.assert_allclose(foretold, [*means.value[1:3, 0], mean, mean], rtol=1e-5)


def test_case_counts_only_where_it_tells():
    text = build([["The", "US", "told", "us", "the", "way"]] * 20)
    either = token.describe(unit(text, lambda row, at: row[at].lower() == "the"), text)
    assert either.text == ("high at “the”",) or either.text == ("high at “The”",)
    assert token.describe(unit(text, lambda row, at: row[at] == "US"), text).text == ("high at “US”",)
    np.testing.assert_allclose(either.predict(build([["THE", "us"]]))[:, 0], [1, 0], atol=1e-3)


def test_a_context_that_was_not_met_falls_back_on_a_shorter_one():
    text = build(
        [["we", "know", "of", "it"], ["he", "knows", "of", "it"], ["it", "is", "all"], ["all", "of", "us"]] * 10
    )
    found = ngram.describe(unit(text, lambda row, at: row[at] == "it" and at and row[at - 1] == "of"), text)
    assert found.text == ("high at “of [it]”",)
    values = found.predict(build([["they", "of", "it"], ["see", "it"], ["unknown"]]))[:, 0]
    assert values[2] > 0.9 and values[4] > 0.3 and abs(values[5] - 20 / 140) < 1e-6
    start = ngram.describe(unit(text, lambda row, at: row[at] == "it" and not at), text)
    assert start.text == ("high at “it” at the start",)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (lambda row, at: at == 0, "high at the first word"),
        (lambda row, at: at == len(row) - 1, "the last word"),
        (lambda row, at: at == len(row) - 2, "the last but one word"),
        (lambda row, at: at >= 20, "high at words 21 to 30"),
        (lambda row, at: len(row) == 1, "high at the first word of 1"),
    ],
)
def test_places_have_names(test, said):
    text = build([["a"] * size for size in (1, 2, 3, 5, 9, 25, 30)] * 4)
    assert said in position.describe(unit(text, test), text).text[0]


def test_the_layer_that_tells_most_is_taken():
    text = build(
        FIT.text.sentences,
        labels=FIT.text.labels,
        sentence_labels={"long": [str(len(row) > 4) for row in FIT.text.sentences]},
    )
    values = np.concatenate([unit(text, lambda row, at: len(row) > 4), FIT.activations[:, :1]], axis=1)
    found = label.describe(values, text)
    assert found.text[0].startswith("high at long=True") and found.text[1].startswith("high at upos=NOUN")
    with pytest.raises(KeyError, match="no layer 'long'"):
        found.predict(HELD.text)
    with pytest.raises(ValueError, match="the text has no labels"):
        label.describe(values, build(FIT.text.sentences))


def test_inputs_of_a_search_are_taken_as_they_are():
    given = [[BestInput(["my", "cat"]), BestInput(["dog", "barks"], 0)]]
    found = inputs.describe(FIT.activations[:, :1], FIT.text, inputs=given)
    assert found.text == ("high as in “my [cat]”, “[dog] barks”",)
    values = found.predict(build([["the", "dog", "sleeps", "a", "cat"]]))[:, 0]
    assert set(np.argsort(values)[-2:].tolist()) == {1, 4}
    with pytest.raises(ValueError, match="inputs of the 1 units, got 0 of 2"):
        inputs.describe(FIT.activations[:, :1], FIT.text, inputs=[[], []])
    with pytest.raises(ValueError, match="a place among the 1 words"):
        inputs.describe(FIT.activations[:, :1], FIT.text, inputs=[[BestInput(["cat"], 1)]])


def test_facts_of_the_user_make_formulas():
    animal = lambda text: {"animal": np.array([word in ("dog", "cat") for row in text.sentences for word in row])}
    values = unit(FIT.text, lambda row, at: row[at] in ("dog", "cat"))
    assert formula.describe(values, FIT.text, atoms=animal, length=1, beam=1).text == ("high where animal",)
    with pytest.raises(ValueError, match="'animal' as a truth value of each of"):
        formula.describe(values, FIT.text, atoms=lambda text: {"animal": np.ones(3, bool)})
    with pytest.raises(ValueError, match="the same facts, at least one"):
        formula.describe(values, FIT.text, atoms=lambda text: {})
    with pytest.raises(ValueError, match="a share between 0 and 1"):
        formula.describe(values, FIT.text, share=1.0)


def test_facts_know_what_is_enclosed():
    text = build([["he", "(", "she", ")", "said", '"', "no", "more", '"', "."], ["it", "ends"]] * 5)
    facts = _atoms.read(text)(text)
    words = np.array([word for row in text.sentences for word in row])
    assert words[facts["in parentheses"]].tolist() == ["she"] * 5
    assert words[facts["in quotation marks"]].tolist() == ["no", "more"] * 5
    assert words[facts["the last word"]].tolist() == [".", "ends"] * 5
    assert words[facts["after “he”"]].tolist() == ["("] * 5 and words[facts["punctuation"]].tolist()[:2] == ["(", ")"]


def test_vectors_that_are_none_are_refused():
    short, missing = (lambda texts: embed(texts)[1:]), (lambda texts: embed(texts) * np.nan)
    for broken, said in ((short, "a vector of each of"), (missing, "not finite")):
        with pytest.raises(ValueError, match=said):
            embedding.describe(FIT.activations, FIT.text, embed=broken)


def test_what_is_told_is_put_to_the_test():
    simulate = lambda said, sentences: [float(word in said.split()) for row in sentences for word in row]
    found = told.describe(FIT.activations[:, :2], FIT.text, tell=tell, simulate=simulate)
    assert found.text == ("high: cat dog wall", "low: cat dog wall")
    values = found.predict(HELD.text)[:, :]
    assert np.corrcoef(values[:, 0], HELD.activations[:, 0])[0, 1] > 0.95
    assert np.corrcoef(values[:, 1], HELD.activations[:, 1])[0, 1] > 0.95
    seen = []
    told.describe(
        FIT.activations[:, :1], FIT.text, tell=lambda some: seen.append(some) or "x", embed=embed, exemplars=3
    )
    assert len(seen) == 1 and len(seen[0]) == 3 and len(seen[0][0].words) == len(seen[0][0].values)
    assert seen[0][0].values[seen[0][0].place] == FIT.activations[:, 0].max()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, ValueError, "either `simulate` or `embed`"),
        ({"embed": embed, "simulate": lambda said, text: []}, ValueError, "either `simulate` or `embed`"),
        ({"embed": embed, "tell": lambda some: " "}, ValueError, "got an empty one"),
        ({"embed": embed, "exemplars": 0}, ValueError, "at least 1 exemplar"),
    ],
)
def test_what_foretells_nothing_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        told.describe(FIT.activations, FIT.text, **{"tell": tell} | given)


def test_a_simulation_of_other_words_is_refused():
    found = told.describe(FIT.activations[:, :1], FIT.text, tell=tell, simulate=lambda said, text: [0.0])
    with pytest.raises(ValueError, match=r"finite values \[\d+ words\] from `simulate`"):
        found.predict(HELD.text)[:, :]


def test_contexts_have_one_or_two_words():
    with pytest.raises(ValueError, match="a context of 1 or 2 words, got before=3"):
        ngram.describe(FIT.activations, FIT.text, before=3)


def test_an_empty_text_is_refused():
    with pytest.raises(ValueError, match="sentences of at least one word"):
        token.describe(np.zeros((1, 1)), labelled.Labelled([], {}, {}))
