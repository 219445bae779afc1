import pytest

from jaxneuron.corpora.phrases import Phrase, phrases

TEXT = """# text = John is sitting in the car.
1\tJohn\tJohn\tPROPN\t_\t_\t3\tnsubj\t_\t_
2\tis\tbe\tAUX\t_\t_\t3\taux\t_\t_
3\tsitting\tsit\tVERB\t_\t_\t0\troot\t_\t_
4\tin\tin\tADP\t_\t_\t6\tcase\t_\t_
5\tthe\tthe\tDET\t_\t_\t6\tdet\t_\t_
6\tcar\tcar\tNOUN\t_\t_\t3\tobl\t_\t_
7\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_

1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_
2\tcar\tcar\tNOUN\t_\t_\t3\tnsubj:pass\t_\t_
3\tsold\tsell\tVERB\t_\t_\t0\troot\t_\t_
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_takes_the_phrases_of_the_tutorial(tmp_path):
    found = phrases(write(tmp_path / "a.conllu", TEXT), longest=6)
    assert found[0:2] == [Phrase(("car",), "word", 2), Phrase(("the",), "word", 2)]
    assert found[2] == Phrase(("the", "car"), "noun phrase", 2)
    longer = {" ".join(phrase.words): phrase.kind for phrase in found[3:] if len(phrase.words) > 1}
    assert longer == {
        "is sitting in the car": "verb phrase",
        "john is sitting in the car": "clause",
        "the car sold": "clause",
    }
    assert {phrase.words for phrase in found if phrase.kind == "word"} == {
        (word,) for word in "john is sitting in the car sold".split()
    }


def test_kinds_lengths_counts_and_case(tmp_path):
    path = write(tmp_path / "a.conllu", TEXT)
    assert phrases(path, kinds=["noun phrase"]) == [Phrase(("the", "car"), "noun phrase", 2)]
    assert {phrase.kind for phrase in phrases(path, longest=3)} == {"word", "noun phrase", "clause"}
    assert len(phrases(path, least=2)) == 3
    cased = phrases(path, kinds=["noun phrase"], ignore_case=False)
    assert [phrase.words for phrase in cased] == [("The", "car"), ("the", "car")]


def test_a_phrase_with_a_gap_is_left_out(tmp_path):
    rows = [
        "1\tbig\t_\tADJ\t_\t_\t3\tamod\t_\t_",
        "2\truns\t_\tVERB\t_\t_\t0\troot\t_\t_",
        "3\tdog\t_\tNOUN\t_\t_\t2\tnsubj\t_\t_",
    ]
    path = write(tmp_path / "a.conllu", "\n".join(rows))
    assert [phrase for phrase in phrases(path) if phrase.kind == "noun phrase"] == []
    assert ("big", "runs", "dog") in [phrase.words for phrase in phrases(path)]


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="no kind 'verb'"):
        phrases(write(tmp_path / "a.conllu", TEXT), kinds=["verb"])
    with pytest.raises(ValueError, match="ask for less"):
        phrases(write(tmp_path / "a.conllu", TEXT), least=9)
    with pytest.raises(ValueError, match="line 2: expected the columns"):
        phrases(write(tmp_path / "b.conllu", TEXT.replace("\tPROPN\t", " ").replace("1\tJohn\tJohn", "1 John")))
    with pytest.raises(ValueError, match="heads up to 7, got 9"):
        phrases(write(tmp_path / "c.conllu", TEXT.replace("\t3\tnsubj\t", "\t9\tnsubj\t")))
    with pytest.raises(ValueError, match="line 10: the heads of this sentence run in a circle"):
        phrases(write(tmp_path / "d.conllu", TEXT[: TEXT.rindex("0\troot")] + "1\troot\t_\t_\n"))
