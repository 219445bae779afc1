import gzip
import json

import pytest

from jaxneuron.corpora import sentences
from jaxneuron.corpora.labelled import classes

ROWS = [{"text": 'a "good"  film .', "label": 1}, {"text": "It's\nbad!", "label": 0}]


def test_json_lines(tmp_path):
    with gzip.open(tmp_path / "dev.jsonl.gz", "wt") as file:
        file.write("\n\n".join(map(json.dumps, ROWS)))
    corpus = sentences.read(tmp_path, "dev")
    assert corpus.sentences == [["a", '"good"', "film", "."], ["It's", "bad!"]]
    assert corpus.labels == {} and corpus.sentence_labels == {"label": ["1", "0"]}
    assert classes(corpus, "label").ids.tolist() == [1, 0]
    assert sentences.read(tmp_path / "dev.jsonl.gz") == corpus


def test_kinds_of_labels_and_other_names(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps({"premise": "a", "gold": label}) for label in ("neutral", True, 0.5, 10)))
    corpus = sentences.read(path, text="premise", label="gold")
    assert corpus.sentence_labels == {"gold": ["neutral", "true", "0.5", "10"]}


def test_tab_separated_with_and_without_a_header(tmp_path):
    plain, header = tmp_path / "train.tsv", tmp_path / "dev.tsv"
    plain.write_text('pos\ta "good film\n\nneg\tbad\n')
    header.write_text('idx\tsentence\tlabel\n0\ta "good film\tpos\n1\tbad\tneg\n')
    corpus = sentences.read(plain)
    assert corpus.sentences == [["a", '"good', "film"], ["bad"]]
    assert corpus.sentence_labels == {"label": ["pos", "neg"]}
    assert sentences.read(tmp_path, "dev", text="sentence") == corpus


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", '{"text": "a", "label": 1}\nnone\n', "x.jsonl, line 2: expected a JSON object"),
        ("x.jsonl", '{"text": "a"}\n', "x.jsonl, line 1: .*field 'label'"),
        ("x.jsonl", '{"text": "a", "label": null}\n', "x.jsonl, line 1: .*field 'label'"),
        ("x.jsonl", '{"text": ["a"], "label": 1}\n', "x.jsonl, line 1: .*field 'text'"),
        ("x.jsonl", '{"text": " \\n", "label": 1}\n', "x.jsonl, line 1: an empty 'text'"),
        ("x.jsonl", '{"text": "a", "label": ""}\n', "x.jsonl, line 1: an empty 'label'"),
        ("x.jsonl", "\n", "no sentences in .*x.jsonl"),
        ("x.tsv", "pos\ta\nneg\n", "x.tsv, line 2: expected 2 columns .*got 1 in 'neg'"),
        ("x.tsv", "pos\ta\tb\n", "x.tsv, line 1: expected 2 columns .*got 3"),
        ("x.tsv", "\ta\n", "x.tsv, line 1: an empty 'label'"),
        ("x.tsv", b"pos\tcaf\xe9\n", "x.tsv, line 1, byte 8 of the line"),
        ("x.csv", "pos,a\n", "expected a file that ends in .jsonl or .tsv, perhaps with .gz, got '.csv'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=message):
        sentences.read(path)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*x.jsonl"):
        sentences.read(tmp_path / "x.jsonl")
    with pytest.raises(FileNotFoundError, match="no dev.jsonl or dev.jsonl.gz .*ending .jsonl or .tsv"):
        sentences.read(tmp_path, "dev")
