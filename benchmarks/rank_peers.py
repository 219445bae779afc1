"""The peers of `rank.py`: NeuroX, scikit-learn and scipy, and loops in NumPy and PyTorch that restate published code.

NeuroX 1.0.9 runs on a current Python with `pip install --no-deps neurox==1.0.9 h5py tqdm`; nothing of it is patched.
Its Gaussian probe was never released and calls a function that torch has removed: `gaussian_candidate` restates the
step in which it spends its time. `formulas` restates the search of Mu and Andreas 2020 (their `compexp`).
"""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, mutual_info_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC


def average_precision(x: np.ndarray, concepts: np.ndarray) -> np.ndarray:
    """Return `[concept, unit]`, a call for each pair."""
    return np.array([[average_precision_score(column, unit) for unit in x.T] for column in concepts.T])


def neurox_probe(
    x: np.ndarray, y: np.ndarray, *, l1: float = 0.0, epochs: int = 10, batch: int = 128, learning_rate: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights `[label, unit]` and bias of NeuroX's linear probe."""
    from neurox.interpretation import linear_probe  # pyright: ignore[reportMissingImports]

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        probe = linear_probe.train_logistic_regression_probe(
            x, y, lambda_l1=l1, lambda_l2=0.0, num_epochs=epochs, batch_size=batch, learning_rate=learning_rate
        )
    return probe.linear.weight.detach().numpy(), probe.linear.bias.detach().numpy()


def logistic(x: np.ndarray, y: np.ndarray, cost: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and bias of scikit-learn's logistic regression, to its own tolerance."""
    peer = LogisticRegression(C=cost, max_iter=10_000).fit(x, y)
    return peer.coef_, peer.intercept_


def penalised(weights: Any, bias: Any, x: np.ndarray, y: np.ndarray, cost: float) -> float:
    """Return what logistic regression with a `C` minimises, a mean over tokens."""
    weights = np.asarray(weights, np.float64)
    z = x @ weights.T + np.asarray(bias)
    z -= z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])
    return float(loss + np.sum(weights**2) / (2 * cost * len(y)))


def neurox_probeless(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Return NeuroX's order of units for the whole property."""
    from neurox.interpretation import probeless  # pyright: ignore[reportMissingImports]

    return probeless.get_neuron_ordering(x, y)


def neurox_top_words(
    x: np.ndarray, sentences: Sequence[Sequence[str]], units: Sequence[int]
) -> list[list[tuple[str, float]]]:
    """Return the word types of each unit with their scores, the best 1."""
    from neurox.analysis import corpus  # pyright: ignore[reportMissingImports]

    ends = np.cumsum([len(words) for words in sentences])[:-1]
    rows = np.split(x, ends)
    return [corpus.get_top_words({"source": sentences}, rows, unit) for unit in units]


class Gaussian:
    """NeuroX's (and the original's) evaluation of a candidate: a new multivariate normal per class, on all tokens."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y).long()
        count = np.bincount(y)
        total, width = len(y), x.shape[1]
        prior = np.diag(np.var(x, axis=0))
        centred = [x[y == label] - x[y == label].mean(0) for label in range(len(count))]
        scatter = [(prior + part.T @ part) / (len(part) + 2 * width + 4) for part in centred]
        self.mean = torch.from_numpy(np.stack([x[y == label].mean(0) for label in range(len(count))]))
        self.covariance = torch.from_numpy(np.stack(scatter))
        self.prior = torch.from_numpy(np.log(count / total))

    def candidate(self, units: Sequence[int]) -> float:
        """Return the mutual information, in nats, that these units have with the labels."""
        index = torch.tensor(list(units))
        part = self.x[:, index]
        density = torch.stack(
            [
                torch.distributions.MultivariateNormal(mean[index], covariance[index][:, index]).log_prob(part)
                for mean, covariance in zip(self.mean, self.covariance, strict=True)
            ],
            dim=1,
        )
        posterior = torch.log_softmax(density + self.prior, dim=1)
        cross_entropy = -posterior[torch.arange(len(self.y)), self.y].mean()
        return float(-(self.prior.exp() * self.prior).sum() - cross_entropy)


def formulas(active: np.ndarray, concepts: np.ndarray, *, length: int, beam: int) -> tuple[float, int]:
    """Return the best IoU of one unit's mask with a formula of concepts, and how many formulas were tried."""
    leaves = np.ascontiguousarray(concepts.T)
    tried = len(leaves)
    found = [(_iou(active, leaf), leaf) for leaf in leaves]
    found = sorted(found, key=lambda one: -one[0])[:beam]
    for _ in range(length - 1):
        grown = []
        for _, mask in found:
            for leaf in leaves:
                for longer in (mask | leaf, mask & leaf, mask & ~leaf):
                    grown.append((_iou(active, longer), longer))
                    tried += 1
                    if len(grown) > 64 * beam:  # masks are not kept
                        grown = sorted(grown, key=lambda one: -one[0])[:beam]
        found = sorted(found + grown, key=lambda one: -one[0])[:beam]
    return found[0][0], tried


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    either = np.logical_or(a, b).sum()
    return float(np.logical_and(a, b).sum() / either) if either else 0.0


def point_biserial(x: np.ndarray, concepts: np.ndarray) -> np.ndarray:
    """Return `[concept, unit]`."""
    return np.array([[stats.pointbiserialr(column, unit)[0] for unit in x.T] for column in concepts.T])


def spearman(x: np.ndarray, concepts: np.ndarray) -> np.ndarray:
    """Return `[concept, unit]`."""
    return np.array([[stats.spearmanr(column, unit)[0] for unit in x.T] for column in concepts.T])


def iou(x: np.ndarray, concepts: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return `[concept, unit]`: the best over levels `[level, unit]` of the overlap with where a unit exceeds one."""
    columns = np.ascontiguousarray(concepts.T)
    found = np.zeros((len(columns), x.shape[1]))
    for unit, values in enumerate(np.ascontiguousarray(x.T)):
        for level in levels[:, unit]:
            active = values > level
            for concept, column in enumerate(columns):
                found[concept, unit] = max(found[concept, unit], _iou(active, column))
    return found


def mutual_information(binned: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return `[unit]`, in bits, of units that are whole numbers already."""
    return np.array([mutual_info_score(y, unit) for unit in binned.T]) / np.log(2)


def machines(x: np.ndarray, concepts: np.ndarray, *, folds: int) -> np.ndarray:
    """Return `[concept, unit]`: the accuracy of a linear support vector machine on one unit, cross-validated."""
    found = np.zeros((concepts.shape[1], x.shape[1]))
    for concept, column in enumerate(concepts.T):
        for unit in range(x.shape[1]):
            for train, test in StratifiedKFold(folds).split(x, column):
                machine = LinearSVC(dual=False).fit(x[train, unit : unit + 1], column[train])
                found[concept, unit] += np.sum(machine.predict(x[test, unit : unit + 1]) == column[test])
    return found / len(x)


def accuracy(weights: Any, bias: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Return how often a linear probe is right."""
    return float(np.mean(np.argmax(x @ np.asarray(weights).T + np.asarray(bias), axis=-1) == y))
