"""One way into a text file: marks, line ends, compression and what is no text, for every reader."""

import codecs
import gzip
import json

import pytest

from jaxneuron.corpora import captions, code, columns, concepts, conllu, parallel, sentences, strings, text
from jaxneuron.corpora._json import read_json, read_lines
from jaxneuron.corpora._lines import lines, whole

CONLLU = "1\tdogs\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
READERS = {
    "a.txt": ("one two\nthree\n", lambda path: text.read(path).sentences),
    "b.txt": ("one two\nthree\n", lambda path: parallel.read(path, {}).sentences),
    "c.txt": ("one\ntwo\n", lambda path: sorted(concepts.read_words(path))),
    "a.conllu": (CONLLU, lambda path: conllu.read(path).sentences),
    "a.conll": ("one O\ntwo B-X\n", lambda path: columns.read(path).sentences),
    "a.tsv": ("1\tgood film\n0\tbad\n", lambda path: sentences.read(path)),
    "a.jsonl": ('{"text": "a b", "label": 1}\n{"text": "c", "label": 0}\n', lambda path: sentences.read(path)),
    "b.jsonl": ('{"path": "a.py", "text": "x = 1"}\n', lambda path: code.read(path)[0].text),
    "c.jsonl": ('{"text": "x = 1"}\n', strings.read),
}
AS_IT_IS = {"d.txt": ("ab cd\nef\n", strings.read)}


def written(folder, name, content):
    path = folder / name
    path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_marks_and_line_ends_make_no_difference(tmp_path, name, end, mark):
    content, read = READERS[name]
    plain = read(written(tmp_path, name, content.encode()))
    changed = mark + content.replace("\n", end).encode()
    assert read(written(tmp_path, name, changed)) == plain
    assert read(written(tmp_path, f"{name}.gz", changed)) == plain


FAULTS = [
    ("abc\ndé".encode("utf-16"), "expected UTF-8, got UTF-16 .*save it as UTF-8"),
    ("abc".encode("utf-32"), "expected UTF-8, got UTF-32"),
    (b"a\0b\0", "line 1, byte 2 .*a NUL, as binary files and UTF-16 have"),
    (b"caf\xe9\n", r"line 1, byte 4 of the line .*got b'.xe9'"),
    (gzip.compress(b"abc", mtime=0), "got gzip .*ends with .gz"),
]


@pytest.mark.parametrize("name", [*READERS, "d.txt"])
@pytest.mark.parametrize(("content", "message"), FAULTS)
def test_what_is_no_text_is_named(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=f"cannot read .*{name}.*{message}"):
        (READERS | AS_IT_IS)[name][1](written(tmp_path, name, content))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"\n\n \n"])
def test_a_file_without_text_is_named(tmp_path, name, content):
    path = written(tmp_path, name, content)
    with pytest.raises(ValueError, match=f"no .*{path}"):
        READERS[name][1](path)


def test_a_text_that_is_read_as_it_is_keeps_its_line_ends(tmp_path):
    content = "ab\r\ncd\ref\n"
    path = written(tmp_path, "train.txt", codecs.BOM_UTF8 + content.encode())
    assert whole(path) == content == strings.read(path)[0]
    assert "".join(text.read(path, unit="character").sentences[0]) == content
    assert list(lines(path)) == [(1, "ab"), (2, "cd"), (3, "ef")]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_captions_with_a_mark(tmp_path, suffix):
    images = {"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "A man"}]}
    objects = {"categories": [{"id": 3, "name": "man"}], "annotations": [{"image_id": 1, "category_id": 3}]}
    for name, document in (("captions_train2014.json", images), ("instances_train2014.json", objects)):
        written(tmp_path, name + suffix, codecs.BOM_UTF8 + json.dumps(document).encode())
    found = captions.read(tmp_path, "train")
    assert found.sentences == [["a", "man"]] and found.features.tolist() == [[1]]


def test_half_a_surrogate_pair_is_no_letter(tmp_path):
    path = written(tmp_path, "a.jsonl", rb'{"text": "a \ud83d b", "\uD83Dx": ["\ude00", "\ud83d\ude00"]}')
    assert list(read_lines(path)) == [(1, {"text": "a \ufffd b", "\ufffdx": ["\ufffd", "\U0001f600"]})]
    assert sentences.read(path, text="text").sentences == [["a", "\ufffd", "b"]]


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b'{"a": 1' + b"0" * 5000 + b"}", b"", b"none"])
def test_a_damaged_document_is_named(tmp_path, content):
    with pytest.raises(ValueError, match="cannot read .*a.json as a JSON document"):
        read_json(written(tmp_path, "a.json", content))
