"""Train one linear probe under random subsets of its units, and learn to draw the units that are worth having.

Stanczak, Torroba Hennigen, Williams, Cotterell, Augenstein 2023, "A latent-variable model for intrinsic probing" (AAAI,
arXiv 2201.08214). The probe is trained once; then any subset is judged by leaving out the others (`rank.linear.logits`
with a mask), and `greedy` picks a best subset so.

We differ from their code: independent units are learned from the probe's own slope at the units drawn, weighed such
that it is exact where the loss is quadratic in the unit (as Liu et al. 2023, "Bridging discrete and backpropagation",
arXiv 2304.08612), and subsets of a fixed size from each draw's loss less the mean of the others', where theirs have
the score function without a baseline; one set of draws serves both the probe and the subsets; L1 and L2 are those
of `rank.linear`.

Cost:
    No pass of the model: 20 passes over the table, with 5 subsets of the units in each step.

Fails:
    Inclusion depends on the entropy's weight and on when training stops; correlated units share it.
    "conditional_poisson" costs as many times more as there are units.

Peers:
    The authors' code; where we differ is said above.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.rank import latent_variable

    settings = latent_variable.Settings(epochs=50, batch=20)
    ranking, probe = latent_variable.rank(jax.random.key(0), activations, labels, settings=settings)
    print(ranking.order[0, 0])
    #: 1
"""

from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.rank import _blocks, _losses, _proximal
from jaxneuron.rank._probe import moments_of_probe
from jaxneuron.rank.latent_variable import _subsets
from jaxneuron.rank.latent_variable._masked_greedy import Labels
from jaxneuron.rank.latent_variable._masked_greedy import greedy as greedy
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe, Ranking


class Latent(NamedTuple):
    """A probe that was trained under subsets, and how those were drawn."""

    probe: Probe
    inclusion: Float[Array, "unit"]  # logits; of each unit's probability where units are independent


class Settings(NamedTuple):
    """How the probe and the subsets are learned.

    Args:
        subsets: `"poisson"`: each unit by itself; `"conditional_poisson"`: first a size, 1 to `most`, all alike, then a
            subset of it. The second costs `most` times the units in each step, and its gradient is noisier.
        samples: subsets drawn in each step; at least 2 for the second kind.
        entropy: how much it counts that the subsets vary.
        most: the largest subset of the second kind; None for all units.
        l1: penalty of the probe's absolute weights, at least 0.
        l2: of their squares.
        epochs: passes over the data.
        batch: tokens per step.
        learning_rate: of the first step; it falls to zero with the last.
        standardise: units to a mean of 0 and a deviation of 1. What is left out then stands at its mean.
    """

    subsets: Literal["poisson", "conditional_poisson"] = "poisson"
    samples: int = 5
    entropy: float = 1e-2
    most: int | None = None
    l1: float = 0.0
    l2: float = 0.0
    epochs: int = 20
    batch: int = 256
    learning_rate: float = 1e-2
    standardise: bool = True


DEFAULT = Settings()
"""What is done where nothing is said."""


class _Draws(NamedTuple):
    """What decides how a step is compiled."""

    samples: int
    batch: int
    kind: _blocks.Kind
    most: int  # the largest subset, 0 for independent units


class _State(NamedTuple):
    probe: _proximal.Descent  # its probe axis has length 1
    subsets: _proximal.Descent  # the inclusion logits, as the weights of one label


def rank(
    key: Array,
    activations: Table,
    labels: Labels,
    *,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Ranking, Probe]:
    """Rank units by how often they belong to the subsets that a probe does well with.

    Args:
        key: draws the subsets and shuffles the tokens.
        activations: of each token.
        labels: classes, concepts or numbers.
        settings: of the probe and of the distribution.
        budget: bytes for a block of activations.
        progress: called after each block.

    Returns:
        `score[1, unit]`, the inclusion logits, and the probe.

    Raises:
        TypeError, ValueError: as `fit`.
    """
    found = fit(key, activations, labels, settings=settings, budget=budget, progress=progress)
    return ranked(found.inclusion[None]), found.probe


def fit(
    key: Array,
    activations: Table,
    labels: Labels,
    *,
    settings: Settings = DEFAULT,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Latent:
    """Fit the probe and the distribution of subsets.

    Raises the bound `E_C[log p(label | units in C)] + entropy H(C)` (a mean over tokens), less the penalties, by
    proximal Adam. Both start at zero: all subsets alike.

    Args:
        key: draws the subsets and shuffles the tokens.
        activations: of each token.
        labels: classes, concepts or numbers.
        settings: of the probe and of the distribution.
        budget: bytes for a block of activations.
        progress: called after each block.

    Returns:
        The probe and the logits.

    Raises:
        TypeError: labels of another kind, such as strings.
        ValueError: shapes that disagree, a single class, an activation that is not finite, options out of range.
    """
    tokens, units = Checked(activations).shape
    subsets, samples, epochs = settings.subsets, settings.samples, settings.epochs
    size = units if settings.most is None else settings.most
    if subsets not in ("poisson", "conditional_poisson"):
        raise ValueError(f'expected subsets "poisson" or "conditional_poisson", got {subsets!r}')
    if samples < (1 if subsets == "poisson" else 2) or min(epochs, settings.batch) < 1 or not 1 <= size <= units:
        raise ValueError(
            f"expected at least one sample (two for conditional_poisson), one epoch, one token per step and subsets "
            f"of 1 to {units} units; got {samples}, {epochs}, {settings.batch} and {size}"
        )
    table, kind = _blocks.prepared(labels, tokens)
    data = _blocks.Blocks(activations, table, None, budget)
    moments = data.moments(settings.standardise)
    if not settings.standardise:
        data.check_single(data.moments()[1])
    here = data.standardised_by(*moments)
    state = _State(
        *(
            jax.tree.map(lambda x: x[0], _proximal.initial(count, 1, units, 1))  # one group has no axis here
            for count in (kind.count, 1)
        )
    )
    allowed = jnp.ones((1, units), jnp.float32)
    l1, l2 = (jnp.full(1, x, jnp.float32) for x in (settings.l1, settings.l2))
    penalty = _proximal.Penalty(l1, l2, allowed)
    free = _proximal.Penalty(jnp.zeros(1, jnp.float32), jnp.zeros(1, jnp.float32), allowed)
    batch = min(settings.batch, data.size)
    draws = _Draws(samples, batch, kind, 0 if subsets == "poisson" else size)
    rates = (jnp.float32(settings.learning_rate), jnp.float32(epochs * len(data) * -(-data.size // batch)))
    shuffle, draw = jax.random.split(key)
    rng = np.random.default_rng(np.asarray(jax.random.bits(shuffle, (2,))))
    for epoch in range(epochs):
        for i, block in enumerate(data.shuffled(rng)):
            now = _proximal.on_device(block, *here)
            own = jax.random.fold_in(draw, epoch * len(data) + i)
            weight = jnp.float32(settings.entropy)
            state = _train(state, own, now, (penalty, free), weight, *rates, draws=draws)
            if progress:
                progress(epoch * len(data) + i + 1, epochs * len(data))
    used = {"loss": kind.loss} | settings._replace(batch=batch)._asdict()
    linear = state.probe.linear
    probe = Probe(linear.weights[:, 0], linear.bias[:, 0], *moments_of_probe(*moments, data.wide), used)
    return Latent(probe, state.subsets.linear.weights[0, 0])


@partial(jax.jit, static_argnames="draws", donate_argnums=0)
def _train(
    state: _State,
    key: Array,
    block: _proximal.Given,
    penalties: tuple[_proximal.Penalty, _proximal.Penalty],
    weight: Array,
    rate: Array,
    steps: Array,
    *,
    draws: _Draws,
) -> _State:
    samples, batch, kind, most = draws
    activations, labels, count, mean, scale = block
    order, each = jax.random.split(key)
    rows, valid = _proximal.batches(order, len(activations), count, batch)

    def step(state: _State, now: tuple[Array, Array, Array]) -> tuple[_State, None]:
        rows, valid, key = now
        x = _losses.standardised(activations[rows], mean, scale)
        y = _losses.table(labels[rows], kind)
        share = _proximal.evenly(valid)[None]
        probe, logit = state.probe.linear, state.subsets.linear.weights[0, 0]
        masks = _drawn(key, logit, samples, most)
        masked = _losses.Linear(probe.weights * masks[None], jnp.repeat(probe.bias, samples, axis=1))
        z = _losses.scores(masked, x)
        residual = _losses.measured(z, y, kind)[1] * share[None]
        slopes = jnp.einsum("lst,tu->lsu", residual, x)
        gradient = _losses.Linear(
            jnp.mean(slopes * masks[None], axis=1, keepdims=True),
            jnp.mean(jnp.sum(residual, axis=-1), axis=1, keepdims=True),
        )
        if most:
            losses = jnp.sum(_losses.measured(z, y, kind)[0] * share[None], axis=(0, -1))
            towards = _by_score(logit, masks, losses, weight, most)
        else:
            towards = _by_slope(logit, masks, jnp.sum(slopes * probe.weights, axis=0), weight)
        now_rate = rate * jnp.maximum(1 - state.probe.step / steps, 0)
        subset_gradient = _losses.Linear(towards[None, None], jnp.zeros((1, 1), jnp.float32))
        return _State(
            _proximal.update(state.probe, gradient, penalties[0], now_rate),
            _proximal.update(state.subsets, subset_gradient, penalties[1], now_rate),
        ), None

    return jax.lax.scan(step, state, (rows, valid, jax.random.split(each, len(rows))))[0]


def _drawn(key: Array, logit: Array, samples: int, most: int) -> Array:
    if not most:
        return jax.random.bernoulli(key, jax.nn.sigmoid(logit)[None], (samples, len(logit))).astype(jnp.float32)
    first, second = jax.random.split(key)
    sizes = jax.random.randint(first, (samples,), 1, most + 1, jnp.int32)
    return _subsets.sized(second, logit, sizes, most).astype(jnp.float32)


def _by_slope(logit: Array, masks: Array, slope: Array, weight: Array) -> Array:
    """Return the gradient for independent units from the loss's slope by each unit's presence, `[sample unit]`.

    The difference that a unit makes is near the mean of the slopes where it is absent and where it is present; either
    is seen half the time if weighed by one over twice its probability.
    """
    chance = jax.nn.sigmoid(logit)[None]
    effect = jnp.mean(slope * jnp.abs(masks - chance) / 2, axis=0)  # p (1 - p) / (2 p) present, / (2 (1 - p)) absent
    return effect - weight * jax.grad(_subsets.entropy)(logit)


def _by_score(logit: Array, masks: Array, losses: Array, weight: Array, most: int) -> Array:
    """Return the gradient for subsets of a size: of each draw's cost less the mean of the others', times log chance."""

    def surrogate(logit: Array) -> Array:
        chances = _subsets.log_chance(logit, masks > 0, most)
        cost = jax.lax.stop_gradient(losses + weight * chances)  # the entropy is minus the expected log chance
        others = (jnp.sum(cost) - cost) / (len(cost) - 1)
        return jnp.mean((cost - others) * chances)

    return jax.grad(surrogate)(logit)
