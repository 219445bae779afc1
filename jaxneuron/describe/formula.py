"""Which formula of facts says where the unit is far out? The compositional explanation of each unit, as a description.

`rank.compositional` searches, for all units at once, the formula of facts about words that overlaps most with where
the unit goes farthest out (Mu and Andreas 2020). It foretells two values: the unit's mean where the formula holds, and
where it does not.

Cost:
    No pass of the model: the activations are read three times, and a beam search over facts for all units at once, of
    products of two matrices.

Fails:
    Facts are words, labels, spelling and places: what is none of these has no formula. Two values, inside and outside,
    foretell degrees badly. Slow with many units: the search is most of an atlas's time.

Peers:
    The authors' compositional explanations, which search unit by unit and do not score on held-out text.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _atoms, _extremes, _said, _words
from jaxneuron.describe._atoms import Atoms
from jaxneuron.describe._lazy import Columns, Lazy
from jaxneuron.describe._nouns import Described
from jaxneuron.rank import compositional
from jaxneuron.table import Checked, Table, over_units


def describe(
    activations: Table,
    text: Labelled,
    *,
    atoms: Atoms | None = None,
    share: float = 0.05,
    length: int = 3,
    beam: int = 5,
    penalty: float = 0.95,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Described:
    """Describe units by a formula of facts that holds where they go farthest out.

    Args:
        activations: of the words of the text.
        text: sentences, with labels or without.
        atoms: of any text, the facts that formulas are made of: name -> `Bool[token]`. By default frequent words, words
            before and after, labels, spelling, endings, ends of sentences, parentheses and quotation marks.
        share: of the words, at which a unit counts as active; fewer where it is rarely on.
        length: facts of the longest formula.
        beam: formulas kept in each step of the search.
        penalty: a formula of n facts counts its overlap times `penalty ** (n - 1)`, so that no fact is named that adds
            next to nothing; 1 for none.
        budget: bytes for the units that are searched at a time.
        progress: called with the units that are done.

    Returns:
        Such as `"high where upos=NOUN AND NOT capitalised"`.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; facts of other words, or none
            that holds; options out of range.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["a", "Dog", "b", "Cat"]] * 5)
        >>> describe(np.array([[0.0, 5, 0, 5] * 5]).T, text).text
        ('high where capitalised',)
    """
    words = _words.beside(activations, text)
    if not 0 < share < 1:
        raise ValueError(f"expected a share between 0 and 1, got {share}")
    facts = _atoms.read(text) if atoms is None else atoms
    names, holds = _read(facts, text, len(words.word))
    units = int(activations.shape[1])
    side, constant, level = np.zeros(units, np.int64), np.zeros(units), np.zeros(units)
    for here, block in over_units(activations, budget=budget, copies=4):
        side[here], constant[here] = _extremes.sides(block), block[0]
        level[here] = _extremes.level(_turned(block, side[here]), share)
    turned = Lazy((len(words.word), units), lambda unit: _turned(Checked(activations)[:, unit], side[unit]).T)
    found = compositional.explain(
        None,
        turned,
        holds,
        threshold=level,
        length=length,
        beam=beam,
        penalty=penalty,
        budget=budget,
        progress=progress,
    )
    leaf, operator = found.leaf[:, -1], found.operator[:, -1]
    value = np.zeros((2, units), np.float32)
    for here, block in over_units(activations, budget=budget, copies=4):
        inside = compositional.holds(leaf[here], operator[here], holds.T).T
        count = inside.sum(axis=0)
        total, within = block.sum(axis=0, dtype=np.float64), (block * inside).sum(axis=0, dtype=np.float64)
        value[1, here] = within / np.maximum(count, 1)
        value[0, here] = (total - within) / np.maximum(len(block) - count, 1)

    def say(unit: int) -> str:
        if not side[unit]:
            return _said.never(float(constant[unit]))
        formula = compositional.text(leaf[unit], operator[unit], names)
        return f"{'high' if side[unit] > 0 else 'low'} where {formula}" if formula else "no fact in particular"

    def predict(other: Labelled) -> Lazy:
        columns = _read(facts, other, len(_words.of(other).word), names)[1].T

        def read(asked: Columns) -> np.ndarray:
            inside = compositional.holds(leaf[asked], operator[asked], columns).T
            return np.where(inside, value[1, asked], value[0, asked])

        return Lazy((columns.shape[1], units), read)

    return Described(tuple(map(say, range(units))), side, ("formula",) * units, predict)


def _turned(block: Float[np.ndarray, "token unit"], side: Any) -> Float[np.ndarray, "unit token"]:
    """Return values that are high where the unit is far out."""
    return np.ascontiguousarray((side * block).T.astype(np.float32))


def _read(
    atoms: Atoms, text: Labelled, tokens: int, names: list[str] | None = None
) -> tuple[list[str], Bool[np.ndarray, "token atom"]]:
    """Return the names of the facts, and where each holds.

    Raises:
        ValueError: no facts, facts of other words, or other facts than those named.
    """
    found = atoms(text)
    if not found or (names is not None and list(found) != names):
        raise ValueError(f"expected the same facts, at least one, of each text, got {', '.join(found)!s:.80}")
    columns = {name: np.asarray(column) for name, column in found.items()}
    for name, column in columns.items():
        if column.shape != (tokens,) or column.dtype != bool:
            raise ValueError(
                f"expected {name!r} as a truth value of each of {tokens} words, got {column.dtype} {column.shape}"
            )
    return list(found), np.stack(list(columns.values()), axis=1)
