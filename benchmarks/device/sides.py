"""How one job is measured on both sides: results compared first, then each side's best setting, timed in turn."""

import functools
import gc
import importlib.util
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks.device import machine
from benchmarks.device.peak import peak
from benchmarks.device.precision import done
from benchmarks.device.sizes import Size
from benchmarks.measure import Row, Times, seconds


class Run(NamedTuple):
    """What a row is measured with."""

    size: Size
    material: Path  # a folder that `material.py` wrote
    compiled: bool  # whether PyTorch is compiled, too
    ends: float  # by the monotonic clock; a row that goes on is killed

    @property
    def left(self) -> float:
        """Return the seconds that the row has left."""
        return self.ends - time.monotonic()

    @property
    def peers(self) -> bool:
        """Return whether there is a PyTorch to compare with."""
        return importlib.util.find_spec("torch") is not None


class Side(NamedTuple):
    """One way to do a job, with each of its settings; a call returns when the work is done."""

    name: str
    settings: Mapping[str, Callable[[], Any]]


class Best(NamedTuple):
    """The fastest setting of a side."""

    name: str
    call: Callable[[], Any]
    first: float  # seconds of the first run of a setting, with what it compiles
    note: str  # what the other settings took


def on_cpu(call: Callable[[], Any]) -> Any:
    """Return what JAX computes on the processor, in true single precision; there it is not computed otherwise again."""
    device = None if jax.default_backend() == "cpu" else jax.local_devices(backend="cpu")[0]
    with jax.default_device(device), jax.default_matmul_precision("highest"):
        return jax.tree.map(np.asarray, call())


def gap(found: Any, wanted: Any) -> float:
    """Return how far two results are apart, relative to the largest number wanted."""
    found, wanted = (np.asarray(one, np.float64) for one in (found, wanted))
    return float(np.max(np.abs(found - wanted)) / max(np.max(np.abs(wanted)), 1e-30))


def near(found: Any, wanted: Any, limit: float, of: str) -> str:
    """Return how far results are apart, in words.

    Raises:
        ValueError: further than the limit; a row that is wrong has no times.
    """
    gaps = [gap(*pair) for pair in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True)]
    most = float(np.max(gaps))  # NaN where any is
    if not most <= limit:
        raise ValueError(f"{of}: the results differ by {most:.2g} of the largest, more than {limit:g}")
    return f"{of} to {most:.0e}"


def measured(
    run: Run,
    job: str,
    size: str,
    ours: Side,
    peers: Iterable[Side],
    agree: Callable[[Any, Any], str],
    *,
    note: str,
    work: float | None = None,
    precision: str = "float32",
) -> Iterator[Row]:
    """Yield a row for each peer as soon as it is measured, or one without a peer where there is none.

    Args:
        run: what to measure with.
        job: what is done.
        size: how much of it.
        ours: our side.
        peers: the others; the next is made when the one before it was measured.
        agree: from our result and a peer's to what they have in common, or an error.
        note: what was compared before.
        work: floating-point operations in the matrix products of the job, for the share of the peak.
        precision: how they were computed.
    """
    best, result = quickest(ours, run)
    compared = 0
    for peer in peers if run.peers else ():
        other, theirs = quickest(peer, run)
        said = agree(result, theirs)
        del theirs
        mine, its = in_turn([best, other], run)
        text = [said, note, f"ours {best.name}{best.note}, {mine.spread}"]
        text += [f"the peer {other.name}{other.note}, {its.spread}"]
        text += [f"{len(mine.seconds)} runs; first runs {mine.first:.1f} s and {its.first:.1f} s"]
        text += _shares(work, precision, mine.median, its.median)
        ratio = its.median / mine.median
        compared += 1
        yield Row(job, size, mine.median, peer.name, its.median, ratio, machine.name(), "; ".join(text))
    if not compared:
        (mine,) = in_turn([best], run)
        text = [note, f"ours {best.name}{best.note}, {mine.spread}", *_shares(work, precision, mine.median)]
        yield Row(job, size, mine.median, None, None, None, machine.name(), "; ".join(text))


def _shares(work: float | None, precision: str, *medians: float) -> list[str]:
    if work is None:
        return []
    most = peak(precision)
    shares = [f"{work / median / most:.0%}" for median in medians]
    return [f"{work / 1e12:.3g} TFLOP in products, {' and '.join(shares)} of the {most / 1e12:.3g} TFLOP/s measured"]


def quickest(side: Side, run: Run) -> tuple[Best, Any]:
    """Return a side's fastest setting and the result of its first; a setting that needs too much memory is left out."""
    times: dict[str, float] = {}
    firsts: list[float] = []
    failed: list[str] = []
    result = None
    for name, call in side.settings.items():
        if times and run.left < 2 * run.size.repeats * min(times.values()):
            break  # what is left is for timing
        results: list[Any] = []
        try:
            firsts.append(seconds(lambda: results.append(done(call()))))  # noqa: B023
            result = results[0] if result is None else result
            results.clear()
            times[name] = seconds(lambda: done(call())) if len(side.settings) > 1 else firsts[0]  # noqa: B023
        except Exception as error:
            if not _out_of_memory(error):
                raise
            failed.append(name)
            _free()
    if not times:
        raise MemoryError(f"{side.name} needs more memory than there is, with each of {', '.join(failed)}")
    name = min(times, key=lambda name: times[name])
    others = [f"{other} {times[other]:.3g} s" for other in times if other != name]
    others += [f"{other} out of memory" for other in failed]
    note = f" ({', '.join(others)})" if others else ""
    return Best(name, lambda: done(side.settings[name]()), firsts[0], note), result


def in_turn(sides: Sequence[Best], run: Run) -> list[Times]:
    """Time all sides in turn, as often as the size asks for or the time allows, at least once."""
    rounds: list[list[float]] = []
    while len(rounds) < run.size.repeats and (not rounds or run.left > 2 * sum(rounds[-1])):
        rounds.append([seconds(side.call) for side in sides])
    return [Times(side.first, list(times)) for side, times in zip(sides, zip(*rounds, strict=True), strict=True)]


def _out_of_memory(error: Exception) -> bool:
    return "OutOfMemory" in type(error).__name__ or "RESOURCE_EXHAUSTED" in str(error)


def _free() -> None:
    """Give back what PyTorch holds."""
    gc.collect()
    if importlib.util.find_spec("torch"):
        import torch

        torch.cuda.empty_cache()


def variants(run: Run, make: Callable[[Callable[..., Any]], Mapping[str, Callable[[], Any]]]) -> Iterator[Side]:
    """Yield PyTorch's side eager, then compiled.

    Args:
        run: what to measure with.
        make: from what compiles a function, or leaves it as it is, to the calls by setting.
    """
    yield Side("PyTorch, eager", make(lambda function: function))
    if run.compiled:
        import torch

        yield Side("PyTorch, compiled", make(functools.partial(torch.compile, dynamic=False)))
