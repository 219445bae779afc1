"""How high do searches get for what they cost? All targets of a model, every method at equal forward passes.

A forward pass of a text counts 1, its gradient 2 more, what targets share is divided among them (`Found.work`). A soft
word costs a product with the whole embedding besides, which this count gives to the gradient methods for nothing. The
best value known of a target is the highest that any row here found. Gumbel softmax is tuned first: its learning rate on
some of the targets, then it has as many restarts as a budget allows.

`--pairs` asks for two words instead, of which all pairs are tried, so that the optimum is known.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.measure import device
from jaxneuron.corpora import ngrams, texts
from jaxneuron.evaluate.standing import standing
from jaxneuron.extract import framing, reading
from jaxneuron.find import Onward, best, corpus, gumbel_softmax, straight_through
from jaxneuron.lowering import lower
from jaxneuron.tap import sites
from jaxneuron.targets import Times, Unit
from jaxneuron.types import Found, Target, Tokens
from jaxneuron_models.open import open as open_model

RATES = (0.3, 1.0, 3.0, 10.0)
"""Learning rates that gumbel softmax is tuned over."""


class Task(NamedTuple):
    """A model, and what to search for in it."""

    name: str
    forward: Any
    params: Any
    targets: Target
    number: int
    grams: Tokens
    allowed: np.ndarray
    onward: Onward | None
    keep: Path | None  # where what is done is kept


class Asked(NamedTuple):
    """What a person asks for."""

    model: str
    site: str
    targets: int
    length: int
    data: Path
    most: int
    words: int
    keep: Path | None


class Result(NamedTuple):
    """What a method found."""

    method: str
    score: np.ndarray  # [target]
    work: float  # forward passes for each target
    seconds: float
    sure: float  # share of targets with a certificate


def task(given: Asked) -> Task:
    """Open a model, draw units, and read n-grams; where there are too few units, some are searched at their lowest."""
    opened = open_model(given.model)
    text = texts.read(given.data, "train" if given.data.is_dir() else None).sentences[: given.most]
    before, after = framing.around(opened, text[0])
    ids, mask = (np.asarray(leaf) for leaf in reading.read(opened, text).tokens)
    grams = ngrams.unique(Tokens(ids, mask), given.length)
    words = opened.vocabulary.words
    special = np.array([word[:1] in "<[" and len(word) > 1 for word in words])
    if given.words:  # the most frequent ones of the text
        counts = np.where(special, 0, np.bincount(ids[mask], minlength=len(words)))
        special |= counts < max(np.sort(counts)[-given.words], 1)
    grams = grams.ids[grams.mask.all(axis=1) & ~special[grams.ids].any(axis=1)]
    params, allowed = opened.params, ~special
    if given.words:  # the others would make soft words as wide as the vocabulary
        kept = np.union1d(np.flatnonzero(allowed), [*before, *after])
        number = np.zeros(len(words), np.int32)
        number[kept] = np.arange(len(kept))
        params, allowed, grams = {**params, "word": params["word"][kept]}, allowed[kept], number[grams]
        before, after = (tuple(number[list(side)].tolist()) for side in (before, after))
    forward = framing.Templated(opened.forward, before, after, len(allowed)) if before or after else opened.forward
    width = sites(forward, params, Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool)))[given.site].shape[-1]
    order = np.random.default_rng(0).permutation(width)
    drawn = np.sort(order[: given.targets])
    again = np.sort(order[: max(given.targets - width, 0)])
    units: Any = Unit(given.site, jnp.asarray(np.concatenate([drawn, again])))
    if given.site in opened.linear:
        units = lower(forward, params, units, opened.linear[given.site])
    if isinstance(forward, framing.Templated):
        units = forward.read(replace(units, position=-1 - len(after)))
    if len(again):
        units = Times(units, jnp.asarray(np.repeat([1.0, -1.0], [len(drawn), len(again)]), jnp.float32))
    onward = framing.onward(opened, before, given.length) if not (after or given.words) else None
    number = len(drawn) + len(again)
    name = f"{Path(given.model).name} {given.site}, V={allowed.sum():,}, {number} targets, {given.length} words"
    kept = Tokens(grams, np.ones(grams.shape, bool))
    return Task(name, forward, params, units, number, kept, allowed, onward, given.keep)


def run(given: Task, method: str, find: Callable[..., Found], some: int | None = None, **options: Any) -> Result:
    """Search for all targets, or for some of them."""
    kept = given.keep and given.keep / f"{given.grams.ids.shape[1]} {method}.npz"
    if kept and kept.exists():
        with np.load(kept) as stored:
            return Result(method, stored["score"], *map(float, stored["rest"]))
    targets = jax.tree.map(lambda leaf: leaf[:: max(1, given.number // some) if some else 1], given.targets)
    key = jax.random.key(options.pop("seed", 0))
    began = time.perf_counter()
    found = find(key, given.forward, given.params, targets, given.grams, given.allowed, **options)
    score = np.asarray(found.score[:, 0])
    seconds = time.perf_counter() - began
    assert found.work is not None
    sure = float(np.mean(np.asarray(found.optimal)[:, 0] > 0)) if found.optimal is not None else 0.0
    result = Result(method, score, float(np.mean(found.work)), seconds, sure)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, score=score, rest=np.array(result[2:]))
    print(f"  {method}: {np.mean(score):.4f} after {result.work:,.0f} passes, {seconds:.0f} s", flush=True)
    return result


def equal(given: Task, passes: list[int], known: int, restarts: list[int], steps: int) -> list[Result]:
    """Search with all methods."""
    rows = [run(given, "corpus", corpus.find)]
    for number in passes:
        for onward, said in ((None, ""), (given.onward, ", beginnings shared"))[: 1 + (given.onward is not None)]:
            options = {"settings": best.Settings(passes=number), "onward": onward}
            rows.append(run(given, f"best, {number:,} passes{said}", best.find, **options))
    if known:
        options = {"settings": best.Settings(passes=known, pool=64), "onward": given.onward, "seed": 1}
        rows.append(run(given, f"best, {known:,} passes, another seed", best.find, **options))
    for name, module in (("gumbel_softmax", gumbel_softmax), ("straight_through", straight_through)):
        fast = module.FAST._replace(steps=steps)
        tuning = {rate: run(given, f"{name}, rate {rate}", module.find, some=8,
                            settings=fast._replace(learning_rate=rate, steps=60))
                  for rate in RATES}  # fmt: skip
        rate = max(tuning, key=lambda rate: tuning[rate].score.mean())
        for number in restarts if module is gumbel_softmax else restarts[:1]:
            settings = fast._replace(learning_rate=rate, restarts=number)
            rows.append(run(given, f"{name}, {number} restarts, rate {rate}", module.find, settings=settings))
    start = corpus.find(None, given.forward, given.params, given.targets, given.grams, given.allowed, k=restarts[-1])
    tuned = max((row for row in rows if row.method.startswith("gumbel_softmax")), key=lambda row: row.score.mean())
    settings = gumbel_softmax.FAST._replace(
        learning_rate=float(tuned.method.split()[-1]), restarts=restarts[-1], steps=steps
    )
    name = f"gumbel_softmax, {restarts[-1]} restarts from the corpus"
    return [*rows, run(given, name, gumbel_softmax.find, settings=settings, start=start.tokens)]


def pairs(given: Task, exact: int) -> list[dict[str, Any]]:
    """Try all pairs of words, and see how often the best search finds the best."""
    words = np.flatnonzero(given.allowed).astype(np.int32)
    most = np.full(given.number, -np.inf)
    for first in words:  # the pairs that begin with each word; the first of them has the shapes of all
        some = Tokens(np.stack([np.full(len(words), first), words], axis=1), np.ones((len(words), 2), bool))
        most = np.maximum(most, standing(given.forward, given.params, given.targets, most, some).best)
    rows = []
    for passes in (250, exact):
        settings = best.Settings(passes=passes, beams=4, least=1)
        found = run(given, f"best, {passes:,} passes, 4 beams", best.find, settings=settings)
        hit = np.isclose(found.score, most, rtol=1e-5, atol=1e-6)
        rows.append(_row(given, found, most) | {"hit": float(hit.mean())})
    return rows


def _row(given: Task, result: Result, known: np.ndarray) -> dict[str, Any]:
    ratio = result.score / known
    return {
        "job": "equal forward passes",
        "size": given.name,
        "method": result.method,
        "passes": round(result.work),
        "ratio": float(np.mean(ratio)),
        "hit": float(np.mean(np.isclose(result.score, known, rtol=1e-5, atol=1e-6))),
        "certified": result.sure,
        "seconds": result.seconds,
        "device": device(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="a folder, or a checkpoint's name")
    parser.add_argument("--site", required=True)
    parser.add_argument("--data", type=Path, required=True, help="a text, or a folder of splits")
    parser.add_argument("--most", type=int, default=500, help="texts that n-grams are taken from")
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--length", type=int, default=5)
    parser.add_argument("--words", type=int, default=0, help="of a transformer: words that are kept; 0 for all")
    parser.add_argument("--passes", type=int, nargs="+", default=[4000, 9000], help="of the best search")
    parser.add_argument("--known", type=int, default=40000, help="of a search for the best value known; 0 for none")
    parser.add_argument("--restarts", type=int, nargs="+", default=[4, 16], help="of gumbel softmax")
    parser.add_argument("--steps", type=int, default=120, help="of gumbel softmax")
    parser.add_argument("--pairs", action="store_true", help="two words, of which all pairs are tried")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--keep", type=Path, help="a folder of what is done: a run that was stopped goes on there")
    options = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    length = 2 if options.pairs else options.length
    told = {name: getattr(options, name) for name in Asked._fields}
    given = task(Asked(**{**told, "length": length}))
    print(given.name)
    if options.pairs:
        rows = pairs(given, options.passes[-1])
    else:
        results = equal(given, options.passes, options.known, options.restarts, options.steps)
        known = np.max([result.score for result in results], axis=0)  # of all that ran
        rows = [_row(given, result, known) for result in results]
    print("| method | passes | of the best known | hits | certified | s |\n|---|---|---|---|---|---|")
    for row in rows:
        print("| {method} | {passes:,} | {ratio:.4f} | {hit:.0%} | {certified:.0%} | {seconds:.0f} |".format(**row))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
