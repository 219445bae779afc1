import numpy as np
import pytest

from jaxneuron.corpora.labelled import Labelled, build, classes, label_names

SENTENCES = [["dogs", "bark"], ["run"]]


def test_numbers_are_the_sorted_labels_in_the_order_of_the_words():
    corpus = build(SENTENCES, labels={"upos": [["NOUN", "VERB"], ["VERB"]]}, sentence_labels={"tone": ["b", "a"]})
    ids, names = classes(corpus, "upos")
    assert ids.dtype == np.int32 and names == ("NOUN", "VERB")
    assert [names[i] for i in ids] == ["NOUN", "VERB", "VERB"]
    assert classes(corpus, "tone").ids.tolist() == [1, 0]


def test_order_depends_on_the_labels_alone():
    labels = ["10", "9", "b", "_", "B", "0", "é", "00"]
    forward = build([[str(i) for i in range(8)]], labels={"x": [labels]})
    backward = build([[str(i) for i in range(8)]], labels={"x": [labels[::-1]]})
    assert label_names("x", forward) == label_names("x", backward) == ("0", "9", "10", "00", "B", "_", "b", "é")
    assert classes(forward, "x").ids.tolist() == classes(backward, "x").ids.tolist()[::-1]


def test_two_corpora_are_numbered_alike():
    train, dev = (build([["w"] * 2], labels={"x": [labels]}) for labels in (["b", "d"], ["c", "d"]))
    names = label_names("x", train, dev)
    assert names == ("b", "c", "d")
    assert [classes(part, "x", names=names).ids.tolist() for part in (train, dev)] == [[0, 2], [1, 2]]
    with pytest.raises(ValueError, match=r"not among the 2 names: c; .*names=label_names\('x', train, dev\)"):
        classes(dev, "x", names=label_names("x", train))
    with pytest.raises(ValueError, match="given twice"):
        classes(dev, "x", names=["c", "d", "d"])


def test_an_unknown_layer_names_the_nearest():
    with pytest.raises(KeyError, match="no layer 'upso' .*did you mean 'upos'"):
        classes(build([["a"]], labels={"upos": [["X"]], "depth": [["0"]]}), "upso")
    with pytest.raises(KeyError, match="its layers are none"):
        label_names("upos", Labelled(SENTENCES, {}, {}))


@pytest.mark.parametrize(
    ("sentences", "labels", "sentence_labels", "message"),
    [
        ([], {}, {}, "no sentences in here; expected at least one"),
        ([["a"], []], {}, {}, "here, line 7: an empty sentence"),
        ([["a"], ["b", " "]], {}, {}, "here, line 7: an empty word"),
        ([["a"], ["b"]], {"x": [["A"], ["B", "C"]]}, {}, "here, line 7: 2 labels 'x' for the 1 words 'b'"),
        ([["a"], ["b"]], {"x": [["A"], [""]]}, {}, "here, line 7: an empty label 'x'"),
        ([["a"], ["b"]], {"x": [["A"]]}, {}, "here: the layer 'x' has labels for 1 sentences, and there are 2"),
        ([["a"], ["b"]], {}, {"x": ["A"]}, "labels for 1 sentences, and there are 2"),
        ([["a"], ["b"]], {}, {"x": ["A", ""]}, "here, line 7: an empty label 'x'"),
        ([["a"]], {"x": [["A"]]}, {"x": ["A"]}, "both have a layer 'x'"),
    ],
)
def test_what_does_not_fit_is_named(sentences, labels, sentence_labels, message):
    with pytest.raises(ValueError, match=message):
        build(sentences, labels=labels, sentence_labels=sentence_labels, source="here", lines=[3, 7])


def test_without_a_source_the_sentence_is_named():
    with pytest.raises(ValueError, match=r"^sentence 1 \(from 0\): 0 labels"):
        build(SENTENCES, labels={"x": [["A", "B"], []]})
