"""A page for each method, made of its module: what it computes, what it costs, where it fails, and who else has it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import prose
import typer
import written
from sphinx.application import Sphinx

from jaxneuron import _discover
from jaxneuron.cli._app import app as commands

QUESTIONS = (
    "find",
    "rank",
    "attribute",
    "interact",
    "concepts",
    "decompose",
    "compare",
    "intervene",
    "trace",
    "writes",
    "erase",
    "describe",
    "evaluate",
    "evaluate.attribution",
    "evaluate.clusters",
)
"""Folders of methods; `evaluate` has no verb, so that its pages are of its modules."""


class Method(NamedTuple):
    """A module of a folder."""

    folder: str
    name: str
    module: ModuleType
    functions: tuple[str, ...]  # the verb, or without one all public functions


def of(folder: str) -> Iterator[Method]:
    """Find the methods of a folder by looking."""
    package = importlib.import_module(f"jaxneuron.{folder}")
    if not folder.startswith("evaluate"):
        for name, verb in _discover.methods(package).items():
            yield Method(folder, name, importlib.import_module(f"{package.__name__}.{name}"), (_named(package, verb),))
        return
    for found in pkgutil.iter_modules(package.__path__):
        if not found.name.startswith("_") and not (found.ispkg and folder == "evaluate"):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            yield Method(folder, found.name, module, tuple(_own(module)))


def page(method: Method) -> str:
    """Return the page of a method."""
    module = method.module
    said = prose.read(inspect.getdoc(module))
    verbs = [getattr(module, name) for name in method.functions]
    docs = [prose.read(inspect.getdoc(verb)) for verb in verbs]
    parts = [f"# {method.folder}.{method.name}", said.first, said.rest]
    if docs and not method.folder.startswith("evaluate"):
        parts += ["## Definition", docs[0].first, docs[0].rest]
    elif docs:
        parts += ["## Functions", "\n".join(map(_line, verbs, docs))]
    parts += ["## Cost in forward passes", said.sections["Cost"]]
    parts += ["## When it fails", said.sections["Fails"]]
    parts += ["## Peers, and where we differ", said.sections["Peers"]]
    others = [prose.read(inspect.getdoc(getattr(module, name))) for name in _own(module)]
    shown = [one for one in (said, *docs, *others) if "Example" in one.sections]
    if shown:
        parts += ["## Example", prose.example(shown[0].sections["Example"], _home(module, verbs))]
        if "docs.tiny" in shown[0].sections["Example"]:
            parts.append("What `docs.tiny` has is on [its page](../tiny.md).")
    parts += ["## Call", _call(method, docs[0])] if docs else []
    sources = [text for one in (said, *docs) for text in (one.sections.get("Source"),) if text]
    links = [
        f"[arXiv {number}](https://arxiv.org/abs/{number})" for number in prose.papers(said.first, said.rest, *sources)
    ]
    if sources or links:
        parts += ["## Paper", *sources, ", ".join(links)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _call(method: Method, said: prose.Said) -> str:
    place = f"jaxneuron.{method.folder}.{method.name}"
    parts = [f"{{py:func}}`{place}.{method.functions[0]}`, from `from jaxneuron.{method.folder} import {method.name}`."]
    if method.name in _commands(method.folder):
        parts.append(f"On the command line: `jaxneuron {method.folder} {method.name} --help`.")
    for title, text in said.sections.items():
        if title in ("Args", "Raises"):
            parts += [f"**{title}**", prose.arguments(text)]
        elif title == "Returns":
            parts += [f"**{title}**", text]
    return "\n\n".join(parts)


def _home(module: ModuleType, verbs: list[Any]) -> ModuleType:
    """Return the module among whose names the example is run."""
    if "Example" in prose.read(inspect.getdoc(module)).sections or not verbs:
        return module
    return importlib.import_module(verbs[0].__module__)


def _commands(folder: str) -> list[str]:
    """Return the methods of a folder that are commands."""
    group: Any = typer.main.get_group(commands).commands.get(folder)
    return group.list_commands(None) if hasattr(group, "list_commands") else []


def _line(verb: Any, said: prose.Said) -> str:
    return f"- {{py:func}}`{verb.__module__}.{verb.__name__}`: {said.first}"


def _named(package: ModuleType, verb: Any) -> str:
    return getattr(package, "VERB", package.__name__.rpartition(".")[2]) if callable(verb) else ""


def _own(module: ModuleType) -> list[str]:
    """Return the public functions that a module defines, in its order."""
    source = Path(inspect.getsourcefile(module) or "").read_text(encoding="utf-8")
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


def folder_page(folder: str, methods: list[Method]) -> str:
    """Return the page of a folder: its question, and its methods."""
    package = importlib.import_module(f"jaxneuron.{folder}")
    said = prose.read(inspect.getdoc(package))
    listed = "\n".join(f"{method.folder}.{method.name}" for method in methods)
    return f"# {folder}: {said.first}\n\n{said.rest}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"


def generate(app: Sphinx) -> None:
    """Write the pages of all methods, and of the folders that they are in."""
    texts: dict[str, str] = {}
    for folder in QUESTIONS:
        methods = list(of(folder))
        texts[folder] = folder_page(folder, methods)
        texts |= {f"{folder}.{method.name}": page(method) for method in methods}
    listed = "\n".join(QUESTIONS)
    count = sum(len(name.split(".")) > 1 for name in texts) - 2
    texts["index"] = (
        f"# Methods\n\nThe folders are questions, and each module is an answer: {count} methods, each with what it "
        "computes, what it costs in forward passes of the model, when it fails, and who else has it. A gradient counts "
        "as two passes more.\n\n"
        f"```{{toctree}}\n:maxdepth: 2\n\n{listed}\n```\n"
    )
    written.pages(Path(app.srcdir) / "methods", texts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the pages before Sphinx looks for them."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
