"""Source code with its syntax tree: Python, parsed by Python itself, and C, parsed by tree-sitter (extra `code`).

The embedded default, which every machine has, is the standard library of the Python that runs: its text differs a
little from one version to the next. `read` also takes a folder of files, one file, or JSON lines. Files are dealt to
the splits by the SHA-1 of their path, so that a file is in the same split everywhere.

The nodes of Python are the classes of `ast`, such as `FunctionDef`, and tokens: `comment`, `string`, `number`,
`keyword`, `name`, `operator`, and pairs of `parentheses`, `brackets` and `braces`. Those of C are the named nodes of
tree-sitter's grammar, such as `function_definition`; `ERROR` is what it could not parse, such as a macro.

Source: Sellam et al. 2018, Deep Neural Inspection, section 5.3, which parsed C with pycparser: that needs the code
preprocessed, which kernel code in pieces is not.
"""

import hashlib
import io
import logging
import os
import re
import sysconfig
import tokenize
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from jaxneuron.corpora._c import parse_c
from jaxneuron.corpora._files import NAMES, listing, split_file
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora._lines import whole
from jaxneuron.corpora._python import parse_python
from jaxneuron.corpora.parses import Parsed

ENDINGS = {".py": "python", ".c": "c", ".h": "c"}
"""The languages, by the end of a file's name."""

_LOG = logging.getLogger(__name__)
_PARSERS: dict[str, Callable[[str], Parsed]] = {"python": parse_python, "c": parse_c}
_NOT_LIBRARY = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo", "__pycache__"}


def parse(text: str, language: str = "python") -> Parsed:
    r"""Parse source code.

    Args:
        text: of a whole file.
        language: `"python"` or `"c"`.

    Raises:
        ValueError: no such language, or text that is no Python, with the line, or too deeply nested for its parser.
        ModuleNotFoundError: tree-sitter, for C, is not installed.

    Example:
        >>> from jaxneuron.corpora.parses import walk
        >>> [node.name for node in walk(parse("f(1)").tree)]
        ['Module', 'Expr', 'Call', 'Name', 'name', 'parentheses', 'operator', 'Constant', 'number', 'operator']
    """
    if language not in _PARSERS:
        raise ValueError(f"no language {language!r}; expected one of {', '.join(_PARSERS)}")
    return _PARSERS[language](text)


def read(path: str | Path | None = None, split: str = "train", *, limit: int | None = None) -> list[Parsed]:
    r"""Read the source files of a split, each with its tree.

    Lines end with `\n`, whatever the file has. Of several files, those that cannot be decoded or parsed are left out,
    which a line of the log says.

    Args:
        path: a folder with `{train,dev,test}.jsonl` or `.jsonl.gz` (objects with `path` and `text`); a folder of `.py`,
            `.c` and `.h` files, at any depth; one file; or nothing for the standard library of this Python.
        split: `"train"`, `"dev"` or `"test"`; one file is all of it.
        limit: symbols; files that would go beyond it are left out. They come in the order of their SHA-1, so that the
            first ones are a fair sample.

    Raises:
        FileNotFoundError: no such file or folder, or no source code in it.
        ValueError: no such split, a malformed line, no file that can be parsed, or a limit that is shorter than any.
        ModuleNotFoundError: tree-sitter, for C, is not installed.

    Example:
        >>> read(split="dev", limit=5000)[0].tree.name
        'Module'
    """
    if split not in NAMES:
        raise ValueError(f"no split {split!r}; expected one of {', '.join(NAMES)}")
    place = Path(sysconfig.get_paths()["stdlib"] if path is None else path)
    size = seen = 0
    texts: list[Parsed] = []
    faults: list[ValueError] = []
    for source in _sources(place, split, library=path is None):
        seen += 1
        try:
            text = re.sub("\r\n?", "\n", source.text())
            if text and (limit is None or size + len(text) <= limit):
                texts.append(parse(text, source.language))
                size += len(text)
        except ValueError as error:
            faults.append(ValueError(f"{source.name}: {error}; mend the file, or leave it out"))
        if limit is not None and size > 0.99 * limit:
            break
    if faults and not texts:
        raise faults[0]
    if not texts:
        short = f", or none of at most {limit} symbols" if limit is not None else ""
        raise ValueError(f"no source code for {split!r} in {place}{short}; it has {listing(place)}")
    if faults:
        _LOG.warning("%d of %d files in %s were left out; the first is %s", len(faults), seen, place, faults[0])
    return texts


class _Source(NamedTuple):
    """A file, or a line of one."""

    name: str
    language: str
    text: Callable[[], str]


def _sources(place: Path, split: str, *, library: bool) -> Iterator[_Source]:
    """Yield the files of a split."""
    if place.is_file() and place.suffix in ENDINGS:
        yield _Source(str(place), ENDINGS[place.suffix], partial(_text, place))
    elif place.is_file() or any(place.glob("*.jsonl*")):
        file = split_file(place, split if place.is_dir() else None, (".jsonl",))
        for line, row in read_lines(file):
            where = f"{file}, line {line}"
            name, text = field(row, "path", str, where), field(row, "text", str, where)
            if Path(name).suffix not in ENDINGS:
                raise ValueError(f"{where}: expected a path that ends with {', '.join(ENDINGS)}, got {name!r}")
            yield _Source(f"{where}, {name}", ENDINGS[Path(name).suffix], partial(str, text))
    else:
        for name in _files(place, split, library=library):
            file = place / name
            yield _Source(str(file), ENDINGS[file.suffix], partial(_text, file))


def _files(folder: Path, split: str, *, library: bool) -> list[str]:
    """Return the paths of the source files of a split, in the order of their hashes."""
    if not folder.is_dir():
        raise FileNotFoundError(f"no file or folder {folder}; its folder has {listing(folder.parent)}")
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not (library and name in _NOT_LIBRARY)]
        for file in files:
            name = Path(parent, file).relative_to(folder).as_posix()
            code = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
            if Path(file).suffix in ENDINGS and {0: "test", 1: "dev"}.get(int(code, 16) % 10, "train") == split:
                found.append((code, name))
    if not found:
        more = "; this Python comes without its source: give the path of a folder" if library else ""
        raise FileNotFoundError(
            f"no files for {split!r} in {folder}; expected names that end with {', '.join(ENDINGS)}, a tenth of them "
            f"for dev and for test{more}; it has {listing(folder)}"
        )
    return [name for _, name in sorted(found)]


def _text(file: Path) -> str:
    if file.suffix != ".py":
        return whole(file)
    raw = file.read_bytes()
    try:
        return raw.decode(tokenize.detect_encoding(io.BytesIO(raw).readline)[0])  # a Python file may name its own
    except (UnicodeDecodeError, SyntaxError) as error:
        raise ValueError(f"cannot read {file} ({error}); convert it to UTF-8") from error
