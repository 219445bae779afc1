"""Which concepts does a model use that nobody has named? Clusters of the activations of spans, and what each does.

Ghorbani, Wexler, Zou, Kim 2019, "Towards automatic concept-based explanations" (ACE; arXiv:1902.03129), from images to
text: segments of several sizes become spans of several lengths, the spans' mean activations are clustered by k-means,
clusters that are too small or come from too few texts are dropped, the spans nearest to the centre stand for the
concept, and its vector is scored as in `tcav`, against spans of other clusters.

There is no p-value: a cluster differs from the other spans because it was chosen to, so a test against shuffled spans
would find them all significant. The spread over random other sides is given instead; to test a concept found here,
collect new texts that show it and give them to `tcav`.

Cost:
    No pass of the model: k-means with four starts, and 20 linear fits for each cluster. The spans' activations are one
    pass over the texts, the gradients three.

Fails:
    Clusters that are of words rather than of concepts; too few spans. There is no p-value: a cluster was chosen to
    differ, so test it with `tcav` on new texts.

Peers:
    The authors' ACE, for images; spans of several lengths take the place of segments.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from sklearn import cluster

from jaxneuron import _keys, _numbers
from jaxneuron.concepts import _cav, _vectors
from jaxneuron.concepts._range import power, ranged


class Spans(NamedTuple):
    """Pieces of texts, made by `spans`."""

    activations: Float[np.ndarray, "span unit"]  # mean over the tokens
    text: Int[np.ndarray, "span"]  # the row
    start: Int[np.ndarray, "span"]  # the first token
    length: Int[np.ndarray, "span"]


class Discovered(NamedTuple):
    """Concepts, from the one that speaks most for the target to the one that speaks most against it."""

    score: _vectors.Sensitivity  # [concept], the mean over runs
    deviation: _vectors.Sensitivity  # [concept], the standard deviation over runs
    accuracy: Float[np.ndarray, "concept"]  # of telling the concept's spans from the random ones that it is fitted with
    vectors: Float[np.ndarray, "concept unit"]  # the mean over runs
    members: tuple[Int[np.ndarray, "_span"], ...]  # indices of the spans that stand for each, nearest first
    cluster: Int[np.ndarray, "span"]  # each span's concept, -1 where its cluster was dropped


def spans(
    activations: Float[Any, "text token unit"], mask: Bool[Any, "text token"], *, lengths: tuple[int, ...] = (1, 2, 4)
) -> Spans:
    """Cut texts into all spans of some lengths, and average the activations of each.

    Args:
        activations: of one site.
        mask: where there is a token; what is not to be part of any span (as [CLS]) can be masked as well.
        lengths: in tokens, in the place of ACE's three resolutions.

    Raises:
        ValueError: no span is that short.

    Example:
        >>> spans(np.arange(6.0).reshape(1, 3, 2), np.array([[True, True, False]]), lengths=(1, 2)).activations.tolist()
        [[0.0, 1.0], [2.0, 3.0], [1.0, 2.0]]
    """
    value, mask = _numbers.exact(activations), np.asarray(mask, bool)
    if value.ndim != 3 or mask.shape != value.shape[:2] or not lengths or min(lengths) < 1:
        raise ValueError(
            f"expected activations [text token unit], their mask and lengths of at least 1; got {value.shape}, "
            f"{mask.shape} and {lengths}"
        )
    summed = np.cumsum(np.where(mask[..., None], value, 0), axis=1, dtype=np.float64)
    summed = np.pad(summed, [(0, 0), (1, 0), (0, 0)])
    counted = np.pad(np.cumsum(mask, axis=1), [(0, 0), (1, 0)])
    parts = []
    for length in sorted(set(lengths)):
        if length > mask.shape[1]:
            continue
        text, start = np.nonzero(counted[:, length:] - counted[:, :-length] == length)
        mean = (summed[text, start + length] - summed[text, start]) / length
        parts.append(Spans(mean.astype(value.dtype), text, start, np.full(len(text), length)))
    if not parts or not sum(len(part.text) for part in parts):
        raise ValueError(f"no text has {min(lengths)} tokens in a row; give shorter lengths")
    return Spans(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def explain(
    key: Array,
    gradient: Float[Any, "input unit"],
    spans: Spans,
    *,
    clusters: int = 25,
    most: int = 40,
    least: int = 20,
    least_texts: float = 0.1,
    classifier: _cav.Classifier = "ridge",
    l2: float = 1.0,
    runs: int = 20,
) -> Discovered:
    """Cluster spans into concepts and score each against random spans of the others.

    Args:
        key: for the start of k-means and the random spans.
        gradient: of the target at the site, see `tcav.gradients`.
        spans: of texts like those of the inputs.
        clusters: of k-means.
        most: spans that stand for a concept, those nearest to its centre.
        least: a cluster of fewer spans is dropped.
        least_texts: a cluster is dropped whose spans come from fewer texts than this share of its spans: it repeats
            a few texts.
        classifier: see `tcav.Settings`.
        l2: see `tcav.Settings`.
        runs: random other sides, each as large as the concept.

    Raises:
        ValueError: shapes that disagree, fewer spans than clusters, or nothing left.

    Source:
        Ghorbani et al. 2019, section 3; their code keeps 20 to 40 segments of 25 clusters and has 20 random sides.
    """
    values, g = _numbers.exact(spans.activations), _numbers.exact(gradient)
    if g.ndim != 2 or g.shape[1] != values.shape[1] or not np.isfinite(values).all() or not np.isfinite(g).all():
        raise ValueError(
            f"expected finite gradients [input unit] and spans of as many units; got {g.shape}, {values.shape}"
        )
    its, steep = ranged(values), power(float(np.abs(g).max()))
    x = its.of(values)
    if not 2 <= clusters <= len(x) or least < 2 or most < least or runs < 1:
        raise ValueError(
            f"expected 2 to {len(x)} clusters, as there are spans, and 2 <= least <= most and runs; got {clusters}, "
            f"{least}, {most} and {runs}"
        )
    start, draw = jax.random.split(_keys.checked(key))
    seed = int(np.asarray(jax.random.bits(start)))
    kmeans: Any = cluster.KMeans  # its stubs know no number of starts
    fitted = kmeans(clusters, n_init=4, random_state=seed).fit(x)
    distance = np.linalg.norm(x - fitted.cluster_centers_[fitted.labels_], axis=1)
    members = []
    for one in range(clusters):
        inside = np.flatnonzero(fitted.labels_ == one)
        if len(inside) >= least and len(np.unique(spans.text[inside])) >= least_texts * len(inside):
            members.append(inside[np.argsort(distance[inside], kind="stable")][:most])
    if not members:
        raise ValueError(f"no cluster has {least} spans of enough texts; give more texts, or fewer clusters")
    slope = jnp.asarray(g / steep, jnp.float32)
    score, vectors, accuracy = _scored(draw, jnp.asarray(x), fitted.labels_, members, slope, classifier, l2, runs)
    score = score._replace(mean=np.asarray(score.mean, np.float64) * (steep / its.scale))
    vectors = (np.asarray(vectors, np.float64) / its.scale).astype(np.float32)

    order = np.argsort(-score.mean.mean(axis=1), kind="stable")
    mean, deviation = (
        _vectors.Sensitivity(*(how(field, axis=1)[order] for field in score)) for how in (np.mean, np.std)
    )
    name = np.full(len(x), -1)
    for place, one in enumerate(order):
        name[fitted.labels_ == fitted.labels_[members[one][0]]] = place
    return Discovered(mean, deviation, accuracy[order], vectors[order], tuple(members[one] for one in order), name)


def _scored(
    key: Array,
    x: Array,
    labels: np.ndarray,
    members: list[np.ndarray],
    gradient: Array,
    classifier: _cav.Classifier,
    l2: float,
    runs: int,
) -> tuple[_vectors.Sensitivity, np.ndarray, np.ndarray]:
    """Return scores `[concept run]`, mean vectors and accuracies."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
    most = max(map(len, members))
    rows = np.zeros((len(members), runs, 2 * most), np.int64)
    weight = np.zeros((len(members), 2 * most), np.float32)
    for i, inside in enumerate(members):
        others = np.flatnonzero(labels != labels[inside[0]])
        for run in range(runs):
            drawn = rng.choice(others, len(inside), replace=len(others) < len(inside))
            rows[i, run, : len(inside)], rows[i, run, most : most + len(inside)] = inside, drawn
        weight[i, : len(inside)] = weight[i, most : most + len(inside)] = 1
    positive = jnp.asarray(np.arange(2 * most) < most, x.dtype)

    @jax.jit
    def concepts(rows: Array, weight: Array) -> tuple[Array, Array, _vectors.Sensitivity]:
        def run(rows: Array, weight: Array) -> tuple[Array, Array]:
            direction, bias = _cav.CLASSIFIERS[classifier](x[rows], positive, weight, jnp.float32(l2))
            right = (x[rows] @ direction + bias > 0) == (positive > 0)
            return direction, jnp.sum(weight * right) / jnp.sum(weight)

        def concept(now: tuple) -> tuple[Array, Array, _vectors.Sensitivity]:
            direction, right = jax.vmap(run, in_axes=(0, None))(*now)
            return jnp.mean(direction, axis=0), jnp.mean(right), _vectors.derivatives(direction, gradient)

        return jax.lax.map(concept, (rows, weight))

    vectors, accuracy, score = concepts(jnp.asarray(rows), jnp.asarray(weight))
    return _vectors.Sensitivity(*(np.asarray(field) for field in score)), np.asarray(vectors), np.asarray(accuracy)
