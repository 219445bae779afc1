"""Python by its own `ast` and `tokenize`, as one tree over the symbols of the text."""

import ast
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterator

from jaxneuron.corpora.parses import Parsed, nest

_PAIRS = {"(": "parentheses", "[": "brackets", "{": "braces"}
_NAMES = {
    tokenize.COMMENT: "comment",
    tokenize.STRING: "string",
    tokenize.NUMBER: "number",
    tokenize.NAME: "name",
    tokenize.OP: "operator",
}
_OPENING = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}  # from 3.12 and 3.14 on
_CLOSING = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
_OPAQUE = tuple(getattr(ast, name) for name in ("JoinedStr", "TemplateStr") if hasattr(ast, name))

_Span = tuple[str, int, int]


def parse_python(text: str) -> Parsed:
    """Parse Python; see `code.parse`."""
    source = re.sub("\r(?!\n)", "\n", text)  # Python ends a line there too, and no symbol moves
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python has to say about its style
            tree = ast.parse(source)
        spans = [*_syntax(tree, source), *_tokens(source)]
    except (RecursionError, MemoryError) as error:
        raise ValueError(
            f"this Python is nested too deeply for Python's own parser ({type(error).__name__})"
        ) from error
    except (SyntaxError, tokenize.TokenError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise ValueError(f"this is no Python {f'at line {line} ' if line else ''}({error})") from error
    return Parsed(text, nest(spans, len(text), root="Module"))


def _syntax(tree: ast.Module, text: str) -> list[_Span]:
    """Return the span of each node that has a place in the text, parents first.

    A function begins with its decorators. Strings with expressions in them are not looked into: before Python 3.12 it
    is not known where these are.
    """
    lines = text.split("\n")
    plain = [line.isascii() for line in lines]
    starts = _starts(lines)

    def place(line: int, column: int) -> int:
        if not plain[line - 1]:
            column = len(lines[line - 1].encode()[:column].decode())
        return starts[line - 1] + column

    spans = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr | ast.stmt | ast.excepthandler | ast.pattern | ast.keyword | ast.alias | ast.arg):
            start = place(node.lineno, node.col_offset)
            for decorator in getattr(node, "decorator_list", []):
                above = place(decorator.lineno, decorator.col_offset)
                start = min(start, text.rindex("@", 0, above))
            spans.append((type(node).__name__, start, place(node.end_lineno or 0, node.end_col_offset or 0)))
        if not isinstance(node, _OPAQUE):
            waiting += reversed(list(ast.iter_child_nodes(node)))
    return spans


def _tokens(text: str) -> Iterator[_Span]:
    """Yield the span of each token and of each pair of brackets; a string with expressions is one token."""
    starts = _starts(text.split("\n"))
    brackets: list[tuple[str, int]] = []
    strings: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NAMES and token.type not in _OPENING | _CLOSING:
            continue
        start, stop = (starts[line - 1] + column for line, column in (token.start, token.end))
        if token.type in _OPENING:
            strings.append(start)
        elif token.type in _CLOSING:
            start = strings.pop()
            if not strings:
                yield "string", start, stop
        elif not strings:
            if token.type == tokenize.OP and token.string in _PAIRS:
                brackets.append((_PAIRS[token.string], start))
            name = "keyword" if keyword.iskeyword(token.string) else _NAMES[token.type]
            yield name, start, stop
            if token.type == tokenize.OP and token.string in ")]}":
                kind, start = brackets.pop()
                yield kind, start, stop


def _starts(lines: list[str]) -> list[int]:
    """Return where each line begins."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts
