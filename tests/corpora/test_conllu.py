import gzip

import pytest

from jaxneuron.corpora import conllu
from jaxneuron.corpora.labelled import classes

HERE = """# newdoc id = one
# text = I don't go.
1\tI\tI\tPRON\tPRP\tCase=Nom|Number=Sing\t4\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\tNumber=Sing|Tense=Pres\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\tSpaceAfter=No
4\tgo\tgo\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\t_
4.1\tgone\tgo\tVERB\tVB\t_\t_\t_\t4:conj\t_
5\t13 819\t13 819\tNUM\t_\t_\t4\tobj\t_\t_


# text = Alone
1\tAlone\talone\tADV\tRB\tPronType=Int,Rel\t0\troot\t_\t_
"""


@pytest.fixture
def here(tmp_path):
    path = tmp_path / "en_ewt-ud-dev.conllu"
    path.write_text(HERE)
    return path


def row(number, **changed):
    values = {"ID": str(number), "FORM": "w", "HEAD": "0", "DEPREL": "root"} | changed
    return "\t".join(values.get(name, "_") for name in conllu.FIELDS)


def text(*rows):
    return "\n".join(rows) + "\n"


def test_layers_of_the_syntactic_words(here):
    corpus = conllu.read(here)
    assert corpus.sentences == [["I", "do", "n't", "go", "13 819"], ["Alone"]]
    assert corpus.labels["upos"] == [["PRON", "AUX", "PART", "VERB", "NUM"], ["ADV"]]
    assert corpus.labels["xpos"] == [["PRP", "VBP", "RB", "VB", "_"], ["RB"]]
    assert corpus.labels["deprel"] == [["nsubj", "aux", "advmod", "root", "obj"], ["root"]]
    assert corpus.labels["depth"] == [["1", "1", "2", "0", "1"], ["0"]]
    assert corpus.labels["Number"] == [["Sing", "Sing", "_", "_", "_"], ["_"]]
    assert corpus.labels["PronType"] == [["_"] * 5, ["Int,Rel"]]
    assert list(corpus.labels)[4:] == ["Case", "Number", "PronType", "Tense", "VerbForm"]
    assert classes(corpus, "depth").names == ("0", "1", "2")


def test_multi_word_tokens_joined(here):
    corpus = conllu.read(here, join=True)
    assert corpus.sentences == [["I", "don't", "go", "13 819"], ["Alone"]]
    assert corpus.labels["upos"][0] == ["PRON", "AUX+PART", "VERB", "NUM"]
    assert corpus.labels["deprel"][0] == ["nsubj", "aux", "root", "obj"]
    assert corpus.labels["depth"][0] == ["1", "1", "0", "1"]
    assert corpus.labels["Tense"][0] == ["_", "Pres", "_", "_"]


def test_joined_labels_are_distinct_and_without_absent_ones(tmp_path):
    path = tmp_path / "x.conllu"
    token = "\t".join(["1-3", "du"] + ["_"] * 8)
    features = ("Number=Sing", "Number=Plur", "Number=Sing")
    rows = [row(i, UPOS="X", FEATS=feature, HEAD="_") for i, feature in enumerate(features, start=1)]
    path.write_text(text(token, *rows))
    corpus = conllu.read(path, join=True)
    found = {layer: rows[0] for layer, rows in corpus.labels.items()}
    assert found == {"upos": ["X"], "xpos": ["_"], "deprel": ["root"], "depth": ["_"], "Number": ["Sing+Plur"]}


def test_gzip_and_splits(here):
    with gzip.open(here.with_name("train.conllu.gz"), "wt") as file:
        file.write(HERE)
    assert conllu.read(here.parent, "train") == conllu.read(here.parent, "dev") == conllu.read(here)
    with pytest.raises(
        FileNotFoundError, match=r"no test.conllu or test.conllu.gz in .*it has en_ewt-ud-dev.conllu, t"
    ):
        conllu.read(here.parent, "test")
    here.with_name("en_gum-ud-dev.conllu").write_text(HERE)
    with pytest.raises(ValueError, match="2 files for the split 'dev'"):
        conllu.read(here.parent, "dev")
    with pytest.raises(ValueError, match="no split None in the folder"):
        conllu.read(here.parent)
    with pytest.raises(ValueError, match="is one file, without splits"):
        conllu.read(here, "dev")


def test_line_ends_byte_order_mark_and_no_last_line_end(here):
    expected = conllu.read(here)
    here.write_bytes(b"\xef\xbb\xbf" + HERE.strip().replace("\n", "\r\n").encode())
    assert conllu.read(here) == expected


def test_depth_of_a_long_chain_and_of_two_roots(tmp_path):
    path = tmp_path / "x.conllu"
    path.write_text(text(*(row(i, HEAD=str(i + 1 if i < 5000 else 0)) for i in range(1, 5001))))
    assert conllu.read(path).labels["depth"][0] == [str(i) for i in range(4999, -1, -1)]
    path.write_text(text(row(1), row(2)))
    assert conllu.read(path).labels["depth"] == [["0", "0"]]


def test_agrees_with_the_package(here):
    package = pytest.importorskip("conllu")
    corpus = conllu.read(here)
    for i, sentence in enumerate(package.parse(HERE)):
        tokens = [token for token in sentence if isinstance(token["id"], int)]
        assert corpus.sentences[i] == [token["form"] for token in tokens]
        for name in ("upos", "xpos", "deprel"):
            assert corpus.labels[name][i] == [token[name] or "_" for token in tokens]
        for name in list(corpus.labels)[4:]:
            assert corpus.labels[name][i] == [(token["feats"] or {}).get(name, "_") for token in tokens]
        depths = {}
        stack = [(sentence.to_tree(), 0)]
        while stack:
            node, depth = stack.pop()
            depths[node.token["id"]] = str(depth)
            stack += [(child, depth + 1) for child in node.children]
        assert corpus.labels["depth"][i] == [depths[token["id"]] for token in tokens]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1\tword\tX"], r"line 1: expected 10 columns with tabs between them, got 3"),
        ([row(1), row(3)], "line 2: expected the ID 2, got '3'"),
        ([row(1), row(1)], "line 2: expected the ID 2, got '1'"),
        ([row(1), row("one")], "line 2: expected the ID 2, got 'one'"),
        ([row(1), row("3-4"), row(2)], "line 2: expected the words 2-... or the word 2, got the ID '3-4'"),
        ([row("1-2"), row("1-2"), row(1), row(2)], "line 2: expected the words 1-"),
        ([row("1-2"), row(1)], "line 2: expected words up to 2, for 'w', got the end after 1"),
        ([row("1-x"), row(1)], "line 1: expected the words 1-"),
        ([row("3.1")], "line 1: expected the ID 1, got '3.1'"),
        ([row("0.1")], "line 1: expected a sentence with a word"),
        ([row(1, FORM="")], "line 1: expected a FORM, or '_' for none, got an empty column"),
        ([row(1, FEATS="Sing")], "line 1: expected features as in Case=Nom.*got 'Sing'"),
        ([row(1, FEATS="A=b|A=c")], "line 1: expected features .*each once"),
        ([row(1, HEAD="2")], "line 1: expected a HEAD from 0 to 1, got '2'"),
        ([row(1, HEAD="-1")], "line 1: expected a HEAD from 0 to 1, got '-1'"),
        ([row(1), row(2, HEAD="3"), row(3, HEAD="2")], "line 2: expected a tree, got a word below itself"),
        (["# a comment"], "no sentences in .*x.conllu"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, rows, message):
    path = tmp_path / "x.conllu"
    path.write_text(text(*rows))
    with pytest.raises(ValueError, match=message):
        conllu.read(path)


def test_damaged_files(tmp_path):
    path = tmp_path / "x.conllu"
    before = text(row(1)).encode() + b"\n1\tcaf"
    path.write_bytes(before + b"\xe9\t")
    place = rf"x.conllu, line 3, byte 6 of the line \(byte {len(before) + 1} of the text\): expected UTF-8"
    with pytest.raises(ValueError, match=place):
        conllu.read(path)
    path = tmp_path / "x.conllu.gz"
    path.write_bytes(gzip.compress(HERE.encode())[:-12])
    with pytest.raises(ValueError, match="cannot read .*x.conllu.gz after line"):
        conllu.read(path)
    with pytest.raises(FileNotFoundError, match="no file .*none.conllu"):
        conllu.read(tmp_path / "none.conllu")
