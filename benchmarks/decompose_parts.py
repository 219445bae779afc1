"""How fast are activations taken into parts? NMF, FastICA and PCA against scikit-learn.

    python -m benchmarks.decompose_parts [--quick] [--json PATH]

Activations are drawn: sums of sparse parts, with noise. What both sides minimise, or maximise, is compared before times
are: ours may be at most a hundredth worse. Both stop at the same tolerance.
"""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from sklearn.decomposition import NMF, PCA, FastICA

from benchmarks.measure import Row, alone, compare, in_turn
from jaxneuron.decompose import ica, nmf, pca

KEY = jax.random.key(0)
NORMAL = 0.3745672  # the mean of log cosh of a normal distribution


def draw(tokens: int, units: int, parts: int) -> np.ndarray:
    """Return activations above 0."""
    random = np.random.default_rng(0)
    codes = random.exponential(size=(tokens, parts)) * (random.uniform(size=(tokens, parts)) < 0.2)
    basis = random.exponential(size=(parts, units)) * (random.uniform(size=(parts, units)) < 0.3)
    return (codes @ basis + 0.5 * np.abs(random.normal(size=(tokens, units)))).astype(np.float32)


def versus(
    job: str, x: np.ndarray, factors: int, ours: Callable[[], Any], peer: Callable[[], Any], loss: Any, repeats: int
) -> Row:
    """Return the row of one job; `loss` of what a side found, the lower the better."""
    found: dict[str, Any] = {}

    def run(name: str, side: Callable[[], Any]) -> Callable[[], None]:
        def measured() -> None:
            found[name] = jax.block_until_ready(side())

        return measured

    took = in_turn({"ours": run("ours", ours), "peer": run("peer", peer)}, repeats)
    mine, theirs = loss(*map(np.asarray, found["ours"])), loss(*map(np.asarray, found["peer"]))
    if not mine <= theirs + 0.01 * abs(theirs):
        raise SystemExit(f"{job}: the loss is {mine}, scikit-learn's {theirs}")
    note = f"loss {mine:.5g}, the peer's {theirs:.5g}; ours {took['ours'].spread}, the peer {took['peer'].spread}"
    size = f"{x.shape[0]:,} x {x.shape[1]:,}, {factors} factors"
    return compare(job, size, took["ours"].median, "scikit-learn", took["peer"].median, note)


def parts(tokens: int, units: int, factors: int, repeats: int) -> Row:
    """Return the row of NMF."""
    x = draw(tokens, units, factors)

    def peer() -> tuple[Any, ...]:
        model = NMF(factors, init="random", random_state=0, max_iter=500)
        return model.fit_transform(x), model.components_

    return versus(
        "NMF",
        x,
        factors,
        lambda: nmf.decompose(KEY, x, factors=factors)[:2],
        peer,
        lambda codes, basis: float(np.linalg.norm(x - codes @ basis)),
        repeats,
    )


def independent(tokens: int, units: int, factors: int, repeats: int) -> Row:
    """Return the row of FastICA: how far the codes are from normal."""
    x = draw(tokens, units, factors)

    def peer() -> tuple[Any, ...]:
        return (FastICA(factors, random_state=0, whiten="unit-variance").fit_transform(x),)

    return versus(
        "FastICA",
        x,
        factors,
        lambda: ica.decompose(KEY, x, factors=factors)[:1],
        peer,
        lambda codes: -float(np.sum((np.log(np.cosh(codes)).mean(axis=0) - NORMAL) ** 2)),
        repeats,
    )


def components(tokens: int, units: int, factors: int, repeats: int) -> Row:
    """Return the row of PCA: what it does not explain."""
    x = draw(tokens, units, factors)
    centred = x - x.mean(axis=0)

    def peer() -> tuple[Any, ...]:
        model = PCA(factors, random_state=0)
        return model.fit_transform(x), model.components_

    return versus(
        "PCA",
        x,
        factors,
        lambda: pca.decompose(None, x, factors=factors)[:2],
        peer,
        lambda codes, basis: float(np.linalg.norm(centred - codes @ basis)),
        repeats,
    )


def rows(*, quick: bool = False) -> list[Row]:
    """Return all rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peer, that its steps ran out
        if quick:
            return [parts(300, 256, 5, 3), independent(2000, 64, 5, 3), components(2000, 128, 5, 3)]
        return [
            parts(60, 1536, 6, 5),
            parts(5000, 1536, 20, 3),
            independent(20_000, 384, 20, 5),
            components(20_000, 384, 20, 5),
            components(5000, 2688, 50, 3),
        ]


if __name__ == "__main__":
    alone(__doc__, rows)
