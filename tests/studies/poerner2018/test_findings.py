import pytest

from jaxneuron.studies.poerner2018 import findings
from jaxneuron.studies.poerner2018.labels import VISUAL_GRU
from tests.studies.poerner2018.conftest import read


@pytest.fixture
def results(run):
    return run[0]


def test_planted_gains_are_told_as_planted(results):
    said = " ".join(findings.headlines(read(results)))
    assert "No other method has a larger mean gain" in said
    assert "Embedding optimisation and logit optimisation stay below corpus search in every setting" in said
    assert "while softmax is on average above it" in said
    assert "better than a unigram model (181.2) and worse than an interpolated Kneser–Ney trigram (13.9)" in said
    assert "1 of 2 claims" in said


def test_another_winner_is_named_where_it_wins(results):
    results["results"]["visual/gru"]["softmax"]["gain"] = 9.0
    assert "softmax in the visual hidden layer" in findings.best_method(read(results).results)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"gain": 2.0, "t": 5.0, "p": 0.0}, "beats corpus search by 2.00"),
        ({"gain": -2.0, "t": -5.0, "p": 0.0}, "falls short of corpus search by 2.00"),
        ({"gain": 0.1, "t": 0.5, "p": 0.6}, "cannot be told apart"),
        ({"gain": -0.1, "t": 5.0, "p": 0.0}, "cannot be told apart"),  # mean gain and t-test disagree
    ],
)
def test_the_verb_follows_the_figures(results, change, verdict):
    rows = results["results"]["visual/gru"]
    rows["gumbel_softmax"] |= change
    assert verdict in findings.against_corpus(VISUAL_GRU, "gumbel_softmax", read(results).results.results["visual/gru"])


def test_a_setting_that_does_not_win_is_not_counted(results):
    results["results"]["visual/gru"]["gumbel_softmax"]["p"] = 0.2
    assert "in 4 of 5 settings" in findings.best_method(read(results).results)


@pytest.mark.parametrize(("textual", "word"), [(0.3, "more"), (0.01, "fewer"), (0.06, "as many")])
def test_function_words_are_compared_either_way(results, textual, word):
    results["function_words"]["textual/projection"]["gumbel_softmax"] = textual
    results["function_words"]["visual/projection"]["gumbel_softmax"] = 0.06
    assert f"hold {word} function words" in findings.function_words(read(results).results)


def test_what_was_not_measured_is_not_said():
    assert findings.headlines(read({"results": {}})) == []
    undefined = {"visual/gru": {"gumbel_softmax": {"gain": 1.0, "t": None, "p": None}}}
    assert findings.comparisons(read({"results": undefined}).results) == []


def test_half_measured_shares_are_told_by_half(results):
    results["naming"] = {"gumbel_softmax": {"named": 0.5}, "corpus": {"named": 0.25, "associated": 1.0}}
    assert findings.naming(read(results).results).endswith(
        "named outright in the input found by gumbel softmax; corpus search: 25%."
    )
    del results["function_words"]["visual/projection"]["corpus"]
    assert "corpus search" not in findings.function_words(read(results).results)


def test_equal_figures_are_never_more_or_fewer(results):
    """What differs by less than is printed is called the same, in every sentence that compares."""
    results["function_words"]["textual/projection"]["gumbel_softmax"] = 0.0601
    results["function_words"]["visual/projection"]["gumbel_softmax"] = 0.0599
    assert "as many function words as" in findings.function_words(read(results).results)
    results["model"]["perplexity"] = {"imaginet": 15.41, "unigram": 15.44, "kneser_ney": 15.31}
    told = findings.perplexity(read(results).results)
    assert told.count("the same as") == 1 and "worse than an interp" in told
    results["model"]["average_precision"] = {"imaginet": 0.61141, "ridge": 0.61139}
    assert "the same as ridge" in findings.average_precision(read(results).results)
    rows = {"gumbel_softmax": {"gain": 1.231, "p": 0.0, "t": 9.0}, "softmax": {"gain": 1.234}}
    one = read({"results": {"visual/gru": rows}}).results
    assert "No other method has a larger mean gain" in findings.best_method(one)
    rows["gumbel_softmax"]["gain"] = 0.001
    one = read({"results": {"visual/gru": rows}}).results
    said = findings.against_corpus(VISUAL_GRU, "gumbel_softmax", one.results["visual/gru"])
    assert "by less than 0.01 standard deviations" in said
    rows["softmax"]["gain"] = 0.004
    assert findings.losers(read({"results": {"visual/gru": rows}}).results) is None
