"""Learn a dictionary of activations: scale them, begin from random directions, take the steps, and scale back."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron import batching
from jaxneuron.decompose._descent import Progressed, Recipe, advance, start
from jaxneuron.decompose._keeper import Keeper
from jaxneuron.decompose._objective import Costs
from jaxneuron.decompose._rounds import rounds, sample
from jaxneuron.dictionary import Dictionary
from jaxneuron.table import Checked, Table

SAMPLE = 2**14
"""Rows by which activations are scaled and centred."""

SCALES = 1e30
"""Within so many times 1, activations are learnt from."""


class Settings(NamedTuple):
    """How a dictionary is learnt."""

    kind: Literal["topk", "relu", "jumprelu"] = "topk"  # which features are active: the k highest, those above 0, or
    # those above thresholds that are learnt
    active: int = 32  # features that are active at a token: at most, of topk; about, of jumprelu; not used by relu
    batch: int = 1024  # tokens of a step
    steps: int = 5000  # at least; of more tokens than these take, as many as one pass needs
    learning_rate: float | None = None  # the highest; None: 4e-4 / sqrt(factors / 2^14), at most 0.01
    warmup: float = 0.05  # share of the steps in which the rate grows, and what active features cost
    decay: float = 0.3  # share of the last steps, in which the rate falls to 0
    l1: float = 2.0  # of relu: what the sum of the codes costs, where the mean norm of a token is sqrt(units)
    l0: float = 1.0  # of jumprelu: what missing k costs, as a share of the variance
    bandwidth: float | None = None  # of jumprelu: how near its threshold a value counts for it, and where thresholds
    # begin, where that norm is sqrt(units); None: sqrt(units / active) / 2, half of what codes are like
    auxiliary: float = 1 / 32  # weight of the loss that revives dead features; 0: none
    dead_after: int | None = None  # tokens without a feature, after which it is dead; None: 1/20 of those read, and at
    # most 10^7
    save_seconds: float = 60.0  # how often a training with a folder is saved


class Curve(NamedTuple):
    """How a training went, a number for each round of steps."""

    step: Int[np.ndarray, "round"]  # steps taken
    explained: Float[np.ndarray, "round"]  # the share of the variance, of the batches just then
    active: Float[np.ndarray, "round"]  # features at a token
    dead: Float[np.ndarray, "round"]  # the share of features not seen for long


class Learned(NamedTuple):
    """What a training leaves beside the factors."""

    dictionary: Dictionary
    curve: Curve


class _Standard:
    """A table of scaled activations, computed where they are read in the table's own type, then in single precision."""

    def __init__(self, table: Checked, how: "_Scaled"):
        self._table, self._scale = table, how.scale
        self._centre = how.centre.astype(table.dtype)
        self._rest = (how.centre - self._centre).astype(table.dtype)  # of a centre with more digits than the table has
        self.shape, self.dtype = table.shape, np.dtype(np.float32)

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token unit"]:
        rows = self._table[index] - self._centre
        rows -= self._rest
        rows *= self._scale
        return rows.astype(np.float32, copy=False)


class _Scaled(NamedTuple):
    """How activations are scaled before they are read."""

    centre: Float[np.ndarray, "unit"]
    scale: float
    variance: float  # mean squared distance from the centre, scaled


def learn(
    key: Array,
    tables: Sequence[Table],
    *,
    factors: int,
    settings: Settings,
    directory: Path | None,
    budget: int,
    progress: batching.Progress | None,
) -> Learned:
    """Learn a dictionary of one table, or from one table to another.

    Args:
        key: of the first directions and the order of the tokens.
        tables: the input, and the output where it is another.
        factors: how many features.
        settings: how.
        directory: where the training is kept; one that was stopped there goes on.
        budget: bytes for the rows that are held.
        progress: called after each round of steps.
    """
    tables = [Checked(table, exact=True) for table in tables]
    _check(tables, factors, settings)
    seed = int(jax.random.bits(key, dtype=jnp.uint32))
    settings = settings._replace(active=min(settings.active, factors))
    scaled = [_scaled(rows) for rows in sample(tables, seed, SAMPLE)]
    standard = [_Standard(table, how) for table, how in zip(tables, scaled, strict=True)]
    steps = max(settings.steps, tables[0].shape[0] // settings.batch)
    plans = rounds(standard, seed=seed, batch=settings.batch, steps=steps, budget=budget)
    shape = (factors, tables[-1].shape[1])
    recipe = _recipe(settings, shape, plans.count * plans.steps, plans.batch, scaled[-1].variance, len(tables) == 1)
    begun = start(_first(key, tables[0].shape[1], shape[1], factors, recipe.costs), recipe)
    keeper = Keeper(directory, [seed, factors, *settings, *(table.shape for table in tables), *_identity(scaled)])
    with keeper:
        state, told = keeper.latest(begun)
        try:
            for number in range(len(told), plans.count):
                here = plans.load(number)
                after, found = advance(state, here.rows, here.index, recipe=recipe)
                told.append(_told(found, scaled[-1].variance, settings, recipe))
                state = after
                keeper.save(state, told, settings.save_seconds)
                if progress:
                    progress(number + 1, plans.count)
        finally:
            keeper.save(state, told, 0.0)
    curve = Curve(plans.steps * np.arange(1, len(told) + 1), *np.array(told, np.float64).reshape(-1, 3).T)
    return Learned(_unscaled(state.weights, scaled, settings), curve)


def _check(tables: Sequence[Checked], factors: int, settings: Settings) -> None:
    tokens, units = tables[0].shape
    if len(tables) == 2 and tables[1].shape[0] != tokens:
        raise ValueError(
            f"expected as many rows of the output as of the input, got {tables[1].shape[0]:,} and {tokens:,}; give the "
            "same tokens at both sites"
        )
    if units < 1 or factors < 1 or tokens < max(factors, 2):
        raise ValueError(
            f"expected at least one unit, one factor, and as many tokens as factors (2 at least), got {tokens:,} "
            f"tokens, {units} units and {factors} factors; give more text, or ask for fewer factors"
        )
    for name in ("active", "batch", "steps"):
        if getattr(settings, name) < 1:
            raise ValueError(f"expected {name} of at least 1, got {getattr(settings, name)}")
    for name, such in (("learning_rate", 0.001), ("bandwidth", 2.0)):
        given = getattr(settings, name)
        if given is not None and not 0 < given < math.inf:
            raise ValueError(f"expected a {name.replace('_', ' ')} above 0, such as {such}, got {given}")


def _recipe(
    settings: Settings, shape: tuple[int, int], steps: int, batch: int, variance: float, centred: bool
) -> Recipe:
    """Return the recipe, with what the settings leave open.

    Args:
        settings: what is asked.
        shape: of the decoder, [factor, output].
        steps: in all.
        batch: tokens of a step.
        variance: of the scaled output.
        centred: the decoder's bias is taken off the input.
    """
    factors, outputs = shape
    rate = settings.learning_rate or min(4e-4 / math.sqrt(factors / 2**14), 1e-2)
    dead_after = settings.dead_after or min(steps * batch // 20, 10**7)
    costs = Costs(
        settings.kind,
        settings.active,
        settings.l1,
        settings.l0 * variance,
        settings.auxiliary * variance,
        settings.bandwidth or math.sqrt(outputs / settings.active) / 2,
        centred,
    )
    return Recipe(costs, rate, steps, int(settings.warmup * steps), int(settings.decay * steps), dead_after)


def _scaled(rows: Float[np.ndarray, "row unit"]) -> _Scaled:
    """Return what to take off rows, and the factor that brings what is left to a mean norm of sqrt(units).

    Raises:
        ValueError: all rows are equal.
    """
    centre = _median(rows.astype(np.float64))
    distance = np.linalg.norm(rows - centre, axis=1)
    mean = float(distance.mean())
    if not mean > 1e-8 * float(np.abs(centre).max()):
        raise ValueError("the activations never change: there is nothing to explain; give another site, or more text")
    scale = math.sqrt(rows.shape[1]) / mean
    if not 1 / SCALES < scale < SCALES:
        raise ValueError(
            f"the activations are {mean:g} from their centre, on average, which single precision does not hold well; "
            "divide them by their scale"
        )
    return _Scaled(centre, scale, float((scale * distance) ** 2 @ np.full(len(rows), 1 / len(rows))))


def _median(rows: Float[np.ndarray, "row unit"], steps: int = 10) -> Float[np.ndarray, "unit"]:
    """Return about the point with the least mean distance to the rows (Weiszfeld's steps from their mean)."""
    point = rows.mean(axis=0)
    for _ in range(steps):
        distance = np.linalg.norm(rows - point, axis=1)
        if not distance.any():
            break
        weight = distance.mean() / np.maximum(distance, 1e-6 * distance.mean())
        point = weight @ rows / weight.sum()
    return point


def _first(key: Array, units: int, outputs: int, factors: int, costs: Costs) -> dict[str, Any]:
    """Return random directions of length 1, which an autoencoder also reads along."""
    decoder_key, encoder_key = jax.random.split(key)
    decoder = _directions(decoder_key, (factors, outputs))
    encoder = decoder.T if costs.centred else _directions(encoder_key, (factors, units)).T
    weights = {
        "encoder": encoder,
        "encoder_bias": jnp.zeros(factors, jnp.float32),
        "decoder": decoder,
        "decoder_bias": jnp.zeros(outputs, jnp.float32),
    }
    return weights | (
        {"threshold": jnp.full(factors, costs.bandwidth, jnp.float32)} if costs.kind == "jumprelu" else {}
    )


def _directions(key: Array, shape: tuple[int, int]) -> Float[Array, "factor unit"]:
    drawn = jax.random.normal(key, shape, jnp.float32)
    return drawn / jnp.linalg.norm(drawn, axis=1, keepdims=True)


def _told(found: Progressed, variance: float, settings: Settings, recipe: Recipe) -> list[float]:
    """Return what a round tells.

    Raises:
        ValueError: the training has failed.
    """
    loss, error, active, dead = (float(one) for one in found)
    if not math.isfinite(loss):
        raise ValueError(
            f"the training has failed: the loss is {loss:g}, at a learning rate of {recipe.learning_rate:g}; give a "
            "smaller learning rate (a tenth)"
        )
    return [1 - error / variance, active, dead]


def _unscaled(weights: dict[str, Any], scaled: Sequence[_Scaled], settings: Settings) -> Dictionary:
    """Return the dictionary of activations as they were: the directions stay, the codes are in the output's unit."""
    read, written = scaled[0], scaled[-1]
    parts = {name: np.asarray(part, np.float64) for name, part in weights.items()}
    encoder, bias = parts["encoder"], parts["encoder_bias"]
    if len(scaled) > 1:
        bias = bias - read.scale * read.centre @ encoder
        encoder = encoder * (read.scale / written.scale)
    threshold = np.maximum(parts["threshold"], 0) / written.scale if "threshold" in parts else None
    return Dictionary(
        jnp.asarray(encoder, jnp.float32),
        jnp.asarray(bias / written.scale, jnp.float32),
        jnp.asarray(parts["decoder"], jnp.float32),
        jnp.asarray(written.centre + parts["decoder_bias"] / written.scale, jnp.float32),
        None if threshold is None else jnp.asarray(threshold, jnp.float32),
        kind=settings.kind,
        k=settings.active if settings.kind == "topk" else 0,
        centred=len(scaled) == 1,
    )


def _identity(scaled: Sequence[_Scaled]) -> list[float]:
    return [float(f"{one.scale:.6g}") for one in scaled]
