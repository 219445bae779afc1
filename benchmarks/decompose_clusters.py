"""How fast are units and words clustered? Against NeuroX and scikit-learn.

    python -m benchmarks.decompose_clusters [--quick] [--json PATH]

Activations are drawn: units in groups that follow one signal each, more or less closely. NeuroX clusters at one
threshold, and anew for each further one; ours asks for one threshold, or cuts one tree at several. Groups are compared
before times, and so is the squared distance to the centres. Needs `pip install --no-deps neurox==1.0.9`.
"""

import contextlib
import io
from typing import Any

import jax
import numpy as np
from neurox.interpretation import clustering  # pyright: ignore[reportMissingImports]
from sklearn.cluster import KMeans

from benchmarks.measure import Row, alone, compare, in_turn
from jaxneuron.decompose import correlation_clusters, k_means

KEY = jax.random.key(0)
THRESHOLDS = tuple(round(0.1 * number, 1) for number in range(1, 10))
"""Those of a study of redundancy."""


def draw(tokens: int, units: int) -> np.ndarray:
    """Return activations in groups of up to eight units."""
    random = np.random.default_rng(0)
    member = random.integers(0, units // 4, units)
    signal = random.normal(size=(tokens, units // 4)).astype(np.float32)
    closeness = random.uniform(0, 1, units).astype(np.float32)
    noise = random.normal(size=(tokens, units)).astype(np.float32)
    return closeness * signal[:, member] * random.choice([-1, 1], units).astype(np.float32) + (1 - closeness) * noise


def correlated(tokens: int, units: int, thresholds: tuple[float, ...], repeats: int) -> Row:
    """Return the row of clustering units at some thresholds."""
    x = draw(tokens, units)
    found: dict[str, Any] = {}

    def neurox() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            found["peer"] = [
                clustering.create_correlation_clusters(x, clustering_threshold=one, method="average")
                for one in thresholds
            ]

    def ours() -> None:
        if len(thresholds) == 1:
            found["ours"] = [correlation_clusters.groups(x, threshold=thresholds[0], absolute=True, linkage="average")]
            return
        tree = correlation_clusters.tree(x, absolute=True, linkage="average")
        found["ours"] = [correlation_clusters.cut(tree, threshold=one) for one in thresholds]

    took = in_turn({"ours": ours, "peer": neurox}, repeats)
    for mine, theirs in zip(found["ours"], found["peer"], strict=True):
        together = len(set(zip(mine.tolist(), np.asarray(theirs).tolist(), strict=True)))
        if not together == len(set(mine.tolist())) == len(np.unique(theirs)):
            raise SystemExit(f"{len(set(mine.tolist()))} groups, NeuroX {len(np.unique(theirs))}, {together} of both")
    groups = ", ".join(str(one.max() + 1) for one in found["ours"])
    note = f"the same groups ({groups}); ours {took['ours'].spread}, the peer {took['peer'].spread}"
    job = "correlation clusters" if len(thresholds) == 1 else f"the same, {len(thresholds)} thresholds"
    return compare(job, f"{tokens:,} x {units:,}", took["ours"].median, "neurox", took["peer"].median, note)


def centres(tokens: int, units: int, clusters: int, restarts: int, repeats: int) -> Row:
    """Return the row of k-means."""
    random = np.random.default_rng(0)
    x = random.normal(size=(clusters, units))[random.integers(0, clusters, tokens)] * 0.5
    x = (x + random.normal(size=x.shape)).astype(np.float32)
    found: dict[str, Any] = {}

    def ours() -> None:
        made = k_means.decompose(KEY, x, factors=clusters, restarts=restarts)
        found["ours"] = float(np.sum((x - np.asarray(made.codes) @ np.asarray(made.basis)) ** 2))

    def peer() -> None:
        found["peer"] = float(KMeans(clusters, n_init=restarts, random_state=0).fit(x).inertia_)

    took = in_turn({"ours": ours, "peer": peer}, repeats)
    if not found["ours"] <= 1.01 * found["peer"]:
        raise SystemExit(f"the squared distance is {found['ours']}, scikit-learn's {found['peer']}")
    note = (
        f"squared distance {found['ours']:.5g}, the peer's {found['peer']:.5g}; ours {took['ours'].spread}, the peer "
        f"{took['peer'].spread}"
    )
    size = f"{tokens:,} x {units:,}, {clusters} clusters, {restarts} starts"
    return compare("k-means", size, took["ours"].median, "scikit-learn", took["peer"].median, note)


def rows(*, quick: bool = False) -> list[Row]:
    """Return all rows."""
    if quick:
        return [correlated(1000, 768, (0.5,), 3), correlated(1000, 768, THRESHOLDS, 2), centres(2000, 64, 10, 2, 3)]
    return [
        correlated(5000, 2688, (0.5,), 5),
        correlated(20_000, 2688, (0.5,), 3),
        correlated(5000, 2688, THRESHOLDS, 3),
        centres(20_000, 384, 50, 1, 5),
        centres(20_000, 384, 50, 4, 3),
    ]


if __name__ == "__main__":
    alone(__doc__, rows)
