import gzip

import pytest

from jaxneuron.corpora import text


def test_words():
    assert text.words("The dogs' bowl -- isn't HERE, (Zoë's) 2nd_one…") == [
        *("the", "dogs", "bowl", "isn't", "here", "zoë's", "2nd", "one"),
    ]
    assert text.words("don\u2019t 'quote' ''") == ["don't", "quote"]


@pytest.mark.parametrize(
    "sentence",
    [
        "एक कुत्ता पानी पीता है",  # vowel signs
        "தமிழ் மொழி",
        "ที่ นี่",
        "שָׁלוֹם עוֹלָם",  # points
        "مُحَمَّد",
        "cafe\u0301 nai\u0308ve",  # accents on their own
        "می\u200cخواهم",  # zero-width non-joiner
        "ක්\u200dෂ",  # and joiner
        "i\u0307stanbul",
    ],
)
def test_marks_belong_to_their_letters(sentence):
    assert text.words(f" «{sentence}»! ") == sentence.split()


def test_marks_without_letters_are_no_words():
    assert text.words("\u0301 a\u200d \u200cb \u200d ❤\ufe0f 👩\u200d🚀") == ["a", "b"]
    assert text.words("İzmir'de") == ["i\u0307zmir'de"]


def test_by_words(tmp_path):
    (tmp_path / "dev.txt").write_text("One two, three.\n\n...\nFour\n")
    with gzip.open(tmp_path / "train.txt.gz", "wt") as file:
        file.write("Zipped line")
    assert text.read(tmp_path, "dev").sentences == [["one", "two", "three"], ["four"]]
    assert text.read(tmp_path, "dev", length=2).sentences == [["one", "two"], ["three"], ["four"]]
    assert text.read(tmp_path, "train").sentences == [["zipped", "line"]]
    assert text.read(tmp_path / "dev.txt").labels == {}


def test_by_characters(tmp_path):
    whole = "Ab, c\n\nd" * 40
    (tmp_path / "text").write_text(whole)
    windows = text.read(tmp_path / "text", unit="character", length=7).sentences
    assert "".join(character for window in windows for character in window) == whole
    assert {len(window) for window in windows[:-1]} == {7}
    assert len(text.read(tmp_path / "text", unit="character").sentences[0]) == 100


def test_errors(tmp_path):
    (tmp_path / "train.txt").write_text("...\n")
    with pytest.raises(FileNotFoundError, match=r"no dev.txt or dev.txt.gz in .*and it has train.txt"):
        text.read(tmp_path, "dev")
    with pytest.raises(ValueError, match="no text in .*at least one word"):
        text.read(tmp_path, "train")
    with pytest.raises(ValueError, match="no split None in the folder"):
        text.read(tmp_path)
    with pytest.raises(ValueError, match="is one file, without splits"):
        text.read(tmp_path / "train.txt", "train")
    with pytest.raises(ValueError, match="no unit 'byte'"):
        text.read(tmp_path, "train", unit="byte")
    with pytest.raises(ValueError, match="at least 1"):
        text.read(tmp_path, "train", length=0)
    with pytest.raises(FileNotFoundError, match="no file .*nothing.txt"):
        text.read(tmp_path / "nothing.txt")
    for name, content in (
        ("latin.txt", b"caf\xe9"),
        ("cut.txt.gz", gzip.compress(b"word " * 99)[:-12]),
        ("x.gz", b"x"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"cannot read .*{name}"):
            text.read(tmp_path / name)
