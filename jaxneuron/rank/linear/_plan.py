"""Many linear probes in one call: which keys, penalties, units and token weights each of them has."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxneuron.rank import _proximal
from jaxneuron.rank._probe import as_numbers
from jaxneuron.rank.linear._settings import Settings


class Plan(NamedTuple):
    """Probes in groups of one key each, `[group, probe]`, the last entries repeated where a group is smaller."""

    keys: Array  # [group]
    table: np.ndarray  # [group, probe], which probe
    home: tuple[np.ndarray, np.ndarray]  # where each probe is in the table
    single: bool  # whether the result has no leading axis
    penalty: _proximal.Penalty  # with a leading axis of groups
    weight: np.ndarray  # [group, probe or 1, token], mean 1
    effective: np.ndarray  # [group, probe or 1], how many tokens of equal weight that is
    l2: np.ndarray  # [] or [probe], as given or by default
    columns: np.ndarray | None  # the units that any probe uses, or None for all

    def flat(self, grouped: np.ndarray) -> np.ndarray:
        """Return `[..., group, probe]` as `[..., probe]`, or without that axis for a single probe."""
        flat = grouped[..., self.home[0], self.home[1]]
        return flat[..., 0] if self.single else flat


def planned(key: Any, settings: Settings, mask: Any, weight: Any, tokens: int, units: int, usual: float) -> Plan:
    """Return the probes that `linear.fit` was asked for: in batches those of one key side by side, else all.

    Where `l2` is None, it is `usual` over the number of tokens, and 0 beside an L1 penalty.
    """
    batch = settings.batch
    if key is None and batch is not None:
        raise ValueError("expected a random key, which shuffles the tokens, as in `jax.random.key(0)`; got None")
    key = jax.random.key(0) if key is None else key
    if not isinstance(key, jax.Array):
        raise TypeError(f"expected a random key, as `jax.random.key(0)` makes it, got {key!r:.80}")
    keys = key if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)
    l1, l2 = as_numbers(settings.l1, "l1"), None if settings.l2 is None else as_numbers(settings.l2, "l2")
    mask = None if mask is None else np.asarray(mask, bool)
    weight = None if weight is None else np.asarray(weight, np.float32)
    if mask is not None and (mask.ndim > 2 or mask.shape[-1] != units):
        raise ValueError(f"expected a mask [unit] or [probe, unit] over {units} units, got {mask.shape}")
    if weight is not None and (weight.ndim > 2 or weight.shape[-1] != tokens):
        raise ValueError(f"expected weights [token] or [probe, token] of {tokens} tokens, got {weight.shape}")
    if weight is not None and not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any(axis=-1).all()):
        raise ValueError("expected weights of at least 0, not all of them 0 for any probe")
    shares = np.ones((1, tokens), np.float32) if weight is None else weight.reshape(-1, tokens)
    shares = shares / shares.mean(axis=1, keepdims=True)
    effective = tokens**2 / np.sum(shares.astype(np.float64) ** 2, axis=1)
    if l2 is None:
        each = (usual / effective).astype(np.float32)
        l2 = np.where(l1 > 0, np.float32(0), each if weight is not None and weight.ndim == 2 else each[0])
    lead = {
        "key": keys.shape,
        "l1": l1.shape,
        "l2": l2.shape,
        "mask": () if mask is None else mask.shape[:-1],
        "weight": () if weight is None else weight.shape[:-1],
    }
    sizes = {name: shape[0] for name, shape in lead.items() if shape}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"expected one number of probes throughout, got {sizes}; repeat what they share")
    probes = next(iter(sizes.values()), 1)

    data = np.asarray(jax.random.key_data(keys)).reshape(-1, jax.random.key_data(keys).shape[-1])
    _, first, group = np.unique(data, axis=0, return_index=True, return_inverse=True)
    group = np.broadcast_to(group.reshape(-1), (probes,)) if batch is not None else np.zeros(probes, np.int64)
    first = first if batch is not None else first[:1]
    members = [np.flatnonzero(group == g) for g in range(len(first))]
    widest = max(map(len, members))
    table = np.stack([np.pad(m, (0, widest - len(m)), mode="edge") for m in members])
    place = np.array([np.flatnonzero(table[g] == i)[0] for i, g in enumerate(group)])

    columns = None
    if mask is None:
        allowed = np.ones((1, units), bool)
    else:
        allowed = mask.reshape(-1, units)
        if not allowed.any(axis=0).all():
            columns = np.flatnonzero(allowed.any(axis=0))
            columns = np.zeros(1, np.int64) if not columns.size else columns
            allowed = allowed[:, columns]
    spread = lambda rows: rows[table] if len(rows) > 1 else np.repeat(rows[None], len(table), axis=0)  # noqa: E731
    first_order, second_order = (jnp.asarray(np.broadcast_to(x, (probes,))[table]) for x in (l1, l2))
    penalty = _proximal.Penalty(first_order, second_order, jnp.asarray(spread(allowed), jnp.float32))
    return Plan(
        keys.reshape(-1)[first],
        table,
        (group, place),
        not sizes,
        penalty,
        spread(shares),
        spread(effective),
        l2,
        columns,
    )
