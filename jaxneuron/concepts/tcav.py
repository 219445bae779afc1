"""Does a concept matter for a prediction, and more than chance? Testing with concept activation vectors (TCAV).

Kim et al. 2018, "Interpretability beyond feature attribution: quantitative testing with concept activation vectors"
(arXiv:1711.11279). A concept's vector is the normal of a linear classifier that tells activations of the concept's
examples from those of random ones; the score is the share of inputs whose target rises along the vector.

Sign: gradients are of the target (a logit), so above 0 means that the concept speaks *for* it. (The authors' code takes
the gradient of the loss and counts below 0, which is the same.) `magnitude` is the share of absolute derivative that is
above 0, as Captum documents it; what Captum computes under that name is the mean derivative, here `mean`.

We differ in the test. The authors compare the concept's scores against many random sets with scores of random against
random, by a t-test. But those runs share the concept's examples, and Captum's tutorial even compares the two ends of
one vector: a concept of random examples is then significant far too often. Here the null shuffles who belongs to the
concept, among all its examples and the random ones, and fits and scores each in the same way: exact at any number of
examples. The default statistic is `mean`: where all gradients point one way, as under a linear head, the count of any
direction is 0 or 1, and no test on it can tell a concept from chance.

Cost:
    One pass for each example and three for each input, at all sites; then `permutations + 1` linear fits for each
    concept and site, all in one program.

Fails:
    Under a linear head the count is 0 or 1 for any direction: read `mean`. With fewer examples than units a weak
    penalty overfits and hides the concept. An accuracy near 0.5 means that there is no vector to test.

Peers:
    Captum's TCAV and the authors' code, whose t-test over runs finds random concepts too often; here a permutation
    test.
"""

import functools
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, _numbers, batching
from jaxneuron.concepts import _cav, _cav_rows, _vectors
from jaxneuron.concepts._examples import Examples as Examples
from jaxneuron.concepts._examples import count, padded, values
from jaxneuron.concepts._examples import examples as examples
from jaxneuron.concepts._examples import gradients as gradients
from jaxneuron.concepts._range import Ranged, held, power, ranged
from jaxneuron.concepts._vectors import Sensitivity as Sensitivity
from jaxneuron.types import Probe, Site


class Tcav(NamedTuple):
    """Concepts (columns) at sites (rows)."""

    sites: tuple[Site, ...]
    concepts: tuple[str, ...]
    score: Sensitivity  # [site concept]
    p: Float[np.ndarray, "site concept"]  # two-sided, for the statistic; correct a table with evaluate.statistics
    z: Float[np.ndarray, "site concept"]  # the statistic, in standard deviations of its null
    accuracy: Float[np.ndarray, "site concept"]  # of the classifier on held-out examples; 0.5 is chance
    null: Sensitivity  # [site concept permutation]
    resampled: Sensitivity  # [site concept resample], for error bars
    vectors: dict[Site, Probe]  # weights [concept 1 unit]
    cosine: Float[np.ndarray, "site concept other"]  # between the vectors of two concepts


class Settings(NamedTuple):
    """How vectors are fitted and tested."""

    statistic: Literal["mean", "count", "magnitude"] = "mean"  # what is tested
    classifier: _cav.Classifier = "ridge"  # ridge or logistic regression, or the difference of the means
    l2: float = 1.0  # the penalty per example, in units of the units' mean variance, so that one number suits every
    # site: `l2 * examples * variance` is scikit-learn's alpha, or 1 / C. A weak one overfits where there are about as
    # many examples as units, and what a vector overfits hides the concept in the test
    permutations: int = 999  # B; the smallest p is 1 / (B + 1)
    resamples: int = 20  # vectors of randomly weighted examples (Bayesian bootstrap, Rubin 1981), for error bars; or 0
    held_out: float = 1 / 3  # the share of examples that measure the accuracy; the others make the vector


DEFAULTS = Settings()


def explain(
    key: Array,
    gradients: Mapping[Site, Float[Any, "input unit"]],
    concepts: Mapping[str, Examples],
    random: Examples,
    *,
    settings: Settings = DEFAULTS,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Tcav:
    """Score and test every concept at every site.

    `count = mean over inputs of (gradient . vector > 0)`, and with `t` the statistic of the concept and `t_b` those of
    the permutations, all B + 1 of them around their mean m: `p = (1 + number of |t_b - m| >= |t - m|) / (B + 1)`.

    Args:
        key: for the held-out examples, the permutations and the resamples.
        gradients: of the target at each input, see `gradients`.
        concepts: the name and the examples of each concept.
        random: the other side: texts like those that the concepts are taken from, which don't show them. As many or
            more; all of them are used for every concept.
        settings: how vectors are fitted and tested.
        budget: bytes of working memory.
        progress: called after each site.

    Raises:
        KeyError: examples lack a site of the gradients.
        ValueError: shapes that disagree, fewer than four examples, options out of range, or what is not finite.

    Source:
        Kim et al. 2018, section 3.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> film, noise = rng.normal(size=(2, 20, 3))
        >>> film[:, 0] += 3
        >>> speaks_for = np.tile([1.0, 0.0, 0.0], (5, 1))
        >>> found = explain(jax.random.key(0), {"mlp": speaks_for}, {"film": Examples({"mlp": film})},
        ...                   Examples({"mlp": noise}), settings=Settings(permutations=99))
        >>> found.score.count.tolist(), found.p.round(2).tolist()
        ([[1.0]], [[0.01]])
    """
    statistic, classifier, l2, permutations, resamples, held_out = settings
    if permutations < 1 or resamples < 0 or not 0 < held_out < 1 or not l2 > 0:
        raise ValueError(
            "expected at least one permutation, resamples of at least 0, a share held out between 0 and 1 and l2 above "
            f"0; got {permutations}, {resamples}, {held_out} and {l2}"
        )
    if classifier not in _cav.CLASSIFIERS or statistic not in Sensitivity._fields:
        raise ValueError(
            f"expected one of {tuple(_cav.CLASSIFIERS)} and {Sensitivity._fields}, got {classifier}, {statistic}"
        )
    if not concepts or not gradients:
        raise ValueError(f"expected at least one concept and one site, got {len(concepts)} and {len(gradients)}")
    order, run = jax.random.split(_keys.checked(key))
    keys = jax.random.split(run, len(concepts))
    every = [*concepts.items(), ("random", random)]
    train = _split(order, [count(name, given) for name, given in every], held_out)
    fitted, ranges = [], []
    for i, (site, given) in enumerate(gradients.items()):
        gradient = _numbers.exact(given)
        if gradient.ndim != 2 or not gradient.size or not np.isfinite(gradient).all():
            raise ValueError(f"expected finite gradients [input unit] at {site!r}, got the shape {gradient.shape}")
        sides = [values(name, examples, site, gradient.shape[-1]) for name, examples in every]  # each [example token]
        site_range = ranged(np.concatenate([value[mask] for value, mask in sides]))
        sides = [(np.where(mask[..., None], site_range.of(value), 0), mask) for value, mask in sides]
        steep = power(float(np.abs(gradient).max()))
        most, others = max(len(side[0]) for side in sides[:-1]), len(sides[-1][0])
        tokens = max(side[0].shape[1] for side in sides)
        shown = tuple(padded([side[part] for side in sides[:-1]], (most, tokens)) for part in (0, 1))
        other = tuple(padded([sides[-1][part]], (others, tokens))[0] for part in (0, 1))
        rows = (most + others) * tokens
        each = 4 * (8 * rows + 4 * gradient.shape[-1] + 2 * len(gradient))
        fitted.append(
            _vectors.vectors(
                keys,
                (gradient / steep).astype(np.float32),
                shown,
                other,
                (train[:-1, :most], train[-1, :others]),
                jnp.float32(l2),
                classifier=classifier,
                permutations=permutations,
                resamples=resamples,
                chunk=batching.chunk_size(each, permutations + 1, budget),
            )
        )
        ranges.append((site_range, steep))
        if progress:
            progress(i + 1, len(gradients))
    found = [_as_given(one, *its) for one, its in zip(fitted, ranges, strict=True)]
    return _assembled(tuple(gradients), tuple(concepts), found, statistic, {"classifier": classifier, "l2": l2})


def _as_given(found: _vectors.Vectors, site_range: Ranged, steep: float) -> _vectors.Vectors:
    """Return what was fitted in a range for activations and gradients as they are, in float64."""
    direction, bias = site_range.back(found.direction, found.bias)

    def unscaled(scores: Sensitivity) -> Sensitivity:
        scores = Sensitivity(*(np.asarray(field, np.float64) for field in scores))
        return scores._replace(mean=scores.mean * (steep / site_range.scale))

    score, null, resampled = map(unscaled, (found.score, found.null, found.resampled))
    return found._replace(direction=direction, bias=bias, score=score, null=null, resampled=resampled)


def fit(
    activations: Float[Any, "*many pool unit"],
    labels: Bool[Any, "*cav row"],
    *,
    rows: Int[Any, "..."] | None = None,
    weight: Float[Any, "pool"] | None = None,
    classifier: _cav.Classifier = "ridge",
    l2: float = 1.0,
    budget: int = batching.BUDGET,
) -> Probe:
    """Fit concept vectors: many labellings of the same rows, many draws from one pool, or many data sets of one shape.

    Args:
        activations: `[row unit]` for all, or `[cav row unit]`.
        labels: which rows show the concept; `[row]` or `[cav row]`.
        rows: the rows of the pool `activations[row unit]` that each vector is fitted on, such as those of a concept and
            of a random set; `labels` are theirs. The fastest way to many data sets: the pool's products serve them all.
        weight: how much each row counts; not for a pool.
        classifier: see `Settings`.
        l2: see `Settings`.
        budget: bytes of working memory, for a pool.

    Returns:
        `weights[*cav 1 unit]`, of activations as they are, and `bias[*cav 1]`: halfway between the two sides.

    Raises:
        IndexError: rows that the pool does not have.
        ValueError: shapes that disagree, or weights for a pool.

    Example:
        >>> x = np.array([[0.0, 1.0], [0.2, 0.0], [2.0, 1.0], [2.2, 0.0]])
        >>> fit(x, np.array([False, False, True, True]), classifier="mean").weights.round(2).tolist()
        [[2.0, 0.0]]
    """
    given, y = held(activations, "the activations"), jnp.asarray(labels, jnp.float32)
    its = ranged(given)
    x = jnp.asarray(its.of(given))
    if rows is not None:
        direction, bias = _fit_pool(x, y, np.asarray(rows), weight, jnp.float32(l2), classifier, budget)
    elif (
        x.ndim not in (2, 3)
        or y.ndim not in (1, 2)
        or x.shape[-2] != y.shape[-1]
        or x.shape[:-2] not in ((), y.shape[:-1])
    ):
        raise ValueError(
            f"expected activations [row unit] or [cav row unit] and labels [cav row], got {x.shape}, {y.shape}"
        )
    else:
        counted = jnp.ones(x.shape[-2], jnp.float32) if weight is None else jnp.asarray(weight, jnp.float32)
        direction, bias = _fit(x, y, counted, jnp.float32(l2), classifier=classifier)
    direction, bias = (jnp.asarray(part, jnp.float32) for part in its.back(direction, bias))
    zero = jnp.zeros(x.shape[-1])
    return Probe(direction[..., None, :], bias[..., None], zero, zero + 1, {"classifier": classifier, "l2": l2})


@functools.partial(jax.jit, static_argnames="classifier")
def _fit(x: Array, y: Array, weight: Array, l2: Array, *, classifier: _cav.Classifier) -> tuple[Array, Array]:
    one = _cav.CLASSIFIERS[classifier]
    if y.ndim == 1:
        return one(x, y, weight, l2)
    return jax.vmap(one, in_axes=(0 if x.ndim == 3 else None, 0, None, None))(x, y, weight, l2)


def _fit_pool(
    x: Array, y: Array, rows: np.ndarray, weight: Any, l2: Array, classifier: _cav.Classifier, budget: int
) -> tuple[Array, Array]:
    if weight is not None:
        raise ValueError("each vector of a pool has rows of its own; leave out `rows` to weigh them, or repeat rows")
    if x.ndim != 2 or rows.ndim != 2 or y.shape not in (rows.shape, rows.shape[1:]):
        raise ValueError(
            "expected activations [row unit], rows [cav row] and labels [cav row] or [row], got "
            f"{x.shape}, {rows.shape} and {y.shape}"
        )
    if rows.size and not 0 <= rows.min() <= rows.max() < len(x):
        raise IndexError(f"the pool has the rows 0 to {len(x) - 1}, got {rows.min()} to {rows.max()}")
    each = 4 * (4 * rows.shape[1] ** 2 + 2 * len(x))
    chunk = batching.chunk_size(each, len(rows), budget)
    return _cav_rows.pooled(
        x, jnp.asarray(rows), jnp.broadcast_to(y, rows.shape), l2, classifier=classifier, chunk=chunk
    )


def _split(key: Array, counts: list[int], held_out: float) -> np.ndarray:
    """Return which examples of each concept, and of the random ones, train; `[concept + 1, example]`."""
    draw = np.array(jax.random.uniform(key, (len(counts), max(counts))))
    for row, size in zip(draw, counts, strict=True):
        row[size:] = np.inf
    place = np.argsort(np.argsort(draw, axis=1, kind="stable"), axis=1)
    held = np.clip(np.round(held_out * np.array(counts)).astype(int), 1, np.array(counts) - 2)
    return place < (np.array(counts) - held)[:, None]


def _assembled(
    names: tuple[Site, ...], concepts: tuple[str, ...], found: list, statistic: str, settings: dict[str, Any]
) -> Tcav:
    score, null, resampled = (
        jax.tree.map(
            lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *(getattr(f, name) for f in found)
        )
        for name in ("score", "null", "resampled")
    )
    every = np.concatenate([getattr(score, statistic)[..., None], getattr(null, statistic)], axis=-1).astype(np.float64)
    far = np.abs(every - every.mean(axis=-1, keepdims=True))
    p = np.mean(far >= far[..., :1] * (1 - 1e-5), axis=-1)  # equal up to rounding is a tie, which counts against
    spread = every[..., 1:].std(axis=-1)
    away = every[..., 0] - every[..., 1:].mean(axis=-1)
    z = np.divide(away, spread, out=np.full(p.shape, np.nan), where=spread > 0)
    cosine, vectors = [], {}
    for site, one in zip(names, found, strict=True):
        zero = jnp.zeros(one.direction.shape[-1])
        weights, bias = (jnp.asarray(part, jnp.float32)[:, None] for part in (one.direction, one.bias))
        vectors[site] = Probe(weights, bias, zero, zero + 1, settings)
        length = np.linalg.norm(one.direction, axis=-1, keepdims=True)
        direction = one.direction / np.where(length > 0, length, 1)
        cosine.append(direction @ direction.T)
    accuracy = np.stack([np.asarray(one.accuracy) for one in found])
    return Tcav(names, concepts, score, p, z, accuracy, null, resampled, vectors, np.stack(cosine))
