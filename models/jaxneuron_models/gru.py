"""A gated recurrent unit with the options that separate the published Imaginets, and taps inside the recurrence.

Cho et al. 2014 (arXiv 1406.1078). `reset="before"` multiplies the state by the reset gate before the recurrent
product (the original, and Keras without `reset_after`); `"after"` multiplies the product (cuDNN, Flax).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float

from jaxneuron.tap import Tap
from jaxneuron.types import Site

GATES: dict[str, Callable[[Array], Array]] = {
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": lambda x: jnp.clip(0.2 * x + 0.5, 0, 1),  # Keras before 3; jax.nn.hard_sigmoid has slope 1/6
    "steep_sigmoid": lambda x: jax.nn.sigmoid(3.75 * x),
}
CANDIDATES: dict[str, Callable[[Array], Array]] = {
    "tanh": jnp.tanh,
    "clipped_relu": lambda x: jnp.clip(x, 0, 5),
}


class GRU(nnx.Module):
    """One layer, left to right; the state is held through padding."""

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        reset: str = "before",
        gate: str = "hard_sigmoid",
        candidate: str = "tanh",
        initial: str = "zero",
        rngs: nnx.Rngs,
    ):
        glorot, orthogonal = nnx.initializers.glorot_uniform(), nnx.initializers.orthogonal()
        self.input = nnx.Param(glorot(rngs.params(), (inputs, 3 * units)))  # update, reset, candidate
        self.recurrent = nnx.Param(
            jnp.concatenate([orthogonal(rngs.params(), (units, units)) for _ in range(3)], axis=1)
        )
        self.bias = nnx.Param(jnp.zeros(3 * units))
        self.initial = nnx.Param(jnp.zeros(units)) if initial == "learned" else None
        self.units, self.reset, self.gate, self.candidate = units, reset, gate, candidate

    def __call__(
        self, tap: Tap, site: Site, inputs: Float[Array, "batch time input"], mask: Bool[Array, "batch time"]
    ) -> Float[Array, "batch time unit"]:
        """Return the state after each word, recorded (and edited, at every step) as `site`."""
        units, gate, candidate = self.units, GATES[self.gate], CANDIDATES[self.candidate]
        recurrent = self.recurrent[...]
        start = jnp.zeros(units) if self.initial is None else self.initial[...]

        def step(state: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            x, here, time = now
            x_update, x_reset, x_candidate = jnp.split(x, 3, axis=-1)
            if self.reset == "after":
                h_update, h_reset, h_candidate = jnp.split(state @ recurrent, 3, axis=-1)
                proposal = candidate(x_candidate + gate(x_reset + h_reset) * h_candidate)
            else:
                h_update, h_reset = jnp.split(state @ recurrent[:, : 2 * units], 2, axis=-1)
                proposal = candidate(x_candidate + (gate(x_reset + h_reset) * state) @ recurrent[:, 2 * units :])
            update = gate(x_update + h_update)
            new = tap.edit(site, update * state + (1 - update) * proposal, time)
            state = jnp.where(here[:, None], new, state)
            return state, state

        x = inputs @ self.input[...] + jnp.broadcast_to(self.bias[...], (*inputs.shape[:-1], 3 * units))
        batch, time = mask.shape
        _, states = jax.lax.scan(
            step,
            jnp.broadcast_to(start, (batch, units)).astype(x.dtype),
            (jnp.swapaxes(x, 0, 1), mask.T, jnp.arange(time)),
        )
        states = jnp.swapaxes(states, 0, 1)
        tap.record(site, states)
        return states
