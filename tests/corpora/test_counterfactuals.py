import gzip
import json

import pytest

from jaxneuron.corpora import counterfactuals
from jaxneuron.corpora.agreement import Pair
from jaxneuron.corpora.counterfactuals import Counterfactual

OWN = {"base": "the cat", "source": "the cats", "expected": "have", "instead": "has"}


def test_rows_of_ones_own_are_read(tmp_path):
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress(f"{json.dumps(OWN)}\n\n".encode()))
    assert counterfactuals.read(path) == [Counterfactual(**OWN)]


def test_minimal_pairs_have_a_source_of_the_other_number(tmp_path):
    verbs = [("is", "are"), ("has", "have"), ("barks", "bark"), ("was", "were")]
    rows = [
        {"UID": "regular_plural_subject_verb_agreement_1"}
        | {"sentence_good": f"The {noun} {good} fun.", "sentence_bad": f"The {noun} {bad} fun."}
        for one, many in verbs
        for letter in "abcdefgh"
        for noun, good, bad in ((f"{letter}at", one, many), (f"{letter}ats", many, one))
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = counterfactuals.read(path)
    assert found and all(one.base.endswith("s") != one.source.endswith("s") for one in found)
    assert all(one.expected != one.instead and one.expected.endswith(" fun.") for one in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1]", "line 2: expected an object with the field 'base'"),
        ("{", "line 2: expected one JSON object per line"),
        (json.dumps(OWN | {"source": 3}), "line 2: expected an object with the field 'source'"),
        (json.dumps(OWN | {"source": " "}), "line 2: 'source' is empty"),
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path, line, said):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(OWN) + "\n" + line + "\n")
    with pytest.raises(ValueError, match=said):
        counterfactuals.read(path)


def test_pairs_of_one_value_alone_have_no_sources():
    with pytest.raises(ValueError, match="all 3 pairs have the value"):
        counterfactuals.of_pairs([Pair(("A", "cat"), ("has", "have"), ("fun",), 0, "", False)] * 3)
