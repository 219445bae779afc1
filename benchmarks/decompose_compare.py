"""How fast are models compared? Against NumPy, which holds all tokens in double precision.

    python -m benchmarks.decompose_compare [--quick] [--json PATH]

Activations of two models of seven layers that share a part, made here. Results are compared before times. NumPy's
ways are what one writes with it: `np.corrcoef` of both models for correlations, singular value decompositions for
SVCCA, products of all features for CKA, each two layers by themselves.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import Row, Times, alone, compare, in_turn
from jaxneuron.compare import cka, linear_regression, max_correlation, svcca

KEEP = 0.99


class Data(NamedTuple):
    """Two models at the same words."""

    a: np.ndarray  # [token, unit], float32
    b: np.ndarray
    width: int  # units of a layer
    repeats: int

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return f"{len(self.a):,} words x {self.a.shape[1]:,} x {self.b.shape[1]:,} units"

    @property
    def layers(self) -> tuple[list[int], list[int]]:
        """Return the units of each layer of both models."""
        count = self.a.shape[1] // self.width
        return [self.width] * count, [self.width] * count


def make(*, quick: bool) -> Data:
    """Draw activations whose directions vary more and less, as those of models do."""
    tokens, width, layers = (4_000, 96, 3) if quick else (25_000, 384, 7)
    random, units = np.random.default_rng(0), width * layers
    signal = random.normal(size=(tokens, width)) * np.geomspace(3, 0.3, width)
    models = []
    for _ in range(2):
        mixed = signal @ random.normal(size=(width, units)) / np.sqrt(width) + random.normal(size=(tokens, units))
        models.append(mixed.astype(np.float32))
    return Data(models[0], models[1], width, 2)


def versus(
    job: str, data: Data, ours: Callable[[], Any], theirs: Callable[[], Any], limit: float, peer: str, size: str = ""
) -> Row:
    """Return the row of one job: results compared, then both in turn."""
    gap = float(np.max(np.abs(np.asarray(ours()) - np.asarray(theirs()))))
    if not gap <= limit:
        raise SystemExit(f"{job}: the results differ by {gap}, more than {limit}")
    took: dict[str, Times] = in_turn({"ours": ours, "peer": theirs}, data.repeats)
    note = f"results differ by {gap:.1g} at most; ours {took['ours'].spread}, NumPy {took['peer'].spread}"
    return compare(job, size or data.size, took["ours"].median, peer, took["peer"].median, note)


def rows(*, quick: bool = False) -> list[Row]:
    """Return a row for each method."""
    data = make(quick=quick)
    a, b, width, layers = data.a, data.b, data.width, data.layers
    one, other = a[:, :width], b[:, :width]
    few = f"{len(a):,} words x {width} x {width} units"
    starts = np.arange(0, a.shape[1], width)

    def each(measure: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
        return np.array([[measure(a[:, row : row + width], b[:, at : at + width]) for at in starts] for row in starts])

    return [
        versus(
            "correlation of every two units, and the best partner of each",
            data,
            lambda: max_correlation.compare(a, b).score,
            lambda: np.abs(np.corrcoef(a, b, rowvar=False)[: a.shape[1], a.shape[1] :]).max(axis=1),
            1e-5,
            "NumPy, corrcoef",
        ),
        versus(
            "the same, as products of what is centred",
            data,
            lambda: max_correlation.compare(a, b).score,
            lambda: np.abs(_unit(a).T @ _unit(b)).max(axis=1),
            1e-5,
            "NumPy, float64",
        ),
        versus(
            "R2 of each unit of a layer from all units of another",
            data,
            lambda: linear_regression.compare(one, other).table.sum(axis=1),
            lambda: _regression(one, other),
            1e-4,
            "NumPy, lstsq",
            few,
        ),
        versus(
            "CKA of two layers",
            data,
            lambda: cka.compare(one, other).table,
            lambda: _cka(one, other),
            1e-5,
            "NumPy",
            few,
        ),
        versus(
            "CKA of every two layers",
            data,
            lambda: cka.compare(a, b, layers=layers).table,
            lambda: each(_cka),
            1e-5,
            "NumPy, layer by layer",
        ),
        versus(
            "SVD and CCA of two layers",
            data,
            lambda: svcca.compare(one, other, keep=KEEP).table,
            lambda: _svcca(one, other),
            1e-4,
            "NumPy, svd",
            few,
        ),
    ]


def _centred(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return x - x.mean(axis=0)


def _unit(x: np.ndarray) -> np.ndarray:
    x = _centred(x)
    return x / np.linalg.norm(x, axis=0)


def _regression(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    x, y = _unit(a), _unit(b)
    return 1 - ((x - y @ np.linalg.lstsq(y, x, rcond=None)[0]) ** 2).sum(axis=0)


def _cka(a: np.ndarray, b: np.ndarray) -> float:
    x, y = _centred(a), _centred(b)
    return float(np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def _svcca(a: np.ndarray, b: np.ndarray) -> float:
    kept = []
    for x in (_centred(a), _centred(b)):
        left, values, _ = np.linalg.svd(x, full_matrices=False)
        share = np.cumsum(values**2) / np.sum(values**2)
        kept.append(left[:, : int(np.searchsorted(share, KEEP)) + 1])
    return float(np.linalg.svd(kept[0].T @ kept[1], compute_uv=False).mean())


if __name__ == "__main__":
    alone(__doc__, rows)
