"""What evaluations of probes found, in words: how well labels are known, and beside what."""

from collections.abc import Callable
from typing import Any

from jaxneuron.cli._labelled import steps
from jaxneuron.cli._pictures import Heat
from jaxneuron.cli._told import About, Told


def layers(found: Any, about: About) -> Told:
    """Return what each layer knows."""
    alone, first = found.alone.accuracy, found.first.accuracy
    rows = [(site, float(alone[number]), float(first[number])) for number, site in enumerate(found.sites)]
    best = max(rows, key=lambda row: row[1])
    said = [f"{best[0]} knows most: a probe is right for {best[1]:.1%}."]
    return Told(("site", "accuracy", "with all below"), rows, said)


def mdl(found: Any, about: About) -> Told:
    """Return how many bits the labels take."""
    rows = [(int(tokens), float(bits)) for tokens, bits in zip(found.tokens, found.portions, strict=False)]
    said = (
        f"The labels take {found.bits:,.0f} bits, and {found.compression:.2f} times as many without the units "
        f"({found.uniform:,.0f})."
    )
    return Told(("labels", "bits"), rows, [said])


def minimal_set(found: Any, about: About) -> Told:
    """Return how few units are enough, and how right they are on rows that had no say in it."""
    chosen, tested = found
    rows = [
        (float(share), int(size), float(dev), float(test))
        for share, size, dev, test in zip(chosen.shares, chosen.size, chosen.accuracy, tested[:-1], strict=True)
    ]
    said = (
        f"All units are right for {chosen.oracle:.1%} of the part by which their number is chosen and {tested[-1]:.1%} "
        f"of the test part; the first {rows[0][1]} by {about.methods[0]} reach {rows[0][0]:.0%} of that where they are "
        f"chosen, and are right for {rows[0][3]:.1%} of the test part."
    )
    return Told(("share of all", "units", "accuracy where chosen", "accuracy"), rows, [said], _FEWEST)


def feature_selection(found: Any, about: About) -> Told:
    """Return how few units of which layers are enough, and how right they are on rows that had no say in it."""
    chosen, tested = found
    minimal, layers = chosen.minimal, chosen.layers.sites
    rows = [
        (float(share), int(size), float(dev), float(test))
        for share, size, dev, test in zip(minimal.shares, minimal.size, minimal.accuracy, tested[:-1], strict=True)
    ]
    units = sum(own.stop - own.start for own in about.sites.values())
    said = [
        f"Layers up to {layers[chosen.lowest]} are kept, {chosen.lowest + 1} of {len(layers)}, and one unit of each "
        f"cluster of theirs, {len(chosen.kept)} of {units} units.",
        f"{rows[0][1]} of them are right for {rows[0][3]:.1%} of the test part, all units for {tested[-1]:.1%}.",
    ]
    right = [way.accuracy.tolist() for way in (chosen.layers.alone, chosen.layers.first)]
    title = "Accuracy of a probe where layers are chosen: of each layer alone, and with all below"
    heat = Heat(title, ["alone", "with all below"], list(layers), right)
    return Told(("share of all", "units", "accuracy where chosen", "accuracy"), rows, said, _FEWEST, [heat])


_FEWEST = (
    "share of all: what the units must reach of the accuracy that all units have where their number is chosen; "
    "accuracy: of the test part, which had no say in it."
)


def importance(found: Any, about: About) -> Told:
    """Return what a probe loses without the first, the last and random units."""
    columns = zip(found.counts, found.top, found.bottom, found.random.mean(axis=0), strict=True)
    rows = [(int(k), *map(float, row)) for k, *row in columns]
    some = next((row for row in rows if row[0] >= 10), rows[-1])
    said = (
        f"A probe of all units is right for {found.whole:.1%}; without the first {some[0]} by {about.methods[0]} for "
        f"{some[1]:.1%}, without the last for {some[2]:.1%}, without as many at random for {some[3]:.1%}."
    )
    return Told(("units taken", "first", "last", "random"), rows, [said])


def selectivity(found: Any, about: About) -> Told:
    """Return how much better a probe is than one of labels that mean nothing."""
    rows: list[Any] = [("task", float(found.task.accuracy))]
    rows += [(f"control {number}", float(one)) for number, one in enumerate(found.control.accuracy)]
    said = (
        f"A probe is right for {rows[0][1]:.1%}, and {found.selectivity:+.1%} more than for labels that mean nothing "
        f"(standard deviation {found.deviation:.1%})."
    )
    return Told(("labels", "accuracy"), rows, [said])


def probes(found: Any, about: About) -> Told:
    """Return how much the first, the last and random units tell."""
    ways = (found.top, found.bottom, found.random)
    accuracy, bits = ([_mean(getattr(way, field)) for way in ways] for field in ("accuracy", "mutual_information"))
    rows = [
        (int(k), *(float(one[place]) for one in (*accuracy, *bits)))
        for place, k in enumerate(found.counts)  # in which the last axis of each is
    ]
    some = next((row for row in rows if row[0] >= 10), rows[-1])
    said = (
        f"With the first {some[0]} units by {about.methods[0]} a probe is right for {some[1]:.1%}, with the last "
        f"{some[2]:.1%}, with {some[0]} at random {some[3]:.1%}."
    )
    columns = ("units", "first", "last", "random", "first, bits", "last, bits", "random, bits")
    return Told(columns, rows, [said])


def _mean(values: Any) -> Any:
    """Return `[k]`, over draws."""
    return values.mean(axis=0) if values.ndim > 1 else values


def ablation(found: Any, about: About) -> Told:
    """Return what a probe loses."""
    top, bottom, random = found
    counts = [0, *steps(sum(own.stop - own.start for own in about.sites.values()))]
    rows = [tuple(map(float, one)) for one in zip(top, bottom, random, strict=True)]
    table = [(k, *row) for k, row in zip(counts, rows, strict=True)]
    some = next((row for row in table if row[0] >= 10), table[-1])
    said = (
        f"A probe of all units is right for {table[0][1]:.1%}; without the first {some[0]} by {about.methods[0]} for "
        f"{some[1]:.1%}, without the last for {some[2]:.1%}, without as many at random for {some[3]:.1%}."
    )
    return Told(("units taken", "first", "last", "random"), table, [said])


def effects(found: Any, about: About) -> Told:
    """Return what the model loses."""
    counts = [0, *steps(sum(own.stop - own.start for own in about.sites.values()))]
    rows = [
        (
            k,
            way,
            *(float(getattr(found, field)[i, j, 0]) for field in ("perplexity", "accuracy", "flips", "divergence")),
        )
        for j, k in enumerate(counts)
        for i, way in enumerate(("first", "last", "random"))
        if k or not i
    ]
    some = [row for row in rows if row[0] == next((k for k in counts if k >= 10), counts[-1])]
    rows[0] = (0, "none", *rows[0][2:])
    moved = ", ".join(f"{row[4]:.1%} without the {'' if row[1] == 'random' else row[1] + ' '}{row[0]}"
                      f"{' at random' if row[1] == 'random' else ''}" for row in some)  # fmt: skip
    said = f"The model is right at {rows[0][3]:.1%} of the places with all units; its first choice changes at {moved}."
    return Told(("units taken", "which", "perplexity", "accuracy", "first choice changes", "KL, bits"), rows, [said])


def average_precision(found: Any, about: About) -> Told:
    """Return how well a probe ranks the rows of each label."""
    names = about.names if len(about.names) == len(found.per_label) else about.names[-1:]
    each = zip(names, found.per_label, found.positives, strict=True)
    rows = [(name, float(one), int(positive)) for name, one, positive in each]  # fmt: skip
    rows.sort(key=lambda row: -row[1] if row[1] == row[1] else 1)
    return Told(("label", "average precision", "holds"), rows, [f"The mean over labels is {found.mean:.3f}."])


def information(found: Any, about: About) -> Told:
    """Return what a probe tells in bits."""
    rows = [(name, float(_mean(getattr(found, name)))) for name in found._fields]
    said = (
        f"The labels have {rows[0][1]:.2f} bits each, of which a probe tells {rows[2][1]:.2f} ({rows[3][1]:.1%}); it "
        f"is right for {rows[4][1]:.1%}."
    )
    return Told(("measure", "value"), rows, [said])


def baselines(found: Any, about: About) -> Told:
    """Return a probe beside what learns nothing of the model."""
    learned, lexicon = found
    rows = [
        ("a probe", float(learned.trained.accuracy)),
        ("a probe of the model with its weights mixed up", float(learned.untrained.accuracy)),
        ("each word's most frequent label", lexicon),
        ("the most frequent label", float(learned.majority)),
    ]
    best = max(rows[1:], key=lambda row: row[1])
    said = f"A probe is right for {rows[0][1]:.1%}; {rows[0][1] - best[1]:+.1%} against the best below: {best[0]}."
    return Told(("what", "accuracy"), rows, [said])


TOLD: dict[str, Callable[[Any, About], Told]] = {
    one.__name__: one
    for one in (
        layers,
        mdl,
        minimal_set,
        feature_selection,
        importance,
        selectivity,
        probes,
        ablation,
        effects,
        average_precision,
        information,
        baselines,
    )
}
"""By the name of the evaluation."""
