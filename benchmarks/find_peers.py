"""How fast are units' strongest inputs found? Against published programs, to the same final activation.

    python -m benchmarks.find_peers --model DIR [--block 3] [--units 64] [--alone 4] [--quick] [--json PATH]

HotFlip, GCG, Gumbel softmax and, of a language model, EPO search for one unit at a time, as published: `--alone` of the
units are measured, and their seconds are scaled to all. GCG for all units in one batch is the same idea without what is
shared between units. Both sides begin with random words and read the same texts with the same weights; a row's seconds
are those until the mean over the units has reached 99 % of what the weaker side ends with (the last hundredth is luck).
Of EPO it is the mean at no more cross-entropy than `--cap`: of 12-grams of what stories260K writes, read alone, 3.35.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import torch

from benchmarks import find_torch as peer
from benchmarks.find_torch import Course
from benchmarks.measure import Row, compare, cores, report
from jaxneuron.extract import framing
from jaxneuron.find import fluent, swap
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from jaxneuron_models.open import open as open_model


class Both(NamedTuple):
    """One model, as both sides hold it."""

    title: str
    forward: framing.Templated
    params: Any
    units: np.ndarray
    site: str
    allowed: np.ndarray
    side: peer.Side
    length: int

    @property
    def targets(self) -> Any:
        """The units, read at the last word before what stands behind the text."""
        return self.forward.read(Unit(self.site, jnp.asarray(self.units), position=-1 - len(self.forward.after)))

    def grams(self, length: int) -> Tokens:
        """Return a text that says nothing but how long texts are."""
        words = np.flatnonzero(self.allowed)[:length].astype(np.int32)
        return Tokens(words[None], np.ones((1, length), bool))


def build(folder: Path, block: int, units: int, length: int) -> Both:
    """Open a model on both sides, and check that they read the same."""
    model = open_model(folder)
    around = framing.around(model, ["the", "dog"])
    words = model.vocabulary.words
    allowed = np.array([not (word[:1] in "<[" and len(word) > 1) for word in words])
    allowed[[*around[0], *around[1]]] = False
    site = f"block{block}/mlp/hidden"
    forward = framing.Templated(model.forward, *around, len(words))
    shape = jax.eval_shape(model.forward, model.params, Tokens(jnp.zeros((1, 2), int), jnp.ones((1, 2), bool)), {})
    drawn = np.sort(np.random.default_rng(0).permutation(shape[1][site].shape[-1])[:units])
    side = peer.Side(folder, block, around, allowed)
    title = f"{folder.name} {site}, {length} of {allowed.sum():,} words"
    both = Both(title, forward, model.params, drawn, site, allowed, side, length)
    text = side.random(8, length, torch.Generator().manual_seed(0))
    tokens = Tokens(jnp.asarray(text.numpy(), jnp.int32), jnp.ones(text.shape, bool))
    output, activations = forward(model.params, tokens, {})
    score = jax.vmap(lambda target: target(output, activations, tokens))(both.targets)
    np.testing.assert_allclose(score.T, side.scores(text)[:, drawn], rtol=1e-3, atol=1e-3)
    return both


def ours(both: Both, find: Any, settings: Any, grams: Tokens) -> Course:
    """Search for all units at once; the first run, which compiles, is not the one that is measured."""
    asked = (jax.random.key(0), both.forward, both.params, both.targets, grams, both.allowed)
    find(*asked, settings=settings._replace(steps=2))
    ends: list[float] = []
    began = time.perf_counter()
    found = find(*asked, settings=settings, progress=lambda done, total: ends.append(time.perf_counter() - began))
    steps = found.trace.shape[1]
    return Course(np.array(ends[:steps]), np.asarray(found.trace), float(np.mean(found.work)))


def row(job: str, both: Both, mine: Course, name: str, theirs: list[Course], what: str) -> Row:
    """Compare seconds to the same mean over the same units.

    Args:
        job: what is asked.
        both: the model.
        mine: our search of all units.
        name: of the peer.
        theirs: its searches: of some units, one at a time, or one of all.
        what: made the difference.
    """
    together = theirs[0].best.ndim == 2
    count = len(both.units) if together else len(theirs)
    found = theirs[0].best if together else np.stack([one.best for one in theirs])
    peer_s = theirs[0].seconds if together else np.mean([one.seconds for one in theirs], axis=0) * len(both.units)
    own, other = mine.best[:count].mean(axis=0), found.mean(axis=0)
    other = np.where(np.isfinite(other), other, -np.inf)
    level = min(0.99 * own[-1], 0.99 * other[-1])
    here, there = int(np.argmax(own >= level)), int(np.argmax(other >= level))
    passes = mine.passes * (here + 1) / len(own), theirs[0].passes * (there + 1) / len(other)
    note = (
        f"until a mean of {level:.3f} over {count} units; in the end ours has {own[-1]:.3f} after "
        f"{mine.seconds[-1]:.1f} s, theirs {other[-1]:.3f} after {peer_s[-1]:.0f} s; texts read for a unit until there "
        f"{passes[0]:,.0f} and {passes[1]:,.0f}, {mine.seconds[here] / passes[0] / len(both.units) * 1e3:.3f} and "
        f"{peer_s[there] / passes[1] / len(both.units) * 1e3:.3f} ms each"
        f"{'' if together else f'; theirs measured on {count} units, scaled to {len(both.units)}'}. {what}"
    )
    return compare(job, both.title, float(mine.seconds[here]), name, float(peer_s[there]), note)


def rows(options: argparse.Namespace) -> Iterator[Row]:
    """Measure one model."""
    both = build(options.model, options.block, options.units, options.length)
    few, length, side = both.units[: options.alone].tolist(), options.length, both.side
    jobs = options.jobs
    if {"alone", "together"} & {*jobs}:
        mine = ours(both, swap.find, swap.Settings(steps=options.steps), both.grams(length))
    if "together" in jobs:
        for width in (32, 128):
            steps = max(1, options.batched * 32 // width)
            course = peer.gcg(side, both.units.tolist(), length, 0, steps=steps, width=width, ranks=256)
            what = "The archive makes the difference in texts read, the compiler that in ms"
            yield row("all units in one batch", both, mine, f"GCG, {width} swaps, PyTorch", [course], what)
    if "alone" in jobs:
        for name, search in programs(options.published):
            courses = [search(side, unit, length) for unit in few]
            courses = [one._replace(best=one.best.reshape(-1)) for one in courses]
            yield row("one unit at a time", both, mine, f"{name}, PyTorch", courses, "Ours: one batch, one archive")
    if "fluent" in jobs and side.causal:
        yield spoken(both, options)


def programs(steps: int) -> Iterator[tuple[str, Callable[[peer.Side, int, int], Course]]]:
    """Yield the one-unit programs, about as long as so many steps of GCG with 512 swaps."""
    for width, many in ((512, steps), (64, 4 * steps)):
        yield f"GCG, {width} swaps", partial(_gcg, steps=many, width=width)
    yield "HotFlip, 100 words", partial(peer.hotflip, seed=0, steps=2 * steps, candidates=100)
    yield "Gumbel softmax, 4 restarts", partial(peer.gumbel, seed=0, steps=4 * steps, restarts=4, rate=1.0)


def _gcg(side: peer.Side, unit: int, length: int, *, steps: int, width: int) -> Course:
    return peer.gcg(side, [unit], length, 0, steps=steps, width=width, ranks=256)


def spoken(both: Both, options: argparse.Namespace) -> Row:
    """Measure the search for fluent texts."""
    length = options.fluent
    settings = fluent.Settings(steps=options.steps, cap=options.cap, language="own")
    mine = ours(both, fluent.find, settings, both.grams(length))
    few, asked = both.units[: options.alone].tolist(), peer.Prices(steps=options.published)
    courses = [peer.epo(both.side, unit, length, 0, options.cap, asked) for unit in few]
    name = f"EPO, {length} words, at most {options.cap:g} nats, PyTorch"
    together = both._replace(title=both.title.replace(f", {both.length} of", f", {length} of"))
    return row("one unit at a time, fluent", together, mine, name, courses, "Ours: one batch, archive, levels")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a folder of Hugging Face")
    parser.add_argument("--block", type=int, default=3, help="whose MLP's units are searched")
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--alone", type=int, default=4, help="units that the one-unit programs are measured on")
    parser.add_argument("--length", type=int, default=5, help="words of a text")
    parser.add_argument("--fluent", type=int, default=12, help="words of a fluent text")
    parser.add_argument("--cap", type=float, default=3.35, help="nats for each word of a fluent text")
    parser.add_argument("--steps", type=int, default=120, help="of ours")
    parser.add_argument("--published", type=int, default=100, help="of GCG with 512 swaps, and of EPO")
    parser.add_argument("--batched", type=int, default=240, help="of GCG with 32 swaps of all units")
    jobs = ("together", "alone", "fluent")
    parser.add_argument("--jobs", nargs="+", default=jobs, choices=jobs, help="what is measured")
    parser.add_argument("--quick", action="store_true", help="a few steps; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    torch.set_num_threads(cores())
    if options.quick:
        options.steps, options.published, options.batched, options.alone = 8, 4, 8, 2
    found = []
    for one in rows(options):
        found.append(one)
        print(f"{one.job}: {one.peer}: {one.ratio:.1f} times; {one.note}", flush=True)
    report(found, options.json)


if __name__ == "__main__":
    main()
