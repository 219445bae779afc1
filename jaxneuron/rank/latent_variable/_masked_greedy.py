"""Pick units one by one, each time the one that helps a masked probe most; the probe is not trained again."""

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank import _blocks, _losses
from jaxneuron.rank._probe import logits, on_device
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe, Ranking

Labels = Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"]


def greedy(
    probe: Probe,
    activations: Table,
    labels: Labels,
    *,
    select: int = 50,
    by: Literal["log_likelihood", "accuracy"] = "log_likelihood",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Pick units one by one, each time the one that helps the masked probe most, on dev data say.

    To add a unit to a subset adds `x_j w_j` to the logits; so a step costs tokens times units times labels,
    however many are in.

    Args:
        probe: one probe.
        activations: tokens to judge by; held on the device.
        labels: theirs.
        select: how many to pick.
        by: mean log-likelihood, or accuracy (of classes; of concepts and numbers there is none).
        budget: bytes for the logits of several units at once.
        progress: called after each pick.

    Returns:
        `score[1, unit]`: 1 for the first pick, falling evenly; units not picked follow by what they were worth at
        the last pick.

    Raises:
        TypeError, ValueError: labels that are not those of the probe, or options out of range.
    """
    tokens, units = Checked(activations).shape
    kind = _blocks.Kind(probe.settings.get("loss", "softmax"), len(probe.bias))
    table = _blocks.held_out(labels, tokens, kind)
    if not 1 <= select <= units or units != len(probe.mean):
        raise ValueError(
            f"expected 1 to {units} units to pick and a probe of as many, got {select} and {len(probe.mean)}"
        )
    if by not in ("log_likelihood", "accuracy") or (by == "accuracy" and kind.loss != "softmax"):
        raise ValueError(f'expected "log_likelihood", or "accuracy" for classes, got {by!r} for the loss {kind.loss}')
    x, mean, scale = on_device(probe, Checked(activations, exact=True)[:])
    probe = probe._replace(mean=mean, scale=scale)
    base = logits(probe, x, np.zeros(units, bool)).T
    chunk = batching.chunk_size(4 * tokens * kind.count * 3, units, budget)
    left, picks, value = np.ones(units, bool), [], np.zeros(units)
    labels_now, parts = jnp.asarray(table), tuple(probe[:4])
    for i in range(select):
        value = np.asarray(_worth(base, parts, x, labels_now, chunk=chunk, by=by, kind=kind))
        picks.append(int(np.argmax(np.where(left, value, -np.inf))))
        left[picks[-1]] = False
        base = _added(base, parts, x, jnp.int32(picks[-1]))
        if progress:
            progress(i + 1, select)
    rest = np.flatnonzero(left)
    order = np.concatenate([picks, rest[np.argsort(-value[rest], kind="stable")]]).astype(int)
    score = np.empty(units, np.float32)
    score[order] = 1 - np.arange(units) / units
    return ranked(jnp.asarray(score)[None])


@jax.jit
def _added(base: Array, parts: tuple, x: Array, unit: Array) -> Array:
    weights, _, mean, scale = parts
    return base + weights[:, unit, None] * ((x[:, unit] - mean[unit]) / scale[unit])[None]


@partial(jax.jit, static_argnames=("chunk", "by", "kind"))
def _worth(base: Array, parts: tuple, x: Array, labels: Array, *, chunk: int, by: str, kind: _blocks.Kind) -> Array:
    """Return what each unit would make of the logits `base[label, token]`, `[unit]`; `chunk` of them at a time."""
    weights, _, mean, scale = parts
    y = _losses.table(labels, kind)

    def some(units: Array) -> Array:
        columns = ((x[:, units] - mean[units][None]) / scale[units][None]).T
        z = base[:, None] + weights[:, units, None] * columns[None]
        if by == "accuracy":
            return jnp.mean(jnp.argmax(z, axis=0) == labels[None], axis=-1)
        return -jnp.mean(jnp.sum(_losses.measured(z, y, kind)[0], axis=0), axis=-1)

    units = jnp.arange(-(-len(mean) // chunk) * chunk).reshape(-1, chunk)
    return jax.lax.map(some, jnp.minimum(units, len(mean) - 1)).ravel()[: len(mean)]
