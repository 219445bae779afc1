"""The languages of a run: their texts, what is asked about them, and what their symbols are.

The sets of symbols are those of the paper's Figure 5 ("the type of the next character"): digits, operators and so on.
For parentheses, the symbols to be told apart are the digits themselves: the number of the level.
"""

import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxneuron.corpora import code, composites, grammars, parses, shift_reduce, text_features, tree_features
from jaxneuron.corpora.hypotheses import Hypothesis, text_of
from jaxneuron.corpora.parses import Parsed
from jaxneuron.studies.dni2018.presets import Preset

DEPTH = 4
"""Levels of parentheses, as LSTMVis and the paper have them."""

STREAM = 100
"""Symbols of a text of parentheses: as many as a window of the training, so that the level is never in doubt."""

TREES, LONGEST = 5, 60
"""Depth of the trees of arithmetic, and symbols of its longest text."""

NODES = {
    "c": (
        "comment",
        "string_literal",
        "number_literal",
        "argument_list",
        "parameter_list",
        "parenthesized_expression",
        "compound_statement",
        "if_statement",
        "expression_statement",
        "function_definition",
    ),
    "python": (
        "comment",
        "string",
        "number",
        "keyword",
        "parentheses",
        "brackets",
        "Call",
        "If",
        "FunctionDef",
        "ClassDef",
    ),
}
"""Ten types of parse-tree nodes of source code, from a token to a function."""


class Texts(NamedTuple):
    """The texts of a run, with their trees."""

    train: list[Parsed]
    dev: list[Parsed]  # early stopping, and the symbols on which units are scored
    test: list[Parsed]  # the symbols on which units are taken away


class Query(NamedTuple):
    """A hypothesis, and where it stands in the figures."""

    hypothesis: Hypothesis
    group: str  # level | digit | rule | node | symbol | parser | given
    line: str  # what it is about: hypotheses of one line differ in their mark
    mark: str = ""  # range | impulse, or nothing


class Feature(NamedTuple):
    """A hypothesis whose units are taken away, replaced and held."""

    name: str
    hypotheses: tuple[str, ...]  # their units are ranked by the mean score
    label: str  # the hypothesis that replaces them
    counted: str  # what is counted in text that is written: a regular expression, or "matched" for pairs of parentheses
    what: str  # the same in words


class Language(NamedTuple):
    """What a run needs to know of a language."""

    queries: list[Query]
    features: list[Feature]  # the first is that of Figure 5
    classes: dict[str, str]  # name -> symbols that are predicted as one, in Figure 5
    figures: dict[str, str]  # our figure -> the name of the file, which is the paper's where the paper has it


def read(language: str, seed: int, preset: Preset, path: Path | None) -> Texts:
    """Return the texts of a language; `path` is a folder or a file of source code.

    Raises:
        ValueError: a path for a language that is made here, or for C none.
        FileNotFoundError, ModuleNotFoundError: see `corpora.code.read`.
    """
    if language in ("parens", "arithmetic"):
        if path is not None:
            raise ValueError(f"the texts of {language} are made here, so that --data {path} has no use; leave it out")
        sizes = preset.symbols, max(preset.scored, preset.quality), max(preset.held_out, preset.quality)
        return Texts(*(_made(language, 3 * seed + part, symbols) for part, symbols in enumerate(sizes)))
    if language == "c" and path is None:
        raise ValueError("C needs --data: a folder of .c files, or of train, dev and test.jsonl with path and text")
    limits = preset.symbols, max(preset.scored, preset.quality), max(preset.held_out, preset.quality)
    splits = ("train", "dev", "test")
    return Texts(*(code.read(path, split, limit=limit) for split, limit in zip(splits, limits, strict=True)))


def _made(language: str, seed: int, symbols: int) -> list[Parsed]:
    """Draw at least so many symbols."""
    if language == "parens":
        return grammars.parens_walk(seed, -(-symbols // STREAM), depth=DEPTH, length=STREAM)
    texts: list[Parsed] = []
    size = part = 0
    while size < symbols:
        count = (symbols - size) // 8 + 20
        drawn = grammars.sample(1000 * seed + part, grammars.arithmetic(), count, depth=TREES, longest=LONGEST)
        for one in drawn:  # a digit alone is a third of what the grammar makes, and says nothing
            if len(one.text) > 1 and size < symbols:
                texts.append(one)
                size += len(one.text)
        part += 1
    return texts


def describe(language: str, texts: Sequence[Parsed], given: Sequence[Hypothesis] = ()) -> Language:
    """Return what is asked about a language.

    Args:
        language: a name of `LANGUAGES`.
        texts: with trees, in which productions are looked up.
        given: more hypotheses, of the user's own.
    """
    found = {"parens": _parens, "arithmetic": _arithmetic}.get(language)
    described = found(texts) if found else _source(language)
    return described._replace(queries=described.queries + [Query(one, "given", one.name) for one in given])


def _parens(texts: Sequence[Parsed]) -> Language:
    digits = "".join(map(grammars.level_symbol, range(DEPTH + 1)))
    level = shift_reduce.variable("nesting digit", _levels)
    queries = [
        Query(mark(f"level{number}"), "level", f"level {number}", name)
        for number in range(1, DEPTH + 1)
        for name, mark in (("range", tree_features.in_range), ("impulse", tree_features.impulse))
    ]
    queries += [
        Query(composites.equals(level, number, name=f"nesting digit {number}"), "digit", f"digit {number}")
        for number in range(DEPTH + 1)
    ]
    queries += [Query(text_features.symbols(symbol), "symbol", symbol) for symbol in f"{digits}()"]
    queries += [
        Query(text_features.symbols(digits, name="digit"), "symbol", "any digit"),
        Query(
            composites.ahead(text_features.symbols(digits, name="digit"), name="digit ahead"), "symbol", "next digit"
        ),
        Query(level, "parser", "nesting"),
        Query(text_features.position("text"), "parser", "position"),
        Query(text_features.count(r"\(", name="opened so far"), "parser", "opened so far"),
        Query(shift_reduce.stack_size(), "parser", "largest stack"),
        Query(shift_reduce.stack_size(largest=False), "parser", "stack left"),
        *(
            Query(shift_reduce.reduced(f"level{number}"), "parser", f"reduced level {number}")
            for number in range(1, DEPTH + 1)
        ),
        *(
            Query(text_features.pattern(pattern, name=name), "symbol", name)
            for name, pattern in (("two digits", r"[0-9]{2,}"), ("a pair", r"\([0-9]*\)"))
        ),
    ]
    # The number is a continuous feature, whose units the paper finds by a line. The first runs ranked them value by
    # value; this ranking came first after a comparison of several on one seed, so the other one stays beside it.
    values = tuple(f"nesting digit {number}" for number in range(DEPTH + 1))
    features = [
        Feature("nesting digit", ("nesting digit",), "nesting digit", "[0-9]", "digits"),
        Feature("nesting digit, value by value", values, "nesting digit", "[0-9]", "digits"),
        Feature("digit", ("digit",), "digit", "[0-9]", "digits"),
        Feature("first level", ("range of level1",), "range of level1", "matched", "pairs of parentheses"),
        Feature("deepest level", (f"range of level{DEPTH}",), f"range of level{DEPTH}", str(DEPTH), f"digits {DEPTH}"),
    ]
    figures = {"relevance": "figure2", "written": "figure4", "removal": "figure5"}
    return Language(queries, features, {digit: digit for digit in digits}, figures)


def _levels(text: str | Parsed) -> Iterator[int]:
    """Yield how many parentheses are open after each symbol: the digit that may follow."""
    level = 0
    for symbol in text_of(text):
        level += (symbol == "(") - (symbol == ")")
        yield level


def _arithmetic(texts: Sequence[Parsed]) -> Language:
    rules = sorted(parses.names(texts))
    lines = {rule: rule.removeprefix("e -> ").replace("[0-9]", "digit") for rule in rules}
    queries = [
        Query(mark(rule), "rule", lines[rule], name)
        for rule in rules
        for name, mark in (("range", tree_features.in_range), ("impulse", tree_features.impulse))
    ]
    queries += [Query(shift_reduce.reduced(rule), "parser", f"reduced {lines[rule]}") for rule in rules]
    queries += [Query(text_features.symbols(symbol), "symbol", symbol) for symbol in "()+-*/"]
    queries += [
        Query(text_features.symbols("+-*/", name="operator"), "symbol", "any operator"),
        Query(text_features.symbols("()", name="parenthesis"), "symbol", "any parenthesis"),
        Query(
            composites.ahead(text_features.symbols(string.digits, name="d"), name="digit ahead"), "symbol", "next digit"
        ),
        Query(text_features.nesting(), "parser", "nesting"),
        Query(_inside(), "parser", "in parentheses"),
        Query(tree_features.depth(), "parser", "depth of the tree"),
        Query(shift_reduce.stack_size(), "parser", "largest stack"),
        Query(shift_reduce.stack_size(largest=False), "parser", "stack left"),
        Query(text_features.position("text"), "parser", "position"),
    ]
    digit, plus, pair = (f"range of e -> {side}" for side in ("[0-9]", "e + e", "( e )"))
    features = [
        Feature("digit", (digit,), digit, "[0-9]", "digits"),
        Feature("+ expression", (plus,), plus, r"\+", "+ signs"),
        Feature("parentheses", (pair,), pair, "matched", "pairs of parentheses"),
    ]
    classes = {"digit": string.digits, "operator": "+-*/", "(": "(", ")": ")"}
    return Language(queries, features, classes, {"relevance": "figure3", "written": "figure4", "removal": "figure5"})


def _inside(name: str = "in parentheses") -> Hypothesis:
    nesting = text_features.nesting()
    return Hypothesis(name, lambda text: np.array(list(nesting.label(text)), np.int64) > 0)


def _source(language: str) -> Language:
    queries = [
        Query(mark(node), "node", node, name)
        for node in NODES[language]
        for name, mark in (("range", tree_features.in_range), ("impulse", tree_features.impulse))
    ]
    classes = {
        "letter": string.ascii_letters + "_",
        "digit": string.digits,
        "space": " \t\n",
        "(": "(",
        ")": ")",
        "other": "".join(set(string.punctuation) - set("()_")),
    }
    queries += [
        Query(text_features.symbols(classes[name], name=name), "symbol", name) for name in classes if name != ")"
    ]
    queries += [
        Query(text_features.symbols(symbol), "symbol", shown)
        for symbol, shown in ((")", ")"), ("\n", "end of a line"), ("\t" if language == "c" else ":", "mark"))
    ]
    queries += [
        Query(_inside("range of ( )"), "symbol", "parentheses", "range"),
        Query(text_features.symbols("()", name="impulse of ( )"), "symbol", "parentheses", "impulse"),
        Query(text_features.pattern(r"(?m)^[ \t]+", name="indentation"), "symbol", "indentation"),
        Query(text_features.pattern(r"[0-9]+", name="range of digits"), "symbol", "digits", "range"),
        Query(text_features.position("line"), "parser", "position in the line"),
        Query(text_features.nesting(), "parser", "nesting of ( )"),
        Query(tree_features.depth(), "parser", "depth of the tree"),
        Query(shift_reduce.stack_size(), "parser", "largest stack"),
    ]
    pair = ("range of ( )",)
    function = {"c": ("function_definition", r"\)\s*\{"), "python": ("FunctionDef", r"\bdef ")}[language]
    ending = {"c": (";", "statements that end"), "python": (r":\n", "blocks that begin")}[language]
    statement = {"c": "expression_statement", "python": "If"}[language]
    features = [
        Feature("parentheses", pair, pair[0], "matched", "pairs of parentheses"),
        Feature("digit", ("digit",), "digit", "[0-9]", "digits"),
        Feature("function", (f"range of {function[0]}",), f"range of {function[0]}", function[1], "functions"),
        Feature("statement", (f"impulse of {statement}",), f"impulse of {statement}", *ending),
    ]
    figures = {"relevance": "relevance", "written": "figure6", "removal": "removal"}
    return Language(queries, features, classes, figures)


def given_types(classes: dict[str, str], words: Sequence[str]) -> Any:
    """Return which symbols of a vocabulary are of each class, `Bool[label vocab]`."""
    return np.array([[len(word) == 1 and word in symbols for word in words] for symbols in classes.values()])
