"""What units write, asked on the command line of a model of which every weight is known."""

import pytest

from jaxneuron.cli import _signature
from tests.cli.conftest import rows

MODEL = ["--model", "tests.writes.handmade:model", "--site", "block0/mlp/hidden"]
TEXT = ["--text", "w1 w2 w3 w4 w5", "--text", "w2 w1 w7", "--text", "w0 w3 w3 w6"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return an empty folder."""
    return tmp_path_factory.mktemp("writes")


@pytest.mark.parametrize("method", _signature.names("jaxneuron.writes"))
def test_every_method_answers_of_each_unit(ask, method, here):
    found = rows(ask("writes", method, *MODEL, "--units", "3,8", *TEXT, "--json", "--out", here / method))
    assert [row["unit"] for row in found] == [3, 8] and {row["site"] for row in found} == {"block0/mlp/hidden"}
    page = (here / method / "answer.html").read_text()
    assert "</html>" in page
    if method in ("vocabulary", "token_change"):
        assert found[0]["raises"].split()[0] == "w3"
    if method == "entropy":
        assert [row["kind"] for row in found] == ["neither", "entropy"]


def test_without_units_the_most_telling_come_first(ask):
    said = ask("writes", "vocabulary", *MODEL)
    assert "10 units of block0/mlp/hidden" in said and "kurtosis" in said
    found = rows(ask("writes", "weight_classes", *MODEL, "--json"))
    cosines = [abs(row["in.out"]) for row in found]
    assert len(found) == 10 and cosines == sorted(cosines, reverse=True)


def test_a_model_without_a_head_is_read_by_its_words(ask):
    options = ["--model", "tests.writes.handmade:headless", "--site", "block0/mlp", "--units", "3"]
    said = ask("writes", "vocabulary", *options, code=2)
    assert "no site 'embed/word'" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("token_change --units 3", "there is no text"),
        ("vocabulary --units 10", "the units 0 to 9"),
        ("vocabulary --units x", "expected numbers"),
        ("vocabulary --units 3 --into embed", "no linear function"),
        ("weight_classes --units 3 --threshold 2", "between 0 and 1"),
        ("jacobian_lens --units 3 --text w1 --last final9", "no site 'final9'"),
        ("vocablary --units 3", "did you mean 'vocabulary'"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(ask, words, message):
    assert message in ask("writes", *words.split(), *MODEL, code=2)
