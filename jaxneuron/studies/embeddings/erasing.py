"""Which units of static vectors does a classifier of words miss, with and without dropout?

Li, Monroe and Jurafsky 2016, arXiv 1612.08220: a network with two hidden layers tells something of a word from its
vector; the importance of a unit is by how much the loss grows where the unit is set to nought. All tasks, with and
without dropout of the vector and of the hidden units, are trained side by side. We differ: the importance is the growth
of the mean loss over test words, as a share of it, where they take the mean of each word's; and beside nought, units
are set to their means, as nought says much of a unit whose mean is far from it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from jaxneuron.evaluate import baselines
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import Importance
from jaxneuron.studies.embeddings.vectors import Static
from jaxneuron.studies.running import Report

BATCH = 256
"""Words of a step."""

FIFTHS = 5
"""Classes of the task frequency."""


class Tasks(NamedTuple):
    """What is asked of words: -1 where a word has no part in a task."""

    names: list[str]
    row: Int[np.ndarray, "word"]  # of the static vectors
    classes: Int[np.ndarray, "task word"]
    test: np.ndarray  # [word], whether it is tested on


def tasks(static: Static, tagged: Mapping[str, Sequence[tuple[str, str]]], preset: Preset, seed: int) -> Tasks:
    """Return the tasks: the words' most frequent labels, how they begin and end, and how frequent they are.

    Args:
        static: the vectors.
        tagged: name of a layer of labels -> each word of the text with its label.
        preset: how many classes.
        seed: of the words that are tested on.
    """
    words = list(dict.fromkeys(word for pairs in tagged.values() for word, _ in pairs))
    rows = static.rows(words)
    first = {int(row): word.lower() for row, word in zip(rows, words, strict=True) if row >= 0}
    row = np.array(sorted(first))
    spelled = [first[one] for one in row.tolist()]
    asked: dict[str, list[str | None]] = {}
    for layer, pairs in tagged.items():
        counts: dict[str, Counter] = {}
        for word, label in pairs:
            counts.setdefault(word.lower(), Counter())[label] += 1
        asked[layer] = [counts[word].most_common(1)[0][0] if word in counts else None for word in spelled]
    long = [word if len(word) > 3 and word.isalpha() else None for word in spelled]
    asked["beginning"] = [word and word[:2] for word in long]
    asked["end"] = [word and word[-2:] for word in long]
    asked["frequency"] = [str(FIFTHS * place // len(row)) for place in range(len(row))]
    classes = [_numbered(labels, preset) for labels in asked.values()]
    kept = [place for place, one in enumerate(classes) if one.max(initial=-1) > 0]
    test = np.random.default_rng(seed).random(len(row)) < 0.3
    return Tasks([list(asked)[place] for place in kept], row, np.stack([classes[place] for place in kept]), test)


def _numbered(labels: Sequence[str | None], preset: Preset) -> Int[np.ndarray, "word"]:
    counts = Counter(label for label in labels if label is not None)
    names = [name for name, count in counts.most_common(preset.pieces) if count >= min(preset.least, len(labels) // 20)]
    number = {name: place for place, name in enumerate(names)}
    return np.array([-1 if label is None else number.get(label, -1) for label in labels])


def erased(static: Static, asked: Tasks, preset: Preset, seed: int, report: Report) -> list[Importance]:
    """Return what each unit is worth to each task, then without the unit that is worth most to most, and without two.

    Args:
        static: the vectors.
        asked: the tasks.
        preset: the size of the run.
        seed: of the networks and the words of each step.
        report: what is being done -> a progress callback.
    """
    vectors, found, without = np.asarray(static.vectors[asked.row], np.float32), [], []
    for _ in range(3):
        left = "".join(f", without {unit + 1}" for unit in without)
        report(f"erase units of the static vectors{left}")
        given = vectors.copy()
        given[:, without] = 0
        rows = _asked(jax.random.key(seed), given, asked, without, preset)
        found += rows
        typical = np.median([row.importance for row in rows if not row.dropout], axis=0)
        typical[without] = -np.inf
        without = [*without, int(np.argmax(typical))]
    return found


def _asked(
    key: Array, vectors: Float[np.ndarray, "word unit"], asked: Tasks, without: list[int], preset: Preset
) -> list[Importance]:
    count = int(asked.classes.max()) + 1
    rates = jnp.asarray([0.0, preset.dropout])
    settings = {"count": count, "hidden": preset.hidden, "steps": preset.fitting}
    train, test = (np.flatnonzero(side) for side in (~asked.test, asked.test))
    classes = jnp.asarray(asked.classes)
    params = _fits(key, jnp.asarray(vectors[train]), classes[:, train], rates, **settings)
    loss, right = _losses(params, jnp.asarray(vectors[test]), classes[:, test])  # [task rate set]
    units, found = vectors.shape[1], []
    for place, name in enumerate(asked.names):
        own = [asked.classes[place][side] for side in (train, test)]
        own = [one[one >= 0] for one in own]
        for number, dropout in enumerate((False, True)):
            rest = np.asarray(loss[place, number, 1:] / loss[place, number, 0] - 1, float)
            found.append(
                Importance(
                    task=name,
                    words=len(own[1]),
                    classes=int(own[0].max()) + 1,
                    dropout=dropout,
                    without=without,
                    accuracy=float(right[place, number]),
                    majority=float(baselines.majority(*own)),
                    importance=rest[:units].tolist(),
                    at_mean=rest[units:].tolist(),
                    effective=effective(rest[:units]),
                )
            )
    return found


def effective(importance: Float[np.ndarray, "unit"]) -> float:
    """Return how many units would share the importance evenly: exp of the entropy; what is below nought is nought.

    Example:
        >>> round(effective(np.array([1.0, 1.0, 0.0, -1.0])), 6)
        2.0
    """
    some = np.maximum(importance, 0)
    share = some[some > 0] / some.sum()
    return float(np.exp(-np.sum(share * np.log(share)))) if len(share) else 0.0


def _network(params: Any, x: Float[Array, "word unit"], key: Array, rate: Any) -> Float[Array, "word class"]:
    for number, (weights, bias) in enumerate(params):
        x = x * jax.random.bernoulli(jax.random.fold_in(key, number), 1 - rate, x.shape) / (1 - rate)
        x = x @ weights
        x = x + jnp.broadcast_to(bias, x.shape)
        x = jnp.tanh(x) if number < len(params) - 1 else x
    return x


def _loss(logits: Float[Array, "word class"], classes: Int[Array, "word"]) -> Array:
    known = classes >= 0
    own = jnp.take_along_axis(jax.nn.log_softmax(logits), jnp.maximum(classes, 0)[:, None], axis=1)[:, 0]
    return -jnp.sum(own * known) / jnp.maximum(known.sum(), 1)


@partial(jax.jit, static_argnames=("count", "hidden", "steps"))
def _fits(key: Array, vectors: Array, classes: Array, rates: Array, *, count: int, hidden: int, steps: int) -> Any:
    """Return the networks of every task and rate of dropout."""
    optimiser = optax.adam(3e-3)
    widths = [vectors.shape[1], hidden, hidden, count]

    def fit(classes: Array, rate: Array) -> Any:
        keys = jax.random.split(jax.random.fold_in(key, 0), 3)
        params = [
            (jax.random.normal(one, (a, b)) / a**0.5, jnp.zeros(b))
            for one, a, b in zip(keys, widths, widths[1:], strict=False)
        ]

        def step(state: tuple, number: Array) -> tuple[tuple, None]:
            params, memory = state
            draw, drop = jax.random.split(jax.random.fold_in(key, number + 1))
            rows = jax.random.randint(draw, (min(BATCH, len(vectors)),), 0, len(vectors))
            slope = jax.grad(lambda p: _loss(_network(p, vectors[rows], drop, rate), classes[rows]))(params)
            change, memory = optimiser.update(slope, memory)
            return (optax.apply_updates(params, change), memory), None

        return jax.lax.scan(step, (params, optimiser.init(params)), jnp.arange(steps))[0][0]

    return jax.vmap(lambda own: jax.vmap(lambda rate: fit(own, rate))(rates))(classes)


@jax.jit
def _losses(params: Any, vectors: Array, classes: Array) -> tuple[Array, Array]:
    """Return the losses with all units, without each, and with each at its mean; and the accuracy with all."""
    units = vectors.shape[1]
    one = jnp.eye(units, dtype=bool)
    gone = jnp.concatenate([jnp.zeros((1, units), bool), one, one])
    value = jnp.concatenate([jnp.zeros((units + 1, units)), jnp.broadcast_to(vectors.mean(axis=0), (units, units))])

    def of(params: Any, classes: Array) -> tuple[Array, Array]:
        def without(gone: Array, value: Array) -> Array:
            shape = vectors.shape
            x = jnp.where(jnp.broadcast_to(gone, shape), jnp.broadcast_to(value, shape), vectors)
            return _network(params, x, jax.random.key(0), 0.0)

        losses = jax.lax.map(lambda both: _loss(without(*both), classes), (gone, value))
        guessed = without(gone[0], value[0]).argmax(axis=1)
        known = classes >= 0
        return losses, jnp.sum((guessed == classes) & known) / jnp.maximum(known.sum(), 1)

    return jax.vmap(lambda p, own: jax.vmap(lambda q: of(q, own))(p))(params, classes)
