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
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.measure import device
from jaxneuron.corpora import ngrams, texts
from jaxneuron.evaluate.standing import standing
from jaxneuron.extract import reading
from jaxneuron.find import best, corpus, gumbel_softmax, straight_through, swap
from jaxneuron.lowering import lower
from jaxneuron.targets import Unit
from jaxneuron.types import Found, Target, Tokens
from jaxneuron_models.open import open as open_model

RATES = (0.1, 0.3, 1.0, 3.0)
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
    keep: Path | None  # where what is done is kept


class Result(NamedTuple):
    """What a method found."""

    method: str
    score: np.ndarray  # [target]
    work: float  # forward passes for each target
    seconds: float
    sure: float  # share of targets with a certificate


def task(model: str, site: str, targets: int, length: int, data: Path, most: int, keep: Path | None) -> Task:
    """Open a model, draw units, and read n-grams."""
    opened = open_model(model)
    text = texts.read(data, "train" if data.is_dir() else None).sentences[:most]
    read = reading.read(opened, text).tokens
    ids, mask = np.asarray(read.ids), np.asarray(read.mask)
    special = [number for number, word in enumerate(opened.vocabulary.words) if word[:1] in "<[" and len(word) > 1]
    grams = ngrams.unique(Tokens(ids, mask), length)
    whole = grams.mask.all(axis=1) & ~np.isin(grams.ids, special).any(axis=1)
    allowed = np.ones(len(opened.vocabulary.words), bool)
    allowed[special] = False
    word = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    width = jax.eval_shape(opened.forward, opened.params, word, {})[1][site].shape[-1]
    drawn = jnp.asarray(np.sort(np.random.default_rng(0).permutation(width)[:targets]))
    units: Any = Unit(site, drawn)
    if site in opened.linear:
        units = lower(opened.forward, opened.params, units, opened.linear[site])
    kept = Tokens(grams.ids[whole], grams.mask[whole])
    name = f"{Path(model).name or model} {site}, V={allowed.sum():,}, {len(drawn)} units, {length} words"
    return Task(name, opened.forward, opened.params, units, len(drawn), kept, allowed, keep)


def run(given: Task, method: str, find: Callable[..., Found], some: int | None = None, **options: Any) -> Result:
    """Search for all targets, or the first of them."""
    kept = given.keep and given.keep / f"{given.grams.ids.shape[1]} {method}.npz"
    if kept and kept.exists():
        with np.load(kept) as stored:
            return Result(method, stored["score"], *map(float, stored["rest"]))
    targets = jax.tree.map(lambda leaf: leaf[:some], given.targets)
    began = time.perf_counter()
    found = find(jax.random.key(0), given.forward, given.params, targets, given.grams, given.allowed, **options)
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


def equal(given: Task, steps: list[int], restarts: list[int], exact: int) -> list[Result]:
    """Search with all methods."""
    rows = [run(given, "corpus", corpus.find)]
    for number in steps:
        settings = best.Settings(steps=number, exact=exact)
        rows.append(run(given, f"best, {number} steps", best.find, settings=settings))
    rows.append(run(given, f"swap, {steps[0]} steps", swap.find, settings=swap.Settings(steps=steps[0])))
    for name, module in (("gumbel_softmax", gumbel_softmax), ("straight_through", straight_through)):
        tuning = {rate: run(given, f"{name}, rate {rate}", module.find, some=8,
                            settings=module.FAST._replace(learning_rate=rate, steps=60))
                  for rate in RATES}  # fmt: skip
        rate = max(tuning, key=lambda rate: tuning[rate].score.mean())
        for number in restarts if module is gumbel_softmax else restarts[:1]:
            settings = module.FAST._replace(learning_rate=rate, restarts=number)
            rows.append(run(given, f"{name}, {number} restarts, rate {rate}", module.find, settings=settings))
    return rows


def pairs(given: Task, exact: int) -> list[dict[str, Any]]:
    """Try all pairs of words, and see how often the best search finds the best."""
    words = np.flatnonzero(given.allowed).astype(np.int32)
    most = np.full(given.number, -np.inf)
    for first in words:  # the pairs that begin with each word; the first of them has the shapes of all
        some = Tokens(np.stack([np.full(len(words), first), words], axis=1), np.ones((len(words), 2), bool))
        most = np.maximum(most, standing(given.forward, given.params, given.targets, most, some).best)
    rows = []
    for steps, limit in ((10, len(words) * 20), (30, len(words) * 20), (30, exact)):
        settings = best.Settings(steps=steps, beams=4, exact=limit)
        found = run(given, f"best, {steps} steps, 4 beams, {limit:,} tried exactly", best.find, settings=settings)
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
    parser.add_argument("--steps", type=int, nargs="+", default=[60, 240])
    parser.add_argument("--restarts", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--exact", type=int, default=2**16)
    parser.add_argument("--pairs", action="store_true", help="two words, of which all pairs are tried")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--keep", type=Path, help="a folder of what is done: a run that was stopped goes on there")
    options = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    length = 2 if options.pairs else options.length
    given = task(options.model, options.site, options.targets, length, options.data, options.most, options.keep)
    print(given.name)
    if options.pairs:
        rows = pairs(given, options.exact)
    else:
        results = equal(given, options.steps, options.restarts, options.exact)
        known = np.max([result.score for result in results], axis=0)  # of all that ran
        rows = [_row(given, result, known) for result in results]
    print("| method | passes | of the best known | hits | certified | s |\n|---|---|---|---|---|---|")
    for row in rows:
        print("| {method} | {passes:,} | {ratio:.4f} | {hit:.0%} | {certified:.0%} | {seconds:.0f} |".format(**row))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
