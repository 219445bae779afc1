"""What `--data` may name is read, or refused with advice that an option can follow."""

import gzip

import pytest

from jaxneuron.corpora import texts

UNER = "# sent_id = 1\n# text = Ulm\n1\tin\tO\t-\t-\n2\tUlm\tB-LOC\t-\tme\n\n"
FILES = {
    "train.txt": ("the dog\n\nruns fast\n", [["the", "dog"], ["runs", "fast"]]),
    "en_x-ud-train.iob2": (UNER, [["in", "Ulm"]]),
    "train.bio": ("in O\nUlm B\n", [["in", "Ulm"]]),
    "train.jsonl": ('{"text": "the dog"}\n{"text": "runs"}\n', [["the", "dog"], ["runs"]]),
    "train.tsv": ("index\tsentence\n0\tthe dog\n", [["the", "dog"]]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_and_folders(tmp_path, name, suffix):
    content, expected = FILES[name]
    path = tmp_path / (name + suffix)
    path.write_bytes(gzip.compress(content.encode()) if suffix else content.encode())
    (tmp_path / "README.txt").write_text("not a split")
    assert texts.read(path).sentences == expected
    assert texts.read(tmp_path, "train").sentences == expected
    with pytest.raises(FileNotFoundError, match="no text for 'dev' in .*it has README.txt.*dev.jsonl"):
        texts.read(tmp_path, "dev")


def test_labels_of_universal_ner(tmp_path):
    (tmp_path / "a.iob2").write_text(UNER)
    assert texts.read(tmp_path / "a.iob2").labels == {"label": [["O", "B-LOC"]]}
    found = texts.read(tmp_path / "a.iob2", text="1", label=4)
    assert found.labels == {"label": [["-", "me"]]} and found.sentences == [["in", "Ulm"]]


def test_a_treebank_with_its_plain_text_beside_it_is_a_treebank(tmp_path):
    (tmp_path / "x-ud-train.txt").write_text("Dogs bark.")
    (tmp_path / "x-ud-train.conllu").write_text("1\tdogs\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n")
    assert texts.read(tmp_path, "train").labels["upos"] == [["NOUN"]]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.csv", {}, "expected the ending .conllu, .*.txt, perhaps with .gz"),
        ("a.txt", {"text": "text"}, r"no choice of columns; leave out text= \(--text-column\)"),
        ("a.conllu", {"label": 3}, r"no choice of columns; leave out label= \(--label-column\)"),
        ("a.conll", {"text": "word"}, r"numbers from 0 and no names, got 'word' .*--text-column"),
        ("a.conll", {"text": 3}, "no column 3 for 'words' in .*a.conll, line 1"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, name, options, message):
    (tmp_path / name).write_text("a b\n")
    with pytest.raises(ValueError, match=message):
        texts.read(tmp_path / name, **options)


def test_training_needs_no_labels(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"premise": "a b", "id": 1}\n{"premise": "c", "id": 2}\n')
    assert texts.train_and_dev(tmp_path / "a.jsonl") == ([["a", "b"]], [["c"]])
    (tmp_path / "train.tsv").write_text("0\tdogs bark\n")
    (tmp_path / "dev.tsv").write_text("1\tcats run\n")
    assert texts.train_and_dev(tmp_path, text=1) == ([["dogs", "bark"]], [["cats", "run"]])
    (tmp_path / "one.txt").write_text("a b\n")
    with pytest.raises(ValueError, match="one sentence; training needs at least two"):
        texts.train_and_dev(tmp_path / "one.txt")
