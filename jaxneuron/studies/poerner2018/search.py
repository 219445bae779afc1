"""Run every method on every setting; what is done stays done when the run is stopped."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import find
from jaxneuron._discover import methods
from jaxneuron._discover import settings as discovered
from jaxneuron.files import write_json
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.studies.poerner2018.settings import Setting
from jaxneuron.targets import Along
from jaxneuron.types import Tokens

Report = Callable[[str], Callable[[int, int], None] | None]
"""What is being done -> a progress callback for it."""


class Search(NamedTuple):
    """The outcome of one method for some targets."""

    where: str  # pathway while searching, setting afterwards
    method: str
    ids: list[list[list[int]]]  # [target, k, word], best first; a short caption has fewer words
    score: list[list[float]]  # [target, k]
    step: list[list[int]]
    proximity: list[list[float]]
    seconds: float  # wall clock of all these targets together, compilation included


def searches(
    found: Material, settings: list[Setting], preset: Preset, directory: Path, *, seed: int, report: Report
) -> Iterator[Search]:
    """Yield each search of each setting, from disk if it was done before; corpus search comes first.

    The settings of one pathway are searched together and share the seconds by their number of targets.
    """
    verbs = methods(find)
    for site in dict.fromkeys(setting.targets.site for setting in settings):
        own = [setting for setting in settings if setting.targets.site == site]
        targets = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(setting.targets for setting in own))
        optima: Tokens | None = None
        for method, options in preset.methods.items():
            path = directory / "search" / f"{site.replace('/', '-')}.{method}.json"
            if not path.exists():
                chosen = dict(options)
                if "start" in options:
                    chosen["start"] = jax.tree.map(lambda leaf: leaf[:, : options["start"]], optima)  # noqa: B023
                progress = report(f"{site.partition('/')[0]} pathway: {method}")
                search = _search(found, targets, method, verbs[method], chosen, preset.budget, seed, progress)
                write_json(path, search._asdict())
            search = Search(**json.loads(path.read_text()))
            if method == "corpus":
                optima = _tokens(search.ids, preset.length)
            yield from _by_setting(search, own)


def _by_setting(search: Search, settings: list[Setting]) -> Iterator[Search]:
    first, total = 0, len(search.score)
    for setting in settings:
        last = first + len(setting.indices)
        yield Search(
            setting.name,
            search.method,
            search.ids[first:last],
            search.score[first:last],
            search.step[first:last],
            search.proximity[first:last],
            search.seconds * len(setting.indices) / total,
        )
        first = last


def _search(
    found: Material,
    targets: Along,
    method: str,
    verb: find.Find,
    options: dict[str, Any],
    budget: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Search:
    model, began = found.model, time.monotonic()
    words = (model.forward, model.params, targets, found.ngrams, found.candidates)
    if (settings := discovered(verb)) is not None:
        own = {name: value for name, value in options.items() if name != "start"}
        options = {name: value for name, value in options.items() if name == "start"}
        options["settings"] = settings._replace(**own)
    result = jax.device_get(verb(jax.random.key(seed), *words, budget=budget, progress=progress, **options))
    seconds = time.monotonic() - began
    ids = [
        [ngram[mask].tolist() for ngram, mask in zip(*target, strict=True)]
        for target in zip(*result.tokens, strict=True)
    ]
    score, step, proximity = (np.asarray(array).tolist() for array in (result.score, result.step, result.proximity))
    return Search(targets.site, method, ids, score, step, proximity, seconds)


def _tokens(ids: list[list[list[int]]], length: int) -> Tokens:
    """Return n-grams `[target, k, time]`, padded."""
    rows = [[ngram + [-1] * (length - len(ngram)) for ngram in target] for target in ids]
    padded = jnp.asarray(rows, jnp.int32)
    return Tokens(jnp.maximum(padded, 0), padded >= 0)
