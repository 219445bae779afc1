"""Many edits of one site, many sentences: what a target reads of each, in chunks that fit a budget.

The sets of units are leaves of one edit, stacked and mapped: what comes before the site is computed once for all of
them, and new sets never compile again.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree, Shaped

from jaxneuron import batching, chunks, tap
from jaxneuron.edits import Clamp
from jaxneuron.intervene import Answered, Comparison, Effect
from jaxneuron.jaxpr.resume import Staged, staged
from jaxneuron.split import above, check_target
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Target, Tokens

FEW = 8
"""So many times more units than a set has are there where the change of a product is added up unit by unit."""

GROWN = 32
"""Units for which sets of two and more are compiled, so that sets that grow do not compile in each round."""


class Kept:
    """What sets of units do not change, of as many chunks as fit a budget, for a search that asks again and again."""

    def __init__(self, budget: int, room: int | None = None):
        self.budget, self.left, self.found = budget, budget if room is None else room, {}

    def __call__(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make()` returns, or did under this key."""
        if key in self.found:
            return self.found[key]
        result = make()
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(result))
        if size <= self.left:
            self.left -= size
            self.found[key] = result
        return result


class Given(NamedTuple):
    """What is the same under all sets of units."""

    params: Params
    target: Target | Comparison
    edit: jax.tree_util.Partial
    tokens: Tokens
    answers: Int[Array, "batch _time"]
    rows: PyTree


def run(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    edit: jax.tree_util.Partial,
    sets: Shaped[np.ndarray, "*set unit"],
    rows: PyTree,
    *,
    site: Site,
    budget: int | Kept,
    progress: batching.Progress | None,
) -> Effect:
    """Return what the target reads under `edit(units, rows)` for each set of units.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        target: what to read; a comparison without answers is given the next symbols.
        edit: a function of module level, with arrays in it: from `units[unit]` and a part of `rows` to an edit.
        sets: as `units` returns them, or rows of other numbers that the edit takes in.
        rows: host arrays with a row for each sentence, which the edit needs.
        site: where the edit goes.
        budget: bytes for what is computed at a time; or what keeps as many between calls that differ in their sets.
        progress: called after each chunk of sentences.
    """
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask)
    target, answers = target if isinstance(target, Answered) else (target, following(ids, mask))
    output = _output.eval_shape(forward, params, Tokens(jnp.asarray(ids[:1]), jnp.asarray(mask[:1])))
    # records with another leading axis, such as attention, are computed only where the target reads them
    width = max([leaf.size for leaf in jax.tree.leaves(output) if leaf.shape[:1] == (1,)], default=0)
    # of one sentence: log-probabilities and what is read of them, and the states and gates after the site
    item = 4 * (4 * width + 6 * mask.shape[1] * sets.shape[-1])
    flat = sets.reshape(-1, sets.shape[-1])
    fixed = {size for leaf in jax.tree.leaves((target, edit)) for size in np.shape(leaf)} | {flat.shape[1]}
    kept = budget if isinstance(budget, Kept) else Kept(budget, room=0)
    plan = chunks.plan(mask, len(flat), item=item, budget=kept.budget, fixed=fixed)
    padded = jnp.asarray(np.concatenate([flat, np.zeros((-len(flat) % plan.together, flat.shape[1]), bool)]))
    few = _few(flat)

    def work(chunk: chunks.Chunk) -> Effect:
        given = Given(params, target, edit, *chunk.part((Tokens(ids, mask), np.asarray(answers), rows), mask.shape[1]))
        # which of the products are few is the same for any number of units
        key = chunk.numbers.tobytes(), *chunk[1:], few is None
        before, unedited = kept(key, partial(_before, forward, given, padded[0], site=site, few=few and 1))
        edited = _after(forward, given, before, padded, site=site, few=few, together=plan.together)
        return jax.device_get(Effect(edited, unedited))

    parts = list(chunks.each(work, plan, progress))
    back = np.argsort(np.concatenate([chunk.numbers for chunk in plan.chunks]))
    edited = jax.tree.map(
        lambda *leaves: chunks.joined(leaves, 1)[: len(flat), back].reshape(
            *sets.shape[:-1], len(ids), *leaves[0].shape[2:]
        ),
        *[part.edited for part in parts],
    )
    return Effect(
        edited, jax.tree.map(lambda *leaves: chunks.joined(leaves, 0)[back], *[part.unedited for part in parts])
    )


def _few(sets: np.ndarray) -> int | None:
    """Return how many units a set has at most: 1, or a power of 2 that a search reaches late; None if not few."""
    most = int(sets.sum(axis=1).max()) if sets.dtype == bool else sets.shape[1]
    units = 1 if most <= 1 else max(GROWN, 1 << (most - 1).bit_length())
    return units if units * FEW <= sets.shape[1] else None


@partial(jax.jit, static_argnums=0)  # its traces are kept: a search asks in each round
def _output(forward: Forward, params: Params, tokens: Tokens) -> Output:
    return forward(params, tokens, {})[0]


@partial(jax.jit, static_argnames=("forward", "site", "few"))
def _before(
    forward: Forward, given: Given, units: Shaped[Array, "unit"], *, site: Site, few: int | None
) -> tuple[Any, PyTree]:
    """Return what the units cannot change, and what is read without an edit."""
    return _staged(forward, given, units, site, few).before(given), _read(given, *_unedited(forward, given))


@partial(jax.jit, static_argnames=("forward", "site", "few", "together"))
def _after(
    forward: Forward,
    given: Given,
    before: Any,
    sets: Shaped[Array, "set unit"],
    *,
    site: Site,
    few: int | None,
    together: int,
) -> PyTree:
    """Return what is read under each set."""
    rest = partial(_staged(forward, given, sets[0], site, few).after, given, before)
    return jax.lax.map(rest, sets, batch_size=together)


def _staged(forward: Forward, given: Given, units: Shaped[Array, "unit"], site: Site, few: int | None) -> Staged:
    def one(given: Given, units: Shaped[Array, "unit"]) -> PyTree:
        tokens, unedited = _unedited(forward, given)
        edited = forward(given.params, tokens, {site: given.edit(units, given.rows)})
        return _read(given, tokens, unedited, edited)

    return staged(one, given, units, few=few)


def _unedited(forward: Forward, given: Given) -> tuple[Tokens, tuple[Output, Activations]]:
    """Return the sentences, of which padded ones keep one word, and the model on them."""
    first = (jnp.arange(given.tokens.mask.shape[1]) == 0)[None]
    tokens = given.tokens._replace(mask=given.tokens.mask | first)
    return tokens, forward(given.params, tokens, {})


def _read(
    given: Given,
    tokens: Tokens,
    unedited: tuple[Output, Activations],
    edited: tuple[Output, Activations] | None = None,
) -> PyTree:
    edited = unedited if edited is None else edited
    if isinstance(given.target, Comparison):
        return given.target.compare(edited, unedited, tokens, given.answers)
    return given.target(*edited, tokens)


def hold(value: Array, units: Bool[Array, "unit"], rows: tuple[Array | None, Array | None]) -> Edit:
    """Return the edit that sets `units` to a value: `value[unit]`, or that of each row and time; some times only.

    Args:
        value: what the units are set to, unless the rows have their own.
        units: which are set.
        rows: values `[batch time unit]` or None, and where they are set, `[batch time]` or None.
    """
    values, where = rows
    set_here = units if where is None else where[..., None] & units[None, None]
    value = value if values is None else values
    shape = np.broadcast_shapes(set_here.shape, value.shape)
    set_here, value = (
        jnp.broadcast_to(leaf.reshape((1,) * (len(shape) - leaf.ndim) + leaf.shape), shape)
        for leaf in (set_here, value)
    )
    # equal bounds force a value, infinite ones leave alone
    return Clamp(jnp.where(set_here, value, -jnp.inf), jnp.where(set_here, value, jnp.inf))


def held(
    value: float | Float[Any, "..."], where: Bool[Any, "_batch _time"] | None, tokens: Tokens, units: int, site: Site
) -> tuple[jax.tree_util.Partial, tuple[Any, Any]]:
    """Return `hold` as the edit of `run`, and its rows.

    Raises:
        ValueError: a value or `where` of a shape that does not fit.
    """
    given, here, shape = np.asarray(value, np.float32), None if where is None else np.asarray(where), tokens.mask.shape
    if given.shape not in ((), (units,), (*shape, units)):
        raise ValueError(
            f"expected a value as a number, [{units}] or {[*shape, units]} for {site!r}, got the shape {given.shape}"
        )
    if here is not None and here.shape != shape:
        raise ValueError(f"expected `where` for each word, {shape}, got the shape {here.shape}")
    own = given.ndim == 3
    constant = jnp.zeros(units) if own else jnp.broadcast_to(jnp.asarray(given), (units,))
    return jax.tree_util.Partial(hold, constant), (given if own else None, here)


def following(ids: np.ndarray, mask: Bool[np.ndarray, "batch time"]) -> Int[np.ndarray, "batch time"]:
    """Return the next symbol at each position, -1 where none follows."""
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError("soft words have no next symbol that is right; state `answers`")
    after = np.full(ids.shape, -1, np.int32)
    after[:, :-1] = np.where(mask[:, :-1] & mask[:, 1:], ids[:, 1:], -1)
    return after


def units(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    site: Site,
    masks: Bool[Any, "*set unit"] | None,
) -> Bool[np.ndarray, "*set unit"]:
    """Return the sets of units of a site, each unit alone if none are given.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: no sentences, masks of another width than the site, a target that the site does not reach, or one
            that reads a unit or a word that is not there.
    """
    if tokens.mask.ndim != 2 or not tokens.mask.size:
        raise ValueError(f"expected sentences [batch time], at least one, got the shape {tokens.mask.shape}")
    one = Tokens(*(jnp.asarray(leaf[:1]) for leaf in tokens))
    shapes = sites(forward, params, one)
    check_site(site, shapes)
    # a comparison reads the output, and what the site does to it is the question
    if not isinstance(target, Comparison | Answered):
        check_target(forward, params, tokens, target)
        above(forward, params, one, site, target)
    return chosen(masks, shapes[site].shape[-1], site)


def chosen(masks: Bool[Any, "*set unit"] | None, width: int, site: Site) -> Bool[np.ndarray, "*set unit"]:
    """Return masks over the `width` units of a site, each unit alone if none are given."""
    found = np.eye(width, dtype=bool) if masks is None else np.asarray(masks)
    if found.shape[-1:] != (width,):
        raise ValueError(f"{site!r} has {width} units, got masks over {found.shape[-1] if found.ndim else 'nothing'}")
    if found.dtype != bool or not found.size:
        raise ValueError(f"expected masks, true where a unit is set, got {found.dtype} {found.shape}")
    return found


def states(
    forward: Forward, params: Params, tokens: Tokens, site: Site, *, budget: int = batching.BUDGET
) -> Float[np.ndarray, "batch time unit"]:
    """Return the activations of a site, a batch of sentences at a time."""
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask)
    shapes = sites(forward, params, Tokens(jnp.asarray(ids[:1]), jnp.asarray(mask[:1])))
    check_site(site, shapes)
    if shapes[site].shape[-2] != mask.shape[1]:
        raise ValueError(f"{site!r} has no activation for each word, so no mean over words; give the value itself")
    return tap.read(forward, params, tokens, site, budget=budget)
