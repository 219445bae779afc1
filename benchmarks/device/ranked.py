"""Ranking of units: a grid of probes, average precision, the search for formulas; the peers are in `rank_torch.py`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.device import machine
from benchmarks.device.precision import products
from benchmarks.device.search import budgets
from benchmarks.device.sides import Run, Side, measured, near, on_cpu, variants
from benchmarks.device.sizes import TINY, Size
from benchmarks.measure import Row
from jaxneuron.rank import average_precision, compositional, linear

BATCH, BEAM = 128, 10
WIDTH = 384  # units of one layer, at most


def planted(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Return activations `[token, unit]` and classes; each class moves some units."""
    draw = np.random.default_rng(0)
    y = draw.integers(0, size.labels, size.words)
    moved = draw.normal(size=(size.labels, size.ranked)) * (draw.random((size.labels, size.ranked)) < 0.1)
    return (draw.normal(size=(size.words, size.ranked)) + moved[y]).astype(np.float32), y


def put(array: np.ndarray) -> Any:
    """Return an array in PyTorch, on its device."""
    import torch

    return torch.from_numpy(array).to(machine.tensors())


def probes(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of a grid of linear probes: strengths of a penalty times orders of the tokens."""
    size = run.size
    x, y = planted(size)
    x = np.ascontiguousarray(x[:, :WIDTH])
    strengths = np.logspace(-4, -2, size.strengths).astype(np.float32)
    keys = jnp.repeat(jax.random.split(jax.random.key(0), size.seeds), size.strengths)

    def ours(budget: int) -> Any:
        l1 = np.tile(strengths, size.seeds)
        return linear.fit(keys, x, y, settings=linear.Settings(l1=l1, epochs=size.epochs, batch=BATCH), budget=budget)

    def right(weights: Any, bias: Any, mean: Any = 0.0, scale: Any = 1.0) -> float:
        return float(np.mean(np.argmax((x - mean) / scale @ np.asarray(weights).T + np.asarray(bias), axis=1) == y))

    def whole() -> np.ndarray:
        """Return what no order of tokens changes: the weights of a converged probe of a few units."""
        return centred(linear.fit(None, x[:, :8], y, settings=linear.Settings(l1=1e-3, tolerance=1e-7)).weights)

    def centred(weights: Any) -> np.ndarray:
        """Return weights less their mean over the labels, which a softmax does not see."""
        return np.asarray(weights) - np.asarray(weights).mean(axis=0)

    with products(precision):
        note = near(whole(), on_cpu(whole), 1e-3 if precision == "float32" else 3e-2, "weights as the processor's")
        if run.peers:
            import torch

            from benchmarks import rank_torch as peers

            order = torch.arange(len(x), device=machine.tensors()).expand(1, 2000, -1)
            small = peers.Probes(put(x[:, :8]), put(y), size.labels)
            theirs = small.fit(order, put(np.full(1, 1e-3, np.float32)), batch=len(x), rate=0.02)
            note += ", " + near(whole(), centred(theirs[0, 0, :, :-1].cpu()), 3e-2, "as PyTorch's, converged")

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            import torch

            from benchmarks import rank_torch as peers

            def fit() -> Any:
                shape = size.seeds, size.epochs, len(x)
                orders = torch.rand(shape, device=machine.tensors()).argsort(-1)
                given = peers.Probes(put(x), put(y), size.labels, compile_)  # what is read is on the host, as ours is
                return given.fit(orders, put(strengths), batch=BATCH)

            return {"all at once": fit}

        def agree(found: Any, theirs: Any) -> str:
            mine = right(found.weights[0], found.bias[0], np.asarray(found.mean), np.asarray(found.scale))
            first = theirs[0, 0].cpu().numpy()
            its = right(first[:, :-1], first[:, -1], x.mean(0), x.std(0))
            if abs(mine - its) > 0.1:
                raise ValueError(f"the probes are right for {mine:.3f} of the tokens, the peer's for {its:.3f}")
            return f"accuracy at the least strength, ours/the peer's: {mine:.3f}/{its:.3f}"

        steps = size.epochs * -(-len(x) // BATCH)
        count = size.strengths * size.seeds
        yield from measured(
            run,
            f"{size.strengths} strengths x {size.seeds} seeds of a linear probe, {precision}",
            f"{len(x):,} words x {x.shape[1]} units x {size.labels} classes, {size.epochs} epochs",
            Side("ours", budgets(run, ours)),
            variants(run, make),
            agree,
            note=note,
            work=4.0 * steps * BATCH * count * size.labels * x.shape[1],
            precision=precision,
        )


def experts(run: Run) -> Iterator[Row]:
    """Yield the rows of average precision."""
    x, y = planted(run.size)
    concepts = y[:, None] == np.arange(run.size.labels)

    def few() -> Any:
        return average_precision.rank(None, x[:, :4], concepts, signed=True).score

    def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
        from benchmarks import rank_torch as peers

        given = peers.Precision(put(concepts), compile_)
        return {f"{chunk} units at a time": lambda c=chunk: given.scores(put(x), c) for chunk in run.size.unit_chunks}

    yield from measured(
        run,
        "average precision",
        f"{len(x):,} words x {x.shape[1]:,} units x {run.size.labels} classes",
        Side("ours", {"with its defaults": lambda: average_precision.rank(None, x, concepts, signed=True).score}),
        variants(run, make),
        lambda found, theirs: near(found, theirs.cpu().numpy(), 1e-4, "the results agree"),
        note=near(few(), on_cpu(few), 1e-4, "as the processor's"),
    )


def masks(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Return activations `[token, unit]` that concepts `[token, concept]` explain in part."""
    draw = np.random.default_rng(0)
    concepts = draw.random((size.masked, size.concepts)) < draw.uniform(0.001, 0.2, size.concepts)
    pairs = draw.integers(0, size.concepts, (size.described, 2))
    active = (concepts[:, pairs[:, 0]] | concepts[:, pairs[:, 1]]) ^ (draw.random((size.masked, size.described)) < 0.02)
    return active.astype(np.float32), concepts


def formulas(run: Run) -> Iterator[Row]:
    """Yield the rows of compositional search; counts are exact in any precision of products."""
    size = run.size
    x, concepts = masks(size)

    def small(length: int) -> Any:
        return compositional.explain(None, *masks(TINY), length=length, beam=BEAM).iou[:, -1]

    with products("tf32"):
        note = near(small(TINY.terms), on_cpu(lambda: small(TINY.terms)), 1e-6, "overlaps as the processor's")
        if run.peers:
            from benchmarks import rank_torch as peers

            some = [put(part) for part in masks(TINY)]
            theirs = peers.Formulas(some[1]).best(some[0].T > 0, length=2, beam=BEAM, together=4)
            note += ", " + near(small(2), theirs.cpu().numpy(), 1e-6, "of two terms as PyTorch's")

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            from benchmarks import rank_torch as peers

            given = peers.Formulas(put(concepts), compile_)
            call = lambda many: given.best(put(x).T > 0, length=size.terms, beam=BEAM, together=many)  # noqa: E731
            return {f"{many} units at a time": partial(call, many) for many in size.unit_groups}

        def agree(found: Any, theirs: Any) -> str:
            mine, its = found.iou[:, -1], theirs.cpu().numpy()
            return f"mean overlap found: ours {mine.mean():.4f}, the peer, which keeps duplicates, {its.mean():.4f}"

        def ours(budget: int) -> Any:
            return compositional.explain(None, x, concepts, length=size.terms, beam=BEAM, budget=budget)

        yield from measured(
            run,
            "compositional search",
            f"{size.described:,} units x {size.masked:,} tokens x {size.concepts:,} concepts, {size.terms} terms, "
            f"beam {BEAM}",
            Side("ours", budgets(run, ours)),
            variants(run, make),
            agree,
            note=note,
            work=2.0 * size.described * size.masked * size.concepts * (1 + 2 * BEAM * (size.terms - 1)),
            precision="tf32",
        )
