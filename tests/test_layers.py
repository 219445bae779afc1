"""Imports point strictly down, and the library does not print: read from the source, so that nothing is run."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUNGS = [
    ["jaxneuron"],
    [
        "jaxneuron.types",
        "jaxneuron._numbers",
        "jaxneuron._wilson",
        "jaxneuron._keys",
        "jaxneuron._labels",
        "jaxneuron._said",
        "jaxneuron.files",
        "jaxneuron.batching",
    ],
    [
        "jaxneuron.tap",
        "jaxneuron.edits",
        "jaxneuron.ranking",
        "jaxneuron.padding",
        "jaxneuron.lock",
        "jaxneuron._discover",
        "jaxneuron.jaxpr",
        "jaxneuron.attention",
    ],
    ["jaxneuron.targets", "jaxneuron.table", "jaxneuron.directions", "jaxneuron.chunks"],
    ["jaxneuron.split", "jaxneuron.comoments", "jaxneuron.dictionary", "jaxneuron.live"],
    ["jaxneuron.games", "jaxneuron.lowering"],
    [
        f"jaxneuron.{verb}"
        for verb in (
            *("find", "rank", "attribute", "concepts", "interact", "decompose", "compare", "intervene"),
            "trace",
            "writes",
            "erase",
            "atlas",
        )
    ],
    ["jaxneuron.evaluate", "jaxneuron.corpora", "jaxneuron.store"],
    ["jaxneuron.extract", "jaxneuron.describe"],
    ["jaxneuron_models"],
    ["jaxneuron.report"],
    ["jaxneuron.studies"],
    ["jaxneuron.cli", "jaxneuron.__main__"],
]
"""From the bottom to the top; a module imports from lower rungs only, or from its own folder."""

METHODS = 6
"""The rung of the methods: there, even siblings share private modules only."""


def place(module: str) -> tuple[int, str]:
    """Return the rung of a module, and the folder or file of `RUNGS` that it belongs to."""
    for rung, members in enumerate(RUNGS):
        for member in members:
            if module == member or (member != "jaxneuron" and module.startswith(member + ".")):
                return rung, member
    raise ValueError(f"{module} has no place in the layers; name it in RUNGS")


def imported(tree: ast.AST, module: str, modules: set[str]) -> set[str]:
    """Return the modules of the project that a source imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join(above + (node.module.split(".") if node.module else []))
            names |= {
                f"{base}.{name}" if f"{base}.{name}" in modules else base for name in (a.name for a in node.names)
            }
    return {name for name in names if name.partition(".")[0] in ("jaxneuron", "jaxneuron_models")}


def violations(sources: dict[str, str]) -> list[str]:
    """Return what is wrong in the sources, module -> text."""
    wrong = []
    for module, source in sources.items():
        tree = ast.parse(source)
        rung, folder = place(module)
        for name in sorted(imported(tree, module, set(sources))):
            other, home = place(name)
            private, above = name.rpartition(".")[2].startswith("_"), name.rpartition(".")[0]
            if home == folder:
                if private and module != above and not module.startswith(above + "."):
                    wrong.append(f"{module} imports {name}, which is private to its folder")
                if rung == METHODS and not private and name != home:
                    wrong.append(
                        f"{module} imports its public sibling {name}; move what they share to a private module"
                    )
            elif other >= rung:
                wrong.append(f"{module} imports {name}, which is not below it")
            elif private and name.count(".") > 1:
                wrong.append(f"{module} imports {name}, which is private to its folder")
        if folder != "jaxneuron.cli":
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
            wrong += [f"{module}, line {call.lineno}, prints" for call in calls if call.func.id == "print"]
    return wrong


def project() -> dict[str, str]:
    """Return every module of both packages with its source."""
    sources = {}
    for top in (ROOT, ROOT / "models"):
        for package in ("jaxneuron", "jaxneuron_models"):
            for path in (top / package).rglob("*.py"):
                name = ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__")
                sources[name] = path.read_text()
    return sources


def test_imports_point_down_and_nothing_prints():
    sources = project()
    assert "jaxneuron.types" in sources and "jaxneuron_models.train" in sources
    assert violations(sources) == []


LAYERED = {
    f"jaxneuron.{name}": ""
    for name in ("types", "find", "find._best", "find.logit", "rank", "rank.gaussian", "rank.linear._plan")
}


@pytest.mark.parametrize(
    ("module", "source", "word"),
    [
        ("jaxneuron.types", "import jaxneuron.tap", "not below"),
        ("jaxneuron.tap", "from jaxneuron import find", "not below"),
        ("jaxneuron.edits", "from .targets import Unit", "not below"),
        ("jaxneuron.tap", "from jaxneuron.edits import Add", "not below"),
        ("jaxneuron.find.softmax", "from jaxneuron.rank import gaussian", "not below"),
        ("jaxneuron.find.softmax", "from jaxneuron.find.logit import find", "public sibling"),
        ("jaxneuron.find.softmax", "def f():\n    from jaxneuron.find import logit", "public sibling"),
        ("jaxneuron.evaluate.statistics", "from jaxneuron.find._best import keep", "private to its folder"),
        ("jaxneuron.rank.gaussian", "from jaxneuron.rank.linear import _plan", "private to its folder"),
        ("jaxneuron.evaluate.statistics", "import jaxneuron_models", "not below"),
        ("jaxneuron_models.gru", "from jaxneuron.report import tables", "not below"),
        ("jaxneuron.report.tables", "from jaxneuron.studies import poerner2018", "not below"),
        ("jaxneuron.ranking", "print(1)", "prints"),
    ],
)
def test_a_violation_is_seen(module, source, word):
    assert [word in wrong for wrong in violations({**LAYERED, module: source})] == [True]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("jaxneuron.find.softmax", "from jaxneuron.find import _best\nfrom jaxneuron.types import Found"),
        ("jaxneuron.find.softmax", "from . import _best"),
        ("jaxneuron.evaluate.statistics", "from jaxneuron.find import logit"),
        ("jaxneuron.corpora.scenes", "from jaxneuron.corpora.vocabulary import build"),
        ("jaxneuron.cli", "import jaxneuron_models.train\nprint(jaxneuron_models)"),
    ],
)
def test_what_is_allowed_passes(module, source):
    assert violations({**LAYERED, module: source}) == []


def test_a_module_without_a_place_is_named():
    with pytest.raises(ValueError, match="jaxneuron.utils has no place"):
        violations({"jaxneuron.utils": ""})
