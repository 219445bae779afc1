"""Every method on the same targets: how high does it get, for how many forward passes?"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import _discover, find
from jaxneuron.evaluate.standing import standing
from jaxneuron.find import best, corpus
from jaxneuron.studies.running import Report, Run
from jaxneuron.studies.search.material import Kind, Subject
from jaxneuron.studies.search.presets import Preset
from jaxneuron.studies.search.results import KINDS, Pairs, Point
from jaxneuron.types import Tokens

SAME = 1e-4
"""The part of a score by which another is no lower."""

CONTROLS = ("corpus", "best", "gumbel_softmax")
"""The methods that controls are searched with."""


class Sought(NamedTuple):
    """What a method found at one budget."""

    kind: str
    method: str
    seed: int
    budget: int
    rate: float | None
    passes: float
    score: list[float]
    texts: list[list[int]]  # the best of each target
    optimal: list[int] | None
    seconds: float


def searches(run: Run[Any, Preset, Any], subject: Subject) -> list[Sought]:
    """Return what each method finds, of the units and of the controls; what an earlier run left is read."""
    found = []
    for kind in KINDS:
        for name in _discover.methods(find):
            if kind != KINDS[0] and name not in CONTROLS:
                continue
            place = f"searches/{subject.name} {kind} {name}"
            found += run.keep(place, list[Sought], lambda: list(_asked(subject, kind, name, run)))  # noqa: B023
    return found


def _asked(subject: Subject, kind: str, name: str, run: Run[Any, Preset, Any]) -> Iterator[Sought]:
    """Yield what one method finds at each budget, with each seed; of a control at the largest, with one seed."""
    preset, report = run.preset, run.report
    verb = _discover.methods(find)[name]
    module = __import__(f"{find.__name__}.{name}", fromlist=["FAST"])
    start = getattr(module, "FAST", _discover.settings(verb))
    budgets: list[Any] = [None]
    if start is not None:
        budgets = [start._replace(**fields) for fields in preset.budgets.get(name, ({},))]
    rate = None
    if hasattr(start, "learning_rate"):
        rate = _tuned(subject, kind, verb, budgets[0], preset, run.seed)
        budgets = [settings._replace(learning_rate=rate) for settings in budgets]
    seeds = range(run.seed, run.seed + (preset.seeds if name != "corpus" else 1))
    for number, settings in [*enumerate(budgets)] if kind == KINDS[0] else [*enumerate(budgets)][-1:]:
        for seed in seeds if kind == KINDS[0] else seeds[:1]:
            began = time.perf_counter()
            progress = report(f"{subject.name}, {kind}: {name}")
            found = asked(subject, subject.kinds[kind], verb, settings, seed, progress=progress)
            ids, mask = (np.asarray(leaf)[:, 0] for leaf in found.tokens)
            yield Sought(
                kind=kind,
                method=name,
                seed=seed,
                budget=number,
                rate=rate,
                passes=float(np.mean(np.asarray(found.work))),
                score=np.asarray(found.score[:, 0], float).tolist(),
                texts=[row[real].tolist() for row, real in zip(ids, mask, strict=True)],
                optimal=None if found.optimal is None else np.asarray(found.optimal)[:, 0].tolist(),
                seconds=time.perf_counter() - began,
            )


def _tuned(subject: Subject, kind: str, verb: Any, settings: Any, preset: Preset, seed: int) -> float:
    """Return the learning rate that is best for some of the targets."""
    if len(preset.rates) == 1:
        return preset.rates[0]
    params, targets = subject.kinds[kind]
    some = Kind(params, jax.tree.map(lambda leaf: leaf[: preset.tuned], targets))
    scores = {
        rate: float(np.mean(asked(subject, some, verb, settings._replace(learning_rate=rate), seed).score[:, 0]))
        for rate in preset.rates
    }
    return max(scores, key=lambda rate: scores[rate])


def asked(
    subject: Subject, kind: Kind, verb: Any, settings: Any, seed: int, *, grams: Tokens | None = None, **options: Any
) -> Any:
    """Return what a method finds: a `Found`, or the front of a fluent search.

    Args:
        subject: the model, and what is searched in it.
        kind: units, or a control.
        verb: the method.
        settings: its settings; None: it has none.
        seed: of all that is random.
        grams: n-grams in place of those of the length asked for.
        **options: of the method, such as `progress`.
    """
    options |= {} if settings is None else {"settings": settings}
    texts = subject.grams if grams is None else grams
    key = jax.random.key(seed)
    return verb(key, subject.forward, kind.params, kind.targets, texts, jnp.asarray(subject.allowed), **options)


def rows(subject: Subject, found: Sequence[Sought]) -> Iterator[Point]:
    """Yield where each search stands among all of its kind, and in the corpus."""
    for kind in KINDS:
        own = [one for one in found if one.kind == kind]
        params, targets = subject.kinds[kind]
        score = np.array([one.score for one in own], float).T  # [target, search]
        known = np.nanmax(score, axis=1, keepdims=True)
        stands = standing(subject.forward, params, targets, score, subject.grams)
        for place, one in enumerate(own):
            up = known[:, 0] - stands.mean
            ratio = np.where(up > 0, (score[:, place] - stands.mean) / np.where(up > 0, up, 1.0), np.nan)
            yield Point(
                model=subject.name,
                kind=kind,
                method=one.method,
                seed=one.seed,
                budget=one.budget,
                rate=one.rate,
                passes=one.passes,
                ratio=float(np.nanmean(ratio)),
                reached=float(np.mean(ratio >= 1 - SAME)),
                excess=float(np.nanmedian(stands.excess[:, place])),
                sure=None if one.optimal is None else float(np.mean(np.array(one.optimal) > 0)),
                seconds=one.seconds,
            )


def pairs(subject: Subject, preset: Preset, seed: int, report: Report) -> Pairs | None:
    """Try all pairs of words, and see how often the best search finds the best; None of a model with too many words.

    Args:
        subject: the model, and what is searched in it.
        preset: the size of the run.
        seed: of all that is random.
        report: what is being done -> a progress callback.
    """
    words = np.flatnonzero(subject.allowed).astype(np.int32)
    if not preset.pairs or len(words) > preset.widest:
        return None
    params, targets = subject.kinds[KINDS[0]]
    some = Kind(params, jax.tree.map(lambda leaf: leaf[: preset.pairs], targets))
    every = np.stack(np.meshgrid(words, words, indexing="ij"), axis=-1).reshape(-1, 2)
    grams = Tokens(every, np.ones(every.shape, bool))
    progress = report(f"{subject.name}: all {len(every):,} pairs of words")
    most = np.asarray(asked(subject, some, corpus.find, None, seed, grams=grams, progress=progress).score[:, 0])
    settings = best.Settings(passes=3 * len(words), least=1, beams=4)  # too few to try all pairs
    few = Tokens(subject.grams.ids[:, -2:], np.ones((len(subject.grams.ids), 2), bool))
    found = asked(subject, some, best.find, settings, seed, grams=few)
    score = np.asarray(found.score[:, 0])
    near = np.isclose(score, most, rtol=SAME, atol=1e-6)
    passes = float(np.mean(np.asarray(found.work)))
    return Pairs(subject.name, len(most), float(near.mean()), float(np.mean(score / most)), passes)
