import hashlib
import json
import sys

import pytest

from jaxneuron.corpora import code
from jaxneuron.corpora.parses import check, walk

PYTHON = '''# naïve: "ünïcode" before what follows
@decorate(1)
def f(a, *, b=[2]):
    """Text."""
    return {"é": f"x{a + b}y" 'z'}, (a)[b:
        1]
'''
C = """/* é */
#define TWICE(x) (2 * (x))
static int f(struct list *a) { return TWICE(a->next[0]); }
"""


def found(text, language="python"):
    """Return name -> the pieces of text that its nodes cover."""
    parsed = code.parse(text, language)
    check(parsed)
    pieces = {}
    for node in walk(parsed.tree):
        pieces.setdefault(node.name, []).append(text[node.start : node.stop])
    return pieces


def test_python():
    pieces = found(PYTHON)
    assert pieces["Module"] == [PYTHON]
    assert pieces["comment"] == [PYTHON.split("\n")[0]]
    assert pieces["FunctionDef"] == [PYTHON[PYTHON.index("@") :].rstrip()]
    assert pieces["arg"] == ["a", "b"]
    assert pieces["parentheses"] == ["(1)", "(a, *, b=[2])", "(a)"]
    assert pieces["brackets"] == ["[2]", "[b:\n        1]"]
    assert pieces["braces"] == pieces["Dict"] == ["""{"é": f"x{a + b}y" 'z'}"""]
    assert pieces["JoinedStr"] == ["""f"x{a + b}y" 'z'"""] and "BinOp" not in pieces
    assert pieces["string"] == ['"""Text."""', '"é"', 'f"x{a + b}y"', "'z'"]
    assert pieces["keyword"] == ["def", "return"]
    assert pieces["number"] == ["1", "2", "1"]


def test_keywords_of_calls_and_words_have_names_of_their_own():
    pieces = found("f(a=1)\ntry:\n  pass\nexcept E: x = lambda: 0")
    assert pieces["keyword"] == ["a=1", "try", "pass", "except", "lambda"]
    assert pieces["ExceptHandler"] == ["except E: x = lambda: 0"]


def test_c():
    pytest.importorskip("tree_sitter")
    pytest.importorskip("tree_sitter_c")
    pieces = found(C, "c")
    assert pieces["translation_unit"] == [C] and pieces["comment"] == ["/* é */"]
    assert pieces["compound_statement"] == ["{ return TWICE(a->next[0]); }"]
    assert pieces["function_definition"] == ["static int f(struct list *a) { return TWICE(a->next[0]); }"]
    assert pieces["call_expression"] == ["TWICE(a->next[0])"] and pieces["number_literal"] == ["0"]
    assert "ERROR" in found("int f( { return 1; }", "c")
    assert found("", "c") == {"translation_unit": [""]}


def test_c_without_tree_sitter(monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'jaxneuron-nlp\[code\]'"):
        code.parse(C, "c")


def split_of(name):
    return {0: "test", 1: "dev"}.get(int(hashlib.sha1(name.encode()).hexdigest(), 16) % 10, "train")


def test_a_folder_of_files(tmp_path):
    names = [f"{folder}m{i}.py" for i in range(20) for folder in ("", "in/")]
    (tmp_path / "in").mkdir()
    (tmp_path / "readme.txt").write_text("no code (")
    for name in names:
        (tmp_path / name).write_text(f"x = '{name}'\n")
    read = {split: {text.text[5:-2] for text in code.read(tmp_path, split)} for split in ("train", "dev", "test")}
    assert read == {split: {name for name in names if split_of(name) == split} for split in read}
    some = code.read(tmp_path, limit=50)
    assert sum(len(parsed.text) for parsed in some) <= 50 and len(some) >= 2
    assert [parsed for parsed in code.read(tmp_path) if parsed in some] == some


def test_json_lines_and_single_files(tmp_path):
    (tmp_path / "dev.jsonl").write_text(
        "".join(json.dumps({"path": p, "text": "a\n"}) + "\n" for p in ("a.py", "b.py"))
    )
    assert [parsed.text for parsed in code.read(tmp_path, "dev")] == ["a\n", "a\n"]
    (tmp_path / "one.py").write_bytes(b"# coding: latin-1\r\nx = '\xe9'\r\n")
    assert code.read(tmp_path / "one.py")[0].text == "# coding: latin-1\nx = 'é'\n"
    with pytest.raises(FileNotFoundError, match="no test.jsonl"):
        code.read(tmp_path, "test")


def test_a_lone_carriage_return_ends_a_line(tmp_path):
    source = "x = 1\ry = 'é'\r\nz = [2]\n"
    parsed = code.parse(source)
    check(parsed)
    assert parsed.text == source
    found = [source[node.start : node.stop] for node in walk(parsed.tree) if node.name == "Assign"]
    assert found == ["x = 1", "y = 'é'", "z = [2]"]
    (tmp_path / "train.jsonl").write_text(json.dumps({"path": "a.py", "text": "\ufeff" + source}))
    assert [one.text for one in code.read(tmp_path)] == ["x = 1\ny = 'é'\nz = [2]\n"]
    (tmp_path / "a.c").write_bytes(b"\xef\xbb\xbfint x;\r\n")
    assert code.read(tmp_path / "a.c")[0].text == "int x;\n"


DEEP = {
    "a sum": "+".join(["'a'"] * 3000),
    "a chain of methods": "x" + ".f()" * 3000,
    "a chain of elif": "if a: pass\n" + "elif b: pass\n" * 3000,
    "signs": "-" * 30_000 + "1",
    "brackets": "(" * 3000 + ")" * 3000,
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_what_python_cannot_parse_is_left_out_and_named(tmp_path, caplog, source):
    with pytest.raises(ValueError, match=r"this (is no Python|Python is nested too deeply)"):
        code.parse(source)
    rows = [{"path": "good.py", "text": "x = 1\n"}, {"path": "deep.py", "text": source}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [parsed.text for parsed in code.read(tmp_path)] == ["x = 1\n"]
    assert "1 of 2 files" in caplog.text and "line 2, deep.py" in caplog.text
    (tmp_path / "train.jsonl").write_text(json.dumps(rows[1]))
    with pytest.raises(ValueError, match="line 1, deep.py: this "):
        code.read(tmp_path)


def test_a_file_of_a_folder_that_is_no_text_is_left_out_and_named(tmp_path, caplog):
    name = next(name for name in (f"m{i}.py" for i in range(99)) if split_of(name) == "train")
    other = next(name for name in (f"n{i}.c" for i in range(99)) if split_of(name) == "train")
    (tmp_path / name).write_text("x = 1\n")
    (tmp_path / other).write_bytes(b"int x; // caf\xe9\n")
    assert [parsed.text for parsed in code.read(tmp_path)] == ["x = 1\n"]
    assert "1 of 2 files" in caplog.text and other in caplog.text and "line 1, byte 14" in caplog.text


def test_the_standard_library():
    first, again = code.read(split="dev", limit=20_000), code.read(split="dev", limit=20_000)
    assert first == again and 0 < sum(len(parsed.text) for parsed in first) <= 20_000
    for parsed in first:
        check(parsed)
    assert not {parsed.text for parsed in first} & {parsed.text for parsed in code.read(split="test", limit=20_000)}


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="no language 'rust'; expected one of python, c"):
        code.parse("", "rust")
    for text in ("def f(:", "x = (\n", "  x = 1\n y = 2", "\0"):
        with pytest.raises(ValueError, match="this is no Python"):
            code.parse(text)
    with pytest.raises(ValueError, match="no split 'all'"):
        code.read(tmp_path, "all")
    with pytest.raises(FileNotFoundError, match="no files for 'train' .* has no files"):
        code.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file or folder .*nothing"):
        code.read(tmp_path / "nothing")
    (tmp_path / "bad.py").write_text("x = 1\ny = (")
    with pytest.raises(ValueError, match="bad.py: this is no Python at line 2 .*leave it out"):
        code.read(tmp_path / "bad.py")
    (tmp_path / "bad.py").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="cannot read .*bad.py"):
        code.read(tmp_path / "bad.py")
    (tmp_path / "good.py").write_text("xyz = 1")
    with pytest.raises(ValueError, match="none of at most 3 symbols"):
        code.read(tmp_path / "good.py", limit=3)
    (tmp_path / "train.jsonl").write_text('{"path": "a.rs", "text": ""}\n')
    with pytest.raises(ValueError, match="line 1: expected a path that ends with .py, .c, .h, got 'a.rs'"):
        code.read(tmp_path)
