"""Large products of matrices on both sides: the ceiling of everything else."""

from collections.abc import Iterator

from benchmarks.device import peak
from benchmarks.device.precision import products
from benchmarks.device.sides import Run, Side, measured
from benchmarks.measure import Row


def rows(run: Run, precision: str) -> Iterator[Row]:
    """Yield the row of the products themselves."""
    size = run.size.matrix
    with products(precision):
        yield from measured(
            run,
            f"{peak.PRODUCTS} products of matrices, {precision}",
            f"{size:,} x {size:,}",
            Side("jax", {"jax": peak.ours(size, precision)}),
            (Side("PyTorch", {"torch": peak.theirs(size, precision)}) for _ in range(1)),
            lambda a, b: f"shapes {a.shape}, {tuple(b.shape)}",
            note="of random numbers",
            work=2 * size**3 * peak.PRODUCTS,
            precision=precision,
        )
