"""No more tokens than it takes: read in random order, and stop when the best units of each label are certain.

DeepBase (Sellam et al. 2019, arXiv 1808.04486) stops when the error of its scores is small; we ask whether the *order*
is settled. From the first tokens, each unit gets a threshold for each label, halfway between its means with and without
it. The tokens after those judge it: how many with the label lie on the right side, and how many without. Both are means
of independent numbers of 0 and 1, whose true values lie, with probability `1 - error` for all units, labels and
looks at once, within the empirical Bernstein bound of Maurer and Pontil 2009, "Empirical Bernstein bounds and
sample-variance penalization" (arXiv 0907.3740), Theorem 4, or within Hoeffding's, whichever is closer.

Cost:
    No pass of the model: only as many tokens are read, in random order, as make the top units certain.

Fails:
    One threshold for each unit: a unit that tells a label otherwise is not seen. Close rivals are settled late or never
    (`settled` says so). Bounds take tokens for independent.

Peers:
    The authors' DeepBase, which stops when the error of scores is small; here when the order is certain.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _keys, _labels, batching
from jaxneuron.rank import _sums
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table, padded, spans
from jaxneuron.types import Ranking


class Settled(NamedTuple):
    """What was found, and how much was read for it."""

    ranking: Ranking  # by balanced accuracy on the tokens that judge, [label, unit]
    low: Float[np.ndarray, "label unit"]  # bounds of it
    high: Float[np.ndarray, "label unit"]
    settled: Bool[np.ndarray, "label"]  # whether the top k are certain; never for a label that the first tokens lack
    tokens: int  # that were read, with the first


class SideCounts(NamedTuple):
    """What is known of the tokens so far."""

    threshold: Float[Any, "label unit"]
    sign: Float[Any, "label unit"]  # 1: the unit is higher with the label; -1: lower; 0: no threshold
    label: Int[Any, "label side"]  # tokens without the label, and with it
    right: Int[Any, "label side unit"]  # those among them on the right side of the threshold


class Settings(NamedTuple):
    """When the best units are settled, and in which portions tokens are read.

    Args:
        tolerance: of balanced accuracy, 0 or more.
        error: probability that a bound is wrong anywhere, between 0 and 1.
        first: tokens that the thresholds are learned from, at most half of them.
        chunk: tokens between two looks at the bounds, fewer where the budget is small.
        together: tokens in a row that stay together. 1 makes the bounds exact. A store is read faster where it is the
            size of its chunks, but then the bounds take it that neighbours are no more alike than other tokens.
    """

    tolerance: float = 0.01
    error: float = 0.05
    first: int = 1000
    chunk: int = 1000
    together: int = 1


DEFAULT = Settings()
"""What is done where nothing is said."""


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    k: int = 10,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by the balanced accuracy of one threshold each, on as few tokens as settle the top k.

    Args:
        key: the order in which tokens are read; None for their own, which must then be random already.
        activations: of each token.
        labels: classes or concepts.
        k: units to settle for each label, 1 or more.
        settings: when it is settled.
        budget: bytes for a chunk.
        progress: called after each chunk.

    Returns:
        `score[label, unit]`, 0 to 1; 0.5 for a unit or label that tells nothing.

    Raises:
        TypeError, ValueError: as `settle`.
    """
    options: dict[str, Any] = {"k": k, "settings": settings, "budget": budget, "progress": progress}
    return settle(key, activations, labels, **options).ranking


def settle(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    k: int = 10,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Settled:
    """Read tokens until the top k units of every label are certain, or there are no more.

    A label is settled when the k-th best unit's lower bound, plus the tolerance, reaches the upper bound of all that
    come after it: then no unit that was left out is better than one of the k by more than the tolerance.

    Args:
        key: the order in which tokens are read; None for their own, which must then be random already.
        activations: of each token.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        k: units to settle for each label, 1 or more.
        settings: when it is settled.
        budget: bytes for a chunk.
        progress: called after each chunk.

    Returns:
        The ranking as far as it is known, its bounds, and the tokens that were read.

    Raises:
        TypeError, ValueError: an option out of range; labels that are no classes or concepts, of another number than
            the tokens, or all the same; an activation that is not finite, where it was read.

    Example:
        >>> labels = np.arange(4000) % 2 == 0
        >>> activations = np.stack([np.arange(4000) % 3, labels], axis=1).astype(np.float32)
        >>> found = settle(jax.random.key(0), activations, labels, k=1, settings=Settings(first=100, chunk=100))
        >>> found.ranking.order[0, 0].item(), found.settled.tolist(), found.tokens < 1000
        (1, [True], True)
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    tolerance, error, first, chunk, together = settings
    if k < 1 or tolerance < 0 or not 0 < error < 1 or min(first, chunk, together) < 1:
        raise ValueError(
            f"expected k, first, chunk and together as 1 or more, a tolerance of 0 or more and an error between 0 and "
            f"1, got {k}, {first}, {chunk}, {together}, {tolerance} and {error}"
        )
    concepts = _labels.concepts(labels, tokens)
    order = _shuffled(key, tokens, together)
    first = min(first, tokens // 2)
    chunk = min(chunk, batching.chunk_size((2 + checked.copies) * 4 * units, tokens, budget))

    sums = _sums.init(concepts.shape[1], units)
    for here in spans(first, chunk):
        rows = np.sort(order[here])
        sums = _sums.update(sums, None, np.ones(len(rows), bool), checked[rows], concepts[rows])
    counts, done = init(sums), first
    score, low, high = finish(counts, error=error, look=1)
    settled = np.zeros(len(score), bool)
    learned = (sums.label > 0) & (sums.label < first)
    for look, start in enumerate(range(first, tokens, chunk), 1):
        rows = np.sort(order[start : start + chunk])
        done = start + len(rows)
        part, held = (padded(x, chunk) for x in (checked[rows], concepts[rows]))
        counts = update(counts, None, np.arange(chunk) < len(rows), part, held)
        score, low, high = finish(counts, error=error, look=look)
        settled = learned & _top_is_certain(score, low, high, k, tolerance)
        if progress:
            progress(done, tokens)
        if settled[learned].all():
            break
    if progress:
        progress(tokens, tokens)
    return Settled(ranked(score), low, high, settled, done)


def init(sums: _sums.Sums) -> SideCounts:
    """Return the state before the first token that judges, from the sums of those that thresholds are learned from."""
    inside, outside = _sums.contrast(sums)
    shift = np.zeros(1) if sums.shift is None else sums.shift.unit
    threshold, sign = np.nan_to_num((inside + outside) / 2) + shift, np.nan_to_num(np.sign(inside - outside))
    labels, units = threshold.shape
    none = jnp.zeros((labels, 2, units), jnp.int32)
    return SideCounts(threshold, jnp.asarray(sign, jnp.float32), none[:, :, 0], none)


def update(
    counts: SideCounts,
    index: Any,
    valid: Bool[Any, "token"],
    activations: Float[Any, "token unit"],
    labels: Bool[Any, "token label"],
) -> SideCounts:
    """Add a block of tokens.

    Args:
        counts: of the tokens before.
        index: not used.
        valid: false where a row is no token.
        activations: of the block; in float64, on the host, they are compared there, as they are.
        labels: concepts.
    """
    del index
    if isinstance(activations, np.ndarray) and activations.dtype == np.float64:
        return _on_host(counts, np.asarray(valid), activations, np.asarray(labels))
    label, right = _on_device(_rounded(counts), valid, activations, labels)
    return counts._replace(label=label, right=right)


def _on_host(counts: SideCounts, valid: np.ndarray, activations: np.ndarray, labels: np.ndarray) -> SideCounts:
    size, right = np.array(counts.label), np.array(counts.right)
    for label, held in enumerate(labels.T):
        says = np.asarray(counts.sign[label]) * (activations - counts.threshold[label]) > 0
        for side, tokens in enumerate((~held & valid, held & valid)):
            size[label, side] += tokens.sum()
            right[label, side] += np.sum(says[tokens] if side else ~says[tokens], axis=0)
    return counts._replace(label=jnp.asarray(size), right=jnp.asarray(right))


def _rounded(counts: SideCounts) -> SideCounts:
    """Return thresholds in single precision, on the side where what is said of such numbers stays the same."""
    threshold = np.asarray(counts.threshold, np.float64)
    near = threshold.astype(np.float32)
    wrong = np.where(np.asarray(counts.sign) > 0, near > threshold, near < threshold)
    aside = np.nextafter(near, np.where(near > threshold, -np.inf, np.inf).astype(np.float32))
    return counts._replace(threshold=np.where(wrong, aside, near))


@jax.jit
def _on_device(
    counts: SideCounts,
    valid: Bool[Any, "token"],
    activations: Float[Any, "token unit"],
    labels: Bool[Any, "token label"],
) -> tuple[Array, Array]:
    def of_label(one: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        threshold, sign, held = one
        sides = jnp.stack([~held & valid, held & valid]).astype(jnp.float32)
        says = (sign[None] * (activations - threshold[None]) > 0).astype(jnp.float32)
        below, above = jnp.split(sides @ says, 2)
        size = jnp.sum(sides, axis=1)
        return size.astype(jnp.int32), jnp.concatenate([size[0] - below, above]).astype(jnp.int32)

    size, right = jax.lax.map(of_label, (counts.threshold, counts.sign, jnp.asarray(labels).T))
    return counts.label + size, counts.right + right


def finish(
    counts: SideCounts, *, error: float, look: int
) -> tuple[Float[np.ndarray, "label unit"], Float[np.ndarray, "label unit"], Float[np.ndarray, "label unit"]]:
    """Return the balanced accuracy and its bounds.

    Args:
        counts: the state.
        error: probability that a bound is wrong anywhere, at any look.
        look: how often the bounds were looked at, with this time; look i gets `error / (i (i + 1))`.

    Returns:
        Score, lower and upper bound; a unit without a threshold scores 0.5.
    """
    n = np.maximum(np.asarray(counts.label, np.float64), 1)[:, :, None]
    mean = np.asarray(counts.right) / n
    share = error / (look * (look + 1)) / mean.size / 2  # two bounds; each has two sides
    variance = mean * (1 - mean) * n / np.maximum(n - 1, 1)
    bernstein = np.sqrt(2 * variance * np.log(4 / share) / n) + 7 * np.log(4 / share) / (3 * np.maximum(n - 1, 1))
    hoeffding = np.sqrt(np.log(2 / share) / (2 * n))
    width = np.minimum(np.minimum(bernstein, hoeffding), 1).mean(axis=1)
    width = np.where(np.any(np.asarray(counts.label) == 0, axis=1)[:, None], 1.0, width)
    score = np.where(np.asarray(counts.sign) != 0, mean.mean(axis=1), 0.5)
    return score, np.maximum(score - width, 0), np.minimum(score + width, 1)


def _top_is_certain(
    score: np.ndarray, low: np.ndarray, high: np.ndarray, k: int, tolerance: float
) -> Bool[np.ndarray, "label"]:
    order = np.argsort(-score, axis=1, kind="stable")
    worst = np.take_along_axis(low, order[:, :k], axis=1).min(axis=1)
    rest = np.take_along_axis(high, order[:, k:], axis=1).max(axis=1, initial=-np.inf)
    return worst + tolerance >= rest


def _shuffled(key: Array | None, tokens: int, together: int) -> Int[np.ndarray, "token"]:
    """Return the order in which tokens are read: runs of neighbours in random order."""
    if key is None:
        return np.arange(tokens)
    runs = np.asarray(jax.random.permutation(_keys.checked(key), -(-tokens // together)))
    order = (runs[:, None] * together + np.arange(together)).ravel()
    return order[order < tokens]
