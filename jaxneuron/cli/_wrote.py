"""What units write, as an answer: words that gain and lose, classes of weights, or ways to a prediction."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxneuron.cli import _pieces
from jaxneuron.cli._answer import Answer, Spread
from jaxneuron.cli._shared import counted
from jaxneuron.report.coloured import Coloured

TEXTS = 50
"""Units whose words a page shows in colour."""

BARS = 12
"""Ranges of a distribution."""


class Writers(NamedTuple):
    """Of what it was asked."""

    site: str
    units: Sequence[int]
    names: Sequence[str]  # of the outputs
    k: int  # outputs shown on each side
    all: bool  # whether no units were named, so that the most telling ones come first


PROMOTED = {
    "vocabulary": ("raises, by its weights", "by its weights"),
    "token_change": ("raises where it is held", "where it is held"),
    "jacobian_lens": ("raises, by all ways to the last site", "by all ways to the last site"),
}


def promoted(about: Writers, found: Any, method: str) -> Answer:
    """Return the outputs that each unit raises and lowers most."""
    import numpy as np

    k = min(about.k, found.effect.shape[1])
    order = np.argsort(-found.kurtosis, kind="stable") if about.all else np.arange(len(about.units))
    errors = found.error if found.error.any() else [None] * len(found.error)
    rows, texts = [], []
    for place in order.tolist():
        effect, unit = found.effect[place], about.units[place]
        ranked = np.argsort(-effect, kind="stable")
        high = [output for output in ranked[:k].tolist() if effect[output] > 0]
        low = [output for output in ranked[::-1][:k].tolist() if effect[output] < 0]
        up, down = ([_pieces.output(about.names, output) for output in some] for some in (high, low))
        moments = (np.sqrt(found.variance[place]), found.skewness[place], found.kurtosis[place])
        best = effect[high[0]] if high else None
        rows.append((about.site, unit, " ".join(up), " ".join(down), best, *moments, errors[place]))
        if len(texts) < TEXTS:
            weights = [float(effect[output]) for output in [*high, *low[::-1]]]
            texts.append(Coloured(f"unit {unit}", [*up, *down[::-1]], weights))
    columns = ("site", "unit", "raises", "lowers", "most", "deviation", "skewness", "kurtosis", "error")
    how = PROMOTED.get(method, ("raises", "by it"))
    said = [f"{counted(len(rows), 'unit')} of {about.site}, each with the outputs whose score it {how[0]}, and lowers."]
    if rows and rows[0][2]:
        said.append(f"Unit {rows[0][1]} speaks for {rows[0][2]}" + (f", against {rows[0][3]}." if rows[0][3] else "."))
    if not found.settled:
        share = float(np.mean(found.error > 0.1))
        said.append(f"Of {share:.0%} of the units the text tells the effect no better than to 10%; give more texts.")
    spread = [_spread("How many units single outputs out: the kurtosis of their effects", found.kurtosis)]
    note = (
        "most: the score of the first output, by one of the unit (of token_change, by its value). deviation, skewness"
        " and kurtosis are over all outputs: 3 is that of a normal distribution, and high where few outputs are "
        "singled out. error: the standard error over the texts, relative to the length of what is written. Orange is "
        "raised, blue lowered."
    )
    return Answer(
        f"What do units of {about.site} write?", said, columns, rows, texts, spread if about.all else (), note=note
    )


def classes(about: Writers, found: Any) -> Answer:
    """Return the class of each unit by its weights."""
    import numpy as np

    from jaxneuron.writes.weight_classes import KINDS

    gated = not np.isnan(found.gate_out).all()
    kinds = [
        KINDS[kind] + ("" if typical else ", atypical") for kind, typical in zip(found.kind, found.typical, strict=True)
    ]
    order = np.argsort(-np.abs(found.in_out), kind="stable") if about.all else np.arange(len(kinds))
    columns = ("site", "unit", "class", "in.out", *(("gate.out", "gate.in") if gated else ()))
    cosines = [found.in_out, found.gate_out, found.gate_in][: 3 if gated else 1]
    rows = [
        (about.site, about.units[place], kinds[place], *(one[place] for one in cosines)) for place in order.tolist()
    ]
    count = Counter(kinds)
    said = [
        f"{counted(len(kinds), 'unit')}: "
        + ", ".join(f"{number:,} {kind}" for kind, number in count.most_common())
        + "."
    ]
    low, high = found.null[0]
    if np.isfinite(low):
        outside = float(np.mean((found.in_out < low) | (found.in_out > high)))
        said.append(
            f"What a unit reads and what another one writes have cosines of {low:.2g} to {high:.2g} in 95% of the "
            f"cases; {outside:.0%} of the units have one outside with what they write themselves."
        )
    spread = [
        Spread("Classes", [(kind, number) for kind, number in count.most_common()], ("class", "units")),
        _spread("Cosines of what units read and write", found.in_out),
    ]
    note = (
        "enrichment: it writes what it reads; depletion: against it; conditional: its gate reads something else; "
        "proportional change: it writes what its gate reads; orthogonal output: neither. From a cosine of 0.5 "
        "(--threshold) on."
    )
    title = f"Do units of {about.site} write what they read?"
    return Answer(title, said, columns, rows, (), spread if about.all else (), note=note)


def regulation(about: Writers, found: Any) -> Answer:
    """Return by which way each unit changes a prediction."""
    import numpy as np

    by_scale, by_frequency = (
        np.round(1 - held / np.where(whole > 0, whole, np.inf), 2) * (whole > 0)
        for whole, held in ((found.entropy, found.entropy_held), (found.divergence, found.divergence_held))
    )
    names = [
        " and ".join(["entropy"] * bool(one) + ["token frequency"] * bool(other)) or "neither"
        for one, other in zip(found.is_entropy, found.is_frequency, strict=True)
    ]
    order = np.lexsort((-found.entropy, names == np.array("neither"))) if about.all else np.arange(len(names))
    rows = [
        (
            about.site,
            about.units[place],
            names[place],
            *(
                one[place]
                for one in (found.norm, found.variance, found.entropy, by_scale, found.divergence, by_frequency)
            ),
            round(float(found.unigram[place]), 2),
        )
        for place in order.tolist()
    ]
    columns = ("site", "unit", "kind", "norm", "variance", "entropy", "by the norm", "KL", "by frequency", "unigram")
    said = [
        f"{counted(len(names), 'unit')}: {_listed(found.is_entropy, about, 'entropy unit')}, "
        f"{_listed(found.is_frequency, about, 'token-frequency unit')}.",
        f"The scores vary by {float(found.null):.3g} or less by what 5% of random directions of length 1 write.",
    ]
    note = (
        "entropy, KL: nats by which the entropy, and KL(prediction || frequencies), move on average where the unit is"
        " at its mean. by the norm: the share of the first that is gone where the final norm holds its scale; by "
        "frequency: that of the second where scores do not move along the words' log frequencies, counted in the "
        "text. norm: the length of what one of the unit writes; variance: of the scores by it, for a length of 1; "
        "unigram: its cosine with the log frequencies."
    )
    title = f"Which units of {about.site} only say how sure the model is?"
    spread = [_spread("The share of the change of entropy by the final norm", by_scale)]
    return Answer(title, said, columns, rows, (), spread if about.all else (), note=note)


def _listed(which: Any, about: Writers, what: str) -> str:
    units = [unit for unit, found in zip(about.units, which, strict=True) if found]
    shown = ", ".join(map(str, units[:8])) + " …" * (len(units) > 8)
    return f"{counted(len(units), what)}{f' ({shown})' if units else ''}"


def _spread(title: str, values: Any) -> Spread:
    """Return how values are spread over ranges of one width; the highest hundredth is in the last."""
    import numpy as np

    finite = values[np.isfinite(values)]
    low, high = (float(np.quantile(finite, share)) for share in (0, 0.99)) if len(finite) else (0.0, 0.0)
    edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
    counts = np.bincount(np.clip(np.searchsorted(edges, finite, "right") - 1, 0, BARS - 1), minlength=BARS)
    return Spread(
        title, [(f"{edge:.3g}", int(count)) for edge, count in zip(edges, counts, strict=False)], ("from", "units")
    )
