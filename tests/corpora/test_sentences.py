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
        ("x.jsonl", '{"text": "a", "label": 1}\nnone\n', "x.jsonl, line 2: expected one JSON object per line"),
        ("x.jsonl", '{"text": "a", "label": 1}\n{"text": "a"}\n', "x.jsonl, line 2: .*field 'label'"),
        ("x.jsonl", '{"text": "a", "label": null}\n', "x.jsonl, line 1: .*field 'label' .*got None"),
        ("x.jsonl", '{"text": null, "label": 1}\n', "x.jsonl, line 1: .*field 'text' .*got None"),
        ("x.jsonl", '{"text": "a", "label": NaN}\n', "x.jsonl, line 1: expected a label under 'label', got nan"),
        ("x.jsonl", '{"text": "a"}\n3\n', "x.jsonl, line 2: .*field 'text' .*got int"),
        (
            "x.jsonl",
            '{"words": "a"}\n',
            "x.jsonl: expected a text, under a name such as text.* got 'words'; .*--text-col",
        ),
        ("x.jsonl", "[" * 100_000, "x.jsonl, line 1: expected one JSON object per line"),
        ("x.jsonl", '{"text": "a", "label": 1' + "0" * 5000 + "}", "x.jsonl, line 1: expected one JSON object"),
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


A, B = "a good film", "dull"
HEADED = {  # first line, a line of the text A with the label 1
    "sentence\tlabel": f"{A}\t1",
    "label\tsentence": f"1\t{A}",
    "Text\tSentiment": f"{A}\t1",
    "gold_label\treview": f"1\t{A}",
    "class\tcomment": f"1\t{A}",
    "content\tcategory": f"{A}\t1",
    "index\tsentence1\tsentence2\tlabel": f"0\t{A}\tother\t1",  # RTE, WNLI
    "index\tquestion\tsentence\tlabel": f"0\t{A}\tother\t1",  # QNLI
    "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String": f"1\t7\t8\t{A}\tother",  # MRPC
    "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate": f"0\t1\t2\t{A}\tother\t1",  # QQP
    "gold_label\tsentence1_binary_parse\tsentence1\tsentence2": f"1\t( {A} )\t{A}\tother",  # SNLI
}


@pytest.mark.parametrize("header", HEADED)
def test_usual_names_of_columns_are_known(tmp_path, header, caplog):
    path = tmp_path / "train.tsv"
    path.write_text(f"{header}\n{HEADED[header]}\n{HEADED[header].replace(A, B).replace('1', '0')}\n")
    corpus = sentences.read(path)
    assert corpus.sentences == [A.split(), [B]] and corpus.sentence_labels == {"label": ["1", "0"]}
    assert ("of two texts, " in caplog.text and "--text-column" in caplog.text) == ("other" in HEADED[header])


def test_the_second_text_of_a_pair_may_be_asked_for(tmp_path, caplog):
    path = tmp_path / "dev.tsv"
    path.write_text("index\tsentence1\tsentence2\tlabel\n0\ta\tb\tx\n")
    assert sentences.read(path, text="sentence2").sentences == [["b"]]
    assert sentences.read(path, text=2, label="3").sentence_labels == {"label": ["x"]}
    path = tmp_path / "dev.jsonl"
    path.write_text('{"premise": "a", "hypothesis": "b", "label": "x"}\n')
    assert sentences.read(path, text="hypothesis").sentences == [["b"]]
    assert not caplog.text
    assert sentences.read(path).sentences == [["a"]] and "'hypothesis' is not" in caplog.text


def test_a_file_without_labels_is_a_text(tmp_path):
    (tmp_path / "test.tsv").write_text(f"index\tsentence\n0\t{A}\n1\t{B}\n")
    (tmp_path / "dev.jsonl").write_text(json.dumps({"id": 1, "review": A}) + "\n" + json.dumps({"review": B}))
    for split in ("test", "dev"):
        corpus = sentences.read(tmp_path, split)
        assert corpus.sentences == [A.split(), [B]] and corpus.sentence_labels == {}


def test_cola_has_four_columns_and_no_header(tmp_path):
    (tmp_path / "train.tsv").write_text("gj04\t1\t\tThe dog runs.\ngj04\t0\t*\tDog the runs.\n")
    corpus = sentences.read(tmp_path, "train")
    assert corpus.sentences[1] == ["Dog", "the", "runs."] and corpus.sentence_labels == {"label": ["1", "0"]}


def test_words_for_what_is_missing_are_words(tmp_path):
    (tmp_path / "x.tsv").write_text("None\tNA\nnull\tnan\nNone\tNone null\n")
    corpus = sentences.read(tmp_path / "x.tsv")
    assert corpus.sentences == [["NA"], ["nan"], ["None", "null"]]
    assert corpus.sentence_labels == {"label": ["None", "null", "None"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tweet\tattitude\nI like it\tpro\nnot me\tcon\n", "'tweet', 'attitude' looks like a header"),
        ("attitude\twhat\npro\tI like it\ncon\tnot\npro\tyes\ncon\tno\n", "'attitude', 'what' looks like a header"),
        ("grade\twhat\n1\tI like it\n0\tnot\n", "'grade', 'what' looks like a header"),
        ("I like it\tpro\nnot me\tcon\nnot at all\tcon\n", "the text seems to stand first in 'I like it', 'pro'"),
        ("id\tutterance_of_them\tattitude\n0\tI like it\tpro\n", "or a header, got 3 in 'id', 'utterance"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_say(tmp_path, content, message):
    path = tmp_path / "x.tsv"
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"x.tsv, line 1: .*{message}.*text= and label= \(--text-column"):
        sentences.read(path)


def test_columns_are_named_by_number_where_there_is_no_header(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("I like it\tpro\nnot me\tcon\n")
    corpus = sentences.read(path, text=0, label=1)
    assert corpus.sentences[1] == ["not", "me"] and corpus.sentence_labels == {"label": ["pro", "con"]}
    assert sentences.read(path, text="-2").sentence_labels == {}
    for options, message in (
        ({"text": 2}, "no column 2; it has 2, from 0 to 1"),
        ({"label": 1}, "expected numbers for the text and the label, or names, got None and '1'"),
        ({"text": "tweet"}, "line 1: no column or field 'tweet'.*its names are 'I like it', 'pro'"),
    ):
        with pytest.raises(ValueError, match=message):
            sentences.read(path, **options)
