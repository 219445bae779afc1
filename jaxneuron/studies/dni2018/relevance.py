"""How well does each unit alone tell each hypothesis? The scores behind Figures 2 and 3."""

import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.rank import single_neuron
from jaxneuron.studies import _kept
from jaxneuron.studies.dni2018.languages import Feature, Language
from jaxneuron.studies.dni2018.material import Passages
from jaxneuron.studies.dni2018.results import Answer, Told, UnitScore


class Relevance(NamedTuple):
    """Scores of each unit for each hypothesis, those of numbers last."""

    names: tuple[str, ...]
    binary: int  # how many are truth values or classes; numbers follow, whose score is R²
    score: Float[np.ndarray, "hypothesis unit"]  # balanced accuracy of balanced machines, or R²
    accuracy: Float[np.ndarray, "hypothesis unit"]  # plain accuracy of machines as in the paper, or R²
    sign: Float[np.ndarray, "hypothesis unit"]  # 1 where the unit rises with the label, -1 where it falls
    seconds: float

    def of(self, feature: Feature) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"]]:
        """Return each unit's mean score for the hypotheses of a feature, and its sign for the last of them."""
        rows = [self.names.index(hypothesis.name) for hypothesis in feature.hypotheses]
        return self.score[rows].mean(axis=0), self.sign[rows[-1]]


def relevance(key: Array, states: Float[np.ndarray, "symbol unit"], found: Passages, folds: int) -> Relevance:
    """Score every unit for every hypothesis by cross-validation.

    Args:
        key: one key.
        states: of the units at each symbol.
        found: pieces of text, with what is known of their symbols.
        folds: of the cross-validation.
    """
    began = time.monotonic()
    kind = np.array(found.labels.kind)
    values = found.labels.values
    said, classes, real = (np.flatnonzero(kind == name) for name in ("binary", "categorical", "real"))
    machine_key, line_key = jax.random.split(key)
    settings = single_neuron.Settings(standardise=False)
    plain = partial(single_neuron.scores, machine_key, states, folds=folds, settings=settings)
    even = partial(plain, settings=settings._replace(class_weight="balanced"))
    parts = []
    if len(said):
        fair = even(values[:, said] > 0)
        parts.append((fair.balanced, plain(values[:, said] > 0).accuracy, np.sign(fair.weight)))
    for column in classes:  # of each class against the others, the mean
        named = values[:, column].astype(np.int64)
        balanced, accuracy = (
            field.mean(axis=0, keepdims=True) for field in (even(named).balanced, plain(named).accuracy)
        )
        parts.append((balanced, accuracy, np.ones_like(balanced)))
    if len(real):
        explained = single_neuron.r_squared(line_key, states, values[:, real].astype(np.float64), folds=folds)
        parts.append((explained, explained, np.sign(_covariance(states, values[:, real]))))
    score, accuracy, sign = (np.concatenate(rows).astype(np.float32) for rows in zip(*parts, strict=True))
    names = tuple(found.labels.names[place] for place in (*said, *classes, *real))
    return Relevance(names, len(said) + len(classes), score, accuracy, sign, time.monotonic() - began)


def _covariance(states: np.ndarray, values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)).T @ (states - states.mean(axis=0))


def kept(file: Path, key: Array, states: Float[np.ndarray, "symbol unit"], found: Passages, folds: int) -> Relevance:
    """Return the scores that an earlier run left in a file, or compute and keep them.

    Args:
        file: where they are kept.
        key: one key.
        states: of the units at each symbol.
        found: pieces of text, with what is known of their symbols.
        folds: of the cross-validation.
    """
    stored = _kept.arrays(file, lambda: relevance(key, states, found, folds)._asdict())
    names, binary, score, accuracy, sign, seconds = (stored[field] for field in Relevance._fields)
    return Relevance(tuple(names.tolist()), int(binary), score, accuracy, sign, float(seconds))


def rows(language: Language, found: Passages, hidden: Relevance, cell: Relevance, *, top: int) -> list[Told]:
    """Return a row for each hypothesis: its best units, and the scores of all units from the best to the worst.

    Args:
        language: whose texts.
        found: pieces of text, with what is known of their symbols.
        hidden: scores of the hidden state.
        cell: scores of the cell.
        top: units of each hypothesis.
    """
    rows = []
    for query in language.queries:
        if query.hypothesis.name not in hidden.names:
            continue
        place = hidden.names.index(query.hypothesis.name)
        score, accuracy, sign = hidden.score[place], hidden.accuracy[place], hidden.sign[place]
        order = np.argsort(-score, kind="stable")[:top].tolist()
        mean, binary = found.column(query.hypothesis).mean(), place < hidden.binary
        rows.append(
            Told(
                hypothesis=query.hypothesis.name,
                group=query.group,
                line=query.line,
                mark=query.mark,
                kind=Answer.BINARY if binary else Answer.REAL,
                share=float(mean),
                best=float(score.max()),
                accuracy=float(accuracy.max()),
                majority=float(max(mean, 1 - mean)) if binary else None,
                cell=float(cell.score[place].max()),
                top=[UnitScore(unit, float(score[unit]), float(accuracy[unit]), int(sign[unit])) for unit in order],
                sorted=np.sort(score)[::-1].round(4).tolist(),
                sorted_accuracy=np.sort(accuracy)[::-1].round(4).tolist(),
            )
        )
    return rows
