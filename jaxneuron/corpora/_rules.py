"""What a grammar is, and whether it holds together."""

from typing import NamedTuple

from jaxneuron.corpora.parses import RULE
from jaxneuron.tap import nearest

Symbol = str | tuple[str, ...]
"""A nonterminal's name, or the strings among which a terminal is drawn (one, for most)."""


class Rule(NamedTuple):
    """One production."""

    name: str  # as its nodes are called: "e -> e + e"
    symbols: tuple[Symbol, ...]  # none: the rule makes nothing
    weight: float = 1.0  # how often, relative to the nonterminal's other rules


class Grammar(NamedTuple):
    """A context-free grammar; made by `parse_notation`."""

    rules: dict[str, tuple[Rule, ...]]  # nonterminal -> its rules
    start: str


def heights(grammar: Grammar) -> dict[str, int]:
    """Return the depth of the shallowest tree that each nonterminal can have.

    Raises:
        ValueError: a start or another nonterminal without rules, a rule given twice, a nonterminal that never ends.

    Example:
        >>> heights(Grammar({"a": (Rule("a -> b", ("b",)),), "b": (Rule("b -> x", (("x",),)),)}, "a"))
        {'a': 2, 'b': 1}
    """
    _check(grammar)
    found: dict[str, int] = {}
    height = 0
    while len(found) < len(grammar.rules):
        height += 1
        new = {
            name: height
            for name, rules in grammar.rules.items()
            if name not in found and any(all(part in found for part in nonterminals(rule)) for rule in rules)
        }
        if not new:
            stuck = [name for name in grammar.rules if name not in found]
            raise ValueError(f"the nonterminals {', '.join(stuck)} never end; give each a rule without itself")
        found |= new
    return {name: found[name] for name in grammar.rules}


def nonterminals(rule: Rule) -> list[str]:
    """Return the nonterminals on the right side of a rule."""
    return [symbol for symbol in rule.symbols if isinstance(symbol, str)]


def rule_name(name: str, symbols: list[Symbol], known: list[str]) -> str:
    """Return a production as people write it; a terminal is in quotes where it could be taken for something else."""
    shown = []
    for symbol in symbols:
        if isinstance(symbol, str):
            shown.append(symbol)
            continue
        first, *others = symbol
        if others:
            members = [part if part.isprintable() else repr(part)[1:-1] for part in symbol]
            adjacent = len(others) > 1 and len(others[-1]) == 1 and ord(others[-1]) - ord(first) == len(others)
            shown.append(f"[{members[0]}-{members[-1]}]" if adjacent else f"[{''.join(members)}]")
        else:
            plain = first.isprintable() and not set(first) & set(" |'\"") and first not in (*known, "ε")
            shown.append(first if plain else repr(first))
    return name + RULE + (" ".join(shown) or "ε")


def _check(grammar: Grammar) -> None:
    known = list(grammar.rules)
    if grammar.start not in grammar.rules:
        raise ValueError(f"no rules for the start {grammar.start!r}{nearest(grammar.start, known)}")
    seen = set()
    for rules in grammar.rules.values():
        for rule in rules:
            for part in nonterminals(rule):
                if part not in grammar.rules:
                    raise ValueError(
                        f"no rules for {part!r} in {rule.name!r}{nearest(part, known)}; a terminal is in quotes"
                    )
            if rule.name in seen:
                raise ValueError(f"the rule {rule.name!r} is given twice; give it once, with a weight in braces")
            seen.add(rule.name)
