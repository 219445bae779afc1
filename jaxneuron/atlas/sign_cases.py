"""What does a gated unit do by the signs of its gate and of its input? Four cases, how often, and what comes of it.

Gerstner, Schütze 2025 ("GLUScope: A Tool for Analyzing GLU Neurons in Transformer Language Models", arXiv 2602.23826):
a gated unit is the product of two, so that its high values are of two kinds, and so are its low ones. Sites that end in
`/gate` and `/in` belong together, as our gated transformers name them; the gate is what leaves its non-linearity, whose
sign is that of what enters it. Sites that end in `/open` and `/in`, as the gates of our LSTM and GRU, are likewise a
product; there the gate is a share, from 0 to 1, whose two cases are above and below a half.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron.atlas import Places, SignCases, Statistic
from jaxneuron.atlas._double import Double, add, halves, number
from jaxneuron.atlas._sites import Flat, flat, same
from jaxneuron.types import Activations, Site

HALVES = {"/gate": 0.0, "/open": 0.5}
"""The end of the name of a gate, and the value that parts its cases."""

IN = "/in"


class Cases(NamedTuple):
    """What is known of the gated units of a layer."""

    tokens: Int[Any, ""]
    count: Int[Any, "gate in unit"]
    total: Double  # [gate in unit], of the products
    low: Float[Any, "gate in unit"]
    high: Float[Any, "gate in unit"]


def statistic() -> Statistic:
    """Return the statistic whose result is `SignCases`, of each site that ends as `HALVES` says and has its `/in`."""
    return Statistic(_init, _update, _merge, _finish, apart=False)


def _init(widths: Mapping[Site, int]) -> dict[Site, Cases]:
    gates = {site: units for site, units in widths.items() if _end(site) and _input(site) in widths}
    return {site: _none(units) for site, units in gates.items()}


def _end(gate: Site) -> str | None:
    return next((end for end in HALVES if gate.endswith(end)), None)


def _input(gate: Site) -> Site:
    return gate.removesuffix(_end(gate) or "") + IN


def _none(units: int) -> Cases:
    zero = jnp.zeros((2, 2, units), jnp.float32)
    return Cases(
        jnp.zeros((), jnp.int32), jnp.zeros(zero.shape, jnp.int32), Double(zero, zero), zero + jnp.inf, zero - jnp.inf
    )


def _update(state: dict[Site, Cases], activations: Activations, places: Places) -> dict[Site, Cases]:
    return {
        site: _added(one, HALVES[_end(site) or ""], *(flat(activations[each], places) for each in (site, _input(site))))
        for site, one in state.items()
    }


def _added(state: Cases, half: float, gate: Flat, enters: Flat) -> Cases:
    def case(one: Any, other: Any) -> tuple[Any, ...]:
        here = gate.counted[:, None] & one & other
        product = gate.value * enters.value
        return (
            jnp.sum(here, axis=0, dtype=jnp.int32),
            jnp.sum(jnp.where(here, product, 0), axis=0),
            jnp.min(jnp.where(here, product, jnp.inf), axis=0),
            jnp.max(jnp.where(here, product, -jnp.inf), axis=0),
        )

    signs = [(value >= middle, value < middle) for value, middle in ((gate.value, half), (enters.value, 0))]
    rows = [[case(one, other) for other in signs[1]] for one in signs[0]]
    count, total, low, high = (
        jnp.stack([jnp.stack([case[part] for case in row]) for row in rows]) for part in range(4)
    )
    return Cases(
        state.tokens + jnp.sum(gate.counted, dtype=jnp.int32),
        state.count + count,
        add(state.total, total),
        jnp.minimum(state.low, low),
        jnp.maximum(state.high, high),
    )


def _merge(one: dict[Site, Cases], other: dict[Site, Cases]) -> dict[Site, Cases]:
    one, other = same(one, other)
    return {
        site: Cases(
            a.tokens.astype(np.int64) + b.tokens,
            a.count.astype(np.int64) + b.count,
            halves(number(a.total) + number(b.total)),
            np.minimum(a.low, b.low),
            np.maximum(a.high, b.high),
        )
        for (site, a), b in zip(one.items(), other.values(), strict=True)
    }


def _finish(state: dict[Site, Cases]) -> dict[Site, SignCases]:
    found = {}
    for site, one in state.items():
        tokens, count, total, low, high = jax.tree.map(np.asarray, one)
        never = count == 0
        mean, low, high = (np.where(never, np.nan, each) for each in (number(total) / np.maximum(count, 1), low, high))
        found[site] = SignCases(int(tokens), count / max(int(tokens), 1), mean, low, high)
    return found
