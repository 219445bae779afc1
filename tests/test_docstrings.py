"""What every public function must say, read from the source: its arguments, its result, and what it raises."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOTS = (Path("jaxneuron"), Path("models/jaxneuron_models"))
LEFT_OUT = ("jaxneuron/cli/",)
"""A command's docstring is its help, and its options have helps of their own."""

QUESTIONS = (
    "find rank attribute interact concepts decompose compare intervene trace writes erase describe evaluate "
    "evaluate/attribution evaluate/clusters"
).split()
"""Folders whose modules are methods."""

MANY = 3
"""Parameters from which on each must be explained."""


class Function(NamedTuple):
    """A public function, or a method of a public class."""

    place: str
    node: ast.FunctionDef


def functions(place: str, source: str) -> Iterator[Function]:
    """Yield the public functions of a module, and the public methods of its public classes."""
    for node in ast.parse(source).body:
        inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        for one in inside:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                yield Function(f"{place}:{one.name}", one)


def lacking(node: ast.FunctionDef, nouns: set[str]) -> set[str]:
    """Return what the docstring of a function should say and does not.

    Args:
        node: the function.
        nouns: classes that say of their fields what they are, so that a result of one needs no more words.
    """
    said = ast.get_docstring(node)
    if not said:
        return {"docstring"}
    missing = set()
    names = _parameters(node)
    explained = _explained(said)
    if (len(names) >= MANY and not explained) or (explained and set(names) - explained):
        missing.add("Args")
    returned = ast.unparse(node.returns) if node.returns is not None else "None"
    tells = re.match(r"(Return|Yield|Tell)\b", said) or "Returns:" in said or _is_property(node)
    if _gives(node) and not tells and not nouns & set(re.findall(r"\w+", returned)):
        missing.add("Returns")
    told = "Raises:" in said or re.search(r"\braise an? \w+Error\b", said, re.IGNORECASE)
    if any(isinstance(one, ast.Raise) and one.exc is not None for one in _own(node)) and not told:
        missing.add("Raises")
    return missing


def _parameters(node: ast.FunctionDef) -> list[str]:
    given = node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [one.arg for one in (given.vararg, given.kwarg) if one is not None]
    return [name for name in names if name not in ("self", "cls")]


def _explained(said: str) -> set[str]:
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", said, re.MULTILINE)
    if section is None:
        return set()
    found = re.findall(r"^    (\*{0,2}\w+(?:, \*{0,2}\w+)*):", section.group(1), re.MULTILINE)
    return {name.strip(" *") for one in found for name in one.split(",")}


def _own(node: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what a function does itself, without the functions inside it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop()
        yield one
        if not isinstance(one, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(one))


def _gives(node: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Return) and one.value is not None for one in _own(node))


def _is_property(node: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)


def sources() -> dict[str, str]:
    """Return the public modules by their place."""
    files = [path for root in ROOTS for path in sorted(root.rglob("*.py"))]
    public = [path for path in files if not any(part.startswith("_") and part != "__init__.py" for part in path.parts)]
    return {str(path): path.read_text(encoding="utf-8") for path in public if not str(path).startswith(LEFT_OUT)}


def nouns() -> set[str]:
    """Return the names of all classes of the packages that are documented."""
    found = set()
    for root in ROOTS:
        for path in root.rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and ast.get_docstring(node):
                    found.add(node.name)
    return found


def methods() -> list[Path]:
    """Return the file of each method: the modules that discovery finds, folder by folder."""
    found = []
    for question in QUESTIONS:
        for path in sorted((Path("jaxneuron") / question).iterdir()):
            package = path / "__init__.py"
            if path.name.startswith("_") or (package.exists() and str(path) in _FOLDERS):
                continue
            found += [package] if package.exists() else [path] if path.suffix == ".py" else []
    return found


_FOLDERS = {str(Path("jaxneuron") / question) for question in QUESTIONS}


def test_every_public_function_says_what_it_takes_gives_and_raises():
    known = nouns()
    missing = {
        one.place: sorted(lack)
        for place, source in sources().items()
        for one in functions(place, source)
        if (lack := lacking(one.node, known))
    }
    assert missing == {}


@pytest.mark.parametrize("path", methods(), ids=str)
def test_every_method_says_what_it_costs_where_it_fails_and_who_else_has_it(path):
    source = path.read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(source)) or ""
    for section in ("Cost", "Fails", "Peers"):
        assert re.search(rf"^{section}:\n    \S", said, re.MULTILINE), f"{path} says nothing under {section}:"
    assert "Example:" in source, f"{path} has no example"


def test_the_counts_count():
    taught = """def f(a, b, c):
    '''Add.

    Args:
        a: one.
        b, c: others.

    Returns:
        it.
    '''
    return a"""
    for source, expected in {
        taught: set(),
        taught.replace("b, c:", "b:"): {"Args"},
        taught.replace("Returns", "Gives"): {"Returns"},
        taught.replace("    return a", "    raise ValueError(a)"): {"Raises"},
        'def f(a, b, c):\n    """Return it."""\n    return a': {"Args"},
        'def f(a) -> Found:\n    """Look."""\n    return a': set(),
        "def f(a):\n    return a": {"docstring"},
    }.items():
        [found] = functions("here", source)
        assert lacking(found.node, {"Found"}) == expected, source
