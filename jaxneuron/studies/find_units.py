"""What makes these units of a trained model fire? One method of `jaxneuron.find` on captions, as rows for people."""

import inspect
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import find
from jaxneuron._discover import methods
from jaxneuron.batching import Progress
from jaxneuron.find import corpus
from jaxneuron.split import check_units, lower
from jaxneuron.studies.poerner2018 import material
from jaxneuron.studies.poerner2018.presets import FAST
from jaxneuron.tap import check_site, nearest, sites
from jaxneuron.targets import Unit
from jaxneuron.types import Found, Site, Target, Tokens
from jaxneuron_models.pure import Model

OURS = {"k", "budget", "progress", "mesh"}
"""What the caller of a method decides, not its options."""


def find_units(
    model: Model,
    data: Path | None,
    site: Site,
    units: list[int],
    *,
    method: str = "gumbel_softmax",
    length: int = 5,
    k: int = 3,
    options: dict[str, Any] | None = None,
    in_sentence: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Find the n-grams that drive some units of one site most.

    Args:
        model: a trained model.
        data: a folder of captions; None takes the embedded scenes.
        site: where the units are.
        units: their numbers.
        method: a module of `jaxneuron.find`.
        length: words in an n-gram.
        k: n-grams per unit.
        options: the method's own; None takes the fast preset. With `"start": n`, n restarts start from the n
            best of corpus search.
        in_sentence: corpus search only: score each n-gram after the words that precede it.
        seed: of the search.
        progress: called as the method reports.

    Returns:
        A row per unit and rank: `site, unit, name, method, ngram, words, score, step, rank`, best first.

    Raises:
        KeyError: the model has no such site.
        ValueError: an unknown method or option, a unit out of range, or captions of other words than the model's.
    """
    chosen = _options(method, options)
    if in_sentence and method != "corpus":
        raise ValueError(f"only corpus search reads n-grams in their sentence, got the method {method!r}")
    targets, width = _targets(model, site, units)
    texts = material.read(data)
    found = material.prepare(model, texts, length=length, sample=0, seed=seed, in_sentence=in_sentence)

    words = (model.forward, model.params, targets, found.ngrams, found.candidates)
    if "start" in chosen:
        chosen["start"] = corpus.find(jax.random.key(seed), *words, k=chosen["start"]).tokens
    result = methods(find)[method](jax.random.key(seed), *words, k=k, progress=progress, **chosen)
    return _rows(
        jax.device_get(result), model, site, units, _names(model, site, width, texts.train.names), method, length
    )


def _options(method: str, options: dict[str, Any] | None) -> dict[str, Any]:
    verbs = methods(find)
    if method not in verbs:
        raise ValueError(f"no method {method!r}{nearest(method, verbs)}; expected one of {', '.join(verbs)}")
    chosen = dict(FAST.get(method, {}) if options is None else options)
    parameters = inspect.signature(verbs[method]).parameters.values()
    known = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY} - OURS
    chosen = {name: value for name, value in chosen.items() if options is not None or name not in OURS}
    for name in chosen:
        if name not in known:
            raise ValueError(
                f"{method} has no option {name!r}{nearest(name, known)}; it has {', '.join(sorted(known))}"
            )
    if isinstance(chosen.get("temperature"), list):
        chosen["temperature"] = tuple(chosen["temperature"])
    return chosen


def _targets(model: Model, site: Site, units: list[int]) -> tuple[Target, int]:
    """Return the units, as directions of the site beneath where that costs less, and the width of their site."""
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    shapes = sites(model.forward, model.params, word)
    check_site(site, shapes)
    if not units:
        raise ValueError("expected at least one unit, got none")
    targets, width = Unit(site, jnp.asarray(units, jnp.int32)), shapes[site].shape[-1]
    check_units(targets, width)
    if site in model.linear:
        return lower(model.forward, model.params, targets, model.linear[site]), width
    return targets, width


def _names(model: Model, site: Site, width: int, features: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a person calls the units: a projection onto words or named features has names."""
    for names in (model.vocabulary.words, features):
        if site in model.linear and len(names) == width:
            return names
    return tuple(f"{site} {unit}" for unit in range(width))


def _rows(
    found: Found, model: Model, site: Site, units: list[int], names: tuple[str, ...], method: str, length: int
) -> list[dict[str, Any]]:
    rows = []
    for target, unit in enumerate(units):
        for rank in np.flatnonzero(np.isfinite(found.score[target])):
            ids = found.tokens.ids[target, rank][found.tokens.mask[target, rank]]
            words = [model.vocabulary.words[word] for word in ids[-length:]]
            rows.append(
                {
                    "site": site,
                    "unit": unit,
                    "name": names[unit],
                    "method": method,
                    "ngram": " ".join(words),
                    "words": words,
                    "score": float(found.score[target, rank]),
                    "step": int(found.step[target, rank]),
                    "rank": int(rank),
                }
            )
    return rows


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines beside their place, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".partial")
    beside.write_text("".join(json.dumps(row) + "\n" for row in rows))
    os.replace(beside, path)
