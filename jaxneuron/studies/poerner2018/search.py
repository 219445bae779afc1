"""Run every method on every setting; what is done stays done when the run is stopped."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import find
from jaxneuron._discover import methods
from jaxneuron._discover import settings as discovered
from jaxneuron.studies import running
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.studies.poerner2018.results import CORPUS
from jaxneuron.studies.poerner2018.settings import Drawn
from jaxneuron.targets import Along
from jaxneuron.types import Tokens

Run = running.Run[Any, Preset, Any]


class Search(NamedTuple):
    """The outcome of one method for some targets."""

    where: str  # site
    method: str
    ids: list[list[list[int]]]  # [target, k, word], best first; a short caption has fewer words
    score: list[list[float]]  # [target, k]
    step: list[list[int]]
    proximity: list[list[float]]
    seconds: float  # wall clock of all these targets together, compilation included


def searches(run: Run, found: Material, drawn: list[Drawn]) -> list[dict[str, Search]]:
    """Return what each method found, of each setting; corpus search comes first.

    The settings of one pathway are searched together and share the seconds by their number of targets.

    Args:
        run: the run of the study.
        found: the model and its texts.
        drawn: targets of each setting.
    """
    verbs = methods(find)
    done: list[dict[str, Search]] = [{} for _ in drawn]
    for site in dict.fromkeys(one.targets.site for one in drawn):
        places = [place for place, one in enumerate(drawn) if one.targets.site == site]
        targets = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(drawn[place].targets for place in places))
        optima: Tokens | None = None
        for method, options in run.preset.methods.items():

            def compute(method: str = method, options: Mapping[str, Any] = options, optima: Any = optima) -> Search:
                progress = run.report(f"{site.partition('/')[0]} pathway: {method}")  # noqa: B023
                chosen = dict(options)
                if "start" in chosen:
                    chosen["start"] = jax.tree.map(lambda leaf: leaf[:, : chosen["start"]], optima)
                chosen |= {"budget": run.preset.budget, "progress": progress}
                return _search(jax.random.key(run.seed), found, targets, method, verbs[method], chosen)  # noqa: B023

            search = run.keep(f"search/{site.replace('/', '-')}.{method}", Search, compute)
            if method == CORPUS:
                optima = _tokens(search.ids, run.preset.length)
            for place, own in zip(places, _split(search, [len(drawn[place].indices) for place in places]), strict=True):
                done[place][method] = own
    return done


def _split(search: Search, sizes: list[int]) -> Iterator[Search]:
    first, total = 0, len(search.score)
    for size in sizes:
        part = slice(first, first + size)
        yield search._replace(
            ids=search.ids[part],
            score=search.score[part],
            step=search.step[part],
            proximity=search.proximity[part],
            seconds=search.seconds * size / total,
        )
        first += size


def _search(
    key: jax.Array, found: Material, targets: Along, method: str, verb: Callable, options: Mapping[str, Any]
) -> Search:
    model, began = found.model, time.monotonic()
    given = dict(options)
    if (settings := discovered(verb)) is not None:
        own = {name: given.pop(name) for name in options if name not in ("start", "budget", "progress")}
        given["settings"] = settings._replace(**own)
    result = verb(key, model.forward, model.params, targets, found.ngrams, found.candidates, **given)
    result = jax.device_get(result)
    seconds = time.monotonic() - began
    ids = [
        [ngram[mask].tolist() for ngram, mask in zip(*target, strict=True)]
        for target in zip(*result.tokens, strict=True)
    ]
    score, step, proximity = (np.asarray(array).tolist() for array in (result.score, result.step, result.proximity))
    return Search(targets.site, method, ids, score, step, proximity, seconds)


def _tokens(ids: list[list[list[int]]], length: int) -> Tokens:
    """Return n-grams `[target, k, time]`, padded."""
    rows = [pad(target, length) for target in ids]
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *rows)


def pad(ngrams: Sequence[Sequence[int]], length: int) -> Tokens:
    """Return words of n-grams as tokens `[ngram, time]`.

    Example:
        >>> pad([[5], [6, 7]], 2).ids.tolist()
        [[5, 0], [6, 7]]
    """
    padded = np.array([[*ngram, *[-1] * (length - len(ngram))] for ngram in ngrams], np.int32)
    return Tokens(np.maximum(padded, 0), padded >= 0)
