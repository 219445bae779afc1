"""What makes these units of a trained model fire? One method of `jaxneuron.find` on captions, as rows for people."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import find
from jaxneuron._discover import methods
from jaxneuron.batching import Progress
from jaxneuron.find import corpus
from jaxneuron.split import lower
from jaxneuron.studies import _captions, _method_options
from jaxneuron.studies.poerner2018.presets import FAST
from jaxneuron.tap import check_site, nearest, sites
from jaxneuron.targets import Unit
from jaxneuron.types import Found, Site, Target, Tokens
from jaxneuron_models.model import Model


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
    notice: Callable[[str], None] | None = None,
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
        notice: called with the share of words that the model does not know, if it is more than a few percent.

    Returns:
        A row per unit and rank: `site, unit, name, method, ngram, words, score, step, rank`, best first.

    Raises:
        KeyError: the model has no such site.
        ValueError: an unknown method, an option that it does not have or of another type or range, a unit out of range
            or named twice, more n-grams than there are, longer ones than the captions, captions of other words than
            the model's, or a model whose activations are not finite.
    """
    chosen = check_options(method, options)
    if in_sentence and method != "corpus":
        raise ValueError(f"only corpus search reads n-grams in their sentence, got the method {method!r}")
    targets, width = _targets(model, site, units)
    found = _captions.prepare(model, data, length=length, sample=0, seed=seed, in_sentence=in_sentence, notice=notice)
    there = len(found.ngrams.ids)
    for name, number in (("k", k), ("start", chosen.get("start", 1))):
        if number > there:
            raise ValueError(
                f"{name} is {number}, but the captions have {there} n-grams of {length} words; give {there} at most"
            )

    words = (model.forward, model.params, targets, found.ngrams, found.candidates)
    if "start" in chosen:
        chosen["start"] = corpus.find(jax.random.key(seed), *words, k=chosen["start"]).tokens
    result = methods(find)[method](jax.random.key(seed), *words, k=k, progress=progress, **chosen)
    names = _names(model, site, width, found.data.train.names)
    rows = _rows(jax.device_get(result), model, site, units, names, method, length)
    if silent := sorted(set(units) - {row["unit"] for row in rows}):
        raise ValueError(
            f"no n-gram gives unit {silent[0]} of {site!r} a finite activation; look for NaN in the model's weights, "
            "or for what overflows"
        )
    return rows


def check_options(method: str, options: dict[str, Any] | None) -> dict[str, Any]:
    """Return the options of a method as it takes them; None stands for its fast preset.

    Raises:
        ValueError: an unknown method or option, or a value of another type or out of range.
    """
    verbs = methods(find)
    if method not in verbs:
        raise ValueError(f"no method {method!r}{nearest(method, verbs)}; expected one of {', '.join(verbs)}")
    if options is None:
        options = {name: value for name, value in FAST.get(method, {}).items() if name not in _method_options.OURS}
    return _method_options.checked(method, verbs[method], options)


def _targets(model: Model, site: Site, units: list[int]) -> tuple[Target, int]:
    """Return the units, as directions of the site beneath where that costs less, and the width of their site."""
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    shapes = sites(model.forward, model.params, word)
    check_site(site, shapes)
    width = shapes[site].shape[-1]
    if not units or len(set(units)) < len(units):
        raise ValueError(
            f"expected at least one unit, each once, got {len(units)}, {len(set(units))} of them different"
        )
    if outside := [unit for unit in units if not 0 <= unit < width]:
        raise ValueError(f"unit {outside[0]} is out of range: {site!r} has the units 0 to {width - 1}")
    targets = Unit(site, jnp.asarray(units, jnp.int32))
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
