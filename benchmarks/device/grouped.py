"""What units have in common: the units of another model that are most alike, and steps of a dictionary."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import decompose_dictionary as dictionaries
from benchmarks.device.precision import products
from benchmarks.device.ranked import planted, put
from benchmarks.device.sides import Run, Side, measured, near, on_cpu, variants
from benchmarks.measure import Row
from jaxneuron.compare import max_correlation


def partners(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of the most correlated unit of another model, for each unit."""
    size = run.size
    a, _ = planted(size)
    turned = np.random.default_rng(1).normal(size=(a.shape[1], a.shape[1])) / a.shape[1] ** 0.5
    b = (a @ turned + np.random.default_rng(2).normal(size=a.shape)).astype(np.float32)

    def ours() -> Any:
        return max_correlation.compare(a, b).score

    def few() -> Any:
        return max_correlation.compare(a[:, :8], b[:, :8]).score

    def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
        import torch

        def unit(x: Any) -> Any:
            x = x - x.mean(0)
            return x / x.norm(dim=0)

        def highest(x: Any, y: Any) -> Any:
            return (unit(x).T @ unit(y)).abs().max(dim=1).values

        compiled = compile_(highest)

        def call() -> Any:
            with torch.inference_mode():
                return compiled(put(a), put(b))

        return {"all at once": call}

    with products(precision):
        yield from measured(
            run,
            f"the most correlated unit of another model, {precision}",
            f"{len(a):,} words x {a.shape[1]:,} x {b.shape[1]:,} units",
            Side("ours", {"with its defaults": ours}),
            variants(run, make),
            lambda found, theirs: near(found, theirs.cpu().numpy(), 2e-3, "the correlations agree"),
            note=near(few(), on_cpu(few), 1e-3, "as the processor's"),
            work=2.0 * len(a) * a.shape[1] * b.shape[1],
            precision=precision,
        )


def dictionary(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of steps of a sparse autoencoder, beside the same steps in PyTorch."""
    data = dictionaries.make(run.size.learnt, "topk")
    small = dictionaries.make(dictionaries.TINY, "topk")

    def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
        return {"its batch": dictionaries.pytorch(data, put, compile_)}

    def agree(mine: float, theirs: float) -> str:
        return near(mine, theirs, 2e-3 if precision == "float32" else 1e-2, "mean losses agree")

    with products(precision):
        size = data.size
        yield from measured(
            run,
            f"{size.steps} steps of a sparse autoencoder, {precision}",
            str(size),
            Side("ours", {"with its defaults": dictionaries.ours(data)}),
            variants(run, make),
            agree,
            note=near(dictionaries.ours(small)(), on_cpu(dictionaries.ours(small)), 1e-2, "a loss as the processor's"),
            work=12.0 * size.steps * size.batch * size.units * size.features,
            precision=precision,
        )
