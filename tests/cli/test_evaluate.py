"""Each evaluation, of units that know a label and of attributions, is a command, or says why it is none."""

import pkgutil
import re

import numpy as np
import pytest

from jaxneuron import evaluate as package
from jaxneuron.cli import _labelled, _measured, _parts, _signature, _views, evaluate, evaluate_attribution
from jaxneuron.cli._told import plain
from jaxneuron.evaluate import attribution, clusters
from jaxneuron.evaluate.mdl import Codelength
from tests.cli.conftest import rows
from tests.models.test_pretrained import save, tensors

LABELLED = "w1\tA\nw2\tB\nw3\tA\n\nw2\tB\nw1\tA\n\n" * 6
SITE = "block0/mlp/hidden"
GROUPS = {"attribution", "clusters"}
MORE = {"learned_together": ["--minimum", "0.4"], "agreement": ["--rank", "probeless,correlation"]}
TARGET = ["--text", "w1 w2 w3", "--text", "w2 w1 w3", "--target", "block0/residual:1"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model and labelled texts, of which the last label of one is nowhere else."""
    here = tmp_path_factory.mktemp("evaluate")
    save(here / "hf", tensors())
    (here / "labelled.conll").write_text(LABELLED)
    (here / "late.conll").write_text(LABELLED + "w3\tLATE\nw1\tA\n\n")
    (here / "one.conll").write_text("w1\tA\n\n" * 9 + "w2\tB\n\n")
    (here / "few.conll").write_text("w1\tA\nw2\tB\n\n")
    (here / "texts.tsv").write_text("text\tlabel\n" + "w1 w2\tgood\nw3 w2\tbad\n" * 5)
    return here


def test_each_module_is_asked_or_says_why_not():
    for folder, command, made in (
        (package, evaluate, _labelled.MADE),
        (attribution, evaluate_attribution, _measured.MADE),
    ):
        names = {one.name for one in pkgutil.iter_modules(folder.__path__) if not one.name.startswith("_")}
        for name in names - set(command.REFUSED) - GROUPS:
            method = _signature.read(folder.__name__, name, command.VERBS.get(name, name))
            assert set(method.takes) <= made, (name, set(method.takes) - made)
        assert set(command.REFUSED) | set(command.VERBS) <= names


@pytest.mark.parametrize(
    "method", [name for name in _signature.names(package.__name__) if name not in {*evaluate.REFUSED, *GROUPS}]
)
def test_it_is_said_how_well_a_label_is_known(ask, method, tmp_path):
    options = ["--model", "hf", "--data", "labelled.conll", "--site", SITE, *MORE.get(method, [])]
    said = ask("evaluate", method, *options, "--out", tmp_path / "page")
    assert "0 of 30 words (0%) are unknown to the model." in said
    labels = "The most frequent label holds for 60.0% of 30 words."
    assert (labels in said) == (method not in ("effects", "word_counts", "redundant_units"))
    of = "labelled.conll in hf" if method in ("word_counts", "redundant_units") else "label of labelled.conll in hf"
    page = (tmp_path / "page" / "answer.html").read_text()
    assert ("class=heat" in page) == (method in ("redundant_units", "feature_selection"))
    assert f"? {of}</h1>" in page and len((tmp_path / "page" / "answer.jsonl").read_text().splitlines()) >= 1


@pytest.mark.parametrize("measure", _signature.names(clusters.__name__))
def test_clusters_of_words_are_compared_with_labels(ask, measure):
    assert set(_signature.read(clusters.__name__, measure, measure).takes) <= _labelled.MADE
    options = ["--model", "hf", "--data", "labelled.conll", "--site", SITE, "--clusters", "3", "--json"]
    assert rows(ask("evaluate", "clusters", measure, *options))


def test_a_label_of_texts_and_one_against_all_others_are_asked_for(ask):
    found = rows(ask("evaluate", "information", "--model", "hf", "--data", "texts.tsv", "--site", SITE, "--json"))
    assert {row["measure"]: row["value"] for row in found}["entropy"] == 1
    options = ["--model", "hf", "--data", "labelled.conll", "--site", SITE, "--class", "B", "--json"]
    [found] = rows(ask("evaluate", "average_precision", *options))
    assert found["label"] == "B" and found["holds"] == 3


def test_how_few_are_enough_is_measured_where_they_were_not_chosen(ask):
    options = ["--model", "hf", "--data", "labelled.conll", "--site", SITE, "--shares", "0.5,1", "--json"]
    found = rows(ask("evaluate", "minimal_set", *options))
    assert [row["share of all"] for row in found] == [0.5, 1.0]
    assert all({"accuracy where chosen", "accuracy"} < set(row) for row in found)


def test_what_only_the_last_fifth_has_is_left_out_and_said(ask):
    said = ask("evaluate", "selectivity", "--model", "hf", "--data", "late.conll", "--site", SITE, "--seeds", "1")
    assert "1 words are left out, whose label no word of the first 10 sentences has: LATE." in said


@pytest.mark.parametrize("measure", [n for n in _signature.names(attribution.__name__) if n != "roar"])
def test_an_attribution_is_measured(ask, measure):
    options = ["--method", "input_x_gradient", "--model", "hf", *TARGET, "--json"]
    found = rows(ask("evaluate", "attribution", measure, *options))
    assert {row["text"] for row in found} == {0, 1} and {row["words"] for row in found} == {"w1 w2 w3", "w2 w1 w3"}
    numbers = [value for row in found for value in row.values() if isinstance(value, float)]
    assert numbers and np.isfinite(numbers).all()


def test_what_shares_should_do_is_measured_as_such(ask):
    options = ["--model", "hf", *TARGET, "--json"]
    path, gradient = (
        rows(ask("evaluate", "attribution", "completeness", "--method", method, *options))
        for method in ("integrated_gradients", "saliency")
    )
    assert max(row["relative"] for row in path) < 1e-3 < min(row["relative"] for row in gradient)
    played = rows(ask("evaluate", "attribution", "agreement", "--method", "ablation", *options))
    assert [row["spearman"] for row in played] == [pytest.approx(1), pytest.approx(1)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("monitor", "it is a loop of your own"),
        ("statistics", "it tests numbers of several methods"),
        ("naming", "`jaxneuron study poerner2018` asks it"),
        ("attribution roar", "trains models again"),
        ("mdl --model hf --data labelled.conll --rank linear", "mdl takes none"),
        ("agreement --model hf --data labelled.conll --rank linear", "give two or more"),
        ("probes --model hf --data labelled.conll --rank linear,iou", "takes one order"),
        ("probes --model hf --data labelled.conll --rank linea", "did you mean 'linear'"),
        ("probes --model hf --data labelled.conll --counts 1,2.5", "expected whole numbers with commas"),
        ("minimal_set --model hf --data labelled.conll --shares 0.5,nan", "a number that can be used"),
        ("effects --model hf --data labelled.conll", "at one site; give it as --site"),
        ("npmi --model hf --data labelled.conll --active 2", "--active.*from 0 to 1"),
        ("mdl --model hf --data labelled.conll --clusters 2", "mdl takes none"),
        ("layers --model hf --data one.conll", "every word of the first 8 sentences is A"),
        ("layers --model hf --data few.conll", "the text has 1 sentences; give at least 5"),
        ("attribution erasure --method saliencey --model hf --text w1", "did you mean 'saliency'"),
        ("attribution erasure --method conductance --model hf --text w1", "follows a path through another site"),
        ("attribution erasure --method saliency --model hf", "there is no text"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(ask, words, message):
    assert re.search(message, ask("evaluate", *words.split(), code=2))


def test_a_result_that_nobody_tells_is_told_plainly():
    found = Codelength(8.0, 16.0, 2.0, np.array([1, 3]), np.array([2.0, 6.0]))
    columns, told, said, *_ = plain(found)
    assert columns == ("measure", "place", "value") and ("portions", "1", 6.0) in told
    assert "bits: 8." in said


def test_parts_are_fifths_of_the_texts_and_labels_are_numbered_by_what_is_learnt():
    sentences, classes = [["a", "b"]] * 10, np.array([0, 3] * 9 + [1, 3])
    parts = _parts.split(sentences, "word", classes, ["A", "B", "C", "D"], dev=True)
    assert [len(rows) for rows in parts[:3]] == [12, 4, 3] and parts.names == ["A", "D"]
    assert parts.classes[parts.test].tolist() == [0, 1, 1] and "B." in parts.said[0]


def test_rows_of_a_table_are_read_as_they_are_asked_for():
    table = np.arange(24).reshape(8, 3)
    for chosen in (np.arange(2, 6), np.array([1, 2, 5, 7])):
        some = _views.Rows(table, chosen)
        assert some.shape == (4, 3) and len(some) == 4
        for index in (slice(1, 3), (slice(0, 2), [2, 0]), ([3, 0], slice(1, 3)), slice(0, 0), (slice(None), 1), 2):
            np.testing.assert_array_equal(some[index], table[chosen][index])


def test_units_are_active_at_their_own_highest_rows():
    table = np.stack([np.arange(10.0), np.zeros(10)], axis=1)
    active = _views.Active(table, 0.2)
    assert active.dtype == bool and active[:].sum(axis=0).tolist() == [2, 10]
    assert active[5:, [0]].sum() == 2
