"""The one training loop: any loss over any batches, with early stopping on the dev loss and exact resume.

A `Task` says what to train; the loop knows nothing of models or text. It keeps in its folder the best weights so
far (`best/`), the learning curves (`curves.json`) and its own state (`state/`), from which a killed run goes on as
if nothing had happened.
"""

import json
import math
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Num

from jaxneuron.batching import Progress
from jaxneuron.files import write_json
from jaxneuron.types import Params
from jaxneuron_models import checkpoints, checks

DIVERGED = 700.0
"""A loss, in nats, at which training has failed: its exponential, the perplexity, is no float64 soon after."""

Batch = Any
Sums = dict[str, tuple[Float[Array, ""], Num[Array, ""]]]
"""Name of a measure -> its sum over a batch and the count it is divided by; "loss" is the one minimised."""


_Settings = TypeVar("_Settings", bound=Any)


class Schedule(NamedTuple):
    """How long, and in what steps, a model is trained."""

    epochs: int = 20  # passes over the training data at most
    batch: int = 32  # rows in a batch
    learning_rate: float = 1e-3  # the highest
    patience: int = 3  # epochs without a better dev loss before stopping
    save_seconds: float = 120.0  # how often the state is saved within an epoch


class Task(NamedTuple):
    """What to train."""

    init: Callable[[Array], Params]  # key -> fresh weights
    loss: Callable[[Params, Batch, Array], tuple[Float[Array, ""], Sums]]  # of a batch, with a key for dropout
    batches: Callable[[int], list[Any]]  # epoch -> handles of its batches, the same list whenever asked
    load: Callable[[Any], Batch]  # handle -> arrays
    dev: Callable[[], Iterable[Batch]]
    optimizer: optax.GradientTransformation
    learning_rate: float  # the highest of the optimizer, for the message of a training that fails


class Trained(NamedTuple):
    """What the training leaves in memory; the folder has the rest."""

    params: Params  # of the best epoch
    curves: list[dict[str, float]]  # one row per epoch


def train(
    key: Array,
    task: Task,
    directory: Path,
    schedule: Schedule,
    *,
    progress: Progress | None = None,
) -> Trained:
    """Train until the epochs are done or the dev loss has not improved for as many of them as its patience lasts.

    Args:
        key: seeds the weights and what the loss draws.
        task: what to train.
        directory: where the run is kept; a run that was stopped there goes on.
        schedule: how long; the size of the batches and the learning rate are the task's.
        progress: called after each batch, of the dev text too, with (batches done, batches of all epochs); the last
            call of a training that stops early has done = all.

    Returns:
        The best weights and the learning curves.

    Raises:
        ValueError: no epoch, or the loss is not finite or beyond all bounds; what was saved before is kept.
        OSError: the disk is full or not ours to write; there, too.
    """
    epochs, _, _, patience, save_seconds = schedule
    checks.at_least(1, epochs=epochs, patience=patience)
    init_key, loss_key = jax.random.split(key)
    state = _State(directory)
    tree = jax.eval_shape(lambda: _start(task, init_key))
    run = state.latest(tree) if state.exists() else _start(task, init_key)
    curves = json.loads((directory / "curves.json").read_text()) if (directory / "curves.json").exists() else []
    curves = curves[: int(run["epoch"])]

    @jax.jit
    def step(run: dict[str, Any], batch: Batch) -> tuple[dict[str, Any], Float[Array, ""]]:
        step_key = jax.random.fold_in(loss_key, run["step"])
        (loss, sums), gradient = jax.value_and_grad(task.loss, has_aux=True)(run["params"], batch, step_key)
        updates, optimizer = optax.with_extra_args_support(task.optimizer).update(
            gradient, run["optimizer"], run["params"], batch=batch
        )
        return run | {
            "params": optax.apply_updates(run["params"], updates),
            "optimizer": optimizer,
            "step": run["step"] + 1,
            "position": run["position"] + 1,
            "sums": jax.tree.map(jnp.add, run["sums"], sums),
        }, loss

    evaluate = jax.jit(lambda params, batch: task.loss(params, batch, loss_key)[1])
    saved, done, total = int(run["step"]), 0, 0

    def report(done: int, total: int) -> None:
        if progress:
            progress(done, total)

    try:
        while int(run["epoch"]) < epochs and int(run["waited"]) < patience:
            handles = task.batches(int(run["epoch"]))
            before, total = int(run["epoch"]) * len(handles), epochs * len(handles)
            began = last = time.monotonic()
            for position in range(int(run["position"]), len(handles)):
                run, loss = step(run, task.load(handles[position]))
                _check(float(loss), "loss", run, task, directory)
                done = before + position + 1
                report(done, total)
                if time.monotonic() - last > save_seconds:
                    state.save(run)
                    saved, last = int(run["step"]), time.monotonic()

            done, sums = before + len(handles), []
            for batch in task.dev():
                sums.append(evaluate(run["params"], batch))
                report(done, total)
            dev = _means(jax.tree.map(lambda *parts: sum(parts), *sums))
            _check(dev["loss"], "loss on the dev text", run, task, directory)
            row = {"epoch": int(run["epoch"]) + 1, "step": int(run["step"]), "seconds": time.monotonic() - began}
            row |= {f"train_{name}": value for name, value in _means(run["sums"]).items()}
            row |= {f"dev_{name}": value for name, value in dev.items()}
            curves.append(row)
            better = dev["loss"] < float(run["best"])
            if better:
                checkpoints.save(directory.absolute() / "best", run["params"])
            write_json(directory / "curves.json", curves)
            after = run | {
                "epoch": run["epoch"] + 1,
                "position": jnp.zeros((), jnp.int32),
                "sums": jax.tree.map(jnp.zeros_like, run["sums"]),
                "best": jnp.minimum(run["best"], dev["loss"]),
                "waited": jnp.where(better, 0, run["waited"] + 1),
            }
            state.save(after)
            run, saved = after, int(after["step"])
    except KeyboardInterrupt:
        if int(run["step"]) > saved:
            state.save(run)
        raise
    if done < total:
        report(done, done)
    return Trained(checkpoints.restore(directory, tree["params"]), curves)


def check(schedule: Schedule) -> None:
    """Raise a ValueError for a schedule by which nothing is learnt."""
    checks.at_least(1, epochs=schedule.epochs, batch=schedule.batch, patience=schedule.patience)
    if not (math.isfinite(schedule.learning_rate) and schedule.learning_rate > 0):
        raise ValueError(f"expected a learning rate above 0, such as 0.001, got {schedule.learning_rate}")


def apart(settings: _Settings, options: Mapping[str, Any]) -> tuple[_Settings, dict[str, Any]]:
    """Return settings with what options say of them, and the options that say something else.

    Args:
        settings: a NamedTuple, such as a `Schedule`, with the values of what is not said.
        options: some of its fields, such as a preset's, and others.

    Example:
        >>> apart(Schedule(batch=4), {"epochs": 2, "width": 8})
        (Schedule(epochs=2, batch=4, learning_rate=0.001, patience=3, save_seconds=120.0), {'width': 8})
    """
    said = {name: value for name, value in options.items() if name in settings._fields}
    return settings._replace(**said), {name: value for name, value in options.items() if name not in said}


def _check(loss: float, what: str, run: dict[str, Any], task: Task, directory: Path) -> None:
    """Raise a ValueError if training has failed."""
    if not (math.isfinite(loss) and loss < DIVERGED):
        raise ValueError(
            f"the training in {directory} has failed: after step {int(run['step'])}, in epoch {int(run['epoch']) + 1}, "
            f"the {what} is {loss:.3g}, at a learning rate of {task.learning_rate:g}; give a smaller learning rate (a "
            "tenth), and another folder or remove this one"
        )


def _start(task: Task, key: Array) -> dict[str, Any]:
    """Return the state of a run before its first batch: all that the future depends on."""
    params = task.init(key)
    batch = task.load(task.batches(0)[0])
    sums = jax.eval_shape(lambda params, batch: task.loss(params, batch, key)[1], params, batch)
    zero = jnp.zeros((), jnp.int32)
    return {
        "params": params,
        "optimizer": task.optimizer.init(params),
        "sums": jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), sums),
        "epoch": zero,
        "position": zero,  # batches done in this epoch
        "step": zero,
        "waited": zero,  # epochs since the best
        "best": jnp.full((), jnp.inf),
    }


def _means(sums: Sums) -> dict[str, float]:
    return {name: float(total) / max(float(count), 1e-9) for name, (total, count) in sums.items()}


class _State:
    """The run's state on disk: the newest whole one wins, older ones go."""

    def __init__(self, directory: Path):
        self.directory = directory.absolute() / "state"

    def _steps(self) -> list[int]:
        return sorted(int(path.name) for path in self.directory.glob("*") if path.name.isdigit())

    def exists(self) -> bool:
        return bool(self._steps())

    def latest(self, like: Any) -> Any:
        return checkpoints.restore(self.directory, like, str(self._steps()[-1]))

    def save(self, run: Any) -> None:
        # an epoch's end has the step of its last batch: two saves of one step must not collide
        number = 2 * int(run["step"]) + int(run["position"] == 0)
        checkpoints.save(self.directory / str(number), run)
        for old in self.directory.iterdir():
            if old.name != str(number):
                shutil.rmtree(old, ignore_errors=True)
