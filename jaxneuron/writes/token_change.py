"""Which outputs gain and lose where a unit is set? One edit for each unit, all units in one call, over a text.

TokenChange of Gur-Arieh, Mayan, Agassy, Geiger, Geva 2025 (Enhancing Automated Interpretability with Output-Centric
Feature Descriptions, arXiv 2501.08319): the words whose scores rise most where a unit is held at a high value. Unlike
`vocabulary` it has all that later blocks make of the unit. We hold a unit at its own highest value in the text, theirs
at a multiple chosen for each model.

    effect[unit, output] = mean over words of (scores where the unit is held - scores as they are)

Where the scores are a linear function of a site, as they are of a final norm, the mean is taken there, and the outputs
are computed once for each unit instead of once for each unit and word.

Cost:
    The passes above the site for each unit and text, one pass for the highest values and one of the model as it is.

Fails:
    A unit held at its highest value at all words is in a state that it never is in. What changes least is rounding;
    `error` says how far the mean may be off.

Peers:
    The authors' code, with a multiple chosen for each model; here the unit's own highest value.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching, chunks
from jaxneuron.jaxpr.memory import peak
from jaxneuron.jaxpr.resume import resume
from jaxneuron.types import Forward, Params, Site, Text, Translation
from jaxneuron.writes import Promoted, _read, _single, _totals
from jaxneuron.writes._course import chosen, course, scored


def write(
    forward: Forward,
    params: Params,
    tokens: Text,
    units: Int[Any, "unit"] | None = None,
    *,
    site: Site,
    value: float | Float[Any, "unit"] | None = None,
    head: Float[Any, "width output"] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Promoted:
    """Return how the score of each output changes where each unit is held at a value, at all words.

    Args:
        forward: the model.
        params: its weights.
        tokens: the text.
        units: which units; by default all of the site.
        site: where they are; of a recurrence, they are held at every step.
        value: what they are held at, or what each of `units` is; by default its highest value in the text.
        head: for a model without one, the matrix from its last site to outputs; see `vocabulary.embedding`.
        budget: bytes for what is computed at a time.
        progress: called after each batch of texts.

    Returns:
        Mean changes in the score's unit, with their errors.

    Raises:
        KeyError: the model has no such site.
        ValueError: no such unit; no head; values for another number of units; or nothing at the site reaches the
            scores.

    Source:
        arXiv 2501.08319.

    Example:
        >>> from jaxneuron.tap import Tap, lookup
        >>> from jaxneuron.types import Tokens
        >>> def forward(params, tokens, edits):
        ...     tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
        ...     hidden = tap("hidden", lookup(params["table"], tokens.ids), time)
        ...     return hidden @ params["head"], tap.activations()
        >>> params = {"table": jnp.zeros((4, 2)), "head": jnp.eye(2, 4)}
        >>> text = Tokens(np.eye(2, dtype=int), np.eye(2) < 2)
        >>> write(forward, params, text, site="hidden", value=3.0).effect.tolist()
        [[3.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0]]
    """
    text, which = chosen(forward, params, tokens, units, site)
    way = course(forward, params, text)
    stream = _read.end(way, forward, params, text, site, head)
    end = None if stream is None else stream.tail
    rows = jax.tree.map(np.asarray, tokens)
    if value is None:
        held = highest(forward, params, rows, site, budget=budget)[which]
    else:
        held = np.asarray(value, np.float32)
        if held.shape not in ((), which.shape):
            raise ValueError(f"expected a value, or one for each of the {len(which)} units, got the shape {held.shape}")
    changes = jnp.asarray(which), jnp.broadcast_to(jnp.asarray(held), which.shape)
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), rows)
    width = way.shapes[site].shape[-1]
    change = _single.change(changes[0][0], changes[1][0], width)
    item = peak(functools.partial(_edited, forward, params, one, site=site, end=end), *change)
    fixed = None if isinstance(tokens, Translation) else {width}
    plan = chunks.plan(rows.mask, len(which), item=item, budget=budget, fixed=fixed)
    options: dict[str, Any] = {"site": site, "end": end, "width": width, "together": plan.together}
    some = rows, np.ones(len(rows.mask), bool)

    def work(chunk: chunks.Chunk) -> _totals.Totals:
        part = chunk.part(some, rows.mask.shape[1])
        return jax.block_until_ready(_sums(forward, params, *part, changes, **options))

    sums = functools.reduce(functools.partial(jax.tree.map, jnp.add), chunks.each(work, plan, progress))
    found, variance = _totals.mean(sums)
    if stream is None:
        effect = np.asarray(found)
    else:
        effect = _read.last(stream, forward, params, text, found, head, budget=budget)
    return _read.promoted(effect, _totals.relative_error(found, variance))


def highest(
    forward: Forward, params: Params, tokens: Text, site: Site, *, budget: int = batching.BUDGET
) -> Float[np.ndarray, "unit"]:
    """Return the highest value of each unit of a site at the words of a text.

    Args:
        forward: the model.
        params: its weights.
        tokens: the text.
        site: where the units are.
        budget: bytes for what is computed at a time.
    """
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), tokens)
    size = 8 * jax.eval_shape(functools.partial(_highest, forward, params, site=site), one, jnp.ones(1, bool)).size
    chunk = batching.chunk_size(size * tokens.mask.shape[1], len(tokens.mask), budget)

    def update(most: Any, index: Array, valid: Array, some: Text) -> Any:
        found = _highest(forward, params, some, valid, site=site)
        return found if most is None else jnp.maximum(most, found)

    return np.asarray(batching.fold_rows(update, None, tokens, chunk=chunk))


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _highest(forward: Forward, params: Params, tokens: Text, valid: Array, *, site: Site) -> Float[Array, "unit"]:
    states = forward(params, tokens, {})[1][site]
    real = _read.real(tokens, site, states.shape[1]) & valid[:, None]
    return jnp.max(jnp.where(real[..., None], states, -jnp.inf), axis=(0, 1))


@functools.partial(jax.jit, static_argnames=("forward", "site", "end", "width", "together"))
def _sums(
    forward: Forward,
    params: Params,
    tokens: Text,
    valid: Array,
    changes: tuple[Int[Array, "unit"], Float[Array, "unit"]],
    *,
    site: Site,
    end: Site | None,
    width: int,
    together: int,
) -> _totals.Totals:
    """Return the sums of what changes in some texts where each unit is held; what that cannot change is computed once.

    `changes` are units and what they are held at.
    """
    unedited = _state(*forward(params, tokens, {}), end)
    real = _read.real(tokens, end or "", unedited.shape[1]) & valid[:, None]

    # two programs for one model differ by rounding, which is no change
    rounding = 16 * jnp.finfo(unedited.dtype).eps * jnp.max(jnp.abs(unedited), axis=-1)

    def sums(change: tuple[Array, Array]) -> _totals.Totals:
        edited = _edited(forward, params, tokens, *change, site=site, end=end)
        moved = jnp.max(jnp.abs(edited - unedited), axis=-1) > rounding
        total = jnp.sum(jnp.where((real & moved)[..., None], edited - unedited, 0), axis=1)
        return _totals.of(total, jnp.sum(real, axis=1).astype(total.dtype))

    rest = resume(sums, _single.change(changes[0][0], changes[1][0], width), few=1)
    return jax.lax.map(lambda one: rest(_single.change(one[0], one[1], width)), changes, batch_size=together)


def _edited(
    forward: Forward,
    params: Params,
    tokens: Text,
    here: Bool[Array, "unit"],
    value: Float[Array, "unit"],
    *,
    site: Site,
    end: Site | None,
) -> Float[Array, "text time output"]:
    """Return what is read where a unit is held."""
    return _state(*forward(params, tokens, {site: _single.edit(here, value)}), end)


def _state(output: Any, activations: Any, end: Site | None) -> Array:
    found = scored(output) if end is None else activations[end]
    assert found is not None
    return found
