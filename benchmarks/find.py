"""How fast are neurons searched? Gumbel softmax on Imaginet's language projection, against the original in PyTorch.

    python -m benchmarks.find [--quick] [--json PATH] [--model DIR]

*Equal steps* is the same work on both sides: the same weights, samples, steps and rate. *Equal activation* is the
seconds until both have reached 99 % of the mean activation that the weaker one ends with (the last hundredth is luck):
our fast preset against PyTorch with the same settings (which our sweep found), and against PyTorch with the published
ones, in the best of its forms and stopped after ten times our seconds. Both sides run on the CPU. The peers are in
`imaginet_torch.py`.
"""

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import torch

from benchmarks import imaginet_torch as peer
from benchmarks.measure import Row, apart, compare, cores, growth, in_turn, report, seconds
from jaxneuron import batching, lowering
from jaxneuron.find import _climb, gumbel_softmax
from jaxneuron.find._noise import exponential
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Found, Tokens
from jaxneuron_models import imaginet

LENGTH = 5
BUDGETS = (2**26, 2**28)  # bytes, to choose ours from; the library's default is the last
CHUNKS = (4, 8, 16, 32, 64)  # neurons, to choose PyTorch's from


class Size(NamedTuple):
    """A model, and how much of it to search in one measurement."""

    name: str
    vocabulary: int
    units: int
    single: tuple[int, int]  # neurons and steps of a measurement where a step has one sample
    paper: tuple[int, int]  # where it has 64, as published
    activation: int  # neurons searched for equal activation


SIZES = (Size("small", 4_000, 256, (64, 32), (8, 8), 16), Size("large", 10_000, 1_024, (64, 8), (4, 4), 16))
QUICK = Size("quick", 500, 64, (64, 8), (4, 8), 16)
FLAT = gumbel_softmax.POERNER2018._replace(epoch=1_000, patience=None)


class Side(NamedTuple):
    """One network, as both sides hold it."""

    title: str
    model: tuple[Any, Any]  # forward, params
    weights: peer.Weights
    vocab: int

    def targets(self, neurons: list[int]) -> Along:
        """Return units of the projection as directions of the state beneath it."""
        return lowering.lower(*self.model, Unit("textual/projection", jnp.array(neurons)), "textual/gru")

    def search(self, targets: Along, settings: gumbel_softmax.Settings, *, budget: int = batching.BUDGET) -> Found:
        """Search with jaxneuron; returns when it is done."""
        ngrams = Tokens(np.zeros((1, LENGTH), np.int32), np.ones((1, LENGTH), bool))
        candidates = np.ones(self.vocab, bool)
        found = gumbel_softmax.find(
            jax.random.key(0), *self.model, targets, ngrams, candidates, settings=settings, budget=budget
        )
        return jax.block_until_ready(found)


def build(size: Size, model: Path | None = None) -> Side:
    """Return a network of this size with random weights, or a trained one."""
    if model:
        loaded = imaginet.load(model)
        if (loaded.config.reset, loaded.config.gate) != ("before", "hard_sigmoid"):
            raise ValueError(f"{model}: the peers know the cell of Poerner et al. 2018 only, got {loaded.config}")
        forward, params, vocab = loaded.forward, loaded.params, loaded.config.vocabulary
    else:
        vocab = size.vocabulary
        forward, init = imaginet.build(
            imaginet.ImaginetConfig(vocab, features=8, embedding=size.units, units=size.units)
        )
        params = init(jax.random.key(0))
        params["embedding"] = 10 * params["embedding"]  # words as far apart as training makes them
    width, units = params["embedding"].shape[1], params["textual"]["recurrent"].shape[0]
    return Side(f"V={vocab:,} E={width} H={units}", (forward, params), peer.weights(params), vocab)


def spread(vocab: int, count: int) -> list[int]:
    """Return neurons from the whole vocabulary."""
    return [int(neuron) for neuron in np.linspace(3, vocab - 1, count)]


def check(side: Side) -> str:
    """Raise unless both sides compute the same scores, and the same gradient through the same noise."""
    forward, params = side.model
    ids = np.random.default_rng(0).integers(0, side.vocab, (4, LENGTH)).astype(np.int32)
    output = forward(params, Tokens(jnp.array(ids), jnp.ones(ids.shape, bool)), {})[0]
    score = peer.scores(side.weights, torch.from_numpy(ids).long())
    np.testing.assert_allclose(output.textual, score, rtol=1e-4, atol=1e-4)

    neurons, samples, temperature = spread(side.vocab, 2), 2, 0.5
    targets = side.targets(neurons)
    x = jax.random.normal(jax.random.key(1), (2, 1, LENGTH, side.vocab))
    keys = jax.random.split(jax.random.key(2), 2)
    values = _climb.Values(jnp.ones(side.vocab, bool), None, *map(jnp.float32, (1, 1, 0, 1)))

    def objective(x: Any, key: Any, target: Any) -> Any:
        tokens = gumbel_softmax._relax(
            key, x, jnp.float32(temperature), values, _climb.Shape(1, samples, "step")
        ).tokens
        return jnp.sum(target(*forward(params, tokens, {}), tokens)) / samples

    gradient = jax.jit(jax.vmap(jax.grad(objective)))(x, keys, targets)
    noise = jnp.stack([-jnp.log(exponential(key, (samples, LENGTH, side.vocab))) for key in keys])
    uniform = torch.from_numpy(np.exp(-np.exp(-np.array(noise, np.float64)))).float()
    batched = peer.Batched(side.weights, samples=samples, learning_rate=1.0, compiled=False)
    free = torch.from_numpy(np.array(x[:, 0])).requires_grad_()
    columns = side.weights.kernel.T[neurons], side.weights.offset[neurons]
    batched.objective(free, uniform, torch.tensor(temperature), *columns).backward()
    np.testing.assert_allclose(gradient[:, 0], free.grad, rtol=1e-2, atol=1e-2 * float(free.grad.abs().max()))
    return "scores agree to 1e-4, gradients through the same noise to 1e-2"


def equal_steps(side: Side, samples: int, work: tuple[int, int], *, repeats: int, compiled: bool) -> list[Row]:
    """Time ours, the serial original and the batched peers on the same work, per neuron and step."""
    count, steps = work
    neurons = spread(side.vocab, count)
    targets = side.targets(neurons)
    settings = FLAT._replace(steps=steps, samples=samples)
    ours = {
        f"{budget // 2**20} MiB": partial(side.search, targets, settings, budget=budget)
        for budget in (BUDGETS if compiled else BUDGETS[-1:])
    }
    budget, run = quickest(ours)
    serial_steps = max(2, steps // 4)
    serial = partial(peer.original, side.weights, neurons[:1], length=LENGTH, steps=serial_steps, samples=samples)
    sides: dict[str, Callable[[], Any]] = {"ours": run, "PyTorch, one by one": serial}
    notes = {"PyTorch, one by one": f"{serial_steps} steps of 1 neuron"}
    for name in ["eager", "compiled"] if compiled else ["eager"]:
        batched = peer.Batched(side.weights, samples=samples, learning_rate=1e-3, compiled=name == "compiled")
        chunks = [chunk for chunk in CHUNKS if count % chunk == 0] or [count]
        if name == "compiled":  # one compilation is enough: the chunk that is best eager
            chunks = [int(notes["PyTorch, batched, eager"].split()[0])]
        searches = {
            f"{chunk}": partial(batched.search, neurons, length=LENGTH, steps=steps, decay=0.99995, chunk=chunk)
            for chunk in chunks
        }
        chunk, sides[f"PyTorch, batched, {name}"] = quickest(searches)
        notes[f"PyTorch, batched, {name}"] = f"{chunk} neurons at a time"
    times = in_turn(sides, repeats)
    mine, *others = (
        times[name].median / (serial_steps if name == "PyTorch, one by one" else count * steps) for name in sides
    )
    job = f"equal steps, {samples} sample{'s' * (samples > 1)}, a neuron-step"
    return [
        compare(
            job,
            side.title,
            mine,
            name,
            theirs,
            f"{notes[name]}; ours: {count} neurons, {steps} steps, budget {budget}; "
            f"spread ours {times['ours'].spread}, peer {times[name].spread}; first run {times[name].first:.0f} s",
        )
        for name, theirs in zip(list(sides)[1:], others, strict=True)
    ]


def quickest(choices: dict[str, Callable[[], Any]]) -> tuple[str, Callable[[], Any]]:
    """Return the best of a few settings, each warmed up and then run twice."""
    if len(choices) > 1:
        for run in choices.values():
            run()
        choices = dict(sorted(choices.items(), key=lambda item: min(seconds(item[1]), seconds(item[1]))))
    return next(iter(choices.items()))


def equal_activation(side: Side, count: int, *, repeats: int, compiled: bool) -> list[Row]:
    """Time the fast preset and PyTorch with the same settings until both have the same mean activation."""
    neurons = spread(side.vocab, count)
    targets = side.targets(neurons)
    settings = gumbel_softmax.FAST._replace(epoch=5)
    shared = {name: getattr(settings, name) for name in ("steps", "restarts", "temperature", "decay", "epoch")}
    results: dict[str, np.ndarray] = {}

    def ours() -> None:
        results["ours"] = np.asarray(side.search(targets, settings, budget=2**26).trace)

    def torchs(name: str, batched: peer.Batched) -> None:
        results[name] = batched.search(neurons, length=LENGTH, **shared).trace.numpy()

    sides: dict[str, Callable[[], Any]] = {"ours": ours}
    for name, harvest, compile_it in [
        ("eager", False, False),
        ("compiled", False, True),
        ("eager, harvest", True, False),
    ]:
        if compiled or not compile_it:
            batched = peer.Batched(
                side.weights,
                samples=settings.samples,
                learning_rate=settings.learning_rate,
                harvest=harvest,
                compiled=compile_it,
            )
            sides[f"PyTorch, batched, {name}"] = partial(torchs, name, batched)
    times = in_turn(sides, repeats)
    rows = []
    for title in list(sides)[1:]:
        mine, theirs = results["ours"].mean(axis=0), results[title.removeprefix("PyTorch, batched, ")].mean(axis=0)
        level = 0.99 * min(mine[-1], theirs[-1])
        ours_s, peer_s = (reach(trace, level) * times[name].median for trace, name in ((mine, "ours"), (theirs, title)))
        note = (
            f"until a mean of {level:.3f} over {count} neurons; in the end ours has {mine[-1]:.3f} after "
            f"{times['ours'].median:.2f} s, the peer {theirs[-1]:.3f} after {times[title].median:.2f} s; "
            f"compilation apart: first runs {times['ours'].first:.0f} s and {times[title].first:.0f} s"
        )
        rows.append(compare("equal activation, same settings", side.title, ours_s, title, peer_s, note))
    return [*rows, published(side, neurons, results["ours"].mean(axis=0), times["ours"].median, compiled)]


def published(side: Side, neurons: list[int], trace: np.ndarray, took: float, compiled: bool) -> Row:
    """Give the published settings, all neurons in one batch, ten times as long as our preset took."""
    batched = peer.Batched(side.weights, samples=64, learning_rate=1e-3, compiled=compiled)
    search = partial(batched.search, neurons, length=LENGTH, decay=0.99995, epoch=1, chunk=min(4, len(neurons)))
    search(steps=2)
    steps = max(2, math.ceil(10 * took / (seconds(partial(search, steps=4)) / 4)))
    results = []
    peer_took = seconds(lambda: results.append(search(steps=steps)))
    theirs = results[0].trace.numpy().mean(axis=0)
    level = 0.99 * min(trace[-1], theirs[-1])
    note = (
        f"until a mean of {level:.3f} over {len(neurons)} neurons, where ours starts at {trace[0]:.3f} and ends at "
        f"{trace[-1]:.3f} after {took:.2f} s; the peer is at {theirs[-1]:.3f} after {steps} of 200,000 steps"
    )
    return compare(
        "equal activation, published settings",
        side.title,
        reach(trace, level) * took,
        f"PyTorch, batched, {'compiled' if compiled else 'eager'}",
        reach(theirs, level) * peer_took,
        note,
    )


def reach(trace: np.ndarray, level: float) -> float:
    """Return the share of a run after which its trace is at a level; each epoch is the same work.

    Example:
        >>> reach(np.array([1.0, 2.0, 4.0, 4.0]), 3.0)
        0.625
    """
    after = int(np.argmax(trace >= level))
    before = trace[after - 1] if after else -np.inf
    part = (level - before) / (trace[after] - before) if np.isfinite(before) else 1.0
    return float((after + part) / len(trace))


def memory(size: Size, side_name: str) -> float:
    """Return the peak growth in MiB of one side, in this process."""
    if side_name == "targets":
        return growth(partial(many_targets, build(size)))
    side = build(size)
    neurons = spread(side.vocab, size.paper[0])
    if side_name == "ours":
        return growth(partial(side.search, side.targets(neurons), FLAT._replace(steps=2, samples=64)))
    if side_name == "one by one":
        return growth(partial(peer.original, side.weights, neurons[:1], length=LENGTH, steps=2))
    batched = peer.Batched(side.weights, samples=64, learning_rate=1e-3, compiled=side_name == "compiled")
    return growth(partial(batched.search, neurons, length=LENGTH, steps=2))


def many_targets(side: Side) -> None:
    """Search for 2,000 targets in one call."""
    side.search(side.targets(spread(side.vocab, 2_000)), FLAT._replace(steps=2, samples=8))


def memory_rows(size: Size) -> list[Row]:
    """Measure the peaks, each in a process of its own."""
    title = f"V={size.vocabulary:,} E={size.units} H={size.units}"
    peaks = {
        name: apart("benchmarks.find", "--memory", name, "--size", size.name)
        for name in ("ours", "one by one", "eager", "compiled", "targets")
    }
    side = build(size)
    took = seconds(partial(many_targets, side))
    shown = ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items() if name != "targets")
    return [
        compare(
            "memory",
            title,
            took,
            None,
            None,
            f"2,000 targets x 2 steps x 8 samples in one call: {peaks['targets']:.0f} MiB at the peak, the budget of a "
            f"chunk is 256. {size.paper[0]} neurons (one by one: 1) with 64 samples, in MiB: {shown}",
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tiny model, nothing compiled by PyTorch; a minute")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--model", type=Path, help="a trained Imaginet for equal activation; random weights otherwise")
    parser.add_argument("--size", choices=[size.name for size in (QUICK, *SIZES)], help="one size only")
    parser.add_argument("--memory", help=argparse.SUPPRESS)  # one side's peak, for the process that asks
    options = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    peer.best_settings(cores())

    sizes = [size for size in (QUICK, *SIZES) if size.name == options.size] or [QUICK] * options.quick or list(SIZES)
    if options.memory:
        print(memory(sizes[0], options.memory))
        return
    rows: list[Row] = []
    work = {"repeats": 2 if options.quick else 5, "compiled": not options.quick}
    for size in sizes:
        side = build(size)
        agreement = check(side)
        steps = equal_steps(side, 1, size.single, **work) + equal_steps(side, 64, size.paper, **work)
        rows += [row._replace(note=f"{row.note}; {agreement}") for row in steps]
        trained = build(size, options.model) if options.model else side
        rows += equal_activation(
            trained, size.activation, repeats=2 if options.quick else 3, compiled=not options.quick
        )
    if not options.quick:
        rows += memory_rows(sizes[0])
    report(rows, options.json)


if __name__ == "__main__":
    main()
