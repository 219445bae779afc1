"""How much of a text is grammar instead of content?

Poerner, Roth, Schütze 2018 (arXiv:1809.07291) observe that the language pathway prefers n-grams with more syntax than
the visual one. We count it: the share of words that belong to the closed classes of English. Words that belong to an
open class as well count where the closed use prevails in running text ("like", "can", "past").
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

CLASSES = {
    "determiner": """
        a an the this that these those some any no every each either neither all both half such another other""",
    "quantifier": "many much few several more most less enough",
    "preposition": """
        of in on at by for with from to into onto upon over under above below beneath underneath between among amongst
        through throughout across along alongside around about against near beside besides behind before after during
        until till since without within toward towards off out up down inside outside past per via like amid atop
        except despite""",
    "pronoun": """
        i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
        herself it its itself they them their theirs themselves someone somebody something anyone anybody
        anything everyone everybody everything nobody nothing none there""",
    "auxiliary": """
        be am is are was were been being do does did doing done have has had having can could may might must shall
        should will would ought""",
    "conjunction": "and or but nor so yet if because although though while whereas unless than as whether once",
    "wh-word": "who whom whose which what when where why how whatever whoever whichever whenever wherever",
    "particle and negation": "not never n't 's 're 've 'll 'd 'm cannot too also just only very then",
}
"""Class -> its words, in lower case, with the clitics that tokenisers split off."""

WORDS = frozenset(word for words in CLASSES.values() for word in words.split())


def share(sentences: Sequence[Sequence[str]]) -> Float[np.ndarray, "sentence"]:
    """Return the share of function words in each sentence or n-gram.

    Args:
        sentences: lists of words; letter case does not matter.

    Returns:
        0 to 1 each; nan for a sentence without words.

    Example:
        >>> share([["a", "dog", "on", "the", "beach"], ["dog"]]).tolist()
        [0.6, 0.0]
    """
    return np.array(
        [np.mean([word.lower() in WORDS for word in sentence]) if sentence else np.nan for sentence in sentences],
        dtype=np.float64,
    )
