"""What the tutorial shows, each asked again: true or false as it came out."""

from collections.abc import Iterator

from jaxneuron.report.text import number, percent
from jaxneuron.studies._study import Claim
from jaxneuron.studies.cases.results import Case, Pushed, Results

TUTORIAL = "Sajjad, Durrani, Dalvi 2021, tutorial"
SOURCES = {
    "comma": f"{TUTORIAL}: comma neuron",
    "article": f"{TUTORIAL}: article neuron; German article, #590 of an LSTM",
    "verb": f"{TUTORIAL}: English verb, #1902 of an LSTM",
    "inside quotation marks": f"{TUTORIAL}: quotes neuron (Karpathy et al. 2015)",
    "inside parentheses": f"{TUTORIAL}: salient neurons learn parentheses",
    "parenthesis": f"{TUTORIAL}: salient neurons learn parentheses",
    "conjunction": f"{TUTORIAL}: salient neurons learn conjunction",
    "full stop": f"{TUTORIAL}: salient neurons learn punctuation",
    "law": f"{TUTORIAL}: unit 108: legal, law, legislative",
    "should, would, not": f"{TUTORIAL}: unit 711: should, would, not, can",
    "beginning": f"{TUTORIAL}: position neuron",
    "end": f"{TUTORIAL}: position neuron",
    "number": f"{TUTORIAL}: or a year neuron?",
}

CLEAR = 0.9
"""The area under the ROC curve from which a unit is said to be the neuron of a case."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim, with the figure that decides it."""
    for case in results.cases:
        yield _case(case)
    for row in results.turned:
        yield _turned(row)
    dead, units = sum(shape.dead for shape in results.shapes), sum(shape.units for shape in results.shapes)
    yield Claim(
        "no unit is dead over this text",
        f"{TUTORIAL}: in case of ReLU, ignore the dead neurons",
        dead == 0,
        dead,
        f"of {units:,} units",
    )


def clear(case: Case) -> bool | None:
    """Tell whether a unit is the neuron of its case; None: there were too few words."""
    if case.auroc is None or case.low is None or case.control_high is None:
        return None
    return case.auroc >= CLEAR and case.low > case.control_high


def turns(row: Pushed) -> bool:
    """Tell whether a word does to a unit of sentiment what it should, and more than one that should do nothing."""
    return row.low > max(0.5 if row.kind == "flipped" else 0.0, row.neutral)


def _case(case: Case) -> Claim:
    held = clear(case)
    note = f"only {case.words} of the words that units are asked on are of this case"
    if held is not None:
        note = f"{case.site}, unit {case.unit}, {case.sign}; {number(case.low)} to {number(case.high)}"
        note += f"; the best unit for shifted labels {number(case.control)}"
    return Claim(
        f"one unit tells “{case.name}” (area under the ROC curve at least {CLEAR:g}, above every control)",
        SOURCES.get(case.name, "a list of one's own"),
        held,
        case.auroc,
        note,
    )


def _turned(row: Pushed) -> Claim:
    flips = row.kind == "flipped"
    shown = percent if flips else number
    return Claim(
        "“not” flips a unit of sentiment in more than half of the phrases"
        if flips
        else "“very” intensifies a unit of sentiment",
        f"{TUTORIAL}: {'some neurons are flipped (“not”)' if flips else 'intensifying neuron (“a lot”, “so much”)'}",
        turns(row),
        row.effect,
        f"{row.site}, unit {row.unit}; {shown(row.low)} to {shown(row.high)}; “also”: {shown(row.neutral)}; "
        f"random units: {shown(row.random)}",
    )
