"""Texts for a model of characters: nothing is lost on the way."""

import gzip
import json

import pytest

from jaxneuron.corpora import strings

TEXT = "int main(void)\n{\n\treturn 0;\n}\n\n" * 9


def test_a_text_is_read_as_it_is(tmp_path):
    (tmp_path / "train.txt").write_text(TEXT)
    (tmp_path / "dev.txt.gz").write_bytes(gzip.compress(b"x\ty"))
    assert strings.read(tmp_path / "train.txt") == [TEXT]
    assert strings.train_and_dev(tmp_path) == ([TEXT], ["x\ty"])


def test_one_text_is_divided_by_characters_and_many_by_text(tmp_path):
    (tmp_path / "one.txt").write_text(TEXT)
    train, dev = strings.train_and_dev(tmp_path / "one.txt")
    assert train[0] + dev[0] == TEXT and len(dev[0]) == len(TEXT) // 20
    rows = [json.dumps({"path": f"{n}.c", "text": f"file {n}\n"}) for n in range(40)]
    (tmp_path / "many.jsonl").write_text("\n".join(rows))
    train, dev = strings.train_and_dev(tmp_path / "many.jsonl")
    assert len(train) == 38 and dev == ["file 38\n", "file 39\n"]


def test_the_embedded_text_is_the_language_of_parentheses(monkeypatch):
    monkeypatch.setattr(strings, "SENTENCES", 40)
    train, dev = strings.train_and_dev(None)
    assert len(train) == 38 and len(dev) == 2
    for text in train:
        assert text.count("(") == text.count(")") and set(text) <= set("()01234")


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.csv", "text", "expected the ending .txt or .jsonl"),
        ("a.jsonl", '{"code": "x"}', "line 1: expected an object with the field 'text'"),
        ("a.jsonl", '{"text": ""}', "no text in"),
        ("a.txt", "x", "one character; training needs at least two"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, fault):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=fault):
        strings.train_and_dev(tmp_path / name)
