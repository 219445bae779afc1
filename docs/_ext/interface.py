"""The interface: every public function and class of every public module, from the source and its docstrings."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import prose
import written
from sphinx.application import Sphinx

PACKAGES = ("jaxneuron", "jaxneuron_models")
LEFT_OUT = ("jaxneuron.cli", "jaxneuron.studies")
"""Commands explain themselves, and what is inside a study is for that paper."""


class Entry(NamedTuple):
    """A public name of a module, and where it is defined."""

    name: str
    node: ast.FunctionDef | ast.ClassDef
    source: str
    docstring: str


def modules() -> Iterator[str]:
    """Find the names of all public modules, without importing what is left out."""
    for package in PACKAGES:
        yield package
        yield from _inside(package)


def _inside(package: str) -> Iterator[str]:
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{found.name}"
        if found.name.startswith("_") or name in LEFT_OUT:
            continue
        yield name
        if found.ispkg:
            yield from _inside(name)


def entries(module: str) -> list[Entry]:
    """Return what a module defines for others, or hands on under the same name from a private file."""
    loaded = importlib.import_module(module)
    source, tree = _parsed(module)
    found = []
    handed_on = set(getattr(loaded, "__all__", ()))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names, home = {node.name: node}, (source, tree)
            found += [Entry(name, one, home[0], _doc(loaded, name)) for name, one in names.items() if _public(name)]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGES):
            for alias in node.names:
                if _public(alias.name) and (alias.asname == alias.name or alias.name in handed_on):
                    found += _elsewhere(node.module, alias.name, loaded)
        elif isinstance(node, ast.Assign):
            for name in (one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)):
                if _public(name) and inspect.isfunction(getattr(loaded, name)):
                    found += _made(getattr(loaded, name), name)
    return found


def page(module: str, inside: list[str]) -> str:
    """Return the page of a module."""
    said = prose.read(inspect.getdoc(importlib.import_module(module)))
    shown = entries(module)
    parts = [f"# {module}", said.first, said.rest]
    if inside:
        parts.append("```{toctree}\n:maxdepth: 1\n\n" + "\n".join(inside) + "\n```")
    if shown:
        rows = [
            f"- {{py:obj}}`{entry.name} <{module}.{entry.name}>`: {prose.read(entry.docstring).first}"
            for entry in shown
        ]
        parts.append("\n".join(rows))
        parts += [f"```{{py:module}} {module}\n```", *map(block, shown)]
    return "\n\n".join(part for part in parts if part) + "\n"


def block(entry: Entry) -> str:
    """Return the block of a function or a class, of the module that the page is of."""
    if isinstance(entry.node, ast.FunctionDef):
        return _function(entry.name, entry.node, entry.docstring, "py:function")
    parts = [_said(entry.docstring)]
    rows = prose.fields(entry.source, entry.node)
    if rows:
        parts.append("\n".join(f"- `{name}: {kind}`" + (f": {said}" if said else "") for name, kind, said in rows))
    for node in entry.node.body:
        if isinstance(node, ast.FunctionDef) and _public(node.name):
            kind = "py:property" if _is_property(node) else "py:method"
            parts.append(_function(node.name, node, ast.get_docstring(node) or "", kind, fence="`````"))
    return f"``````{{py:class}} {entry.name}\n\n" + "\n\n".join(part for part in parts if part) + "\n``````"


def _function(name: str, node: ast.FunctionDef, docstring: str, kind: str, fence: str = "``````") -> str:
    signature = ""
    if kind != "py:property":
        arguments = node.args
        if kind == "py:method" and arguments.args and not _is_static(node):
            arguments = ast.arguments(
                arguments.posonlyargs,
                arguments.args[1:],
                arguments.vararg,
                arguments.kwonlyargs,
                arguments.kw_defaults,
                arguments.kwarg,
                arguments.defaults,
            )
        result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
        signature = f"({ast.unparse(arguments)}){result}"
    return f"{fence}{{{kind}}} {name}{signature}\n\n{_said(docstring)}\n{fence}"


def _said(docstring: str) -> str:
    said = prose.read(docstring)
    parts = [said.first, said.rest]
    for title, text in said.sections.items():
        if title == "Example":
            parts += ["**Example**", f"```pycon\n{text}\n```"]
        else:
            parts += [f"**{title}**", prose.arguments(text) if title in ("Args", "Raises") else text]
    return "\n\n".join(part for part in parts if part)


def _elsewhere(home: str, name: str, loaded: Any) -> list[Entry]:
    """Return what is handed on from another file: from a private one, or what that has from one."""
    source, tree = _parsed(home)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            private = any(part.startswith("_") for part in home.split("."))
            return [Entry(name, node, source, _doc(loaded, name))] if private else []
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGES):
            if any(name == (alias.asname or alias.name) for alias in node.names):
                return _elsewhere(node.module, name, loaded)
    return []


def _made(function: Any, name: str) -> list[Entry]:
    """Return a function that another one made: `find = method(...)`."""
    source = Path(inspect.getsourcefile(function) or "").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            if node.lineno == function.__code__.co_firstlineno:
                return [Entry(name, node, source, inspect.getdoc(function) or "")]
    return []


def _parsed(module: str) -> tuple[str, ast.Module]:
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    return source, ast.parse(source)


def _doc(loaded: Any, name: str) -> str:
    found = getattr(loaded, name)
    return inspect.cleandoc(found.__doc__ or "") if not inspect.isclass(found) else inspect.cleandoc(_class_doc(found))


def _class_doc(found: type) -> str:
    own = found.__dict__.get("__doc__") or ""
    return "" if own.startswith(f"{found.__name__}(") else own


def _public(name: str) -> bool:
    return not name.startswith("_")


def _is_property(node: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)


def _is_static(node: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)


def generate(app: Sphinx) -> None:
    """Write a page for each module."""
    names = list(modules())
    texts = {name: page(name, [one for one in names if one.rpartition(".")[0] == name]) for name in names}
    texts["index"] = (
        "# Interface\n\nEvery public function and class, module by module. Read {py:mod}`jaxneuron.types` first: "
        "everything else is written in its words.\n\n"
        "```{toctree}\n:maxdepth: 2\n\n" + "\n".join(PACKAGES) + "\n```\n"
    )
    written.pages(Path(app.srcdir) / "api", texts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the pages before Sphinx looks for them."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
