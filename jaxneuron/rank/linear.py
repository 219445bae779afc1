"""Train a linear probe to predict the labels from all units, and rank the units by the size of their weights.

Dalvi et al. 2019, "What is one grain of sand in the desert?" (arXiv 1812.09355); Durrani et al. 2020 (arXiv
2010.02695). NeuroX is their code. We differ in this: the L1 penalty gives exact zeros (a proximal step), the L2 penalty
is the sum of the squared weights (NeuroX adds the norm itself, whose pull on small weights never ends), tokens
are shuffled and units standardised, the learning rate falls to zero, dev data choose the epoch, and many probes
are trained at once, for which the activations are read once.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank import _blocks, _proximal
from jaxneuron.rank._plan import Plan, planned
from jaxneuron.rank._probe import logits as logits
from jaxneuron.ranking import ranked
from jaxneuron.types import Probe, Ranking

Labels = Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"]


def rank(
    key: Array | None,
    activations: Float[Any, "token unit"],
    labels: Labels,
    *,
    l1: float | Float[Any, "probe"] = 0.0,
    l2: float | Float[Any, "probe"] = 0.0,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    epochs: int = 10,
    batch: int | None = 128,
    learning_rate: float = 1e-3,
    standardise: bool = True,
    dev: tuple[Any, Any] | None = None,
    patience: int | None = 3,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Ranking, Probe]:
    """Rank units by the absolute weight that a probe gives them for each label.

    Args:
        key: see `fit`, as all that follows.
        activations: see `fit`.
        labels: see `fit`.
        l1: see `fit`.
        l2: see `fit`.
        mask: see `fit`.
        weight: see `fit`.
        epochs: see `fit`.
        batch: see `fit`.
        learning_rate: see `fit`.
        standardise: see `fit`.
        dev: see `fit`.
        patience: see `fit`.
        budget: see `fit`.
        progress: see `fit`.

    Returns:
        `score[*probe label unit]`, and the probe, whose weights have the sign: `ranking.ranked(probe.weights)` orders
        by what speaks for a label. Yes-or-no labels as `Bool[token]` have one row. `mass_order` and `ranking.overall`
        make one order of many.

    Raises:
        TypeError, ValueError: as `fit`.
    """
    probe = fit(
        key,
        activations,
        labels,
        l1=l1,
        l2=l2,
        mask=mask,
        weight=weight,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        standardise=standardise,
        dev=dev,
        patience=patience,
        budget=budget,
        progress=progress,
    )
    return ranked(jnp.abs(probe.weights)), probe


def fit(
    key: Array | None,
    activations: Float[Any, "token unit"],
    labels: Labels,
    *,
    l1: float | Float[Any, "probe"] = 0.0,
    l2: float | Float[Any, "probe"] = 0.0,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    epochs: int = 10,
    batch: int | None = 128,
    learning_rate: float = 1e-3,
    standardise: bool = True,
    dev: tuple[Any, Any] | None = None,
    patience: int | None = 3,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Probe:
    """Fit one linear probe, or many at once.

    `mean over tokens of loss(logits, label) + l1 sum |w| + l2 sum w^2`, by proximal Adam. Classes have a softmax and
    cross-entropy, concepts (`Bool`) a sigmoid and binary cross-entropy each, numbers a squared error each, where
    concepts and numbers are summed. scikit-learn's `C` is `1 / (2 l2 tokens)`, or with L1 `1 / (l1 tokens)`; Ridge's
    `alpha` is `l2 tokens`. Weights start at zero.

    Any of `key`, `l1`, `l2`, `mask` and `weight` may have a leading axis, one entry per probe. Probes with the same
    key see the tokens in the same order, which is cheapest; with different keys each has its own.

    In batches the gradient is noisy, so that weights at the brink of zero may stay above it; with the whole data in
    each step (`batch=None`) the zeros are those of the solution. Activations beyond the budget are read in blocks,
    in shuffled order and shuffled within.

    Args:
        key: one or `[probe]`; may be None where `batch` is None, as nothing is random then.
        activations: an array, or the lazy array of a store.
        labels: classes, concepts or numbers.
        l1: at least 0, of standardised activations if `standardise`.
        l2: as `l1`.
        mask: units that a probe may use.
        weight: how much each token counts, at least 0; only ratios matter.
        epochs: passes over the data.
        batch: tokens per step, None for all.
        learning_rate: of the first step; it falls to zero with the last.
        standardise: subtract each unit's mean over all tokens and divide by its standard deviation.
        dev: activations and labels to choose the epoch of each probe by, the one of the lowest loss; without, the last.
        patience: epochs without improvement on dev after which a probe is as it is; None to go on.
        budget: bytes for a block of activations.
        progress: called after each block.

    Returns:
        The probe, or with a leading axis the probes; `settings` has the loss, and with dev data the best epoch of
        each probe (counted from 1) and the losses `dev_loss[epoch probe]`.

    Raises:
        TypeError: labels of another kind, such as strings.
        ValueError: shapes that disagree, a single class, an activation that is not finite, options out of range.

    Example:
        >>> x = np.array([[0.0, 1.0], [1.0, 1.0], [0.1, 0.0], [0.9, 0.0]])
        >>> probe = fit(None, x, np.array([0, 1, 0, 1]), l1=0.01, batch=None, epochs=500, learning_rate=0.01)
        >>> jnp.sign(probe.weights).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    if epochs < 1 or (batch is not None and batch < 1) or not learning_rate > 0:
        raise ValueError(
            f"expected at least one epoch, one token per step and a learning rate above 0, "
            f"got {epochs}, {batch} and {learning_rate}"
        )
    tokens, units = getattr(activations, "shape", np.shape(activations))
    table, kind = _blocks.prepared(labels, tokens)
    plan = planned(key, l1, l2, mask, weight, tokens, units, batch)
    probes, columns = plan.table.size, plan.columns
    extra = kind.count * (probes if batch is None else 1) * 3
    data = _blocks.Blocks(activations, table, columns, budget, extra)
    mean, scale = data.moments(standardise)
    held = None
    if dev is not None:
        held_table = _blocks.held_out(dev[1], len(dev[0]), kind)
        if dev[0].shape[1] != units:
            raise ValueError(f"expected dev activations of {units} units, got {dev[0].shape[1]}")
        held = _blocks.Blocks(dev[0], held_table, columns, budget, kind.count * probes * 3)

    best, losses, chosen = _trained(
        plan, data, held, kind, jnp.asarray(mean), jnp.asarray(scale), epochs, batch, learning_rate, patience, progress
    )
    return _assembled(
        plan,
        best,
        (mean, scale),
        units,
        {
            "loss": kind.loss,
            "l1": l1,
            "l2": l2,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "standardise": standardise,
            **({} if dev is None else {"best_epoch": plan.flat(chosen), "dev_loss": plan.flat(losses)}),
        },
    )


def _trained(
    plan: Plan,
    data: _blocks.Blocks,
    held: _blocks.Blocks | None,
    kind: _blocks.Kind,
    mean: Array,
    scale: Array,
    epochs: int,
    batch: int | None,
    rate: float,
    patience: int | None,
    progress: batching.Progress | None,
) -> tuple[_proximal.Linear, np.ndarray, np.ndarray]:
    """Return the best probes, the dev losses `[epoch, group, probe]` and the best epochs `[group, probe]`."""
    groups, probes = plan.table.shape
    state = _proximal.initial(kind.count, probes, data.units, groups)
    rates = (jnp.float32(rate), jnp.float32(epochs * (1 if batch is None else len(data) * -(-data.size // batch))))
    best = state.linear if held is None else jax.tree.map(jnp.copy, state.linear)
    lowest, chosen = np.full((groups, probes), np.inf), np.zeros((groups, probes), np.int64)
    losses: list[np.ndarray] = []
    rng = None if batch is None else np.random.default_rng(np.asarray(jax.random.key_data(plan.keys[0])))
    whole = batch is None and len(data) == 1 and held is None
    weight = jnp.asarray(plan.weight) if len(data) == 1 else plan.weight
    for epoch in range(1 if whole else epochs):
        gradient = None
        for i, block in enumerate(data.shuffled(rng)):
            share = weight
            if len(data) > 1:
                share = weight[..., block.first : block.first + block.count]
                share = jnp.asarray(np.pad(share, [(0, 0), (0, 0), (0, data.size - block.count)]))
            now = _proximal.on_device(block, mean, scale)
            if batch is not None:
                keys = jax.vmap(lambda key: jax.random.fold_in(key, epoch * len(data) + i))(plan.keys)  # noqa: B023
                state = _proximal.train(
                    state, keys, now, share, plan.penalty, *rates, batch=min(batch, data.size), kind=kind
                )
            elif len(data) == 1:
                steps = epochs if whole else 1
                state = _proximal.descend(state, now, share, plan.penalty, *rates, kind=kind, epochs=steps)
            else:
                gradient = jax.tree.map(jnp.zeros_like, state.linear) if gradient is None else gradient
                gradient = _proximal.part_slope(state.linear, gradient, now, share, jnp.float32(data.tokens), kind=kind)
            if progress:
                progress(epoch * len(data) + i + 1, len(data) * (1 if whole else epochs))
        if gradient is not None:
            state = _proximal.whole_step(state, gradient, plan.penalty, *rates)
        if held is None:
            continue
        parts = (
            _proximal.part_loss(state.linear, _proximal.on_device(b, mean, scale), kind=kind)
            for b in held.shuffled(None)
        )
        losses.append(np.asarray(sum(parts), np.float64) / held.tokens)
        going = np.ones_like(chosen, bool) if patience is None else epoch - chosen < patience
        better = going & (losses[-1] < lowest)
        lowest, chosen = np.where(better, losses[-1], lowest), np.where(better, epoch + 1, chosen)
        best = _proximal.keep(best, state.linear, jnp.asarray(better))
        if patience is not None and (epoch + 1 - chosen >= patience).all():
            break
    return (state.linear if held is None else best), np.array(losses), chosen


def _assembled(plan: Plan, linear: _proximal.Linear, moments: Any, units: int, settings: dict[str, Any]) -> Probe:
    group, place = plan.home
    weights, bias = linear.weights[group, :, place], linear.bias[group, :, place]
    mean, scale = (jnp.asarray(x) for x in moments)
    if plan.columns is not None:
        weights = jnp.zeros((*weights.shape[:-1], units)).at[..., plan.columns].set(weights)
        mean = jnp.zeros(units).at[plan.columns].set(mean)
        scale = jnp.ones(units).at[plan.columns].set(scale)
    if plan.single:
        weights, bias = weights[0], bias[0]
    return Probe(weights, bias, mean, scale, settings)


def mass_order(probe: Probe) -> Ranking:
    """Order units by when they enter the set that holds a share of each label's weight, as the share grows.

    For a share p, a label's units are the fewest, largest first, whose absolute weights sum to at least p of the
    label's whole; the set is the union over labels. A unit enters at the smallest mass, over labels, of the
    units before it. NeuroX moves p in strides and leaves the order within a stride to chance; here it is exact.

    Args:
        probe: one or many; of two classes as `Bool[token]` the one row counts.

    Returns:
        `score[*probe unit]`, 1 less the share at which a unit enters: 1 for each label's first unit, 0 for a unit
        without weight. Ties are ordered by index.

    Source:
        Dalvi et al. 2019, section 3.2; `get_neuron_ordering` of NeuroX.

    Example:
        >>> zero, one = jnp.zeros(3), jnp.ones(3)
        >>> mass_order(Probe(jnp.array([[4.0, 1, 5], [1, 1, 10]]), jnp.zeros(2), zero, one, {})).order.tolist()
        [2, 0, 1]
    """
    size = np.abs(np.asarray(probe.weights, np.float64))
    order = np.argsort(-size, axis=-1, kind="stable")
    falling = np.take_along_axis(size, order, axis=-1)
    total = falling.sum(axis=-1, keepdims=True)
    before = np.cumsum(falling, axis=-1) - falling
    share = np.divide(before, total, out=np.ones_like(before), where=(total > 0) & (falling > 0))
    entry = np.ones_like(share)
    np.put_along_axis(entry, order, np.minimum(share, 1), axis=-1)
    return ranked(jnp.asarray(1 - entry.min(axis=-2), jnp.float32))
