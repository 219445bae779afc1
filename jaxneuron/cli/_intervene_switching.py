"""Units that are turned to the side of the other value, such as the plural: how many preferred forms of a verb flip?"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._chosen import Chosen
from jaxneuron.cli._options import Seed, existing, number, one_of
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """Units of a model, and the pairs of forms that it chooses between."""

    model: _inputs.Model
    chosen: Chosen
    of: Annotated[str, number(one_of("number", "tense"), "What verbs agree in: number or tense.")] = "number"
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="BLiMP's pairs about a verb's number, .jsonl, perhaps with .gz, or a folder of them; by default pairs "
            "of common English words, or if it does not know these of those that `study switch` trains models on."
        ),
    ] = None
    most: Annotated[int, typer.Option(min=4, help="Pairs at most, half of which give the means of the units.")] = 400
    text: _inputs.Texts = None
    data: _inputs.Data = None
    split: _inputs.Split = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Turn sets of units at the place before a verb, beside as many others at random, on held-out pairs."""
    given.chosen.check()
    _inputs.check(given.model, given.text, given.data, given.split, needed=False)
    if given.pairs is not None:
        if given.of != "number":
            raise ValueError(f"--of {given.of}: --pairs are about number; leave one of them out")
        existing("--pairs", given.pairs, "a .jsonl file of minimal pairs, or a folder of them")
    given.shown.check()
    import numpy as np

    from jaxneuron.corpora import minimal_pairs
    from jaxneuron.extract import forms
    from jaxneuron.intervene import Answered, switch
    from jaxneuron.intervene.switch import Likelihood, Sides

    opened, site = _inputs.load(given.model, given.head, given.dictionary), given.chosen.site
    if opened.head != "next word":
        raise ValueError(f"the model does not predict the next word (its head: {opened.head}), so it prefers no form")
    sets = given.chosen.sets(opened)
    if given.pairs is None:
        found = _embedded(opened, given)
    else:
        found = minimal_pairs.some(minimal_pairs.read(given.pairs), given.most, given.seed)
    sides = [forms.read(opened, [one for one in found if one.held_out == held_out]) for held_out in (False, True)]
    finding, tested = sides
    model = opened.forward, opened.params
    first = type(finding.tokens)(*(leaf[::2] for leaf in finding.tokens))
    means = switch.means(*model, first, finding.own[::2], finding.where[::2], site=site)
    draw, masks = np.random.default_rng(given.seed), []
    for units in sets.masks:
        others = draw.permutation(np.flatnonzero(~units))[: units.sum()]
        masks += [units, np.isin(np.arange(len(units)), others)]
    masks = np.stack(masks)
    known: dict[str, Any] = dict(zip(("forward", "params"), model, strict=True), masks=masks)
    known |= {"tokens": tested.tokens, "target": Answered(Likelihood(), tested.answers)}
    known |= {"sides": Sides(means, tested.own, tested.where)}
    with bars(given.shown.json) as report:
        effect = call(method, "intervene", known, told, site=site, progress=report(f"turn units of {site}"))
    flips = switch.flips(effect)
    costs = _costs(method, told, given, opened, known, means)
    rows = [
        (
            name,
            int(masks[2 * place].sum()),
            float(flips.share[2 * place]),
            float(flips.share[2 * place + 1]),
            *(float(cost) for cost in costs[2 * place : 2 * place + 1]),
        )
        for place, name in enumerate(sets.names)
    ]
    right, best = int((flips.before > 0).sum()), max(rows, key=lambda row: row[2])
    said = [
        f"Of {counted(len(flips.before), 'held-out pair')} the model prefers the right form in {right:,}; with "
        f"{best[0]} turned the other one in {best[2]:.0%} of these, with as many others in {best[3]:.0%}.",
        f"{len(found) - len(finding.kept) - len(tested.kept):,} of {len(found):,} pairs were left out, as the model "
        "does not know their words or the two forms cannot be told apart.",
    ]
    columns = ("units", "count", "flipped", "others flipped", *(("perplexity rises by",) if len(costs) else ()))
    note = (
        "flipped: the share of the pairs whose right form was preferred, in which the other form is preferred once "
        "the units are turned at the place before the verb; others: as many at random. The means of the units come "
        "of other pairs."
    )
    given.shown.give(Answer(f"Does {given.of} turn with units of {site}?", said, columns, rows, note=note))


def _embedded(model: Any, given: Given) -> Any:
    """Return the pairs of the first embedded lexicon of which the model reads some, held out and not.

    Raises:
        ValueError: it reads none of any.
    """
    from jaxneuron.corpora import agreement
    from jaxneuron.extract import forms

    for lexicon in (agreement.COMMON, agreement.TOPICS):
        found = agreement.pairs(given.seed, lexicon, given.of, given.most)
        if len({found[number].held_out for number in forms.readable(model, found)}) == 2:
            return found
    one = agreement.pairs(given.seed, agreement.COMMON, given.of, 1)[0]
    give = (
        'give --pairs, a .jsonl file of lines such as {"UID": "regular_plural_subject_verb_agreement_1", '
        '"sentence_good": "The girls are here .", "sentence_bad": "The girls is here ."} in words that it knows; those '
        'with the UID "distractor_agreement_relational_noun" are held out'
    )
    raise ValueError(
        f"the model does not know the words of our pairs of {given.of}, such as {' '.join(one.before)!r} before "
        f"{' or '.join(map(repr, one.forms))}; {give if given.of == 'number' else 'give a model that does'}"
    )


def _costs(method: Method, told: Told, given: Given, model: Any, known: dict[str, Any], means: Any) -> Any:
    """Return the rise of the perplexity of a text, if one is given, with units turned at each word, for both sides."""
    import numpy as np

    from jaxneuron.intervene import switch
    from jaxneuron.intervene.switch import Likelihood, Sides

    if not given.text and given.data is None:
        return []
    read = _inputs.read(given.text, given.data, given.split, 200)
    tokens = _inputs.beginnings(model, read.sentences).tokens
    costs = []
    for value in (0, 1):
        sides = Sides(means, np.full(len(tokens.ids), value))
        text = known | {"tokens": tokens, "target": Likelihood(), "sides": sides}
        costs.append(switch.rise(call(method, "intervene", text, told, site=given.chosen.site)))
    return np.mean(costs, axis=0)
