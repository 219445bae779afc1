"""What does a language model say of the unit's exemplars? The user's own, as a function; none is shipped.

What it says is put to the test like everything else: by what it would expect of each word, if it can be asked (Bills et
al. 2023, "Language models can explain neurons in language models"), or else by how near each word, in its context, is
to the description for a sentence encoder.

Cost:
    No pass of the model: the activations are read twice. `tell` is called once for each unit, `simulate` once for each
    unit and text.

Fails:
    As good as the function; what is fluent may be false, so look at the score. Costs whatever the language model costs.

Peers:
    OpenAI's automated interpretability and Delphi: here the language model is the user's function, and scores stand
    beside those of other units.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _embedded, _exemplars, _said, _words
from jaxneuron.describe._lazy import Columns, Lazy
from jaxneuron.describe._nouns import Described, Exemplar
from jaxneuron.table import Table, over_units

Simulate = Callable[[str, Sequence[Sequence[str]]], Float[Any, "token"]]
"""From a description and sentences: what the unit should do at each of their words, in any scale."""


def describe(
    activations: Table,
    text: Labelled,
    *,
    tell: Callable[[Sequence[Exemplar]], str],
    simulate: Simulate | None = None,
    embed: Callable[[Sequence[str]], Float[Any, "text dimension"]] | None = None,
    exemplars: int = 20,
    budget: int = batching.BUDGET,
) -> Described:
    """Describe units by what a function says of their exemplars.

    Args:
        activations: of the words of the text.
        text: sentences; labels are not used.
        tell: returns one line about a unit, from the words at which it is farthest out on the side of its longer tail.
            It is called once for each unit that ever changes.
        simulate: what is to be expected of each word, from the line; larger where the unit is farther out.
        embed: without `simulate`: returns a vector for each of some short texts; the nearer a word's is to the line's,
            the farther out the unit is expected to be.
        exemplars: words of the text that `tell` is given.
        budget: bytes for the units that are read at a time.

    Returns:
        Each line after `"high: "` or `"low: "`.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; neither `simulate` nor
            `embed`, or both; a line that is empty or no text; values or vectors of another number, or not finite.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["a", "dog", "b"], ["b", "a", "hound"]])
        >>> tell = lambda exemplars: " or ".join(one.words[one.place] for one in exemplars)
        >>> simulate = lambda said, sentences: [float(word in said.split()) for one in sentences for word in one]
        >>> describe(np.array([[0.0, 9, 0, 0, 0, 8]]).T, text, tell=tell, simulate=simulate).text
        ('high: dog or hound',)
    """
    if (simulate is None) == (embed is None):
        raise ValueError("expected either `simulate` or `embed`: a description that foretells nothing has no score")
    words = _words.beside(activations, text)
    found = _exemplars.find(activations, words, exemplars, budget=budget)
    units, few = len(found.side), found.token.shape[1] // 2
    around: list[list[Exemplar]] = [[] for _ in range(units)]
    mean, deviation = np.zeros(units), np.zeros(units)
    for here, block in over_units(activations, budget=budget, copies=4):
        mean[here], deviation[here] = block.mean(axis=0, dtype=np.float64), block.std(axis=0, dtype=np.float64)
        for column, unit in enumerate(range(here.start, here.stop)):
            for token in found.token[unit, :few][found.token[unit, :few] >= 0].tolist():
                first, last = _exemplars.window(words, token)
                values = block[first:last, column].copy()
                around[unit].append(Exemplar(tuple(words.word[first:last]), token - first, values))
    lines = [_checked(tell(some)) if side else "" for some, side in zip(around, found.side.tolist(), strict=True)]

    def predict(other: Labelled) -> Lazy:
        there = _words.of(other)
        tokens = len(there.word)
        near = None if embed is None else _embedded.nearness(embed, lines, other)

        def one(unit: int) -> np.ndarray:
            if not lines[unit]:
                return np.zeros(tokens)
            if near is not None:
                return near[:, unit]
            assert simulate is not None
            values = np.asarray(simulate(lines[unit], other.sentences), np.float64)
            if values.shape != (tokens,) or not np.isfinite(values).all():
                given = "some that are not" if values.shape == (tokens,) else f"the shape {values.shape}"
                raise ValueError(f"expected finite values [{tokens} words] from `simulate`, got {given}")
            return values

        def read(asked: Columns) -> np.ndarray:
            values = np.stack([one(unit) for unit in asked.tolist()], axis=1)
            spread = values.std(axis=0)
            values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
            return mean[asked] + (found.side * deviation)[asked] * values

        return Lazy((tokens, units), read)

    said = (
        f"{'high' if side > 0 else 'low'}: {line}" if side else _said.never(float(constant))
        for side, line, constant in zip(found.side.tolist(), lines, found.constant.tolist(), strict=True)
    )
    return Described(tuple(said), found.side, ("told",) * units, predict)


def _checked(line: Any) -> str:
    """Return what was told, in one line.

    Raises:
        TypeError, ValueError: it is no text, or an empty one.
    """
    if not isinstance(line, str):
        raise TypeError(f"expected a text from `tell`, got {type(line).__name__}")
    if not line.strip():
        raise ValueError("expected a line about the unit from `tell`, got an empty one")
    return " ".join(line.split())
