"""Boolean expressions, read from left to right, and the state machine by hand that finds their value.

A network that learns the value has to keep what the machine keeps: is that what its units hold? The machine is the
smallest one, so no network can do with fewer states.

Source: Sellam et al. 2018, "I Like the Way You Think!" (SysML): 5,000 expressions padded with X, an LSTM of 4 units
with a penalty on their squares, and a logistic regression that tells a machine's state from them. The paper does not
print its machine; this one is ours.
"""

from typing import Any

from jaxneuron.corpora import grammars
from jaxneuron.corpora.grammars import Grammar, parse_notation
from jaxneuron.corpora.hypotheses import Hypothesis
from jaxneuron.corpora.shift_reduce import machine

SYMBOLS = "TF&|X"
"""True, false, and, or, and the padding after an expression."""

START = "open"
STEPS: dict[str, dict[str, str]] = {
    "open": {"T": "true", "F": "false"},  # the next operand decides
    "surely true": {"T": "true", "F": "true"},  # after `true |`
    "surely false": {"T": "false", "F": "false"},  # after `false &`
    "true": {"&": "open", "|": "surely true", "X": "true"},
    "false": {"&": "surely false", "|": "open", "X": "false"},
}
"""State -> symbol -> state. Neither operator binds more tightly."""


def step(state: str, symbol: str) -> str:
    """Return the state after a symbol.

    Raises:
        ValueError: no expression has this symbol here.

    Example:
        >>> step("true", "|")
        'surely true'
    """
    if symbol not in STEPS[state]:
        raise ValueError(f"expected one of {' '.join(STEPS[state])} in the state {state!r}, got {symbol!r}")
    return STEPS[state][symbol]


def state() -> Hypothesis:
    """Return the machine's state after each symbol, as a class.

    Example:
        >>> list(state().label("T&FX"))
        ['true', 'open', 'false', 'false']
    """
    return machine("state of the Boolean machine", step, START)


def value(text: str) -> bool:
    """Return what an expression amounts to, from left to right.

    Raises:
        ValueError: it is none, or it ends with an operator.

    Example:
        >>> value("T|F&F"), value("FXX")
        (False, False)
    """
    last = [START, *state().label(text)][-1]
    if last not in ("true", "false"):
        raise ValueError(f"the expression {text!r:.60} lacks its last operand")
    return last == "true"


def grammar() -> Grammar:
    """Return the grammar of the expressions; three of four go on, after each operand.

    Example:
        >>> [rule.name for rule in grammar().rules["e"]]
        ['e -> [TF]', 'e -> e [&|] [TF]']
    """
    return parse_notation("e -> [TF] | e [&|] [TF] {3}")


def sample(key: Any, count: int, *, operands: int = 8) -> list[str]:
    """Draw expressions, all padded to one length.

    Args:
        key: a JAX key, or a whole number; the same one gives the same expressions, everywhere.
        count: expressions.
        operands: at most in each; the texts have twice as many symbols, of which the last is always padding.

    Returns:
        Strings of `2 operands` symbols each.

    Raises:
        ValueError: a negative count, or no operands.

    Example:
        >>> sample(0, 1, operands=1)[0] in ("TX", "FX")
        True
    """
    drawn = grammars.sample(key, grammar(), count, depth=operands)
    return [parsed.text.ljust(2 * operands, "X") for parsed in drawn]
