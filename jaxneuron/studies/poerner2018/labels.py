"""What settings and methods are called in front of a person, in which order, and in which colour.

Colours are those of Okabe and Ito 2008 ("Color Universal Design"), which colour-blind readers can tell apart; they
never carry a meaning alone. Names this file does not know are shown as they are, after the ones it knows.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Method(NamedTuple):
    """How a method of `find/` is presented."""

    key: str  # its file
    name: str  # in prose and tables
    symbol: str  # the paper's own, on axes
    colour: str  # hexadecimal
    sentence: str  # how it works


class Setting(NamedTuple):
    """A pathway and layer whose units, or groups of units, are searched for, and how it is presented."""

    key: str  # in files
    name: str  # in headings and tables
    short: str  # on axes
    place: str  # in the middle of a sentence


METHODS: dict[str, Method] = {
    "corpus": Method(
        "corpus",
        "corpus search",
        "crp",
        "#7f7f7f",
        "Score every distinct {ngram} of the captions and keep the highest; nothing is optimised, so it can only "
        "find what somebody wrote.",
    ),
    "embedding": Method(
        "embedding",
        "embedding optimisation",
        "emb",
        "#e69f00",
        "Climb the gradient with free vectors in place of words, then take the nearest real word to each vector.",
    ),
    "logit": Method(
        "logit",
        "logit optimisation",
        "logit",
        "#56b4e9",
        "Let every position be any weighted sum of all words, climb the gradient of the weights, then take the word "
        "of largest weight.",
    ),
    "softmax": Method(
        "softmax",
        "softmax",
        "smx",
        "#009e73",
        "The same, but a softmax keeps the weights positive and makes them sum to one: a blend of words.",
    ),
    "gumbel_softmax": Method(
        "gumbel_softmax",
        "gumbel softmax",
        "gbl",
        "#d55e00",
        "The same, but random (Gumbel) noise is added to the weights at every step and the softmax is sharpened as "
        "time goes on, so that the blend turns into single words while it is still being optimised.",
    ),
}

VISUAL_PROJECTION = Setting(
    "visual/projection", "Visual pathway, projection layer", "visual, projection", "the visual projection layer"
)
TEXTUAL_PROJECTION = Setting(
    "textual/projection",
    "Language pathway, projection layer",
    "language, projection",
    "the language projection layer",
)
TEXTUAL_ALL = Setting(
    "textual/projection/all",
    "Language pathway, projection layer, draw from all words",
    "language, all words",
    "the language projection layer, drawn from all words",
)
VISUAL_GRU = Setting("visual/gru", "Visual pathway, hidden layer", "visual, hidden", "the visual hidden layer")
TEXTUAL_GRU = Setting("textual/gru", "Language pathway, hidden layer", "language, hidden", "the language hidden layer")

SETTINGS = {one.key: one for one in (VISUAL_PROJECTION, TEXTUAL_PROJECTION, TEXTUAL_ALL, VISUAL_GRU, TEXTUAL_GRU)}

FIGURE1 = (VISUAL_PROJECTION, TEXTUAL_PROJECTION, VISUAL_GRU, TEXTUAL_GRU)
"""The panels of the paper's Figure 1, in reading order: the settings that its claims are about."""


def method(key: str) -> Method:
    """Return how a method is presented.

    Example:
        >>> method("softmax").symbol, method("mine").symbol
        ('smx', 'mine')
    """
    return METHODS.get(key, Method(key, key.replace("_", " "), key, "#cc79a7", ""))


def setting(key: str) -> Setting:
    """Return how a setting is presented.

    Example:
        >>> setting("visual/gru").short
        'visual, hidden'
    """
    return SETTINGS.get(key, Setting(key, key, key, key))


def ordered(keys: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the distinct keys: the known ones in their order, then the others in theirs.

    Example:
        >>> ordered(["mine", "softmax", "corpus", "mine"], METHODS)
        ['corpus', 'softmax', 'mine']
    """
    keys = list(dict.fromkeys(keys))
    known = list(known)
    return [key for key in known if key in keys] + [key for key in keys if key not in known]
