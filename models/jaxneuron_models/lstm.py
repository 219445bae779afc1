"""A layer of long short-term memory, with taps on its hidden and its cell state inside the recurrence.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; the gates stand in the order of torch and
Keras (input, forget, candidate, output), with one bias where torch has two that are added.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.tap import Tap, lookup
from jaxneuron.types import Site
from jaxneuron_models import lstm_gradient
from jaxneuron_models._gated import Gated

UNROLLED = 8
"""Up to this many symbols the recurrence is unrolled: n-grams are too short to earn back what a loop costs."""


class Memory(NamedTuple):
    """What a layer remembers between two symbols."""

    hidden: Float[Array, "batch unit"]
    cell: Float[Array, "batch unit"]


class LSTM(nnx.Module):
    """One layer, left to right; its state is held through padding."""

    gates = False  # whether the gates are sites too, as in `jaxneuron_models.gates`

    def __init__(self, inputs: int, units: int, *, training: bool = False, gates: bool = False, rngs: nnx.Rngs):
        glorot, orthogonal = nnx.initializers.glorot_uniform(), nnx.initializers.orthogonal()
        self.input = nnx.Param(glorot(rngs.params(), (inputs, 4 * units)))  # input, forget, candidate, output
        self.recurrent = nnx.Param(
            jnp.concatenate([orthogonal(rngs.params(), (units, units)) for _ in range(4)], axis=1)
        )
        # the forget gate begins open, as Jozefowicz et al. 2015 and Keras have it
        self.bias = nnx.Param(jnp.zeros(4 * units).at[units : 2 * units].set(1.0))
        if gates:
            self.gates = True
        self.training = training  # takes no edits at its states, and no forward-mode derivatives: see `lstm_gradient`

    def __call__(
        self,
        tap: Tap,
        site: Site,
        inputs: Int[Array, "time batch"] | Float[Array, "time batch input"],
        mask: Bool[Array, "time batch"],
        memory: Memory,
        time: Int[Array, "time"],
    ) -> tuple[Float[Array, "time batch unit"], Memory]:
        """Return the hidden state after each symbol and the memory after the last, recorded as `site`'s two sites.

        Args:
            tap: edits `{site}/hidden` and `{site}/cell` at every step, and records them; the gates, if they are asked
                for, as `{site}/enter/open` and `{site}/enter/in`, and likewise `keep` and `leave`.
            site: the layer's name.
            inputs: vectors, or the numbers of one-hot vectors.
            mask: true where there is a symbol.
            memory: the state before the first symbol.
            time: the position of each symbol in the text, for edits that differ from step to step.
        """
        x = lookup(self.input[...], inputs)  # of all steps at once, so that each is left with one product
        x = x + jnp.broadcast_to(self.bias[...], x.shape)
        recurrent = self.recurrent[...]  # outside the recurrence, or each of its steps copies the weights
        # sigmoid(x) = (1 + tanh(x / 2)) / 2: one tanh for all gates takes XLA a sixth of the time of three sigmoids and
        # a tanh. Halving the weights is exact.
        half = jnp.where(jnp.arange(recurrent.shape[1]) // recurrent.shape[0] == 2, 1.0, 0.5).astype(x.dtype)
        halved, halved_x = (value * jnp.broadcast_to(half, value.shape) for value in (recurrent, x))

        def step(memory: Memory, now: tuple[Array, Array, Array]) -> tuple[Memory, tuple[Memory, dict[Site, Array]]]:
            x, here, time = now
            gated = Gated(tap, site, time, self.gates)
            enter, keep, candidate, leave = jnp.split(jnp.tanh(x + memory.hidden @ halved), 4, axis=-1)
            enter, keep, leave = (0.5 + 0.5 * gate for gate in (enter, keep, leave))
            cell = gated("keep", keep, memory.cell) + gated("enter", enter, candidate)
            cell = tap.edit(f"{site}/cell", cell, time)
            hidden = tap.edit(f"{site}/hidden", gated("leave", leave, jnp.tanh(cell)), time)
            memory = jax.tree.map(lambda new, old: jnp.where(here[:, None], new, old), Memory(hidden, cell), memory)
            return memory, (memory, gated.seen)

        if self.training:
            states, seen = Memory(*lstm_gradient.run(x, recurrent, mask, *memory)), {}
            last = jax.tree.map(lambda state: state[-1], states)
        elif len(time) == 1:  # without a loop, under vmap, the product is made once for all symbols after one state
            last, found = step(memory, (halved_x[0], mask[0], time[0]))
            states, seen = jax.tree.map(lambda value: value[None], found)
        else:
            unroll = len(time) if 0 < len(time) <= UNROLLED else 1
            last, (states, seen) = jax.lax.scan(step, memory, (halved_x, mask, time), unroll=unroll)
        tap.record(f"{site}/hidden", jnp.swapaxes(states.hidden, 0, 1))
        tap.record(f"{site}/cell", jnp.swapaxes(states.cell, 0, 1))
        for name, value in seen.items():
            tap.record(name, jnp.swapaxes(value, 0, 1))
        return states.hidden, last
