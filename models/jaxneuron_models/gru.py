"""A gated recurrent unit with the options that separate the published Imaginets, and taps inside the recurrence.

Cho et al. 2014 (arXiv 1406.1078). `reset="before"` multiplies the state by the reset gate before the recurrent
product (the original, and Keras without `reset_after`); `"after"` multiplies the product (cuDNN, Flax).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float

from jaxneuron.tap import Tap
from jaxneuron.types import Site
from jaxneuron_models._gated import Gated

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

    gates_are_sites = False  # see `jaxneuron_models.gates`

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        reset: str = "before",
        gate: str = "hard_sigmoid",
        candidate: str = "tanh",
        initial: str = "zero",
        gates: bool = False,
        rngs: nnx.Rngs,
    ):
        glorot, orthogonal = nnx.initializers.glorot_uniform(), nnx.initializers.orthogonal()
        self.input = nnx.Param(glorot(rngs.params(), (inputs, 3 * units)))  # update, reset, candidate
        self.recurrent = nnx.Param(
            jnp.concatenate([orthogonal(rngs.params(), (units, units)) for _ in range(3)], axis=1)
        )
        self.bias = nnx.Param(jnp.zeros(3 * units))
        self.initial = nnx.Param(jnp.zeros(units)) if initial == "learned" else None
        if gates:
            self.gates_are_sites = True
        self.units, self.reset, self.gate, self.candidate = units, reset, gate, candidate

    def __call__(
        self, tap: Tap, site: Site, inputs: Float[Array, "batch time input"], mask: Bool[Array, "batch time"]
    ) -> Float[Array, "batch time unit"]:
        """Return the state after each word, recorded (and edited, at every step) as `site`.

        The gates, if they are asked for, are `{site}/enter/open`, the share of the candidate, and `{site}/enter/in`,
        the candidate; likewise `keep`, of the state before, and `recall`, of what the candidate is made of.
        """
        units, gate, candidate = self.units, GATES[self.gate], CANDIDATES[self.candidate]
        # outside the recurrence, or each of its steps copies the weights
        to_gates, to_candidate = self.recurrent[:, : 2 * units], self.recurrent[:, 2 * units :]

        def first(state: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            """Take a step from a state of zeros: nothing recurs."""
            x_update, _, x_candidate = jnp.split(now[0], 3, axis=-1)
            return hold(state, (1 - gate(x_update)) * candidate(x_candidate), now)

        def step(state: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Any]:
            gated = Gated(tap, site, now[2], self.gates_are_sites)
            x_update, x_reset, x_candidate = jnp.split(now[0], 3, axis=-1)
            h_update, h_reset = jnp.split(state @ to_gates, 2, axis=-1)
            reset, update = gate(x_reset + h_reset), gate(x_update + h_update)
            if self.reset == "after":
                recalled = gated("recall", reset, state @ to_candidate)
            else:
                recalled = gated("recall", reset, state) @ to_candidate
            new = gated("keep", update, state) + gated("enter", 1 - update, candidate(x_candidate + recalled))
            state, _ = hold(state, new, now)
            return state, (state, gated.seen)

        def hold(state: Array, new: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            _, here, time = now
            state = jnp.where(here[:, None], tap.edit(site, new, time), state)
            return state, state

        x = inputs @ self.input[...] + jnp.broadcast_to(self.bias[...], (*inputs.shape[:-1], 3 * units))
        batch, time = mask.shape
        words = jnp.swapaxes(x, 0, 1), mask.T, jnp.arange(time)
        if self.initial is None and not self.gates_are_sites:
            state, early = first(jnp.zeros((batch, units), x.dtype), jax.tree.map(lambda leaf: leaf[0], words))
            words = jax.tree.map(lambda leaf: leaf[1:], words)
        else:
            begin = jnp.zeros(units) if self.initial is None else self.initial[...]
            state, early = jnp.broadcast_to(begin, (batch, units)).astype(x.dtype), None
        _, (states, seen) = jax.lax.scan(step, state, words, unroll=max(1, time - 1) if time <= UNROLLED else 1)
        states = states if early is None else jnp.concatenate([early[None], states])
        states = jnp.swapaxes(states, 0, 1)
        tap.record(site, states)
        for name, value in seen.items():
            tap.record(name, jnp.swapaxes(value, 0, 1))
        return states
