"""Ranking by probe, for every k: the protocol of Antverg and Belinkov 2022 (arXiv 2110.07483); and do they agree?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np

from jaxneuron.evaluate import probes
from jaxneuron.evaluate.agreement import agreement
from jaxneuron.rank import linear
from jaxneuron.studies import kept
from jaxneuron.studies.concepts import rankings
from jaxneuron.studies.concepts.material import Report
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.concepts.rankings import Ranked, Scope

Row = dict[str, Any]


def curves(
    name: str,
    found: Scope,
    ranked: Mapping[str, Ranked],
    counts: Sequence[int],
    kinds: Sequence[Literal["linear", "gaussian"]],
    preset: Preset,
    directory: Path,
    *,
    seed: int,
    report: Report,
) -> list[Row]:
    """Return the test accuracy and the bits of the first, the last and random k units, for each kind of probe."""
    units = found.train[0].shape[1]
    counts = [k for k in counts if k <= units]
    orders = list(_orders(ranked, units, preset.repeats, seed))
    rows: list[Row] = []
    for kind in kinds:
        progress = report(f"{name}: {kind} probe of k units")
        for done, (ranking, direction, order) in enumerate(orders):
            if kind == "gaussian" and direction == "bottom" and not preset.gaussian_bottom:
                continue
            part = f"{name}.{kind}.{ranking}.{direction}"
            rows += kept.stage(
                directory,
                f"curves/{part}",
                lambda k=kind, r=ranking, d=direction, o=order: _curve(name, found, k, r, d, o, counts, preset, seed),
            )
            if progress:
                progress(done + 1, len(orders))
    return _random_mean(rows)


def _curve(
    name: str,
    found: Scope,
    kind: Literal["linear", "gaussian"],
    ranking: str,
    direction: str,
    order: Any,
    counts: list[int],
    preset: Preset,
    seed: int,
) -> list[Row]:
    # the Gaussian probe is a closed form, so that it can have all words
    train = found.train if kind == "gaussian" else rankings.first(found.train, preset.protocol_words)
    options: dict[str, Any] = {"dev": found.dev} if kind == "gaussian" else {}
    fit = None if kind == "gaussian" else partial(linear.fit, settings=linear.Settings(**preset.many_probes))
    told = probes.curve(jax.random.key(seed), order, train, found.test, counts=counts, probe=kind, fit=fit, **options)
    return [
        {"scope": name, "probe": kind, "ranking": ranking, "direction": direction, "count": k}
        | {"accuracy": told.accuracy[i], "information": told.mutual_information[i]}
        for i, k in enumerate(counts)
    ]


def _orders(ranked: Mapping[str, Ranked], units: int, repeats: int, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
    for method, one in ranked.items():
        yield method, "top", one.order
        yield method, "bottom", one.order[::-1]
    for number in range(repeats):
        yield f"random{number}", "random", np.random.default_rng((seed, number)).permutation(units)


def _random_mean(rows: list[Row]) -> list[Row]:
    """Return the rows with the random orders replaced by their mean."""
    own = [row for row in rows if row["direction"] == "random"]
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in own:
        groups.setdefault((row["scope"], row["probe"], row["count"]), []).append(row)
    means = [
        part[0]
        | {"ranking": "random"}
        | {key: float(np.mean([row[key] for row in part])) for key in ("accuracy", "information")}
        for part in groups.values()
    ]
    return [row for row in rows if row["direction"] != "random"] + means


def agree(ranked: Mapping[str, Ranked], top: int) -> Row:
    """Return how far the rankings agree on their first units."""
    found = agreement([one.ranking for one in ranked.values()], top=[top], ballot=top)
    overlap = np.asarray(found.overlap)[0]
    names, pairs = list(ranked), ~np.eye(len(ranked), dtype=bool)
    return {
        "methods": names,
        "count": top,
        "overlap": overlap,
        "mean_overlap": overlap[pairs].mean(),
        "average_overlap": dict(zip(names, np.asarray(found.average_overlap)[0].tolist(), strict=True)),
        "neuron_vote": dict(zip(names, np.asarray(found.neuron_vote)[0].tolist(), strict=True)),
    }
