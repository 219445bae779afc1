"""An answer on the page and on the terminal: nothing is cut in silence, and what is left out is said elsewhere."""

import pytest

from jaxneuron.cli import _answer, _pieces, _printed
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._pictures import Spread
from jaxneuron.report.coloured import Coloured

ROWS = [("a", "lstm0/hidden", 3), ("b", "lstm0/hidden", 3)]


@pytest.mark.parametrize(
    ("title", "site", "unit"),
    [
        ("What does lstm0/hidden, unit 3, respond to?", False, False),
        ("Which units of model3 carry label?", True, True),
        ("What drove model/lstm0/hidden/3?", True, True),
    ],
)
def test_a_site_or_a_unit_is_in_the_table_unless_the_title_has_it(title, site, unit):
    page = _answer.page(Answer(title, ["said"], ("word", "site", "unit"), ROWS))
    assert ("<th scope=col>site</th>" in page, "<th scope=col class=n>unit</th>" in page) == (site, unit)


def test_a_column_that_says_nothing_is_not_shown():
    page = _answer.page(Answer("Which?", ["said"], ("token", "word", "kind"), [("a", "a", ""), ("b", "b", "")]))
    assert "word</th>" not in page and "kind</th>" not in page
    page = _answer.page(Answer("Which?", ["said"], ("token", "word"), [("a", "a"), ("b", "a[b]")]))
    assert "word</th>" in page


def test_what_a_page_leaves_out_is_said():
    texts = [Coloured("text", ["a"], [1.0])] * (_answer.TEXTS + 2)
    page = _answer.page(Answer("Which?", ["said"], ("n",), [(n,) for n in range(_answer.DRAWN + 7)], texts))
    assert "7 more rows, in answer.jsonl" in page and "2 more texts" in page


def test_colours_of_several_texts_can_have_one_scale_and_the_bars_say_of_what_they_are():
    own = [Coloured("", ["a"], [weight]).html() for weight in (1.0, 2.0)]
    shared = [Coloured("", ["a"], [weight], most=2.0).html() for weight in (1.0, 2.0)]
    assert own[0].count("0.75") == own[1].count("0.75") == shared[1].count("0.75") == 1 and "0.38" in shared[0]
    page = _answer.page(Answer("", [], (), [], spread=[Spread("unit 1", [("0 to 1", 5)])]))
    assert "<th scope=col class=n>value</th><th scope=col class=n>places</th>" in page


def test_a_page_says_by_what_command_it_was_made():
    token = _answer.COMMAND.set("jaxneuron sites 'a <b>'")
    try:
        assert "<code>jaxneuron sites &#x27;a &lt;b&gt;&#x27;</code>" in _answer.page(Answer("", [], (), []))
    finally:
        _answer.COMMAND.reset(token)


def test_pieces_are_put_together_to_words():
    word, pieces = [-1, 0, 0, 1, -1], ["[CLS]", "su", "ccess", "of", "[SEP]"]
    weights = [0.0] * 5
    shown = Coloured("", pieces, weights, _pieces.before(word, pieces)).html()
    assert "su</span><span" in shown and "ccess</span> <span" in shown
    assert [_pieces.whole(word, pieces, place) for place in range(5)] == [
        "[CLS]",
        "[su]ccess",
        "su[ccess]",
        "of",
        "[SEP]",
    ]
    characters = list("a to")
    assert "".join(map("".join, zip(_pieces.before([0, 1, 1, 1], characters), characters, strict=True))) == "a to"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_stay_whole_on_a_narrow_terminal(monkeypatch, capsys, width):
    monkeypatch.setattr(_printed.console, "_width", width)
    site = "block3/residual"
    row = (site, 81, site, 378, 0.2054, "West | Kashmir | four", "Shiite | Shiites")
    columns = ("site", "unit", "other site", "other unit", "score", "words", "words there")
    _answer.give(_answer.Answer("Which recur?", ["Two do."], columns, [row, row]), None, False)
    said = capsys.readouterr().out
    assert said.count(site) == 4 and said.count("West") == said.count("Shiites") == 2
    assert max(map(len, said.splitlines())) <= width
