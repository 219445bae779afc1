"""Docstrings as Markdown: paragraphs stay, formulas are indented blocks already, sections become headings or lists."""

import ast
import doctest
import re
from types import ModuleType
from typing import NamedTuple

SECTIONS = ("Args", "Returns", "Yields", "Raises", "Source", "Cost", "Fails", "Peers", "Example")
"""What a docstring may have after its prose, each a word and a colon alone on a line, or before its text."""


class Said(NamedTuple):
    """A docstring in parts."""

    first: str  # the first sentence or two: what stands before the first empty line
    rest: str
    sections: dict[str, str]


def read(docstring: str | None) -> Said:
    """Take a docstring, cleaned of its indentation, apart."""
    prose: list[str] = []
    sections: dict[str, list[str]] = {}
    current = prose
    for line in (docstring or "").splitlines():
        begun = re.match(rf"({'|'.join(SECTIONS)}):(?: (.+))?$", line)
        if begun:
            current = sections.setdefault(begun.group(1), [])
            if begun.group(2):
                current.append("    " + begun.group(2))
        else:
            current.append(line)
    first, _, rest = "\n".join(prose).strip().partition("\n\n")
    return Said(first, rest.strip("\n"), {name: _dedented(lines) for name, lines in sections.items()})


def example(text: str, module: ModuleType) -> str:
    """Return an example as a block: one that shows its prompts is read (pytest runs it), another is run here.

    Pytest runs it among the names of its module, so that the page says first where those come from.
    """
    if ">>>" in text:
        return "\n".join(["```pycon", *(f">>> {line}" for line in imports(text, module)), text, "```"])
    code = [line for line in text.splitlines() if not line.startswith("#: ")]
    output = [line[3:] for line in text.splitlines() if line.startswith("#: ")]
    blocks = ["```{testcode}", *code, "```", "", "```{testoutput}", *output, "```"]
    return "\n".join(blocks)


def imports(text: str, module: ModuleType) -> list[str]:
    """Return what an example imports without saying so."""
    tree = ast.parse("".join(one.source for one in doctest.DocTestParser().get_examples(text)))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    imported = [one for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import) for one in node.names]
    given = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    given |= {one.asname or one.name for one in imported}
    wanted = sorted({node.id for node in names if node.id in vars(module)} - given)
    own = [name for name in wanted if not isinstance(vars(module)[name], ModuleType)]
    found = sorted(_import(name, vars(module)[name].__name__) for name in set(wanted) - set(own))
    return found + ([f"from {module.__name__} import {', '.join(own)}"] if own else [])


def _import(name: str, full: str) -> str:
    package, _, last = full.rpartition(".")
    if name != last:
        return f"import {full} as {name}"
    return f"from {package} import {last}" if package else f"import {full}"


def arguments(text: str) -> str:
    """Return a section of names and what they are as a list."""
    items: list[list[str]] = []
    for line in text.splitlines():
        start = re.match(r"(\*{0,2}[\w, *]+|[\w.]+(?:, [\w.]+)*): (.*)$", line)
        if start and not line.startswith(" "):
            items.append([f"- `{start.group(1)}`: {start.group(2)}"])
        elif items:
            items[-1].append("  " + line.strip())
        else:
            items.append([line])
    return "\n".join("\n".join(item) for item in items)


def papers(*texts: str) -> list[str]:
    """Return the arXiv numbers of some texts, each once, in their order."""
    found = re.findall(r"\b(\d{4}\.\d{4,5})\b", "\n".join(texts))
    return list(dict.fromkeys(found))


def fields(source: str, node: ast.ClassDef) -> list[tuple[str, str, str]]:
    """Return name, type and comment of each field of a class; a comment may go on over lines of its own."""
    lines, found = source.splitlines(), []
    for child in node.body:
        if not isinstance(child, ast.AnnAssign) or not isinstance(child.target, ast.Name):
            continue
        assert child.end_lineno is not None
        last = lines[child.end_lineno - 1]
        said = last[child.end_col_offset :].strip().lstrip("# ")
        for line in lines[child.end_lineno :]:
            if not line.strip().startswith("#"):
                break
            said += " " + line.strip(" #")
        default = f" = {ast.unparse(child.value)}" if child.value is not None else ""
        found.append((child.target.id, ast.unparse(child.annotation) + default, said))
    return found


def _dedented(lines: list[str]) -> str:
    filled = [line for line in lines if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in filled), default=0)
    return "\n".join(line[margin:] for line in lines).strip("\n")
