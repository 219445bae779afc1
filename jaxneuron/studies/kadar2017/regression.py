"""What predicts the omission score of a word: which word it is, where it stands, or what it does in the sentence?

Ridge regression on indicators, as in the paper. There the penalty was chosen on the captions that test; here by the
last fifth of those that train.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from sklearn.linear_model import Ridge

from jaxneuron.studies.kadar2017.results import POSITIONS, RELATION, VISUAL, WORD, Function, Predicted

ALPHAS = tuple(2.0**power for power in range(-2, 6))
"""The penalties that are tried: 0.25 to 32."""

FEWEST, SHOWN = 5, 7
"""Occurrences of a word with a relation that are shown, and words."""

MODELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "word": ((WORD,),),
    "position": ((WORD,), ("position",), (WORD, "position")),
    "deprel": ((WORD,), (RELATION,), (WORD, RELATION)),
    "full": ((WORD,), ("position",), (RELATION,), (WORD, "position"), (WORD, RELATION)),
}
"""Predictors of each regression; two together are their interaction."""


class Fitted(NamedTuple):
    """All regressions, and what two of them predict of the visual pathway."""

    explained: dict[str, Predicted]  # network ->
    functions: list[Function]


def position(at: int, length: int) -> str:
    """Return where in a sentence a word is; of short ones, from the front first.

    Example:
        >>> [position(at, 7) for at in (0, 3, 4, 6)], position(2, 3)
        (['first', 'middle', 'antepenult', 'last'], 'third')
    """
    if at < 3:
        return POSITIONS[at]
    return POSITIONS[max(at - length + len(POSITIONS), 3)]


def fit(
    words: Sequence[Sequence[str]],
    relations: Sequence[Sequence[str]],
    scored: Mapping[str, Float[np.ndarray, "sentence time"]],
    *,
    learn: float,
    frequent: int,
) -> Fitted:
    """Fit and test on captions of their own, in the order of the text, in which those of a picture are neighbours.

    Args:
        words: as the model reads them.
        relations: of each word.
        scored: network -> scores.
        learn: share of the captions that train.
        frequent: occurrences of a word whose function is looked at.

    Raises:
        ValueError: too few captions.
    """
    predictors, sentence = _predictors(words, relations)
    networks = list(scored)
    flat = [[score[row, : len(words[row])] for row in range(len(words))] for score in scored.values()]
    y = np.stack([np.concatenate(rows) for rows in flat], axis=1).astype(np.float64)
    there = np.isfinite(y).all(axis=1)
    edges = (len(words) * np.array([0.8 * learn, learn])).astype(int)
    learning, choosing, testing = (there & part for part in _parts(sentence, edges))
    if min(map(np.sum, (learning, choosing, testing))) < 2 or np.ptp(y[testing], axis=0).min() == 0:
        raise ValueError(f"{len(words)} captions are too few to fit a regression and to test it; give more")
    fitted = {name: _fit(predictors, terms, y, learning, choosing) for name, terms in MODELS.items()}
    explained = {}
    for column, network in enumerate(networks):
        share = {name: _explained(y[testing, column], told(testing)[:, column]) for name, (told, _) in fitted.items()}
        explained[network] = Predicted(
            **share,
            coefficients={where: value for where, value in zip(POSITIONS, fitted["full"][1][column], strict=True)},
        )
    visual = networks.index(VISUAL)
    error = {name: np.abs(y[:, visual] - fitted[name][0](slice(None))[:, visual]) for name in ("word", "deprel")}
    gain = error["word"] - error["deprel"]
    return Fitted(explained, _functions(predictors, y[:, visual], gain, testing, frequent))


def _predictors(
    words: Sequence[Sequence[str]], relations: Sequence[Sequence[str]]
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the value of each predictor at each word, and its sentence."""
    flat = {
        WORD: np.array([word for row in words for word in row]),
        "position": np.array([position(at, len(row)) for row in words for at in range(len(row))]),
        RELATION: np.array([relation for row in relations for relation in row]),
    }
    return flat, np.repeat(np.arange(len(words)), [len(row) for row in words])


def _parts(sentence: Int[np.ndarray, "token"], edges: np.ndarray) -> list[Bool[np.ndarray, "token"]]:
    return [sentence < edges[0], (sentence >= edges[0]) & (sentence < edges[1]), sentence >= edges[1]]


def _fit(
    predictors: Mapping[str, np.ndarray],
    terms: Sequence[Sequence[str]],
    y: Float[np.ndarray, "token network"],
    learning: np.ndarray,
    choosing: np.ndarray,
) -> tuple[Callable[[Any], Float[np.ndarray, "_ network"]], Float[np.ndarray, "network position"]]:
    """Return what predicts, and the coefficients of the positions, of the penalty that is best for each network."""
    columns, place = [], {}
    for term in terms:
        value = (
            predictors[term[0]]
            if len(term) == 1
            else np.char.add(np.char.add(predictors[term[0]], " "), predictors[term[1]])
        )
        names, index = np.unique(value, return_inverse=True)
        if tuple(term) == ("position",):
            offset = sum(part.shape[1] for part in columns)
            place = {str(name): offset + number for number, name in enumerate(names)}
        columns.append(sparse.csr_array((np.ones(len(index)), (np.arange(len(index)), index))))
    x = sparse.csr_matrix(sparse.hstack(columns))

    def made(alpha: Any, rows: np.ndarray) -> Ridge:
        return Ridge(alpha=alpha, solver="sparse_cg", tol=1e-4).fit(x[rows], y[rows])

    tried = np.stack(
        [
            [
                _explained(y[choosing, column], told)
                for column, told in enumerate(made(alpha, learning).predict(x[choosing]).T)
            ]
            for alpha in ALPHAS
        ]
    )
    best = made(np.array(ALPHAS)[tried.argmax(axis=0)], learning | choosing)
    coefficients = np.array(
        [[row[place[name]] if name in place else np.nan for name in POSITIONS] for row in best.coef_]
    )
    return lambda rows: best.predict(x[rows]), coefficients


def _explained(true: np.ndarray, told: np.ndarray) -> float:
    return float(1 - np.sum((true - told) ** 2) / np.sum((true - true.mean()) ** 2))


def _functions(
    predictors: Mapping[str, np.ndarray], score: np.ndarray, gain: np.ndarray, testing: np.ndarray, frequent: int
) -> list[Function]:
    """Return the words whose relation tells most about their score, with the scores of each relation."""
    word, relation = predictors[WORD], predictors[RELATION]
    names, counts = np.unique(word[testing], return_counts=True)
    found: list[tuple[float, list[Function]]] = []
    for name in names[counts >= frequent]:
        here = testing & (word == name)
        held = {str(label): score[here & (relation == label)] for label in np.unique(relation[here])}
        rows = [
            Function(str(name), label, float(np.median(own)), len(own))
            for label, own in held.items()
            if len(own) >= FEWEST
        ]
        if len(rows) > 1:
            found.append((float(np.mean(gain[here])), rows))
    found.sort(key=lambda one: -one[0])
    return [row for _, rows in found[:SHOWN] for row in rows]
