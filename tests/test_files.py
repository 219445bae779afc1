"""A file appears whole or not at all."""

import json

import pytest

from jaxneuron import files


def test_what_fails_leaves_the_file_before_and_nothing_beside(tmp_path):
    path = tmp_path / "made" / "curves.json"
    files.write_json(path, [1])
    with pytest.raises(TypeError):
        files.write_json(path, [object()])
    with pytest.raises(RuntimeError), files.beside(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert json.loads(path.read_text()) == [1]
    assert [one.name for one in path.parent.iterdir()] == ["curves.json"]


def test_an_error_of_the_disk_says_what_could_not_be_written_and_what_to_do(tmp_path):
    path = tmp_path / "found.jsonl"
    with pytest.raises(OSError, match=r"could not write .*found.jsonl \(No space.*make room.*the same command") as full:
        with files.beside(path):
            raise OSError(28, "No space left on device")
    assert full.value.errno == 28
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="could not write .*file/rows.jsonl"):
        files.write_lines(tmp_path / "file" / "rows.jsonl", [{}])
