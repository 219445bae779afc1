"""`jaxneuron evaluate attribution MEASURE`: is what an attribution says of a text any good?"""

import importlib
import inspect
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _measured, _question, _signature
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed, unknown
from jaxneuron.cli._question import Told
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

VERBS = {"axioms": "dummy"}
"""The function of each measure that is not called as its module is."""

REFUSED = {
    "roar": "it trains models again on labelled rows without their features, so it takes rows, labels and the "
    "attributions of several methods (jaxneuron.evaluate.attribution.roar); `erasure` removes features without training"
}
"""Measures that are not of a model and a text, and what would do."""

READ = {
    "agreement": "1: tokens are ordered as by leaving each out; top: the share of the top ones in common.",
    "axioms": "violation: the largest share of what cannot matter, as it is behind the text; premise: by how much the "
    "score changes there, 0 if it cannot.",
    "completeness": "error: by how much the shares miss what the score gains over the baseline; 0 is good.",
    "curves": "Areas under the score as tokens go, or come back, from the highest share down: a low deletion and a "
    "high insertion are good, beside random orders.",
    "erasure": "comprehensiveness: what the score loses without the top tokens, high is good; sufficiency: what it "
    "loses with nothing else, low is good; random: without, or with only, tokens at random.",
    "infidelity": "The squared error in saying what it does to the score to put a random half of the features at the "
    "baseline; 0 is good.",
    "randomisation": "How like the original the shares still are when weights are mixed up, from the output down; what "
    "stays near 1 has not read the weights.",
    "sensitivity": "By how much the shares change, relatively, when the input hardly moves; 0 is good.",
}
"""How to read each measure."""


class Given(NamedTuple):
    """Texts, a target, and the method that says what drove it."""

    model: _inputs.Model
    method: Annotated[str, typer.Option(help="The method of jaxneuron.attribute that is measured.")]
    text: _asked.Text = _asked.Text(most=20)
    target: _inputs.Target = None
    position: _inputs.Position = -1
    site: _inputs.At = None
    baseline: _inputs.Baseline = "zero"
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def evaluate(method: Method, told: Told, given: Given) -> None:
    """Measure an attribution of each text, beside what it is compared with."""
    _question.check(method, _measured.MADE)
    known = _signature.names("jaxneuron.attribute")
    if given.method not in known:
        raise ValueError(f"--method: {unknown(given.method, known)}")
    explainer = _signature.read("jaxneuron.attribute", given.method, "attribute")
    if "through" in explainer.takes:
        raise ValueError(
            f"--method {given.method} follows a path through another site, and the measures ask about the features of "
            "one; give integrated_gradients, or another method without a path"
        )
    given.text.check(given.model)
    given.shown.check()
    import jax

    from jaxneuron.cli import _explained
    from jaxneuron.cli._explaining import Explain

    read, opened = _explained.begin(given)
    attribute = importlib.import_module(explainer.module).attribute
    verb = VERBS.get(method.name, method.name)
    parameters = inspect.signature(getattr(importlib.import_module(method.module), verb)).parameters
    radius = told.get("radius", parameters["radius"].default if "radius" in parameters else 0.0)
    rows: list[Any] = []
    columns: tuple[str, ...] = ()
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} of {given.method}")
        padded = not _plays(attribute) and _explained.blind(opened, read.sentences[0])
        for number, sentence in enumerate(read.sentences):
            found = _explained.explain(opened, sentence, given.site, given.target, given.position, padded=padded)
            reference, key = found.baseline(given.baseline), jax.random.key(given.seed)
            explain = Explain(attribute, _kind(explainer), found.f, reference, found.mask(), key)
            measured = _measured.Measured(opened, found, explain, method.takes, "perturb" in parameters)
            try:
                takes = {name: getattr(measured, name) for name in method.takes}
                result = _question.call(method, verb, takes, told, **measured.options(radius))
            except jax.errors.JAXTypeError as error:
                raise ValueError(
                    f"--method {given.method} cannot be followed by JAX as its input changes, which {method.name} asks "
                    "for; give a method that is made of gradients, such as integrated_gradients"
                ) from error
            rows += [(number, " ".join(sentence), *one) for one in _measured.rows(result)]
            columns = _measured.columns(result, method.name)
            progress(number + 1, len(read.sentences))
    columns = ("text", "words", *columns)
    said = [_said(method.name, given.method, len(read.sentences), columns, rows)]
    title = f"{_signature.question(method)} {given.method} of {_inputs.short(given.model)}"
    given.shown.give(Answer(title, said, columns, rows, note=READ.get(method.name, "")))


def _plays(attribute: Any) -> bool:
    """Tell whether a method plays with tokens: it would have more players in a longer row."""
    return bool({"groups", "mask"} & set(inspect.signature(attribute).parameters))


def _kind(explainer: Method) -> str:
    """Return what a method's shares are of, see `_explaining.Explain`."""
    if {"baseline", "baselines"} & set(explainer.takes):
        return "difference"
    return "input" if explainer.name in _measured.TIMES_INPUT else "gradient"


def _said(measure: str, method: str, texts: int, columns: tuple[str, ...], rows: list[Any]) -> str:
    """Return the mean of each number, but of the model as it is where it is mixed up."""
    import numpy as np

    means = []
    for place, name in enumerate(columns):
        values = [row[place] for row in rows if _measured.NOTHING not in row]
        if place > 1 and all(isinstance(value, float) for value in values) and not np.isnan(values).all():
            means.append(f"{name} {np.nanmean(values):.4g}")
    return f"{method}, mean over {texts} texts: {', '.join(means)}. {READ.get(measure, '')}".strip()
