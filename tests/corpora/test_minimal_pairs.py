"""Pairs about a verb's number are read, the others are not, and no subject is on both sides."""

import json

import pytest

from jaxneuron.corpora import minimal_pairs, word_lists

ROWS = [
    ("regular_plural_subject_verb_agreement_1", "The boys bark often.", "The boys barks often."),
    ("regular_plural_subject_verb_agreement_1", "The boy is here.", "The boy are here."),
    ("distractor_agreement_relational_noun", "The niece of the cats has left.", "The niece of the cats have left."),
    ("regular_plural_subject_verb_agreement_2", "The boys bark.", "The boy bark."),
    ("regular_plural_subject_verb_agreement_1", "Is it so?", "Are it so?"),
]


def written(path, rows):
    path.write_text(
        "\n".join(json.dumps({"UID": uid, "sentence_good": good, "sentence_bad": bad}) for uid, good, bad in rows)
    )
    return path


def test_pairs_are_read(tmp_path):
    found = minimal_pairs.read(written(tmp_path / "blimp.jsonl", ROWS))
    assert [(one.before[-1], one.forms, one.value) for one in found][:2] == [
        ("boys", ("bark", "barks"), 1),
        ("boy", ("is", "are"), 0),
    ]
    assert all(one.held_out == (one.kind in minimal_pairs.DISTRACTED) for one in found)
    assert minimal_pairs.read(tmp_path) == found
    assert len(minimal_pairs.some(found, 2, 0)) <= 2


def test_what_is_no_such_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no .jsonl"):
        minimal_pairs.read(tmp_path)
    with pytest.raises(ValueError, match="has no pair about a verb's number"):
        minimal_pairs.read(written(tmp_path / "other.jsonl", ROWS[3:]))
    (tmp_path / "bad.jsonl").write_text('{"UID": 3}')
    with pytest.raises(ValueError, match="line 1: expected an object with the field 'UID'"):
        minimal_pairs.read(tmp_path / "bad.jsonl")


def test_lists_of_words_are_read(tmp_path):
    path = tmp_path / "lists.tsv"
    path.write_text("animal\tDog\tcat\n\nfood\tpie\n")
    assert word_lists.read(path) == {"animal": {"dog", "cat"}, "food": {"pie"}}
    for text, message in (
        ("animal\n", "line 1: expected a name"),
        ("a\tb\na\tc\n", "a second list"),
        ("\n", "no lists"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            word_lists.read(path)
