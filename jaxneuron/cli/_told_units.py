"""What evaluations of units found, in words: which they are, and who agrees."""

from collections.abc import Callable
from typing import Any

from jaxneuron.cli._pictures import Heat
from jaxneuron.cli._told import About, Told


def agreement(found: Any, about: About) -> Told:
    """Return how far ranking methods agree."""
    overlap, vote = found.average_overlap.mean(axis=0), found.neuron_vote.mean(axis=0)
    rows: list[Any] = [
        (one, other, *(float(table[i, j]) for table in (found.jaccard.mean(axis=0), found.spearman, found.kendall)))
        for i, one in enumerate(about.methods)
        for j, other in enumerate(about.methods)
        if i < j
    ]
    best = int(overlap.argmax())
    said = [
        f"{name}: overlap {overlap[number]:.2f} with each other, {vote[number]:.2f} with the units that others elect."
        for number, name in enumerate(about.methods)
    ]
    said.append(
        f"The others agree most with {about.methods[best]}; the overlap is the mean over the top {_few(found.top)}."
    )
    return Told(("method", "other", "overlap", "spearman", "kendall"), rows, said)


def _few(numbers: Any) -> str:
    return ", ".join(map(str, dict.fromkeys(numbers.tolist())))


def npmi(found: Any, about: About) -> Told:
    """Return the units that come with each label."""
    import numpy as np

    names = about.all_names if len(about.all_names) == len(found) else about.all_names[-1:]
    rows = [
        (name, rank + 1, *about.unit(unit), float(row[unit]))
        for name, row in zip(names, found, strict=True)
        for rank, unit in enumerate(np.argsort(-row, kind="stable")[: about.k].tolist())
    ]
    best = max(rows, key=lambda row: row[4])
    said = (
        f"Most of all, unit {best[3]} of {best[2]} is at its highest where {best[0]} is ({best[4]:.3f}; 1: always and "
        "only there, 0: by chance)."
    )
    return Told(("label", "rank", "site", "unit", "npmi"), rows, [said])


def learned_together(found: Any, about: About) -> Told:
    """Return the groups of units that err together."""
    import numpy as np

    rows = []
    for number, (mask, best) in enumerate(zip(found.mask, found.best, strict=True)):
        units = [about.unit(unit) for unit in np.flatnonzero(mask).tolist()]
        rows.append((number, len(units), *about.unit(int(best)), [f"{site}:{unit}" for site, unit in units]))
    said = f"{len(found.member)} units reach the minimum, in {len(rows)} groups that err together."
    return Told(("group", "size", "site", "unit", "all"), rows, [said])


def redundant_units(found: Any, about: About) -> Told:
    """Return how many units are redundant, in all and in each site."""
    columns = zip(found.thresholds, found.kept, found.share, found.within, strict=True)
    rows = [
        (float(distance), int(kept), float(share), *map(float, within)) for distance, kept, share, within in columns
    ]
    some = min(rows, key=lambda row: abs(row[0] - 0.3))
    said = (
        f"{some[2]:.1%} of {found.groups.shape[1]:,} units say what others do, up to a distance of {some[0]:g}; of one "
        f"site by itself at most {max(some[3:]):.1%}."
    )
    note = (
        "distance: 1 - |correlation|, up to which units are one cluster; clusters: what is left if each counts once; "
        "redundant: the share of all units that is not; by the name of a site: the same of it alone."
    )
    title = "Share of the units that are redundant: down, distance; across, all sites together, then each alone"
    heat = Heat(title, [f"{row[0]:g}" for row in rows], ["all", *about.sites], [row[2:] for row in rows])
    return Told(("distance", "clusters", "redundant", *about.sites), rows, [said], note, [heat])


def cluster_probes(found: Any, about: About) -> Told:
    """Return what each cluster of units knows."""
    columns = zip(found.clusters, found.sizes, found.alone.accuracy, found.random.accuracy, strict=True)
    rows = [(int(cluster), int(size), float(alone), float(random)) for cluster, size, alone, random in columns]
    best = max(rows, key=lambda row: row[2] - row[3])
    better = sum(row[2] > row[3] for row in rows)
    said = (
        f"{better} of {len(rows)} clusters know more than as many random units; cluster {best[0]}, of {best[1]} units, "
        f"is right for {best[2]:.1%} ({best[3]:.1%})."
    )
    return Told(("cluster", "units", "accuracy", "random units"), rows, [said])


def word_counts(found: Any, about: About) -> Told:
    """Return how often each symbol occurs."""
    import numpy as np

    count, texts = np.asarray(found.sum(axis=0)).ravel(), np.asarray((found > 0).sum(axis=0)).ravel()
    order = [number for number in np.argsort(-count, kind="stable").tolist() if count[number]]
    rows = [(about.words[number], int(count[number]), int(texts[number])) for number in order]
    said = (
        f"{len(rows):,} different symbols of {len(about.words):,} occur, {int(count.sum()):,} times in "
        f"{found.shape[0]:,} texts."
    )
    return Told(("symbol", "times", "texts"), rows, [said])


TOLD: dict[str, Callable[[Any, About], Told]] = {
    one.__name__: one for one in (agreement, npmi, learned_together, redundant_units, cluster_probes, word_counts)
}
"""By the name of the evaluation."""
