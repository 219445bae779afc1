"""Sets of units whose absence is felt most: many sets are scored in one call, and the best are kept or grown."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, PyTree

from jaxneuron import batching
from jaxneuron.intervene import Answered, Comparison, Effect, Taken, Taking, _run
from jaxneuron.types import Forward, Params, Site, Target, Tokens


@dataclass(frozen=True)
class Sought:
    """What is asked of each set."""

    forward: Forward
    params: Params
    tokens: Tokens
    target: Target | Comparison | Answered
    places: Int[np.ndarray, "candidate"]  # the units that may be taken
    units: int
    site: Site
    taking: Taking
    edit: tuple[jax.tree_util.Partial, Any]
    kept: _run.Kept

    def __call__(self, sets: Bool[np.ndarray, "set unit"]) -> tuple[Float[np.ndarray, "set"], Effect]:
        """Return the score without each set, and what the target reads.

        Raises:
            ValueError: a score that is no number for some set.
        """
        edit, rows = self.edit
        options = {"site": self.site, "budget": self.kept, "progress": None}
        found = _run.run(self.forward, self.params, self.tokens, self.target, edit, sets, rows, **options)
        left = np.asarray(self.taking.score(found.edited), np.float64)
        if left.shape != sets.shape[:1] or np.isnan(left).any():
            raise ValueError(f"expected `score` to return a number for each of {len(sets)} sets, got {left}")
        return left, found

    def whole(self, effect: Effect) -> float:
        """Return the score with all units."""
        return float(
            np.asarray(self.taking.score(jax.tree.map(lambda leaf: np.asarray(leaf)[None], effect.unedited)))[0]
        )


def search(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    candidates: Bool[Any, "unit"] | None,
    *,
    site: Site,
    taking: Taking,
    budget: int,
) -> Sought:
    """Return what is asked of each set of units; arguments as for `greedy.intervene`.

    Raises:
        KeyError, ValueError: see there.
    """
    width = _run.units(forward, params, tokens, target, site, None).shape[-1]
    allowed = np.ones(width, bool) if candidates is None else _run.chosen(candidates, width, site)
    if allowed.ndim != 1 or not 1 <= taking.count <= allowed.sum():
        raise ValueError(
            f"expected candidates Bool[{width}] with at least {taking.count} units, and a count of at least 1"
        )
    edit = _run.held(taking.value, None, tokens, width, site)
    places, kept = np.flatnonzero(allowed), _run.Kept(budget)
    return Sought(forward, params, tokens, target, places, width, site, taking, edit, kept)


def beam(ask: Sought, *, width: int, progress: batching.Progress | None) -> Taken:
    """Grow the `width` best sets by a unit at a time, and return the way to the best one."""
    count = ask.taking.count
    each = np.eye(ask.units, dtype=bool)[ask.places]
    sets, paths = np.zeros((1, ask.units), bool), [()]
    alone: Any = None
    effect = Effect(None, None)
    for step in range(count):
        grown = sets[:, None] | each[None]
        left, effect = ask(grown.reshape(-1, ask.units))
        alone = left if alone is None else alone
        taken = np.repeat(sets, len(each), 0)[np.arange(len(left)), np.tile(ask.places, len(sets))]
        kept: dict[bytes, int] = {}
        for number in np.argsort(np.where(taken, np.inf, left), kind="stable")[: (len(left) - taken.sum())].tolist():
            kept.setdefault(np.packbits(grown.reshape(-1, ask.units)[number]).tobytes(), number)
            if len(kept) == width:
                break
        numbers = list(kept.values())
        paths = [
            (*paths[number // len(each)], (number % len(each), left[number], _row(effect.edited, number)))
            for number in numbers
        ]
        sets = grown.reshape(-1, ask.units)[numbers]
        if progress:
            progress(step + 1, count)
    chosen, scores, rows = zip(*paths[0], strict=True)
    edited = jax.tree.map(lambda *leaves: np.stack(leaves), *rows)
    found = np.array(chosen)
    return Taken(ask.places[found], np.array(scores), alone[found], ask.whole(effect), Effect(edited, effect.unedited))


def _row(edited: PyTree, number: int) -> PyTree:
    return jax.tree.map(lambda leaf: leaf[number], edited)
