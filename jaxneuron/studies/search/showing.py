"""The best inputs of some units, for a person: what each word contributes, and where the score stands."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.evaluate.standing import standing
from jaxneuron.find.fluent import Front
from jaxneuron.studies.search.fluency import cross_entropy
from jaxneuron.studies.search.material import Subject
from jaxneuron.studies.search.results import KINDS, Shown, ShownText
from jaxneuron.studies.search.searching import Sought
from jaxneuron.types import Forward, Params, Target, Tokens

METHODS = ("best", "gumbel_softmax", "corpus")
"""Whose texts are shown, beside fluent ones."""


def shown(subject: Subject, searches: Sequence[Sought], fronts: dict[str, Front]) -> list[Shown]:
    """Return the best inputs of each unit.

    Args:
        subject: the model, and what is searched in it.
        searches: what each method found.
        fronts: the fronts, by what the cap is.
    """
    own = [one for one in searches if one.kind == KINDS[0]]
    last = {name: [one for one in own if one.method == name][-1] for name in METHODS}
    texts = {name: (one.texts, one.optimal) for name, one in last.items()}
    for name, front in fronts.items():
        ids, mask = (np.asarray(leaf)[:, 0] for leaf in front.chosen.tokens)
        texts[f"fluent, {name}"] = [row[real].tolist() for row, real in zip(ids, mask, strict=True)], None
    parts = {name: _parts(subject, rows) for name, (rows, _) in texts.items()}
    params, targets = subject.kinds[KINDS[0]]
    score = np.stack([np.array([float(one[0]) for one in rows]) for rows in parts.values()], axis=1)
    by_length = {name: subject.longer if name.startswith("fluent") else subject.grams for name in texts}
    percent = {}
    for place, name in enumerate(texts):
        percent[name] = standing(subject.forward, params, targets, score[:, place], by_length[name]).percentile
    stands = standing(subject.forward, params, targets, score, subject.grams)
    cost = {name: cross_entropy(subject, _tokens(rows)).cross_entropy for name, (rows, _) in texts.items()}
    return [
        Shown(
            model=subject.name,
            site=subject.site,
            unit=int(unit),
            name=subject.names[unit] if subject.names else None,
            corpus=float(stands.best[number]),
            spread=float(stands.spread[number]),
            texts=[
                ShownText(
                    by=name,
                    words=subject.written(rows[number]),
                    parts=[float(parts[name][number][0] - without) for without in parts[name][number][1:]],
                    score=float(parts[name][number][0]),
                    percentile=float(percent[name][number]),
                    cross_entropy=float(cost[name][number]),
                    optimal=None if optimal is None else optimal[number],
                )
                for name, (rows, optimal) in texts.items()
                if rows[number]
            ],
        )
        for number, unit in enumerate(subject.units)
    ]


def _tokens(rows: Sequence[Sequence[int]]) -> Tokens:
    """Return texts as arrays."""
    width = max(1, *map(len, rows))
    mask = np.arange(width) < np.array([[len(row)] for row in rows])
    ids = np.zeros(mask.shape, np.int32)
    ids[mask] = [number for row in rows for number in row]
    return Tokens(ids, mask)


def _parts(subject: Subject, rows: Sequence[list[int]]) -> list[np.ndarray]:
    """Return the score of each target's text, then without each of its words."""
    made = [row if place < 0 else row[:place] + row[place + 1 :] for row in rows for place in range(-1, len(row))]
    owner = np.repeat(np.arange(len(rows)), [len(row) + 1 for row in rows])
    params, targets = subject.kinds[KINDS[0]]
    score = np.asarray(_scores(targets, params, _tokens(made), forward=subject.forward))[owner, np.arange(len(made))]
    return np.split(score, np.cumsum([len(row) + 1 for row in rows])[:-1])


@functools.partial(jax.jit, static_argnames="forward")
def _scores(targets: Target, params: Params, tokens: Tokens, *, forward: Forward) -> Float[Array, "target text"]:
    tokens = Tokens(jnp.asarray(tokens.ids), jnp.asarray(tokens.mask))
    output, activations = forward(params, tokens, {})
    return jax.vmap(lambda target: target(output, activations, tokens))(targets)
