"""One linear probe, or many at once, to convergence or in batches; on all the tokens or a block at a time."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank import _blocks, _proximal
from jaxneuron.rank._losses import Linear
from jaxneuron.rank._probe import moments_of_probe
from jaxneuron.rank.linear._choice import Choice
from jaxneuron.rank.linear._converge import Scales, converge, start
from jaxneuron.rank.linear._plan import Plan, planned
from jaxneuron.rank.linear._settings import DEFAULT, WEAK, Settings
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe

Labels = Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"]


def fit(
    key: Array | None,
    activations: Table,
    labels: Labels,
    *,
    settings: Settings = DEFAULT,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    dev: tuple[Table, Any] | None = None,
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
        settings: penalties, and when to stop.
        mask: units that a probe may use.
        weight: how much each token counts, at least 0; only ratios matter.
        dev: activations and labels to choose the pass of each probe by, the one of the lowest loss; without, the last.
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
        >>> probe = fit(None, x, np.array([0, 1, 0, 1]), settings=Settings(l1=0.01))
        >>> jnp.sign(probe.weights).tolist(), probe.settings["converged"]
        ([[-1.0, 0.0], [1.0, 0.0]], True)
    """
    settings.check()
    batch, standardise = settings.batch, settings.standardise
    tokens, units = Checked(activations).shape
    table, kind = _blocks.prepared(labels, tokens)
    two = kind.loss == "softmax" and len(np.unique(table)) == 2
    usual = WEAK if two or kind.loss == "squares" else WEAK / 2
    plan = planned(key, settings, mask, weight, tokens, units, usual)
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
        held_table = _blocks.held_out(dev[1], dev[0].shape[0], kind)
        if dev[0].shape[1] != units:
            raise ValueError(f"expected dev activations of {units} units, got {dev[0].shape[1]}")
        held = _blocks.Blocks(dev[0], held_table, columns, budget, kind.count * plan.table.size * 3)
        choice = Choice(held, kind, *moments, settings.patience)
    used = {
        "loss": kind.loss,
        "l1": settings.l1,
        "l2": plan.l2 if plan.l2.ndim else float(plan.l2),
        "batch": batch,
        "standardise": standardise,
    }
    if batch is None:
        scales = Scales(here, (centre, spread), np.ones(data.units) if standardise else moments[1])
        found = converge(plan, data, choice, kind, scales, settings, budget=budget, progress=progress)
        linear = jax.tree.map(lambda leaf: leaf[None], found.linear)
        used |= {
            "epochs": found.turns,
            "tolerance": settings.tolerance,
            "converged": _of_each(plan, found.converged),
            "gradient": _of_each(plan, found.gradient),
        }
        if not standardise:
            linear, moments = _of_units_as_they_are(linear, *moments)
    else:
        epochs, rate = 10 if settings.epochs is None else settings.epochs, settings.learning_rate
        linear = _in_batches(plan, data, choice, kind, here, epochs, batch, rate, progress)
        used |= {"epochs": epochs, "learning_rate": rate, "converged": None, "gradient": None}
    if choice:
        used |= {"best_epoch": plan.flat(choice.chosen), "dev_loss": plan.flat(choice.losses)}
    return _assembled(plan, linear, moments, data.wide, units, used)


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
