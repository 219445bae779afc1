import gzip

import pytest

from jaxneuron.corpora import parallel
from jaxneuron.corpora.labelled import build


@pytest.fixture
def files(tmp_path):
    def write(words, labels):
        for name, content in (("x.word", words), ("x.label", labels)):
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "x.word", {"upos": tmp_path / "x.label"}

    return write


def test_words_and_labels(files):
    corpus = parallel.read(*files("dogs bark\nrun\n", "NOUN VERB\nVERB"))
    assert corpus.sentences == [["dogs", "bark"], ["run"]]
    assert corpus.labels == {"upos": [["NOUN", "VERB"], ["VERB"]]}
    assert parallel.read(files("a b", "")[0], {}).labels == {}


def test_runs_of_spaces_are_one_and_a_no_break_space_is_none(files):
    corpus = parallel.read(*files(" 13\u00a0819  dogs\t bark \r\n\n\n", "NUM NOUN   VERB\n \n"))
    assert corpus.sentences == [["13\u00a0819", "dogs", "bark"]]
    assert corpus.labels == {"upos": [["NUM", "NOUN", "VERB"]]}


def test_what_is_written_is_read_back(tmp_path):
    corpus = build(
        [["dogs", "#", "\u200bé"], ["-DOCSTART-"]],
        labels={"upos": [["NOUN", "X", "_"], ["X"]], "n": [["1"] * 3, ["2"]]},
    )
    names = {"upos": tmp_path / "upos", "n": tmp_path / "n.gz"}
    parallel.write(corpus, tmp_path / "words", names)
    assert (tmp_path / "upos").read_text() == "NOUN X _\nX\n"
    with gzip.open(tmp_path / "n.gz", "rt") as file:
        assert file.read() == "1 1 1\n2\n"
    assert parallel.read(tmp_path / "words", names) == corpus
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.gz", "upos", "words"]


def test_what_would_not_come_back_is_not_written(tmp_path):
    corpus = build([["a"], ["13 819"]], labels={"upos": [["X"], ["NUM"]]})
    with pytest.raises(ValueError, match=r"sentence 1 \(from 0\): '13 819' has white space in it"):
        parallel.write(corpus, tmp_path / "words", {"upos": tmp_path / "labels"})
    with pytest.raises(KeyError, match="no layer 'ups' .*did you mean 'upos'"):
        parallel.write(corpus, tmp_path / "words", {"ups": tmp_path / "labels"})
    with pytest.raises(ValueError, match="2 files are to be written under 1 names"):
        parallel.write(corpus, tmp_path / "words", {"upos": tmp_path / "words"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "labels", "message"),
    [
        ("a b\nc d\n", "X X\nX\n", "x.label, line 2: 1 labels for the 2 words 'c d' of .*x.word"),
        ("a b\nc\n", "X X\nX X\n", "x.label, line 2: 2 labels for the 1 words 'c'"),
        ("a\nb\nc\n", "X\nX\n", r"x.word, line 3: .*x.label has no such line .*x.word has 3 lines, .*x.label has 2"),
        ("a\n", "X\nX\nX\n", "x.label, line 2: .*x.word has no such line"),
        ("a\n\nb\n", "X\n\nX\n", "x.word, line 2: an empty sentence"),
        ("a\n\nb\n", "X\nX\nX\n", "x.label, line 2: 1 labels for the 0 words"),
        ("\n\n", "\n\n", "no sentences in .*x.word"),
        ("a\n\u00a0\n", "X\nX\n", "x.word, line 2: an empty word"),
        (b"a\nb\nab \xff c\n", "X\nX\nX\n", r"x.word, line 3, byte 4 of the line \(byte 8 of the text\): .*b'\\xff'"),
        ("a\n", b"\xe9\n", "x.label, line 1, byte 1 of the line"),
    ],
)
def test_what_does_not_fit_is_named(files, words, labels, message):
    with pytest.raises(ValueError, match=message):
        parallel.read(*files(words, labels))


def test_missing_files(files, tmp_path):
    words, labels = files("a\n", "X\n")
    with pytest.raises(FileNotFoundError, match="no file .*none.* has x.label, x.word"):
        parallel.read(words, {"upos": tmp_path / "none"})
    with pytest.raises(ValueError, match="is a folder, which has x.label, x.word"):
        parallel.read(tmp_path, labels)
