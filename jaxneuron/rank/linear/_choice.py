"""Dev data choose when a probe is done: the pass over the data after which its loss there was lowest is kept."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron.rank import _proximal
from jaxneuron.rank._blocks import Blocks, Kind
from jaxneuron.rank._losses import Linear


class Choice:
    """The best of each probe so far; probes are in groups `[group, label, probe, unit]`."""

    def __init__(self, held: Blocks, kind: Kind, mean: np.ndarray, scale: np.ndarray, patience: int | None):
        """Start without any.

        Args:
            held: dev data.
            kind: of the loss.
            mean: of the units, as in training.
            scale: of the units.
            patience: passes without improvement after which a probe is as it is, or None.
        """
        self._held, self._kind, self._moments, self._patience = held, kind, held.standardised_by(mean, scale), patience
        self._losses: list[Float[np.ndarray, "group probe"]] = []
        self._lowest = self._chosen = np.zeros(0)
        self.best: Linear | None = None

    def look(self, linear: Linear) -> bool:
        """Compare the probes after another pass with the best, and return whether any may still change."""
        parts = (
            _proximal.part_loss(linear, _proximal.on_device(block, *self._moments), kind=self._kind)
            for block in self._held.shuffled(None)
        )
        now = np.asarray(sum(parts), np.float64) / self._held.tokens
        if self.best is None:
            self.best = jax.tree.map(jnp.copy, linear)
            self._lowest, self._chosen = np.full(now.shape, np.inf), np.zeros(now.shape, np.int64)
        done = len(self._losses)
        going = np.ones(now.shape, bool) if self._patience is None else done - self._chosen < self._patience
        better = going & (now < self._lowest)
        self._losses.append(now)
        self._lowest, self._chosen = np.where(better, now, self._lowest), np.where(better, done + 1, self._chosen)
        self.best = _proximal.keep(self.best, linear, jnp.asarray(better))
        return self._patience is None or bool((done + 1 - self._chosen < self._patience).any())

    @property
    def losses(self) -> Float[np.ndarray, "pass group probe"]:
        """The dev losses."""
        return np.array(self._losses)

    @property
    def chosen(self) -> Int[np.ndarray, "group probe"]:
        """After which pass each probe was best, counted from 1."""
        return self._chosen
