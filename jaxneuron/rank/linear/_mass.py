"""The units that hold a share of each label's weight, as the share grows: NeuroX's order of units."""

import jax.numpy as jnp
import numpy as np

from jaxneuron.ranking import ranked
from jaxneuron.types import Probe, Ranking


def mass_order(probe: Probe) -> Ranking:
    """Order units by when they enter the set that holds a share of each label's weight, as the share grows.

    For a share p, a label's units are the fewest, largest first, whose absolute weights sum to at least p of the
    label's whole; the set is the union over labels. A unit enters at the smallest mass, over labels, of the
    units before it. NeuroX moves p in strides and leaves the order within a stride to chance; here it is exact.

    Args:
        probe: one or many; of two classes as `Bool[token]` the one row counts.

    Returns:
        `score[*probe unit]`, 1 less the share at which a unit enters: 1 for each label's first unit, 0 for a unit
        without weight. Ties are ordered by index.

    Source:
        Dalvi et al. 2019, section 3.2; `get_neuron_ordering` of NeuroX.

    Example:
        >>> zero, one = jnp.zeros(3), jnp.ones(3)
        >>> mass_order(Probe(jnp.array([[4.0, 1, 5], [1, 1, 10]]), jnp.zeros(2), zero, one, {})).order.tolist()
        [2, 0, 1]
    """
    size = np.abs(np.asarray(probe.weights, np.float64))
    order = np.argsort(-size, axis=-1, kind="stable")
    falling = np.take_along_axis(size, order, axis=-1)
    total = falling.sum(axis=-1, keepdims=True)
    before = np.cumsum(falling, axis=-1) - falling
    share = np.divide(before, total, out=np.ones_like(before), where=(total > 0) & (falling > 0))
    entry = np.ones_like(share)
    np.put_along_axis(entry, order, np.minimum(share, 1), axis=-1)
    return ranked(jnp.asarray(1 - entry.min(axis=-2), jnp.float32))
