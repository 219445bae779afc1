"""What was published on redundancy, and whether a run finds it again."""

from collections.abc import Iterator, Sequence
from statistics import mean

from jaxneuron.report.text import percent, rate
from jaxneuron.studies._study import Claim
from jaxneuron.studies.redundancy.results import General, Gone, Ordered, Results, Task, Whence, Without

DALVI = "Dalvi et al. 2020"
TUTORIAL = "Sajjad, Durrani, Dalvi, tutorial on fine-grained interpretation"
LOSS = 0.01
"""The share of the accuracy that may be lost where nothing is said to be."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield each finding, re-measured."""
    if results.general is not None:
        yield from _general(results.general, results.sites)
        if results.tasks:
            yield _thinned(results.general, results.tasks)
    for task in results.tasks:
        yield from _few(task)
    yield from _kinds(results.tasks)
    for whence in Whence:
        yield from _missed([row for row in results.missed if row.whence is whence], whence)


def removable(tasks: Sequence[Task], loss: float = LOSS) -> float | None:
    """Return the largest distance of clusters at which no task loses more than a share of its accuracy; None: none."""
    distances = [row.distance for row in tasks[0].thinned]
    kept = [
        distance
        for place, distance in enumerate(distances)
        if all(task.thinned[place].test >= (1 - loss) * task.test for task in tasks)
    ]
    return max(kept, default=None)


def redundant(own: General, tasks: Sequence[Task], loss: float = LOSS) -> float:
    """Return the share of the units that can be left out so, 0 if no distance will do.

    Args:
        own: what needs no task.
        tasks: what each task needs.
        loss: of accuracy that is allowed, as a share.
    """
    distance = removable(tasks, loss)
    return next((row.share for row in own.thresholds if row.distance == distance), 0.0)


def _general(own: General, sites: Sequence[str]) -> Iterator[Claim]:
    if len(sites) > 2:
        near = [_nearest(row, place) for place, row in enumerate(own.similarity)]
        adjacent = sum(abs(place - other) == 1 for place, other in enumerate(near))
        yield Claim(
            "each layer is most similar to a neighbouring one (linear CKA)",
            DALVI,
            adjacent == len(near),
            adjacent / len(near),
            f"{adjacent} of {len(near)} layers",
        )
        steps = [own.similarity[place][place + 1] for place in range(len(sites) - 1)]
        half = len(steps) // 2
        yield Claim(
            "lower layers are more similar to their neighbours than higher ones (linear CKA)",
            DALVI,
            mean(steps[: len(steps) - half]) > mean(steps[len(steps) - half :]),
            mean(steps[: len(steps) - half]) - mean(steps[len(steps) - half :]),
            "from each layer to the next: " + ", ".join(f"{step:.2f}" for step in steps),
        )
        row = min(own.thresholds, key=lambda row: abs(row.distance - 0.3))
        close = sum(row.apart[:2])
        yield Claim(
            "most clusters of units that vary together lie in one layer or in two neighbouring ones",
            f"{DALVI}, figure of the layers that a cluster reaches over (distance 0.3)",
            close > 0.5,
            close,
            f"of the clusters of several units, at a distance of {row.distance:g}",
        )


def _nearest(row: Sequence[float], place: int) -> int:
    return max((other for other in range(len(row)) if other != place), key=lambda other: row[other])


def _thinned(own: General, tasks: Sequence[Task]) -> Claim:
    distance, share = removable(tasks), redundant(own, tasks)
    said = "no distance that was tried" if distance is None else f"clusters at a distance of {distance:g}"
    return Claim(
        "85% of the units are redundant: one unit of each cluster tells as much, whatever the task",
        f"{DALVI}, abstract, of BERT (92% of XLNet, {TUTORIAL})",
        share >= 0.85,
        share,
        f"{said}: no task loses more than {percent(LOSS)} of its accuracy; with a loss of 3% the share is "
        f"{rate(redundant(own, tasks, 0.03))}",
    )


def _few(task: Task) -> Iterator[Claim]:
    for order, most, least, claim, source in (
        (Ordered.SELECTED, 0.1, 0.97, "at most 10% of the units keep 97% of the accuracy", f"{DALVI}, abstract"),
        (
            Ordered.SELECTED,
            0.08,
            1 - LOSS,
            f"at least 92% of the units can be left out for a task (losing {percent(LOSS)})",
            f"{DALVI}, abstract",
        ),
        (
            Ordered.RANKED,
            1551 / 9984,
            88.09 / 88.28,
            "a sixth of the units loses next to nothing",
            f"{TUTORIAL}: 1,551 of 9,984 features of BERT are right for 88.09% instead of 88.28%",
        ),
    ):
        rows = [row for row in task.curve if row.order is order and row.count <= most * task.units]
        if rows:
            last = max(rows, key=lambda row: row.count)
            yield Claim(
                f"{task.name}: {claim}",
                source,
                last.accuracy >= least * task.test,
                last.accuracy / task.test,
                f"{last.count:,} of {task.units:,} units: {rate(last.accuracy)} of the test {task.each}s right, "
                f"{rate(task.test)} with all",
            )


def _kinds(tasks: Sequence[Task]) -> Iterator[Claim]:
    words, texts = ([task for task in tasks if task.each == each] for each in ("word", "text"))
    if not words or not texts:
        return
    layers = mean(task.selected for task in words), mean(task.selected for task in texts)
    yield Claim(
        "labels of words need fewer layers than labels of texts",
        f"{DALVI}: layers are more redundant for core linguistic tasks than for higher-level ones",
        layers[0] < layers[1],
        layers[0] - layers[1],
        f"{layers[0]:g} and {layers[1]:g} layers",
    )
    units = [mean(task.fewest[0].units for task in some) for some in (words, texts)]
    yield Claim(
        "labels of texts need fewer units than labels of words",
        f"{DALVI}; the table of the {TUTORIAL} has the two kinds the other way round",
        units[1] < units[0],
        units[0] - units[1],
        f"{units[0]:,.0f} units for words, {units[1]:,.0f} for texts",
    )


def _missed(rows: Sequence[Without], whence: Whence) -> Iterator[Claim]:
    at = {(row.gone, row.count): row.accuracy for row in rows}
    counts = sorted({row.count for row in rows if row.count})
    if not counts:
        return
    where = "a probe" if whence is Whence.PROBE else "the model"
    for other in (Gone.RANDOM, Gone.BOTTOM):
        drops = [at[other, k] - at[Gone.TOP, k] for k in counts]
        yield Claim(
            f"{where} misses the first units more than {'as many at random' if other is Gone.RANDOM else 'the last'}",
            f"{TUTORIAL}, ablation: top, bottom and random",
            all(drop > 0 for drop in drops),
            mean(drops),
            f"for {sum(drop > 0 for drop in drops)} of {len(drops)} numbers of units; the mean difference",
        )
