import gzip
import json

import pytest

from jaxneuron.corpora import counterfactuals
from jaxneuron.corpora.counterfactuals import Counterfactual

OWN = {"base": "the cat", "source": "the cats", "expected": "have", "instead": "has"}


def blimp(good, bad, uid="regular_plural_subject_verb_agreement_1"):
    return {"UID": uid, "sentence_good": good, "sentence_bad": bad}


def test_rows_of_both_kinds_are_read(tmp_path):
    lines = [OWN, blimp("A cat isn't here.", "A cat aren't here."), blimp("Dogs are fun.", "Dogs is fun.")]
    lines += [blimp("The women meet.", "The woman meet."), blimp("He has it.", "He have it.", uid="other")]
    path = tmp_path / "pairs.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    assert counterfactuals.read(path) == [
        Counterfactual(**OWN),
        Counterfactual("A cat", "Dogs", "aren't here.", "isn't here."),
        Counterfactual("Dogs", "A cat", "is fun.", "are fun."),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1]", "line 2: expected a JSON object"),
        ("{", "line 2: expected a JSON object"),
        (json.dumps(OWN | {"source": 3}), "line 2: expected a JSON object"),
        (json.dumps(OWN | {"source": " "}), "line 2: expected a JSON object"),
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path, line, said):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(OWN) + "\n" + line + "\n")
    with pytest.raises(ValueError, match=said):
        counterfactuals.read(path)


def test_sentences_of_one_number_alone_have_no_sources():
    assert counterfactuals.agreement([blimp("A cat has fun.", "A cat have fun.")] * 3) == []
