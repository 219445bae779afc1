import numpy as np
import pytest

from jaxneuron.corpora.hypotheses import Fault, Hypothesis, label
from jaxneuron.corpora.parses import Parsed, nest

DIGIT = Hypothesis("digit", lambda text: [symbol.isdigit() for symbol in text])
TEXTS = ["a1", "", "22b"]


def column(hypothesis, texts=TEXTS, **options):
    labels = label([hypothesis], texts, **options)
    assert labels.faults == []
    return labels.values[:, 0].tolist()


def fault(answer, kind="real", texts=TEXTS):
    """Return the fault of a hypothesis, beside which another one is labelled."""
    labels = label([Hypothesis("it", answer, kind), DIGIT], texts)
    assert labels.names == ("digit",) and labels.values.shape == (5, 1) and labels.kind == ("binary",)
    return labels.faults


def test_symbols_of_all_texts_are_in_a_row():
    length = Hypothesis("length", lambda text: [len(text)] * len(text), "real")
    vowel = Hypothesis("class", lambda text: ["vowel" if s in "aeiou" else "other" for s in text], "categorical")
    labels = label([DIGIT, length, vowel], TEXTS)
    assert labels.values.tolist() == [[0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert labels.values.dtype == np.float32
    assert labels.names == ("digit", "length", "class") and labels.kind == ("binary", "real", "categorical")
    assert labels.classes == {"class": ("other", "vowel")} and labels.ranges == {"length": (2.0, 3.0)}
    assert labels.faults == []


@pytest.mark.parametrize("make", [list, tuple, np.array, iter, lambda labels: (value for value in labels)])
def test_labels_come_in_any_form(make):
    assert column(Hypothesis("it", lambda text: make([len(text) - i for i in range(len(text))]), "real")) == [
        *(0.5, 0.0, 1.0, 0.5, 0.0)
    ]
    assert column(Hypothesis("it", lambda text: make([i == 0 for i in range(len(text))]))) == [1, 0, 1, 0, 0]


def test_real_numbers_become_zero_to_one():
    number = Hypothesis("number", lambda text: [-3e9 if s == "a" else 1e9 for s in text], "real")
    assert column(number) == [0, 1, 1, 1, 1]
    assert column(number, ["b", "b"]) == [0, 0]  # never changes
    assert column(number, ["", ""]) == []


def test_labels_like_those_of_other_texts():
    position = Hypothesis("position", lambda text: range(len(text)), "real")
    symbol = Hypothesis("symbol", list, "categorical")
    train = label([position, symbol], ["abc", "bcd"])
    assert train.classes == {"symbol": ("a", "b", "c", "d")}
    dev = label([position, symbol], ["dcba"], like=train)
    assert dev.values.tolist() == [[0, 3], [0.5, 2], [1, 1], [1, 0]]
    again = label([position, symbol], ["abc", "", "bx"], like=train)
    assert again.names == ("position",) and again.classes == {}
    assert again.faults[0][:3] == ("symbol", 2, 1) and "one of the 4 classes" in again.faults[0].reason
    with pytest.raises(KeyError, match="no classes or range of 'positoin'.*did you mean 'position'"):
        label([position._replace(name="positoin")], ["ab"], like=train)


def test_texts_with_trees():
    parsed = [Parsed("(a)", nest([("pair", 0, 3)], 3)), "b"]
    assert column(Hypothesis("tree", lambda text: [isinstance(text, Parsed)] * (3 if text != "b" else 1)), parsed) == [
        *(1, 1, 1, 0)
    ]


def test_too_few_and_too_many_labels():
    assert fault(lambda text: [0] * min(len(text), 2)) == [
        Fault("it", 2, 2, "expected 3 labels, one for each symbol, got 2; at symbol 2, in text 2, '22b'")
    ]
    assert fault(lambda text: [0, 0])[0][:3] == ("it", 1, 0)
    assert fault(lambda text: [0] * (len(text) + 1))[0][:3] == ("it", 0, 2)


@pytest.mark.parametrize("make", [list, np.array])
def test_labels_that_are_no_numbers(make):
    for kind, wrong, message in (
        ("real", np.nan, "a finite number, got nan"),
        ("real", -np.inf, "a finite number, got -inf"),
        ("binary", np.nan, "0 or 1, got nan"),
        ("binary", 2, "0 or 1, got 2"),
        ("categorical", np.nan, "a finite number, got nan"),
        ("real", "x", "expected numbers, got "),
        ("real", None, "got "),
    ):
        found = fault(lambda text, wrong=wrong: make([wrong if s == "b" else 0 for s in text]), kind)
        assert len(found) == 1 and found[0][:2] == ("it", 2) and message in found[0].reason
        if isinstance(wrong, int | float) or make is list:
            assert found[0].position == 2


def test_labels_of_two_sorts():
    assert fault(lambda text: ["x" if s != "b" else 0 for s in text], "categorical")[0][:3] == ("it", 2, 2)
    assert fault(lambda text: [0 if s != "b" else "x" for s in text], "categorical")[0][:3] == ("it", 2, 2)
    assert fault(lambda text: [[0, 1]] * len(text))[0][:3] == ("it", 0, 0)
    assert "shape (2, 2)" in fault(lambda text: np.zeros((len(text), 2)))[0].reason
    assert "not iterable" in fault(lambda text: 3)[0].reason


def test_exceptions_are_reported_with_what_is_known_of_their_place():
    assert fault(lambda text: 1 / 0) == [
        Fault("it", 0, None, "raised ZeroDivisionError: division by zero; in text 0, 'a1'")
    ]

    def stepwise(text):
        for symbol in text:
            yield {"a": 0, "1": 1, "2": 2}[symbol]

    assert fault(stepwise)[0] == Fault("it", 2, 2, "raised KeyError: 'b'; at symbol 2, in text 2, '22b'")


def test_a_fault_shows_the_text_around_it():
    text = "x" * 500 + "HERE" + "x" * 500
    labels = label([Hypothesis("it", lambda text: [np.nan if s == "E" else 0 for s in text], "real")], [text])
    assert labels.faults[0].position == 501 and "xHEREx" in labels.faults[0].reason
    assert len(labels.faults[0].reason) < 150
    assert labels.names == () and labels.values.shape == (1004, 0)


def test_what_is_asked_wrongly():
    with pytest.raises(ValueError, match="no texts"):
        label([DIGIT], [])
    with pytest.raises(ValueError, match="two hypotheses are called 'digit'"):
        label([DIGIT, DIGIT], ["a"])
    with pytest.raises(ValueError, match="'digit' is 'number'; expected binary, categorical, real"):
        label([DIGIT._replace(kind="number")], ["a"])
