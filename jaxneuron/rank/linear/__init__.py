"""Fit a linear probe that predicts the labels from all units, and rank the units by the size of their weights.

Dalvi et al. 2019, "What is one grain of sand in the desert?" (arXiv 1812.09355); Durrani et al. 2020 (arXiv
2010.02695). NeuroX is their code. We differ in this: a probe is fitted until it has converged (NeuroX goes ten times
over the data, which is too few on less than some 30,000 tokens; `NEUROX` has its options), the L1 penalty gives exact
zeros, the L2 penalty is the sum of the squared weights (NeuroX adds the norm itself, whose pull on small weights never
ends), units are standardised, and many probes are fitted at once, for which the activations are read once.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank import _blocks, _proximal
from jaxneuron.rank._losses import Linear
from jaxneuron.rank._probe import logits as logits
from jaxneuron.rank._probe import moments_of_probe
from jaxneuron.rank.linear._choice import Choice
from jaxneuron.rank.linear._converge import converge, start
from jaxneuron.rank.linear._plan import Plan, planned
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe, Ranking

Labels = Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"]

NEUROX: dict[str, Any] = {"batch": 128, "epochs": 10, "learning_rate": 1e-3, "l2": 0.0}
"""NeuroX's defaults, for `linear.fit(key, activations, labels, **linear.NEUROX)`."""

WEAK = 0.1
"""How many tokens' worth the usual L2 penalty has: a prior of the weights, normal, of standard deviation
`sqrt(1 / WEAK)`, about 3 (log odds per standard deviation of a unit).

It is there because labels that can be told apart without an error have no best probe, and vanishes as tokens come.
Ten times as strong, as in scikit-learn, it can be felt: of labels that one unit decides, 2,000 tokens tell 0.92 bits
instead of 0.96, and the loss of 300 noisy tokens of 50 units is 1 % above the lowest instead of 0.02 %. Ten times as
weak, the code of 10,000 labels of which one is different is 230 bits long instead of 54.
"""

TOLERANCE = 1e-4
"""A probe has converged when ten steps lower its objective by less than this share of it."""


def rank(
    key: Array | None,
    activations: Table,
    labels: Labels,
    *,
    l1: float | Float[Any, "probe"] = 0.0,
    l2: float | Float[Any, "probe"] | None = None,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    learning_rate: float = 1e-3,
    tolerance: float = TOLERANCE,
    standardise: bool = True,
    dev: tuple[Any, Any] | None = None,
    patience: int | None = 10,
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
        tolerance: see `fit`.
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
        tolerance=tolerance,
        standardise=standardise,
        dev=dev,
        patience=patience,
        budget=budget,
        progress=progress,
    )
    return ranked(jnp.abs(probe.weights)), probe


def fit(
    key: Array | None,
    activations: Table,
    labels: Labels,
    *,
    l1: float | Float[Any, "probe"] = 0.0,
    l2: float | Float[Any, "probe"] | None = None,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    learning_rate: float = 1e-3,
    tolerance: float = TOLERANCE,
    standardise: bool = True,
    dev: tuple[Any, Any] | None = None,
    patience: int | None = 10,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Probe:
    """Fit one linear probe, or many at once.

    `mean over tokens of loss(logits, label) + l1 sum |w| + l2 sum w^2`. Classes have a softmax and cross-entropy,
    concepts (`Bool`) a sigmoid and binary cross-entropy each, numbers a squared error each, where concepts and numbers
    are summed. scikit-learn's `C` is `1 / (2 l2 tokens)`, or with L1 `1 / (l1 tokens)`; Ridge's `alpha` is `l2 tokens`.

    By default each step looks at all tokens, by OWL-QN (`_quasi_newton`), until the probe has converged. A label that
    none of a probe's tokens has counts as half a token at the mean of all units, so that it stays possible.

    Any of `key`, `l1`, `l2`, `mask` and `weight` may have a leading axis, one entry per probe. Activations beyond the
    budget are read in blocks, in each step again: from disk, that takes time.

    With `batch`, a step of proximal Adam looks at that many tokens, and there are `epochs` of them, however far that
    leads. Weights start at zero, biases at the labels' own shares. Probes with the same key see the tokens in the same
    order, which is cheapest; blocks come in shuffled order and are shuffled within. Weights at the brink of zero may
    stay above it.

    Args:
        key: one or `[probe]`; may be None without `batch`, as nothing is random then.
        activations: of each token.
        labels: classes, concepts or numbers.
        l1: at least 0, of standardised activations if `standardise`.
        l2: as `l1`. None: 0 beside an L1 penalty, and else `WEAK / (2 tokens)`, which is scikit-learn's `C = 1 / WEAK`
            (of two classes, which have two rows here and one there, and of numbers, `WEAK / tokens`: Ridge's
            `alpha = WEAK`); tokens that a probe's `weight` leaves out don't count.
        mask: units that a probe may use.
        weight: how much each token counts, at least 0; only ratios matter.
        epochs: passes over the data; None for 10 in batches, and else for as many as it takes, at most 200 and 10 times
            the root of the number of weights of a probe.
        batch: tokens per step, None for all.
        learning_rate: in batches, of the first step; it falls to zero with the last.
        tolerance: the probe has converged when ten steps lower its objective by less than this share of it.
        standardise: subtract each unit's mean over all tokens and divide by its standard deviation, in the precision of
            the activations; without it, units are read in single precision, and refused where that loses what they say.
        dev: activations and labels to choose the pass of each probe by, the one of the lowest loss; without, the last.
        patience: passes without improvement on dev after which a probe is as it is; None to go on.
        budget: bytes for a block of activations.
        progress: called after each block in batches, and else every few passes.

    Returns:
        The probe, or with a leading axis the probes; `settings` has the loss, `l2` as it was used, `converged` and
        `gradient` (the largest derivative of the objective, of standardised units and numbers) of each probe (None in
        batches), `epochs` as they were needed, and with dev data the best pass of each probe (counted from 1) and the
        losses `dev_loss[pass probe]`.

    Raises:
        TypeError: labels of another kind, such as strings; a key that is none.
        ValueError: shapes that disagree, a single class, an activation that is not finite, options out of range.

    Example:
        >>> x = np.array([[0.0, 1.0], [1.0, 1.0], [0.1, 0.0], [0.9, 0.0]])
        >>> probe = fit(None, x, np.array([0, 1, 0, 1]), l1=0.01)
        >>> jnp.sign(probe.weights).tolist(), probe.settings["converged"]
        ([[-1.0, 0.0], [1.0, 0.0]], True)
    """
    if (epochs is not None and epochs < 1) or (batch is not None and batch < 1):
        raise ValueError(f"expected at least one epoch and one token per step, got {epochs} and {batch}")
    if not 0 < learning_rate < np.inf or not 0 < tolerance < np.inf:
        raise ValueError(f"expected a learning rate and a tolerance above 0, got {learning_rate} and {tolerance}")
    tokens, units = Checked(activations).shape
    table, kind = _blocks.prepared(labels, tokens)
    two = kind.loss == "softmax" and len(np.unique(table)) == 2
    plan = planned(key, l1, l2, mask, weight, tokens, units, batch, WEAK if two or kind.loss == "squares" else WEAK / 2)
    centre, spread = np.zeros(kind.count), np.ones(kind.count)
    if batch is None and kind.loss == "squares":
        table, centre, spread = _scaled(table)
    columns, together = plan.columns, 1 if batch is not None else plan.table.size
    data = _blocks.Blocks(activations, table, columns, budget, kind.count * together * 3)
    moments = data.moments(standardise or batch is None)
    if not standardise:
        data.check_single(data.moments()[1] if batch is not None else moments[1])
    here = data.standardised_by(*moments)
    choice = None
    if dev is not None:
        held_table = _blocks.held_out(dev[1], len(dev[0]), kind)
        if dev[0].shape[1] != units:
            raise ValueError(f"expected dev activations of {units} units, got {dev[0].shape[1]}")
        held = _blocks.Blocks(dev[0], held_table, columns, budget, kind.count * plan.table.size * 3)
        choice = Choice(held, kind, *moments, patience)
    settings = {
        "loss": kind.loss,
        "l1": l1,
        "l2": plan.l2 if plan.l2.ndim else float(plan.l2),
        "batch": batch,
        "standardise": standardise,
    }
    if batch is None:
        found = converge(
            plan,
            data,
            choice,
            kind,
            here,
            (centre, spread),
            np.ones(data.units) if standardise else moments[1],
            most=epochs,
            tolerance=tolerance,
            budget=budget,
            progress=progress,
        )
        linear = jax.tree.map(lambda leaf: leaf[None], found.linear)
        settings |= {
            "epochs": found.turns,
            "tolerance": tolerance,
            "converged": _of_each(plan, found.converged),
            "gradient": _of_each(plan, found.gradient),
        }
        if not standardise:
            linear, moments = _of_units_as_they_are(linear, *moments)
    else:
        epochs = 10 if epochs is None else epochs
        linear = _in_batches(plan, data, choice, kind, here, epochs, batch, learning_rate, progress)
        settings |= {"epochs": epochs, "learning_rate": learning_rate, "converged": None, "gradient": None}
    if choice:
        settings |= {"best_epoch": plan.flat(choice.chosen), "dev_loss": plan.flat(choice.losses)}
    return _assembled(plan, linear, moments, data.wide, units, settings)


def _of_each(plan: Plan, value: np.ndarray) -> Any:
    found = plan.flat(value[None])
    return found if found.ndim else found.item()


def _scaled(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers of mean 0 and deviation 1, and what they had: a search then knows no scale of theirs."""
    centre, spread = numbers.mean(axis=0, dtype=np.float64), numbers.std(axis=0, dtype=np.float64)
    spread = np.where(spread > 0, spread, 1)
    return ((numbers - centre) / spread).astype(np.float32), centre, spread


def _of_units_as_they_are(
    linear: Linear, mean: np.ndarray, scale: np.ndarray
) -> tuple[Linear, tuple[np.ndarray, np.ndarray]]:
    weights = np.asarray(linear.weights, np.float64) / scale
    bias = np.asarray(linear.bias, np.float64) - weights @ mean
    if np.abs(weights).max(initial=0) > np.finfo(np.float32).max:
        raise ValueError(
            f"the weights go up to {np.abs(weights).max():g}, more than float32 holds, as units go down to a standard "
            f"deviation of {scale.min():g}; leave standardise=True, or divide units by their scale before"
        )
    plain = Linear(*(jnp.asarray(x, linear.bias.dtype) for x in (weights, bias)))
    return plain, (np.zeros_like(mean), np.ones_like(scale))


def _in_batches(
    plan: Plan,
    data: _blocks.Blocks,
    choice: Choice | None,
    kind: _blocks.Kind,
    moments: tuple[Array, Array],
    epochs: int,
    batch: int,
    rate: float,
    progress: batching.Progress | None,
) -> Linear:
    """Return the probes after some epochs of proximal Adam, or after those that dev data chose."""
    state = _proximal.initial(kind.count, plan.table.shape[1], data.units, len(plan.table))
    shares = [start(data.labels, *group, kind)[0] for group in zip(plan.weight, plan.effective, strict=True)]
    bias = jnp.broadcast_to(jnp.asarray(np.stack(shares), jnp.float32), state.linear.bias.shape)
    state = state._replace(linear=state.linear._replace(bias=jnp.array(bias)))
    rates = jnp.float32(rate), jnp.float32(epochs * len(data) * -(-data.size // batch))
    rng = np.random.default_rng(np.asarray(jax.random.key_data(plan.keys[0])))
    weight = jnp.asarray(plan.weight) if len(data) == 1 else plan.weight
    for epoch in range(epochs):
        for i, block in enumerate(data.shuffled(rng)):
            share = weight
            if len(data) > 1:
                share = weight[..., block.first : block.first + block.count]
                share = jnp.asarray(np.pad(share, [(0, 0), (0, 0), (0, data.size - block.count)]))
            keys = jax.vmap(lambda key: jax.random.fold_in(key, epoch * len(data) + i))(plan.keys)  # noqa: B023
            now = _proximal.on_device(block, *moments)
            size = min(batch, data.size)
            state = _proximal.train(state, keys, now, share, plan.penalty, *rates, batch=size, kind=kind)
            if progress:
                progress(epoch * len(data) + i + 1, len(data) * epochs)
        if choice and not choice.look(state.linear):
            break
    return state.linear if choice is None or choice.best is None else choice.best


def _assembled(
    plan: Plan,
    linear: Linear,
    moments: tuple[np.ndarray, np.ndarray],
    wide: bool,
    units: int,
    settings: dict[str, Any],
) -> Probe:
    group, place = plan.home
    weights, bias = linear.weights[group, :, place], linear.bias[group, :, place]
    mean, scale = moments
    if plan.columns is not None:
        weights = jnp.zeros((*weights.shape[:-1], units), weights.dtype).at[..., plan.columns].set(weights)
        mean, scale = np.zeros(units), np.ones(units)
        mean[plan.columns], scale[plan.columns] = moments
    if plan.single:
        weights, bias = weights[0], bias[0]
    return Probe(weights, bias, *moments_of_probe(mean, scale, wide), settings)


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
