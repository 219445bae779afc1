import gzip

import pytest

from jaxneuron.corpora import columns

CONLL2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
# SYM O O

-DOCSTART- -X- -X- O
Peter  NNP B-NP B-PER
"""


def test_spaces_and_documents(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(CONLL2003)
    corpus = columns.read(path, labels={"xpos": 1, "chunk": 2, "ner": -1})
    assert corpus.sentences == [["EU", "rejects", "#"], ["Peter"]]
    assert corpus.labels == {
        "xpos": [["NNP", "VBZ", "SYM"], ["NNP"]],
        "chunk": [["B-NP", "B-VP", "O"], ["B-NP"]],
        "ner": [["B-ORG", "O", "O"], ["B-PER"]],
    }
    assert columns.read(tmp_path, "train").labels == {"label": corpus.labels["ner"]}


def test_tabs_hashes_and_lines_of_white_space(tmp_path):
    path = tmp_path / "dev.conll.gz"
    with gzip.open(path, "wt") as file:
        file.write("#\tO\n13 819\tO\n#tag\tB-x\n\t\n\n \n\u00e9\u00a0a\tO")
    corpus = columns.read(path)
    assert corpus.sentences == [["#", "13 819", "#tag"], ["\u00e9\u00a0a"]]
    assert corpus.labels == {"label": [["O", "O", "B-x"], ["O"]]}
    assert columns.read(tmp_path, "dev") == corpus


NUMBERED = "# id = 1\n# text = a\tb\n1\twhere\tO\t-\n2\tTampa\tB-LOC\tme\n\n1\tI\tO\t-\n"


def test_comments_and_numbers(tmp_path):
    path = tmp_path / "test.iob2"
    path.write_text(NUMBERED)
    corpus = columns.read(path, word=1, labels={"ner": 2})
    assert corpus.sentences == [["where", "Tampa"], ["I"]]
    assert corpus.labels == {"ner": [["O", "B-LOC"], ["O"]]}
    assert columns.read(path).labels == {"label": corpus.labels["ner"]}
    with pytest.raises(ValueError, match="column 0 of .* counts the words, .*such as word=1"):
        columns.read(path, word=0, labels={"ner": 2})
    with pytest.raises(ValueError, match="line 1: expected 4 columns with tabs .* pass comments=True"):
        columns.read(path, word=1, labels={"ner": 2}, comments=False)


GERMEVAL = "#\thttp://example.org/x [2009-10-17]\n1\tin\tO\tO\n2\tUlm\tB-LOC\tO\n\n#\ty\n1\t#\tO\tO\n"


@pytest.mark.parametrize("comments", [None, True])
def test_sources_of_sentences_are_comments(tmp_path, comments):
    path = tmp_path / "train.conll"
    path.write_text(GERMEVAL)
    corpus = columns.read(path, labels={"outer": 2, "inner": 3}, comments=comments)
    assert corpus.sentences == [["in", "Ulm"], ["#"]] and corpus.labels["outer"] == [["O", "B-LOC"], ["O"]]
    path.write_text("#\tsource\nUlm\tB-LOC\n")  # as wide as the words' rows: who wants it as a comment must say so
    assert columns.read(path, comments=comments).sentences == ([["Ulm"]] if comments else [["#", "Ulm"]])


def test_multi_word_tokens_of_counted_words_are_left_out(tmp_path):
    path = tmp_path / "train.iob2"
    path.write_text("1-2\tim\tO\t-\n1\tin\tO\t-\n2\tUlm\tB-LOC\t-\n2.1\tx\tO\t-\n")
    corpus = columns.read(path)
    assert corpus.sentences == [["in", "Ulm"]] and corpus.labels == {"label": [["O", "B-LOC"]]}


def test_a_file_of_one_word_sentences_that_are_numbers_is_not_taken_for_counted(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("1\tCD\n\n1\tCD\n")
    assert columns.read(path).sentences == [["1"], ["1"]]


def test_comments_between_spaces_are_asked_for(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("a O\n# two three\n")
    with pytest.raises(ValueError, match="line 2: expected 2 columns with spaces .*got 3 .*pass comments=True"):
        columns.read(path)
    assert columns.read(path, comments=True).sentences == [["a"]]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a\tO\n\nb\n", {}, "x.txt, line 3: expected 2 columns with tabs between them, as above, got 1 in 'b'; mend"),
        ("a O\nb O O\n", {}, "x.txt, line 2: expected 2 columns with spaces"),
        ("a\tO\nb\t\n", {}, r"x.txt, line 2: column -1 \('label'\) is empty"),
        ("a\tO\n\tO\n", {}, r"x.txt, line 2: column 0 \('words'\) is empty"),
        ("a\tO\n", {"labels": {"ner": 2}}, "no column 2 for 'ner' in .*line 1: it has 2 columns, from 0 to 1"),
        ("a\tO\n", {"word": -3}, "no column -3 for 'words'"),
        ("\n-DOCSTART- O\n", {}, "no sentences in .*x.txt"),
        ("", {}, "no sentences in .*x.txt"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, content, options, message):
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        columns.read(path, **options)
