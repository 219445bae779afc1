import gzip
import json

import numpy as np
import pytest

from jaxneuron.corpora import huggingface

ROWS = [
    {"text": "A good Film!", "label": 1, "kind": "review"},
    {"text": "...", "label": 0, "kind": "review"},
    {"text": "bad", "label": 0, "kind": "note"},
]
TAGGED = [
    {"tokens": ["A", "dog"], "tags": [3, 1], "kind": ["D", "N"]},
    {"tokens": ["Runs"], "tags": [2], "kind": ["V"]},
]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def jsonl(path, rows):
    data = "\n".join(json.dumps(row) for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv", "a.tsv", "a.parquet"])
def test_local_file(tmp_path, name, capsys):
    import datasets

    path = tmp_path / name
    if "jsonl" in name:
        jsonl(path, ROWS)
    elif "tsv" in name:
        datasets.Dataset.from_list(ROWS).to_csv(path, sep="\t")
    else:
        getattr(datasets.Dataset.from_list(ROWS), f"to_{path.suffix[1:]}")(path)
    capsys.readouterr()
    corpus = huggingface.read(path, "train", labels=("label", "kind"))
    assert corpus.sentences == [["a", "good", "film"], ["bad"]]  # the row without a word goes, with its labels
    assert corpus.labels["label"].tolist() == [1, 0] and corpus.labels["kind"].tolist() == ["review", "note"]
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


def test_a_quotation_mark_in_tsv_is_a_character(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('text\tlabel\n"good film\t1\nbad one\t0\nfine" yes\t1\n')
    corpus = huggingface.read(path, "train", labels=("label",))
    assert corpus.sentences == [["good", "film"], ["bad", "one"], ["fine", "yes"]]
    assert corpus.labels["label"].tolist() == [1, 0, 1]
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"good, ""old""\nfilm",1\nbad,0\n')
    assert huggingface.read(path, "train").sentences == [["good", "old", "film"], ["bad"]]


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.tsv", "\t")])
def test_words_for_what_is_missing_are_words(tmp_path, name, separator):
    words = ("NA", "None", "null", "nan", "N/A", "#N/A", "NaN")
    rows = [("text", "label", "x"), *((word, word, "") for word in words)]
    (tmp_path / name).write_text("".join(separator.join(row) + "\n" for row in rows))
    corpus = huggingface.read(tmp_path / name, "train", labels=("label",))
    assert corpus.sentences == [["na"], ["none"], ["null"], ["nan"], ["n", "a"], ["n", "a"], ["nan"]]
    assert corpus.labels["label"].tolist() == list(words)
    with pytest.raises(ValueError, match=rf"{name}, row 0 .*label 'x' of 'na' is missing"):
        huggingface.read(tmp_path / name, "train", labels=("x",))


def test_null_is_missing(tmp_path):
    with pytest.raises(ValueError, match=r"a.jsonl, row 1 .*column 'text': expected a string .*got None"):
        huggingface.read(jsonl(tmp_path / "a.jsonl", [{"text": "a"}, {"text": None}]), "train")
    rows = [{"tokens": ["a", "b"], "tags": [1, None]}]
    with pytest.raises(ValueError, match=r"b.jsonl, row 0 .*label 'tags' of 'a b' is missing"):
        huggingface.read(jsonl(tmp_path / "b.jsonl", rows), "train", text="tokens", labels=("tags",))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_names(tmp_path, name):
    rows = {
        "a.csv": "text,label\na b,1\n",
        "a.tsv": "text\tlabel\na b\t1\n",
        "a.jsonl": '{"text": "a b", "label": 1}\n',
    }
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + rows[name].encode())
    corpus = huggingface.read(tmp_path / name, "train", labels=("label",))
    assert corpus.sentences == [["a", "b"]] and corpus.labels["label"].tolist() == [1]


def test_folder_by_split(tmp_path):
    jsonl(tmp_path / "train.jsonl", ROWS)
    jsonl(tmp_path / "validation-0.jsonl", ROWS[2:])
    assert len(huggingface.read(tmp_path, "train").sentences) == 2
    assert len(huggingface.read(str(tmp_path), "train[:1]").sentences) == 1
    assert huggingface.read(tmp_path, "dev").sentences == [["bad"]]
    with pytest.raises(FileNotFoundError, match="no file for the split 'test' in .*train.jsonl"):
        huggingface.read(tmp_path, "test")


def test_labels_per_word(tmp_path):
    corpus = huggingface.read(jsonl(tmp_path / "a.json", TAGGED), "train", text="tokens", labels=("tags", "kind"))
    assert corpus.sentences == [["A", "dog"], ["Runs"]]
    assert corpus.labels["tags"].tolist() == [[3, 1], [2, huggingface.PADDING]]
    assert corpus.labels["kind"].tolist() == [["D", "N"], ["V", ""]]
    wrong = jsonl(tmp_path / "b.json", [{"text": "one two", "tags": [1]}])
    with pytest.raises(ValueError, match="'tags' has 1 values for the 2 words 'one two'"):
        huggingface.read(wrong, "train", labels=("tags",))


def test_saved_to_disk(tmp_path):
    import datasets

    table = datasets.Dataset.from_list(ROWS)
    table.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": table, "test": table.select([2])}).save_to_disk(tmp_path / "several")
    assert len(huggingface.read(tmp_path / "one", "train").sentences) == 2
    several = huggingface.read(tmp_path / "several", "test", labels=("label",))
    assert several.sentences == [["bad"]] and np.array_equal(several.labels["label"], [0])
    with pytest.raises(ValueError, match="no split 'tset' in .*did you mean 'test'"):
        huggingface.read(tmp_path / "several", "tset")


def test_errors(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(ValueError, match="no column 'txt' in .*did you mean 'text'.*text, label, kind"):
        huggingface.read(path, "train", text="txt")
    with pytest.raises(
        ValueError, match=r"a.jsonl, row 0 .from 0., column 'label': expected a string or a list of words, got 1"
    ):
        huggingface.read(path, "train", text="label")
    with pytest.raises(FileNotFoundError, match="no file or folder .*b.jsonl; .* has a.jsonl"):
        huggingface.read(tmp_path / "b.jsonl", "train")
    with pytest.raises(ValueError, match="label 'label' of 'x' is missing"):
        huggingface.read(jsonl(tmp_path / "none.jsonl", [{"text": "x", "label": None}]), "train", labels=("label",))
    with pytest.raises(ValueError, match="no text in the column 'text'"):
        huggingface.read(jsonl(tmp_path / "empty.jsonl", ROWS[1:2]), "train")
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n{"text": ')
    with pytest.raises(ValueError, match="cannot read .*bad.jsonl"):
        huggingface.read(tmp_path / "bad.jsonl", "train")
    (tmp_path / "a.xml").write_text("<a/>")
    with pytest.raises(ValueError, match="expected files of one kind.*got .xml"):
        huggingface.read(tmp_path / "a.xml", "train")
