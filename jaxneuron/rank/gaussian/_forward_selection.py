"""Greedy choice of units under one Gaussian per class: which unit tells most about the label, given those chosen?

Given the chosen units S, unit j is Gaussian within each class, with a mean that is linear in the activations of S. So
the joint density of S and one more unit is that of S times a normal density in one dimension, and all candidates are
scored in one pass, of tokens x classes x units normal densities and a matrix product of as many columns as are to be
chosen. Neither grows with what is chosen already: the coefficients have a row for each of the `count` units from the
start, zero until one is chosen. A choice changes the coefficients and the conditional variances as in Gauss-Jordan
elimination, in units x classes x count operations.

To keep the residuals instead would save the product and need tokens x classes x units numbers of memory; on a CPU it is
slower (measured: 1.6 times), for what a tile of tokens and units needs stays in the cache here.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank.gaussian._gaussians import Gaussians
from jaxneuron.rank.gaussian._scatter import scaled
from jaxneuron.table import Checked, Table, spans

_TILE = 2**18
"""Bytes of a tile of densities: so much stays in the cache of one core."""

_UNITS = 96
"""Units of a tile."""

_LEAST = 1e-6
"""The least conditional variance, as a share of the variance: less is rounding error."""


class Chosen(NamedTuple):
    """What a selection found."""

    order: Int[np.ndarray, "place"]  # units in the order of choice
    value: Float[np.ndarray, "place"]  # the criterion with each of them and all before
    single: Float[np.ndarray, "unit"]  # the criterion of each unit alone


class _Block(NamedTuple):
    """Some tokens, cut into tiles."""

    activations: Float[Any, "wide long token unit"] | Callable[[], Any]  # or what reads them
    place: slice


def select(
    gaussians: Gaussians,
    activations: Table,
    labels: Int[np.ndarray, "token"],
    weight: Float[np.ndarray, "token"],
    *,
    count: int,
    accuracy: bool,
    budget: int,
    progress: batching.Progress | None = None,
) -> Chosen:
    """Choose units one by one, each the best beside those before it.

    Args:
        gaussians: one for each class.
        activations: of each token.
        labels: below the number of classes.
        weight: of each token in the criterion: the weighted sum of log p(label | units), in nats, or of correct ones.
        count: units to choose.
        accuracy: sum up which tokens are right, instead of log-likelihoods.
        budget: bytes for activations; they are read again for each choice where they do not fit.
        progress: called after each choice.
    """
    mean, covariance, prior, scale = gaussians[:4]
    checked = Checked(activations, exact=True)
    (tokens, units), classes = checked.shape, len(prior)
    centre = (prior @ mean).astype(checked.dtype)  # as it is taken off, so that coefficients know of its rounding
    variance = np.einsum("vuu->vu", covariance).astype(np.float64)
    least = _LEAST * variance
    coefficients = np.zeros((count + 1, classes, units))  # of a one and of the chosen units
    coefficients[0] = (mean - centre) / scale
    inputs = np.zeros((tokens, count + 1), np.float32)
    inputs[:, 0] = 1
    with np.errstate(divide="ignore"):
        joint = np.tile(np.log(prior), (tokens, 1)).astype(np.float32)  # log p(label, chosen units)
    order, value, single = [], [], np.zeros(0)

    workers = _workers()
    wide = batching.chunk_size(1, units, _UNITS)  # units of a tile
    tall = batching.chunk_size(4 * classes * wide, tokens, _TILE if jax.default_backend() == "cpu" else budget // 4)
    blocks = _blocks(checked, centre, scale, tall, wide, budget, workers)
    with ThreadPoolExecutor(workers) as pool:
        for place in range(count):
            gain = np.full(units, 0.0)
            scores = partial(
                _scores, blocks.size, inputs, joint, labels, weight, (coefficients, variance), tall, wide, accuracy
            )
            for part in pool.map(scores, blocks.all):
                gain += np.asarray(part, np.float64)[:units]
            single = single if place else gain.copy()
            gain[order] = -np.inf
            best = int(np.argmax(gain))
            value.append(gain[best])

            spread = variance[:, best].copy()
            known = coefficients[1 : place + 1, :, best]  # of the best unit, given the chosen ones
            shared = covariance[:, best] - np.einsum("kv,vku->vu", known, covariance[:, order])
            column = scaled(checked[:, best : best + 1] - centre[best], scale[best : best + 1])[:, 0]
            residual = column[:, None] - inputs @ coefficients[:, :, best].astype(np.float32)
            joint -= (0.5 * residual**2 / spread + 0.5 * np.log(2 * np.pi * spread)).astype(np.float32)
            step = shared / spread[:, None]
            coefficients -= coefficients[:, :, best, None] * step
            coefficients[place + 1] = step
            variance = np.maximum(variance - shared * step, least)
            inputs[:, place + 1] = column
            order.append(best)
            if progress:
                progress(place + 1, count)
    return Chosen(np.array(order), np.array(value), single)


class _Blocks(NamedTuple):
    all: list[_Block]
    size: int  # tokens of each, padded


def _blocks(
    checked: Checked, centre: np.ndarray, scale: np.ndarray, tall: int, wide: int, budget: int, workers: int
) -> _Blocks:
    """Cut tokens into blocks, of which each worker holds one, or all are held, if the budget allows it."""
    tokens, units = checked.shape
    width = -(-units // wide)
    size = batching.chunk_size(3 * 4 * units, tokens, budget // workers)
    size = -(-min(size, -(-tokens // workers)) // tall) * tall

    def read(here: slice) -> Array:
        part = scaled(checked[here] - centre, scale)
        part = np.pad(part, [(0, size - len(part)), (0, width * wide - units)])
        return jnp.asarray(part.reshape(size // tall, tall, width, wide).transpose(2, 0, 1, 3))

    held = 2 * 4 * tokens * units <= budget
    return _Blocks([_Block(read(here) if held else partial(read, here), here) for here in spans(tokens, size)], size)


def _scores(
    size: int,
    inputs: np.ndarray,
    joint: np.ndarray,
    labels: np.ndarray,
    weight: np.ndarray,
    conditional: tuple[np.ndarray, np.ndarray],
    tall: int,
    wide: int,
    accuracy: bool,
    block: _Block,
) -> np.ndarray:
    activations = block.activations() if callable(block.activations) else block.activations

    def tiles(rows: np.ndarray) -> np.ndarray:  # padding weighs nothing
        part = rows[block.place]
        part = np.pad(part, [(0, size - len(part))] + [(0, 0)] * (part.ndim - 1))
        return part.reshape(-1, tall, *part.shape[1:])

    def widths(rows: np.ndarray) -> np.ndarray:
        pad = -rows.shape[-1] % wide
        rows = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, pad)], constant_values=1)
        return np.moveaxis(rows.reshape(*rows.shape[:-1], -1, wide), -2, 0).astype(np.float32)

    coefficients, variance = conditional
    tokens = tiles(inputs), tiles(joint), tiles(labels), tiles(weight)
    return np.asarray(_tiled(activations, tokens, widths(coefficients), widths(variance), accuracy=accuracy))


@partial(jax.jit, static_argnames="accuracy")
def _tiled(
    activations: Float[Array, "wide long token unit"],
    tokens: tuple[Array, Array, Array, Array],
    coefficients: Float[Array, "wide input label unit"],
    variance: Float[Array, "wide label unit"],
    accuracy: bool,
) -> Float[Array, "wide*unit"]:
    def units(tile: tuple[Array, Array, Array]) -> Array:
        activations, coefficients, variance = tile

        def add(total: Array, part: tuple[Array, ...]) -> tuple[Array, None]:
            values, inputs, joint, labels, weight = part
            return total + _criterion(values, inputs, joint, labels, weight, coefficients, variance, accuracy), None

        return jax.lax.scan(add, jnp.zeros(activations.shape[-1]), (activations, *tokens))[0]

    return jax.lax.map(units, (activations, coefficients, variance)).reshape(-1)


def _criterion(
    activations: Float[Array, "token unit"],
    inputs: Float[Array, "token input"],
    joint: Float[Array, "token label"],
    labels: Int[Array, "token"],
    weight: Float[Array, "token"],
    coefficients: Float[Array, "input label unit"],
    variance: Float[Array, "label unit"],
    accuracy: bool,
) -> Float[Array, "unit"]:
    """Return, for each unit, the criterion of the chosen units and this one."""
    classes, units = variance.shape
    mean = (inputs @ coefficients.reshape(-1, classes * units)).reshape(-1, classes, units)
    residual = activations[:, None] - mean
    density = joint[:, :, None] - (0.5 * jnp.log(variance))[None] - residual**2 * (0.5 / variance)[None]
    own: Bool[Array, "token label 1"] = (labels[:, None] == jnp.arange(classes)[None])[:, :, None]
    right = jnp.sum(jnp.where(own, density, 0.0), axis=1)
    top = jnp.max(density, axis=1)
    if accuracy:
        return weight @ (right >= top).astype(jnp.float32)
    return weight @ (right - top - jnp.log(jnp.sum(jnp.exp(density - top[:, None]), axis=1)))


def _workers() -> int:
    """Return how many blocks to work on at a time: on a CPU, one for each core that this process may use."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
