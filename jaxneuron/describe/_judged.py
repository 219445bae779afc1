"""What do descriptions foretell, read by their meaning? A word is expected where it is like the line, for an encoder.

The embedding scorer of Paulo, Mallen, Juang and Belrose 2024, "Automatically Interpreting Millions of Features in Large
Language Models" (arXiv 2410.13928): descriptions are put to the test as texts, whatever their method foretells by.
"""

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float

from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _embedded
from jaxneuron.describe._lazy import Lazy
from jaxneuron.describe._nouns import Described


def judged(described: Described, embed: Callable[[Sequence[str]], Float[Any, "text dimension"]]) -> Described:
    """Return the same descriptions, with what an encoder of text foretells by their words alone.

    Args:
        described: of some units, by any methods.
        embed: returns a vector for each of some short texts.

    Returns:
        Descriptions that foretell, in no scale, how near each word among those around it is to the line.

    Raises:
        ValueError: vectors of another number, or not finite; when something is foretold.

    Example:
        >>> import numpy as np
        >>> from jaxneuron.corpora.labelled import build
        >>> from jaxneuron.describe import token
        >>> text = build([["a", "dog", "b"], ["b", "a", "dog"]] * 20)
        >>> said = token.describe(np.array([[0.0, 9, 0, 0, 0, 8] * 20]).T, text)
        >>> animal = lambda texts: np.array([["dog" in one, "dog" not in one] for one in texts], float)
        >>> judged(said, animal).predict(build([["a", "dog"], ["b"]]))[:, 0].tolist()
        [1.0, 1.0, 0.0]
    """

    def predict(text: Labelled) -> Lazy:
        near = _embedded.nearness(embed, described.text, text)
        return Lazy(near.shape, lambda asked: described.side[asked] * near[:, asked])

    return described._replace(predict=predict)
