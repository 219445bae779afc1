"""Do estimates agree with exact patching of what each MLP writes, position by position? All blocks in one program."""

import re
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron.attribute import patching
from jaxneuron.edits import Add
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.circuits.measuring import Half
from jaxneuron.studies.circuits.presets import Preset
from jaxneuron.studies.circuits.results import ESTIMATES, Outputs
from jaxneuron.tap import sites
from jaxneuron.types import Site

SMALL = 1e-6
"""An exact effect below this share of its block's largest is none: nothing differs there between the texts."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Moved:
    """The score of the corrupted texts, of what all MLPs write: what differs from their own is added on the way."""

    forward: Any = field(metadata={"static": True})
    sites: tuple[Site, ...] = field(metadata={"static": True})
    params: Any
    half: Any
    corrupted: Any  # [pair site time unit]

    def __call__(self, value: Float[Array, "pair site time unit"]) -> Float[Array, "pair"]:
        amount = jnp.moveaxis(value - self.corrupted, 1, 0)
        edits = {site: Add(one) for site, one in zip(self.sites, amount, strict=True)}
        output, activations = self.forward(self.params, self.half.corrupted, edits)
        return self.half.target(output, activations, self.half.corrupted)


def outputs(subject: Subject, half: Half, preset: Preset) -> list[Outputs]:
    """Return how well each estimate agrees, block by block.

    Args:
        subject: the model, with what it reads by.
        half: of the pairs: those that units are found on, or others.
        preset: the sizes of the run.
    """
    shapes = sites(subject.forward, subject.params, half.clean)
    names = tuple(name for name in shapes if name.endswith("/mlp"))
    ordered = sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])
    return agreement(tuple(ordered), *effects(subject, half, tuple(ordered), preset.steps))


def effects(subject: Subject, half: Half, names: tuple[Site, ...], steps: int) -> tuple[Any, Any, Any]:
    """Return the exact effects `[pair block time]`, the estimates by their names, and where there is a token.

    Args:
        subject: the model, with what it reads by.
        half: of the pairs: those that units are found on, or others.
        names: sites, in the order of the computation.
        steps: gradients that are averaged.
    """

    @jax.jit
    def written(text: Any) -> Float[Array, "pair site time unit"]:
        activations = subject.forward(subject.params, text, {})[1]
        return jnp.stack([activations[name] for name in names], axis=1)

    clean, corrupted = written(half.clean), written(half.corrupted)
    score = _Moved(subject.forward, names, subject.params, half, corrupted)
    blocks, time = clean.shape[1:3]
    groups = np.arange(blocks * time).reshape(blocks, time, 1)

    def by(order: str, x: Array) -> Float[np.ndarray, "pair block time"]:
        found = patching.attribute(score, x, corrupted, groups=groups, order=order, steps=steps)
        return np.asarray(found[..., 0])

    estimates = {order: by(order, clean) for order in ESTIMATES if order != "integrated"}
    # each block's own way from one text to the other: what other blocks write differs only by what passes through
    alone = (jnp.where(jnp.arange(blocks)[None, :, None, None] == block, clean, corrupted) for block in range(blocks))
    estimates["integrated"] = np.sum([by("integrated", one) for one in alone], axis=0)
    return by("exact", clean), {order: estimates[order] for order in ESTIMATES}, np.asarray(half.clean.mask)


def agreement(
    names: tuple[Site, ...],
    exact: Float[np.ndarray, "pair block time"],
    estimates: dict[str, Float[np.ndarray, "pair block time"]],
    mask: Bool[np.ndarray, "pair time"],
) -> list[Outputs]:
    """Return Pearson's correlations, by block over pairs and positions, and of the means over the pairs.

    Args:
        names: sites, in the order of the computation.
        exact: effects by patching.
        estimates: name -> estimated effects.
        mask: true where there is a token.
    """
    rows, tokens = [], np.maximum(mask.sum(axis=0), 1)
    for by, estimate in estimates.items():
        blocks = {}
        for block, name in enumerate(names):
            size = np.abs(exact[:, block])
            differs = mask & (size > SMALL * size.max())
            blocks[name] = _pearson(exact[:, block][differs], estimate[:, block][differs])
        mean, own = ((one * mask[:, None]).sum(axis=0) / tokens for one in (exact, estimate))
        rows.append(Outputs(by, float(np.mean([*blocks.values()])), blocks, _pearson(mean.ravel(), own.ravel())))
    return rows


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 1 and a.std() and b.std() else 0.0
