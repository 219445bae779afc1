import gzip
import re

import pytest

from jaxneuron.corpora.concepts import annotate, read_categories, read_words
from jaxneuron.corpora.labelled import build, classes

CORPUS = build(
    [["In", "2004", "dogs", "bark"], ["not", "a", "Dog"]],
    labels={"upos": [["ADP", "NUM", "NOUN", "VERB"], ["PART", "DET", "NOUN"]]},
    sentence_labels={"tone": ["good", "bad"]},
)


def holds(concept, **options):
    return classes(annotate(CORPUS, {"it": concept}, **options), "it", names=("negative", "positive")).ids.tolist()


def test_sets_of_words():
    assert holds({"dogs", "Dog"}) == [0, 0, 1, 0, 0, 0, 1]
    assert holds(frozenset({"dog", "IN"})) == [0] * 7
    assert holds({"dog", "IN"}, ignore_case=True) == [1, 0, 0, 0, 0, 0, 1]


def test_patterns_match_from_the_beginning_of_a_word():
    assert holds(re.compile(r"\d{4}$")) == [0, 1, 0, 0, 0, 0, 0]
    assert holds(re.compile("o")) == [0] * 7
    assert holds(re.compile(".*o")) == [0, 0, 1, 0, 1, 0, 1]
    assert holds(re.compile("d", re.IGNORECASE)) == [0, 0, 1, 0, 0, 0, 1]


def test_functions_see_the_context():
    assert holds(lambda words, i: i > 0 and words[i - 1] == "not") == [0, 0, 0, 0, 0, 1, 0]
    assert holds(lambda words, i: re.match("d", words[i])) == [0, 0, 1, 0, 0, 0, 0]


def test_a_set_a_pattern_and_a_function_that_say_the_same_agree():
    words = {"dogs", "Dog", "In"}
    assert holds(words) == holds(re.compile("(dogs|Dog|In)$")) == holds(lambda sentence, i: sentence[i] in words)


def test_other_layers_stay():
    found = annotate(CORPUS, {"one": {"a"}, "two": {"b"}})
    assert found.sentences == CORPUS.sentences and found.sentence_labels == CORPUS.sentence_labels
    assert list(found.labels) == ["upos", "one", "two"] and found.labels["upos"] == CORPUS.labels["upos"]
    assert list(CORPUS.labels) == ["upos"]
    assert classes(found, "one").names == ("negative", "positive") and classes(found, "two").names == ("negative",)


def test_word_lists_from_files(tmp_path):
    path = tmp_path / "words.txt.gz"
    with gzip.open(path, "wt") as file:
        file.write("; opinion words\n\nabuse\n2-faced\nworst part \n")
    assert read_words(path) == {"abuse", "2-faced", "worst part"}
    path = tmp_path / "categories.tsv"
    path.write_text("pets\tdog\tcat\t\n\ntime\t2004\n")
    assert read_categories(path) == {"pets": {"dog", "cat"}, "time": {"2004"}}
    assert holds(read_categories(path)["time"]) == [0, 1, 0, 0, 0, 0, 0]


def test_errors():
    for wrong in ("dog", ["dog", "cat"]):
        with pytest.raises(TypeError):
            annotate(CORPUS, {"it": wrong})
    with pytest.raises(ValueError, match="'it' is an empty set"):
        annotate(CORPUS, {"it": set()})
    for layer in ("upos", "tone"):
        with pytest.raises(ValueError, match=f"has a layer {layer!r} already"):
            annotate(CORPUS, {layer: {"a"}})
    with pytest.raises(IndexError) as caught:
        annotate(CORPUS, {"next": lambda words, i: words[i + 1] == "dogs"})
    assert "'next' failed on the word 3 of the sentence 0" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_words, b"; nothing\n", "no words in .*x.txt"),
        (read_words, b"a\n\xff\n", "x.txt, line 2, byte 1 of the line"),
        (read_categories, b"", "no sets of words in .*x.txt"),
        (read_categories, b"pets\tdog\ntime\n", "x.txt, line 2: expected a name that is not above, and its words"),
        (read_categories, b"pets\tdog\npets\tcat\n", "x.txt, line 2: expected a name that is not above"),
    ],
)
def test_damaged_word_lists(tmp_path, read, content, message):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(path)
