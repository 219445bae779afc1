import gzip
import json

import numpy as np
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


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_no_word_is_on_both_sides(share):
    draw = np.random.default_rng(0)
    verbs = [("has", "have"), ("barks", "bark"), ("sees", "see"), ("wants", "want"), ("comes", "come")]
    nouns = [f"{letter * 3}y{end}" for letter in "abcdefghijkl" for end in ("", "s")]
    rows = [(*draw.choice(nouns, 2).tolist(), *verbs[draw.integers(5)], "the") for _ in range(2000)]
    one, other = counterfactuals.halves(rows, share, seed=3)
    assert not (one & other).any() and one.any() and other.any()
    sides = [{word[:3] for row in np.flatnonzero(side) for word in rows[row]} for side in (one, other)]
    assert sides[0] & sides[1] == {"the"}  # every row has it
    assert abs(other.sum() / (one | other).sum() - share) < 0.25 and (one | other).sum() > 300


def test_words_that_hang_together_cannot_be_held_out():
    with pytest.raises(ValueError, match="so mixed that none can be held out"):
        counterfactuals.halves([("cat", "dog"), ("dogs", "boy"), ("boys", "cats")], 0.5)
