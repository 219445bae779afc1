"""What the tutorial and the papers found and checks of our own, each re-measured: true or false as it came out."""

from collections.abc import Iterator

from jaxneuron.studies import Claim
from jaxneuron.studies.attribution.results import Classifier, Results

TUTORIAL = "Sajjad et al. 2021, tutorial; Captum's tutorials"
SQUAD = "Captum's tutorial Bert_SQUAD_Interpret"


def claims(results: Results) -> list[Claim]:
    """Return every claim that this run has figures for, with the figure that decides it."""
    return [*_models(results), *_completeness(results), *_concepts(results), *_spans(results)]


def _classifiers(results: Results) -> dict[str, Classifier]:
    return results.labels.models if results.labels else {}


def _models(results: Results) -> Iterator[Claim]:
    for name, one in _classifiers(results).items():
        own = one.accuracy
        yield Claim(
            f"{name}: the labels are learnt (0.1 above the most frequent one)",
            "our own check: what is explained is a model that works",
            own.accuracy >= own.majority + 0.1,
            own.accuracy,
            f"most frequent label: {own.majority:.3f}, {own.texts} test texts",
        )
    if results.spans:
        own = results.spans.accuracy
        yield Claim(
            "the span head finds more spans than the first word of each sentence is",
            "our own check; the tutorial's BERT: exact match 0.78, F1 0.86 on SQuAD, another task",
            own.exact > own.first_word,
            own.exact,
            f"F1 {own.f1:.3f}; spans that are the first word: {own.first_word:.3f}; {own.texts} test texts",
        )


def _completeness(results: Results) -> Iterator[Claim]:
    every = {name: one.explained.completeness for name, one in _classifiers(results).items()}
    for role, one in (results.spans.explained.completeness if results.spans else {}).items():
        every[f"span {role}"] = one
    for name, own in every.items():
        error = own.integrated_gradients
        kinks = "; its kinks (the highest window, the rectifier) are what steps miss" if name == "text CNN" else ""
        note = f"the worst text; median {error.median:.1e}{kinks}"
        yield Claim(
            f"{name}: integrated gradients miss the change by 1e-3 of it at most",
            "our own check; Sundararajan et al. 2017",
            error.worst <= 1e-3,
            error.worst,
            note,
        )
        fine = own.twice_the_steps
        yield Claim(
            f"{name}: with twice the steps, they miss it by 1e-5 at most",
            "our own check",
            fine.worst <= 1e-5,
            fine.worst,
            f"the worst text; median {fine.median:.1e}; single precision",
        )
        yield Claim(
            f"{name}: what flows through each layer sums to integrated gradients, to 1e-4",
            "our own check; Dhamdhere et al. 2019",
            own.apart <= 1e-4,
            own.apart,
            "the worst layer of the worst text",
        )


def _concepts(results: Results) -> Iterator[Claim]:
    for name, one in _classifiers(results).items():
        rows = one.concepts.rows
        first = rows[0].concept
        own = [row for row in rows if row.concept == first]
        strong = [row for row in own if row.holm < 0.05 and row.z > 0]
        best = max(own, key=lambda row: row.z if row.z == row.z else -1e9)
        yield Claim(
            f"{name}: {first} speak for the label {one.concepts.label!r}, significantly (Holm, 5 %)",
            TUTORIAL,
            bool(strong),
            best.score,
            f"at {len(strong)} of {len(own)} layers; clearest at {best.site}: p {best.p:.3f}",
        )
        control = [row for row in rows if "control" in row.concept]
        false = [row.site for row in control if row.holm < 0.05]
        yield Claim(
            f"{name}: neutral words are not found significant",
            "Kim et al. 2018",
            not false,
            min(row.p for row in control),
            f"significant at {', '.join(false)}" if false else "the smallest p of all layers, before correction",
        )
        last = own[-1].accuracy
        yield Claim(
            f"{name}: {first} can be told from other words at the last layer (accuracy 0.8 or more)",
            "Kim et al. 2018: a vector means something only if its classifier works",
            last >= 0.8,
            last,
            own[-1].site,
        )


def _spans(results: Results) -> Iterator[Claim]:
    layers = results.spans.explained.layers if results.spans else {}
    if any(len(rows) < 2 for rows in layers.values()):
        return
    for role, rows in layers.items():
        first, last = rows[0], rows[-1]
        yield Claim(
            f"the predicted {role} gains attribution towards the last layer",
            f"{SQUAD}: 'to' and 'kinds', most in the last layers",
            last.share > first.share,
            last.share - first.share,
            f"part of the token scores: {first.share:.2f} at {first.site}, {last.share:.2f} at {last.site}",
        )
        positive = [row.site for row in rows if row.sum > 0]
        if role == "end":
            yield Claim(
                "the predicted end has positive attribution across all layers",
                f"{SQUAD}: 'kinds'",
                len(positive) == len(rows),
                len(positive) / len(rows),
                f"the mean is positive at {len(positive)} of {len(rows)} layers",
            )
        spread = [row.third - row.first for row in rows]
        if role == "start":
            yield Claim(
                "the quartiles of the start token's attributions close in from the first layer to the last",
                SQUAD,
                spread[-1] < spread[0],
                spread[-1] / max(spread[0], 1e-30),
                "interquartile range at the last layer over that at the first",
            )
        yield Claim(
            f"the attributions of the predicted {role} are concentrated on fewer units at the last layer",
            "our own check, which the tutorial's figures of entropy ask for",
            last.spread < first.spread,
            last.spread - first.spread,
            f"bits of |a| / sum |a|: {first.spread:.2f} to {last.spread:.2f}; units that take part: "
            f"{first.participation:.0f} to {last.participation:.0f}",
        )
        yield Claim(
            f"in bins that all layers share, the entropy of the {role}'s attributions rises to the last layer",
            "our own check, which the tutorial's figures of entropy ask for, whose bins differ from layer to layer",
            last.entropy > first.entropy,
            last.entropy - first.entropy,
            f"bits: {first.entropy:.2f} to {last.entropy:.2f}; in bins of each layer's own "
            f"{first.own_bins:.2f} to {last.own_bins:.2f}",
        )
