"""Which words of an n-gram are grammar, and which name what the unit stands for: the colours of Table 1."""

from jaxneuron.corpora.function_words import WORDS
from jaxneuron.evaluate.naming import name_forms

KINDS = ("names", "function", "content")
"""Kinds of words, the first that applies counts."""


def marked(ngram: str, name: str) -> list[tuple[str, str]]:
    """Return each word with its kind.

    Args:
        ngram: words with single spaces between.
        name: what the unit stands for, one or more words; a group of units has no such name ("group 3 (12 units)").

    Returns:
        Pairs of a word and one of `KINDS`; *names* is a word of the name, in any of `evaluate.naming`'s forms.

    Example:
        >>> marked("the traffic lights glow", "traffic light")
        [('the', 'function'), ('traffic', 'names'), ('lights', 'names'), ('glow', 'content')]
    """
    parts = [] if name.endswith("units)") else name.lower().split()
    forms = {form for part in parts for form in name_forms(part)} | {"".join(parts)}
    return [
        (word, "names" if word.lower() in forms else "function" if word.lower() in WORDS else "content")
        for word in ngram.split()
    ]
