"""The house stays in order: what a reader stumbles over is counted in the sources, and has a limit.

A limit is no goal: lower it where the count has fallen.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UPPER = ("jaxneuron/studies", "jaxneuron/report", "jaxneuron/cli")
PARAMETERS, RUN = 10, 6
"""A function of more parameters is long; so many equal lines, one after the other, are a copy."""


@cache
def sources() -> dict[str, str]:
    """Return the text of every module by its path."""
    files = [path for folder in ("jaxneuron", "models") for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def reads_by_string(tree: ast.AST) -> int:
    """Return how often a value is read by a string: `row["score"]`, `row.get("score")`."""
    return sum(
        isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_text(node.slice)
        or isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and bool(node.args)
        and _is_text(node.args[0])
        for node in ast.walk(tree)
    )  # fmt: skip


def parameters(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each function with the number of its parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = node.args
            stars = (given.vararg is not None) + (given.kwarg is not None)
            yield node.name, len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs) + stars


def told(text: str) -> list[tuple[int, str]]:
    """Return the lines that say something, by number: no imports, and no signatures, which a contract makes alike."""
    left = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            left |= set(range(node.lineno, (node.end_lineno or 0) + 1))
        if isinstance(node, ast.FunctionDef):
            left |= set(range(node.lineno, node.body[0].lineno))
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if number not in left)
    return [(number, line) for number, line in lines if line.strip('()[]{},"')]


def copies(texts: dict[str, str]) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Return the pairs of places (file, line) at which runs of `RUN` or more equal lines begin."""
    places = defaultdict(list)
    for name, text in texts.items():
        lines = told(text)
        for first in range(len(lines) - RUN + 1):
            places[tuple(line for _, line in lines[first : first + RUN])].append((name, first, lines[first][0]))
    pairs = {
        ((one[0], one[1]), (other[0], other[1])): ((one[0], one[2]), (other[0], other[2]))
        for equal in places.values()
        for one, other in combinations(equal, 2)
    }
    return [
        found
        for (one, other), found in pairs.items()
        if ((one[0], one[1] - 1), (other[0], other[1] - 1)) not in pairs  # else it goes on a run that began before
    ]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_results_are_read_by_field():
    counts = {name: reads_by_string(ast.parse(text)) for name, text in sources().items() if name.startswith(UPPER)}
    assert sum(counts.values()) <= 150, Counter(counts).most_common(10)


def test_functions_have_few_parameters():
    commands = "jaxneuron/cli/"  # an option of a command is a parameter of its function
    long = [
        f"{name}: {function} has {count}"
        for name, text in sources().items()
        if not name.startswith(commands)
        for function, count in parameters(ast.parse(text))
        if count > PARAMETERS
    ]
    assert len(long) <= 5, long


def test_code_is_written_once():
    found = copies(sources())
    assert len(found) <= 25, sorted(found)


@pytest.mark.parametrize("name", sources())
def test_files_are_short(name):
    assert len(sources()[name].splitlines()) <= 310


def test_the_counts_count():
    tree = ast.parse("def f(a, *b, c, **d): d['x'] = d['y']; d.get('z'); d[0]; d.get(a)")
    assert reads_by_string(tree) == 2
    assert list(parameters(tree)) == [("f", 4)]
    same = "\n".join(f"line = {number}" for number in range(RUN + 2))
    assert copies({"a": same, "b": f"import other\nother = 0\n{same}", "c": same[:20]}) == [(("a", 1), ("b", 3))]
