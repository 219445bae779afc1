"""What a method may be told, read from its source: names, types, defaults and help, without importing it or JAX.

A method is a public module, or a folder, of a question's package; its options are the keyword-only parameters of the
verb and the fields of its `Settings`, as far as a person can write them: numbers, words, yes or no. So a new file in
the folder is a command with its own help, and no other place is told.
"""

import ast
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TYPES = {"int": int, "float": float, "str": str, "bool": bool}
"""The types of options, by how an annotation spells them."""

OURS = {"budget", "progress", "mesh", "mask", "groups", "site", "jobs", "chunk", "answers", "start"}
"""Parameters that the command decides, from the model and the text."""


class Option(NamedTuple):
    """One thing that a method may be told."""

    name: str
    kind: type
    several: int  # how many values it takes; 0: any number of them, with commas
    required: bool
    default: str  # as the source has it
    help: str
    choices: tuple[str, ...]  # (): any value


class Method(NamedTuple):
    """A method of a question."""

    name: str
    module: str
    summary: str
    takes: tuple[str, ...]  # the positional parameters, in order
    options: tuple[Option, ...]


def names(package: str) -> list[str]:
    """Return the methods of a package: its public modules and folders."""
    return sorted(found.name for found in pkgutil.iter_modules(_places(package)) if not found.name.startswith("_"))


def read(package: str, name: str, verb: str) -> Method:
    """Return a method by its name.

    Args:
        package: such as `jaxneuron.attribute`.
        name: of a module in it.
        verb: the function that is the method.

    Raises:
        ValueError: the module has no such function.
    """
    module = f"{package}.{name}"
    source = _source(module)
    function = _function(module, verb)
    if function is None:
        raise ValueError(f"{module} has no function {verb!r}, the verb of its folder; a method exposes it")
    node, home = function
    helps = _arguments(ast.get_docstring(node) or "")
    options: list[Option] = []
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if argument.arg == "settings":
            options += _fields("Settings", (module, home), _constant(module, "FAST"))
        elif isinstance(argument.annotation, ast.Name) and _is_several(home, argument.annotation.id):
            made = _constant(home, default.id) if isinstance(default, ast.Name) else None
            options += _fields(argument.annotation.id, (home,), made)
        elif argument.arg not in OURS and (verb, argument.arg) != ("find", "k"):
            found = _option(argument.arg, argument.annotation, default, helps.get(argument.arg, ""), home)
            options += [found] if found else []
    given = ast.get_docstring(source) or ast.get_docstring(node) or name
    takes = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return Method(name, module, " ".join(given.split("\n\n")[0].split()), tuple(takes), tuple(options))


def question(method: Method) -> str:
    """Return the question that a method answers, or else the first sentence of what it says of itself.

    Example:
        >>> question(Method("", "", "Is it so? The test of it.", (), ()))
        'Is it so?'
    """
    return re.split(r"(?<=[?.])\s", method.summary)[0]


def _places(package: str) -> list[str]:
    """Return the folders of a package; `jaxneuron` alone is imported for it, which is empty."""
    if package in sys.modules:
        return list(sys.modules[package].__path__)
    around, _, name = package.rpartition(".")
    if around:
        return [str(folder) for place in _places(around) if (folder := Path(place, name)).is_dir()]
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None
    return list(spec.submodule_search_locations)


def _file(module: str) -> Path | None:
    """Return the file of a module, without importing what is around it."""
    package, _, name = module.rpartition(".")
    if not package:
        spec = importlib.util.find_spec(name)
        return Path(spec.origin) if spec is not None and spec.origin else None
    for place in _places(package):
        for path in (Path(place, f"{name}.py"), Path(place, name, "__init__.py")):
            if path.is_file():
                return path
    return None


def _source(module: str) -> ast.Module:
    path = _file(module)
    return ast.parse(path.read_text(encoding="utf-8") if path else "")


def _imported(module: str, name: str) -> tuple[str, str] | None:
    """Return the module and the name that a name in a module was imported from."""
    for node in ast.walk(_source(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return node.module, alias.name
    return None


def _function(module: str, verb: str) -> tuple[ast.FunctionDef, str] | None:
    """Return the verb's definition and the module where it stands; it may be made by a call, as `_ascent.method`."""
    for node in _source(module).body:
        if isinstance(node, ast.FunctionDef) and node.name == verb:
            return node, module
        if isinstance(node, ast.Assign) and verb in _assigned(node):
            maker = node.value.func if isinstance(node.value, ast.Call) else None
            if isinstance(maker, ast.Attribute) and isinstance(maker.value, ast.Name):
                home = ".".join(_imported(module, maker.value.id) or (module, ""))
                made = [one for one in ast.walk(_source(home)) if isinstance(one, ast.FunctionDef) and one.name == verb]
                return (made[0], home) if made else None
    found = _imported(module, verb)
    return _function(found[0], found[1]) if found else None


def _assigned(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return the names that a statement assigns, alone or several at once."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def _is_several(module: str, name: str) -> bool:
    """Tell whether a name in a module is a NamedTuple: several options in one."""
    found = _class(module, name)
    return found is not None and any(ast.unparse(base) == "NamedTuple" for base in found[0].bases)


def _fields(name: str, places: tuple[str, ...], made: ast.Call | None) -> Iterator[Option]:
    """Yield the fields of a NamedTuple that one of some modules has, with those of a preset as defaults."""
    found = next(filter(None, (_class(place, name) for place in places)), None)
    if found is None:
        return
    node, where = found
    path = _file(where)
    lines = path.read_text(encoding="utf-8").splitlines() if path else []
    given = [ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign)]
    preset = dict(zip(given, made.args, strict=False)) if made else {}
    preset |= {one.arg: one.value for one in (made.keywords if made else ()) if one.arg}
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id not in OURS:
            name = field.target.id
            option = _option(name, field.annotation, preset.get(name, field.value), _comment(lines, field), where)
            if option:
                yield option


def _class(module: str, name: str) -> tuple[ast.ClassDef, str] | None:
    for node in _source(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node, module
    found = _imported(module, name)
    return _class(*found) if found else None


def _constant(module: str, name: str) -> ast.Call | None:
    """Return the call whose value a name in a module is."""
    for node in _source(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and name in _assigned(node):
            return node.value
    return None


def _comment(lines: list[str], field: ast.AnnAssign) -> str:
    """Return what stands behind a field, and on the lines of comment under it."""
    assert field.end_lineno is not None
    said = lines[field.end_lineno - 1][field.end_col_offset :].partition("#")[2].strip()
    for line in lines[field.end_lineno :]:
        if not line.strip().startswith("#"):
            break
        said += " " + line.strip(" #")
    return said


def _arguments(docstring: str) -> dict[str, str]:
    """Return what the section `Args` says of each parameter."""
    section = re.search(r"^\s*Args:\n(.*?)(?:\n\s*\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in section.group(1).splitlines() if section else ():
        start = re.match(r"\s*\**(\w+): (.*)", line)
        if start and len(line) - len(line.lstrip()) <= 8 - 4 * (not docstring.startswith(" ")):
            name = start.group(1)
            found[name] = start.group(2)
        elif name:
            found[name] += " " + line.strip()
    return found


def _option(name: str, kind: ast.expr | None, default: ast.expr | None, help: str, module: str) -> Option | None:
    """Return an option that a person can write, or None."""
    if kind is None:
        return None
    said, choices, several = ast.unparse(kind), (), 1
    if isinstance(kind, ast.Name | ast.Attribute) and said not in TYPES:
        said = _alias(module, said) or said
    plain = re.sub(r"\w+\[(?:[^\[\]]|\[[^\[\]]*\])*\]", "", said)
    parts = {part.strip() for part in plain.split("|")}
    if literal := re.search(r"Literal\[(.*?)\]", said):
        found: Any = str
        choices = tuple(re.findall(r"['\"]([^'\"]*)['\"]", literal.group(1)))
    elif pair := re.fullmatch(r"tuple\[((?:float|int)(?:, (?:float|int))*)\]", said):
        kinds = pair.group(1).split(", ")
        found, several = TYPES[kinds[0]], len(kinds)
    elif known := [part for part in ("bool", "int", "float", "str") if part in parts]:
        found = TYPES[known[-1] if known[0] != "bool" else "bool"]
    elif listed := re.search(r"\b(?:Sequence|tuple|list)\[(int|float)(?:, \.\.\.)?\]", said):
        found, several = TYPES[listed.group(1)], 0
    elif isinstance(default, ast.Constant) and isinstance(default.value, str):
        found = str
    else:
        return None
    if found is str and not choices and isinstance(default, ast.Constant) and isinstance(default.value, str):
        choices = ()
    return Option(name, found, several, default is None, _shown(default, module), help, choices)


def _shown(default: ast.expr | None, module: str) -> str:
    """Return a default as a person reads it: a constant of the module by its value, a list as it is typed."""
    if isinstance(default, ast.Name):
        values = [node.value for node in _source(module).body if isinstance(node, ast.Assign | ast.AnnAssign)
                  and default.id in _assigned(node)]  # fmt: skip
        default = values[0] if values and values[0] is not None else default
    if isinstance(default, ast.Tuple | ast.List):
        return ",".join(map(ast.unparse, default.elts))
    return "" if default is None else ast.unparse(default)


def _alias(module: str, name: str) -> str | None:
    """Return what a name for a type stands for, in its module."""
    home, _, inner = name.rpartition(".")
    if home:
        found = _imported(module, home)
        module, name = (".".join(found), inner) if found else (module, name)
    for node in _source(module).body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            return ast.unparse(node.value)
    found = _imported(module, name)
    return _alias(*found) if found and found[0] != module else None
