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
UNROLLED = 8
"""Up to this many words the recurrence is unrolled: n-grams are too short to earn back what a loop costs."""


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
        # outside the recurrence, or each of its steps copies the weights
        to_gates, to_candidate = self.recurrent[:, : 2 * units], self.recurrent[:, 2 * units :]

        def first(state: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            """Take a step from a state of zeros: nothing recurs."""
            x_update, _, x_candidate = jnp.split(now[0], 3, axis=-1)
            return hold(state, (1 - gate(x_update)) * candidate(x_candidate), now)

        def step(state: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            x_update, x_reset, x_candidate = jnp.split(now[0], 3, axis=-1)
            h_update, h_reset = jnp.split(state @ to_gates, 2, axis=-1)
            reset, update = gate(x_reset + h_reset), gate(x_update + h_update)
            recalled = reset * (state @ to_candidate) if self.reset == "after" else (reset * state) @ to_candidate
            return hold(state, update * state + (1 - update) * candidate(x_candidate + recalled), now)

        def hold(state: Array, new: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            _, here, time = now
            state = jnp.where(here[:, None], tap.edit(site, new, time), state)
            return state, state

        x = inputs @ self.input[...] + jnp.broadcast_to(self.bias[...], (*inputs.shape[:-1], 3 * units))
        batch, time = mask.shape
        words = jnp.swapaxes(x, 0, 1), mask.T, jnp.arange(time)
        if self.initial is None:
            state, early = first(jnp.zeros((batch, units), x.dtype), jax.tree.map(lambda leaf: leaf[0], words))
            words = jax.tree.map(lambda leaf: leaf[1:], words)
        else:
            state, early = jnp.broadcast_to(self.initial[...], (batch, units)).astype(x.dtype), None
        _, states = jax.lax.scan(step, state, words, unroll=max(1, time - 1) if time <= UNROLLED else 1)
        states = states if early is None else jnp.concatenate([early[None], states])
        states = jnp.swapaxes(states, 0, 1)
        tap.record(site, states)
        return states
