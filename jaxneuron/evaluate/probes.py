"""How well does a probe do with only the first k units of a ranking, the last k, or k at random?

The protocol of Antverg and Belinkov 2022, "On the pitfalls of analyzing individual neurons in language models"
(arXiv:2110.07483): any ranking with any probe, for every k from 1 to 150, so that a good ranking is told from a good
probe. Theirs trains hundreds of probes one by one; here those of one order are one fit with a mask each, or one
Gaussian, of which any subset of units comes in closed form.

- `retrained`: probes that are fitted on the k units alone: what do these units know?
- `masked`: one probe, fitted on all units, that sees only k of them: what does this probe use?

Cost:
    No pass of the model: a fit of some 150 probes for the ranking, its reverse and each random draw.

Fails:
    Any k units of many know much: read the curve beside the random one. What `masked` misses may be there.

Peers:
    The authors' code trains hundreds of probes one by one; NeuroX's is `masked` with zeros.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate import probes

    found = probes.curve(jax.random.key(0), [1, 0, 2, 3], *[(activations, labels)] * 2, counts=[1, 4])
    print(bool(found.accuracy[0] > 0.9))  # the first unit alone
    #: True
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from jaxneuron import _numbers, batching
from jaxneuron.evaluate._held_out import check, held_out, in_blocks
from jaxneuron.evaluate.information import Information
from jaxneuron.rank import gaussian, linear
from jaxneuron.table import Table
from jaxneuron.types import Probe, Ranking

COUNTS = tuple(range(1, 151))
"""Every k of Antverg and Belinkov."""

Data = tuple[Table, Int[Any, "_token"] | Bool[Any, "_token *label"]]
"""Activations and the labels of the same tokens."""


class Parts(NamedTuple):
    """What a probe is fitted on, measured on, and stopped by."""

    train: Data
    test: Data  # other tokens, on which the information is measured
    dev: Data | None = None  # handed to `fit`


class InformationCurves(NamedTuple):
    """What k units tell on held-out tokens; fields of `Information` have a number per k (and per concept)."""

    counts: Int[np.ndarray, "k"]
    top: Information  # [k]
    bottom: Information  # [k]
    random: Information  # [draw k], nested: the first k of one random order per draw


def retrained(
    key: Array,
    ranking: Ranking,
    parts: Parts,
    *,
    counts: Sequence[int] = COUNTS,
    draws: int = 1,
    probe: Literal["linear", "gaussian"] = "linear",
    fit: Callable[..., Any] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> InformationCurves:
    """Fit a probe on the first, the last and k random units of a ranking, for each k.

    With control labels in place of the labels (`selectivity.control_labels`), this is the control accuracy for each k.

    Args:
        key: for random units and the order of the tokens.
        ranking: one order of all units; `ranking.overall` makes one of many labels.
        parts: activations and labels.
        counts: the k, each from 1 to the number of units.
        draws: random orders.
        probe: which kind.
        fit: makes the probe: called as `linear.fit` or `gaussian.fit` of the package is. By default `quick`, or
            `gaussian.fit`; `functools.partial(linear.fit, settings=linear.Settings(l1=1e-3))` sets options.
        budget: bytes of working memory, beside the columns of the units in question.
        progress: called after each order.

    Raises:
        ValueError: rankings of several labels, or of other units; a k out of range.
    """
    one = jax.random.fold_in(key, 0)
    return _curves(
        lambda order: curve(one, order, *parts[:2], counts=counts, probe=probe, fit=fit, dev=parts.dev, budget=budget),
        jax.random.fold_in(key, 1),
        ranking,
        counts,
        draws,
        progress,
    )


def masked(
    key: Array,
    ranking: Ranking,
    probe: Probe,
    test: Data,
    *,
    counts: Sequence[int] = COUNTS,
    draws: int = 1,
    removed: Literal["mean", "zero"] = "mean",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> InformationCurves:
    """Let a fitted linear probe see only k units of a ranking, for each k (Dalvi et al. 2019, arXiv 1812.09355).

    Args:
        key: for random units.
        ranking: one order of all units.
        probe: fitted on all units.
        test: activations and labels.
        counts: the k, each from 1 to the number of units.
        draws: random orders.
        removed: what the other units are set to: their mean in training, which says nothing; or zero, as in NeuroX,
            which says something unless their mean is zero. The same for a probe that does not standardise.
        budget: bytes of working memory.
        progress: called after each order.

    Raises:
        ValueError: rankings of several labels, or of other units; a k out of range; several probes.
    """

    def seen(order: np.ndarray) -> Information:
        return masked_curve(order, probe, test, counts=counts, removed=removed, budget=budget)

    return _curves(seen, key, ranking, counts, draws, progress)


def quick(key: Array, activations: Table, labels: Any, **options: Any) -> Probe:
    """Fit linear probes to convergence on fewer than 10,000 tokens, and in ten passes of batches on more.

    To convergence takes five times the processor time (15 probes of 20,000 tokens, 150 units and 17 classes). Ten
    passes at this learning rate, 30 times that of NeuroX, are right as often on held-out tokens, to 0.002.

    Args:
        key: for the order of the tokens.
        activations: as for `linear.fit`.
        labels: as for `linear.fit`.
        **options: of `linear.fit`; they come before those set here.
    """
    many = activations.shape[0] >= 10_000
    settings = linear.NEUROX._replace(learning_rate=0.03) if many else linear.Settings()
    return linear.fit(key, activations, labels, **dict[str, Any](settings=settings) | options)


def curve(
    key: Array,
    order: Int[Any, "unit"],
    train: Data,
    test: Data,
    *,
    counts: Sequence[int] = COUNTS,
    probe: Literal["linear", "gaussian"] = "linear",
    fit: Callable[..., Any] | None = None,
    dev: Data | None = None,
    budget: int = batching.BUDGET,
) -> Information:
    """Fit a probe on the first k units of an order, for each k: numbers `[k]`, or `[k label]`; see `retrained`.

    Args:
        key: for the order of the tokens.
        order: of all units, the best first.
        train: activations and labels.
        test: the same of other tokens.
        counts: the k.
        probe: which kind.
        fit: makes the probe.
        dev: handed to `fit`.
        budget: bytes of working memory.

    Raises:
        ValueError: another kind of probe, or as `retrained`.
    """
    if probe not in ("linear", "gaussian"):
        raise ValueError(f"expected the probe 'linear' or 'gaussian', got {probe!r}")
    given, wanted = _checked(order, counts, check(train[0], np.asarray(train[1]))[1])
    for other in (test,) if dev is None else (test, dev):
        _checked(order, counts, check(other[0], np.asarray(other[1]))[1])
    place = np.argsort(given)
    parts, done = [], []
    for group in [np.arange(len(wanted))] if probe == "gaussian" else _groups(wanted):
        here = wanted[group]
        units = np.sort(given[: here.max()])
        x, held = (_columns(data[0], units) for data in (train, test))
        options: dict[str, Any] = {} if dev is None else {"dev": (_columns(dev[0], units), dev[1])}
        if probe == "gaussian":
            fitted = (fit or gaussian.fit)(key, x, train[1], **options)
            parts.append(_prefixes(fitted, np.argsort(place[units]), here, held, test[1], budget))
        else:
            mask = place[units] < here[:, None]
            fitted = (fit or quick)(key, x, train[1], mask=mask, **options)
            parts.append(held_out(fitted, held, test[1], budget=budget))
        done.append(group)
    back = np.argsort(np.concatenate(done))
    return Information(*(np.concatenate(field)[back] for field in zip(*parts, strict=True)))


def masked_curve(
    order: Int[Any, "unit"],
    probe: Probe,
    test: Data,
    *,
    counts: Sequence[int] = COUNTS,
    removed: Literal["mean", "zero"] = "mean",
    budget: int = batching.BUDGET,
) -> Information:
    """Let a fitted probe see the first k units of an order only, for each k: `[k]`, or `[k label]`; see `masked`.

    Args:
        order: of all units, the best first.
        probe: fitted on all units.
        test: activations and labels.
        counts: the k.
        removed: what the other units are set to.
        budget: bytes of working memory.

    Raises:
        ValueError: as `masked`.
    """
    if removed not in ("mean", "zero"):
        raise ValueError(f"expected units to be removed as 'mean' or 'zero', got {removed!r}")
    weights, bias, mean, scale = (np.asarray(leaf) for leaf in probe[:4])
    if weights.ndim != 2:
        raise ValueError(f"expected one probe [label, unit], got weights {weights.shape}; pick one of several first")
    given, wanted = _checked(order, counts, check(test[0], np.asarray(test[1]))[1])
    if len(mean) != len(given):
        raise ValueError(f"the probe has {len(mean)} units, the order has {len(given)}; use the same sites")
    units = np.sort(given[: wanted.max()])
    kept = np.argsort(given)[units] < wanted[:, None]
    some = weights[:, units] * kept[:, None]
    shown = np.broadcast_to(bias, (len(wanted), *bias.shape))
    if removed == "zero":
        each = -mean / scale * weights  # [label unit], what a unit at zero adds
        shown = shown + each.sum(axis=1) - np.einsum("lu,ku->kl", each[:, units], kept.astype(each.dtype))
    part = Probe(jnp.asarray(some), jnp.asarray(shown), mean[units], scale[units], {})
    return held_out(part, _columns(test[0], units), test[1], budget=budget)


def _curves(
    one: Callable[[np.ndarray], Information],
    key: Array,
    ranking: Ranking,
    counts: Sequence[int],
    draws: int,
    progress: batching.Progress | None,
) -> InformationCurves:
    order = np.asarray(ranking.order)
    order = order[0] if order.ndim == 2 and len(order) == 1 else order
    if order.ndim != 1 or draws < 1:
        raise ValueError(
            f"expected one order of units and at least one draw, got an order {order.shape} and {draws} draws; "
            "`ranking.overall` makes one order of many labels"
        )
    shuffled = [np.asarray(jax.random.permutation(k, len(order))) for k in jax.random.split(key, draws)]
    found = []
    for i, units in enumerate([order, order[::-1], *shuffled]):
        found.append(one(units))
        if progress:
            progress(i + 1, 2 + draws)
    random = Information(*(np.stack(field) for field in zip(*found[2:], strict=True)))
    return InformationCurves(np.asarray(counts), found[0], found[1], random)


def _prefixes(
    fitted: Any, local: np.ndarray, counts: np.ndarray, activations: Table, labels: Any, budget: int
) -> Information:
    size = 4 * len(local) * len(fitted.prior)
    return in_blocks(
        lambda block: gaussian.prefix_logits(fitted, block, local)[counts - 1], activations, labels, size, budget=budget
    )


def _checked(order: Any, counts: Any, units: int) -> tuple[np.ndarray, np.ndarray]:
    order, counts = np.asarray(order), np.asarray(counts)
    if order.shape != (units,) or not np.array_equal(np.sort(order), np.arange(units)):
        raise ValueError(
            f"expected an order of all {units} units of the activations, got one of the shape {order.shape}"
        )
    if counts.ndim != 1 or not counts.size or counts.min() < 1 or counts.max() > units:
        raise ValueError(f"expected each k from 1 to the {units} units, got {counts!r:.80}; give `counts`")
    return order, counts


def _groups(counts: np.ndarray) -> list[np.ndarray]:
    """Return which counts are fitted together: up to 256 units, up to 1,024, and so on; masks have one width in one."""
    level = np.ceil(np.log(np.maximum(counts, 256) / 256) / np.log(4) - 1e-9).astype(int)
    return [np.flatnonzero(level == one) for one in np.unique(level)]


def _columns(activations: Table, units: np.ndarray) -> Any:
    """Return some units of activations; all of them as they are, unread."""
    return activations if len(units) == activations.shape[1] else _numbers.exact(activations[:, units])
