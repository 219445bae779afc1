"""Which units or directions carry a variable: pairs of texts of which one lends its activations to the other."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _options, _paired
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed, number, share, whole
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted, notice
from jaxneuron.cli._signature import Method

WIDEST = 8
"""Units that a sentence names of what was learnt."""


class Given(NamedTuple):
    """Units of a model, and pairs of texts."""

    model: _inputs.Model
    site: _inputs.Site
    pairs: _paired.Pairs
    units: Annotated[
        str | None, typer.Option(help="Unit numbers, such as 3,5 or 0-9, together; by default each alone.")
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Learnt(NamedTuple):
    """Pairs of texts, and how directions are learnt."""

    model: _inputs.Model
    site: _inputs.Site
    pairs: _paired.Pairs
    dimensions: Annotated[int, number(whole(1), "Directions that are interchanged together.")] = 1
    steps: Annotated[int, number(whole(1), "Steps of gradient descent.")] = 400
    rate: Annotated[float, number(_options.rate, "How far a step goes at the beginning.")] = 0.02
    held_out: Annotated[float, number(share, "About which share of the pairs is measured, not learnt from.")] = 0.3
    shared_words: Annotated[
        bool,
        typer.Option(
            "--shared-words",
            help="Hold pairs out whose words may be learnt from; by default their words are held out too.",
        ),
    ] = False
    random: Annotated[int, number(whole(1, 1000), "Sets of directions at random.")] = 20
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def interchange(method: Method, told: Told, given: Given) -> None:
    """Give units the values of another text, and count how often the answer follows."""
    asked = None if given.units is None else _inputs.numbers(given.units)
    opened = _paired.opened(given.model, given.site, given.pairs, given)
    import numpy as np

    from jaxneuron.intervene import Answered
    from jaxneuron.intervene.interchange import Preference, accuracy

    every = np.ones((1, opened.units), bool)
    if asked is None:
        names, masks = [str(unit) for unit in range(opened.units)], np.eye(opened.units, dtype=bool)
    else:
        _inputs.units_there(opened.model, given.site, asked)
        others = np.setdiff1d(np.random.default_rng(given.seed).permutation(opened.units), asked, assume_unique=True)
        others = others[: len(asked)]
        names = [str(given.units), f"{len(others)} others at random"]
        masks = np.stack([np.isin(np.arange(opened.units), some) for some in (asked, others)])
    found = _followed(method, told, given, opened, np.concatenate([masks, every]), Answered, Preference)
    rates, before = accuracy(found.edited), accuracy(found.unedited)
    rows = [(name, *(float(leaf[i]) for leaf in rates[:3])) for i, name in enumerate([*names, f"all {opened.units}"])]
    order = np.argsort(-rates.share[:-1], kind="stable") if asked is None else range(len(names))
    best = rows[int(np.argmax(rates.share[:-1]))]
    rows = [*(rows[i] for i in order), rows[-1]]
    rows = [rows[-1], *rows[:-1], ("none", *(float(leaf) for leaf in before[:3]))]
    said = [
        f"The answer follows the source in {rows[0][1]:.1%} of {opened.told} if all {opened.units} units of "
        f"{given.site} are interchanged, and in {rows[-1][1]:.1%} as it is.",
        f"Of single units, unit {best[0]} does most: {best[1]:.1%} ({best[2]:.1%} to {best[3]:.1%})."
        if asked is None
        else f"With units {rows[1][0]} alone it follows in {rows[1][1]:.1%} ({rows[1][2]:.1%} to {rows[1][3]:.1%}), "
        f"with {rows[2][0]} in {rows[2][1]:.1%}.",
    ]
    title = f"Which units of {given.site} carry what the sources differ in?"
    given.shown.give(Answer(title, said, ("units", "follows", "low", "high"), rows, note=_note(opened)))


def das(method: Method, told: Told, given: Learnt) -> None:
    """Learn directions whose interchange makes the answer follow, and count how often it does."""
    opened = _paired.opened(given.model, given.site, given.pairs, given)
    import jax
    import numpy as np

    from jaxneuron.intervene import das as learning

    if given.dimensions > opened.units:
        raise ValueError(f"--dimensions {given.dimensions}: {given.site!r} has {opened.units} units; give fewer")
    fitted, held = _sides(opened, given)
    fit, other = (jax.tree.map(lambda leaf, here=here: leaf[here], opened.pairs) for here in (fitted, held))
    settings = learning.Settings(dimensions=given.dimensions, steps=given.steps, rate=given.rate)
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {given.site}")
        found = learning.controlled(
            jax.random.key(given.seed),
            opened.model.forward,
            opened.model.params,
            fit,
            other,
            site=given.site,
            random=given.random,
            settings=settings,
        )
        progress(1, 1)
    best = int(found.random.share.argmax())
    mean = float(found.random.share.mean())
    sets = {
        "learnt": found.learnt,
        "all units": found.all_units,
        "untrained model": found.untrained,
        "none, untrained model": found.untrained_unedited,
        "none": found.unedited,
    }
    rows: list[Any] = [(name, *(float(leaf) for leaf in one[:3])) for name, one in sets.items()]
    rows.insert(2, ("random, best", *(float(leaf[best]) for leaf in found.random[:3])))
    rows.insert(3, ("random, mean", mean, None, None))
    weight = np.sqrt(np.square(found.aligned.directions).sum(axis=0))
    named = np.argsort(-weight)[:WIDEST]
    units = ", ".join(f"{unit} ({weight[unit]:.2f})" for unit in named.tolist())
    said = [
        f"Along {counted(given.dimensions, 'direction')} that {'was' if given.dimensions == 1 else 'were'} learnt on "
        f"{int(fitted.sum())} pairs, the answer follows the source in {rows[0][1]:.1%} of {int(held.sum())} others "
        f"{'' if given.shared_words else 'with other words '}(95 %: {rows[0][2]:.1%} to {rows[0][3]:.1%}); as it is, "
        f"in {rows[-1][1]:.1%}, and with all units in {rows[1][1]:.1%}.",
        f"Along as many at random it follows in {mean:.1%} on average and {rows[2][1]:.1%} at most ({given.random} "
        f"sets); what is learnt in the same model with shuffled weights does so in {rows[4][1]:.1%}, "
        f"where {rows[5][1]:.1%} follow it as they are.",
        f"The units that have most of it: {units}.",
    ]
    title = f"Along which directions of {given.site} lies what the sources differ in?"
    given.shown.give(Answer(title, said, ("directions", "follows", "low", "high"), rows, note=_note(opened)))


def _sides(opened: _paired.Opened, given: Learnt) -> tuple[Any, Any]:
    """Return which pairs directions are learnt on, and which are held out.

    Raises:
        ValueError: there is none on one of the sides.
    """
    import numpy as np

    from jaxneuron.corpora import counterfactuals

    total = len(opened.words)
    if not 1 <= (count := round(given.held_out * total)) < total:
        raise ValueError(
            f"--held-out {given.held_out}: of {total} pairs, {count} are held out; leave some on each side"
        )
    if given.shared_words:
        held = np.isin(np.arange(total), np.random.default_rng(given.seed).permutation(total)[:count])
        return ~held, held
    try:
        fitted, held = counterfactuals.halves(opened.words, given.held_out, seed=given.seed)
    except ValueError as error:
        raise ValueError(f"{error}; or hold out pairs whose words may be learnt from: --shared-words") from error
    if mixed := total - int((fitted | held).sum()):
        notice(f"{mixed:,} of {total:,} pairs are on neither side, as they share words with both")
    return fitted, held


def _note(opened: _paired.Opened) -> str:
    return (
        "follows: the share of pairs in which the expected output is preferred to the other one, once "
        f"{opened.place} has the activation of {opened.place} of the source; low, high: of an interval that holds 95 %."
    )


def _followed(
    method: Method, told: Told, given: Given, opened: _paired.Opened, masks: Any, answered: Any, reads: Any
) -> Any:
    pairs = opened.pairs
    known = {
        "forward": opened.model.forward,
        "params": opened.model.params,
        "tokens": pairs.tokens,
        "source": pairs.source,
        "target": answered(reads(), pairs.answers),
        "masks": masks,
    }
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {given.site}")
        return call(method, "intervene", known, told, site=given.site, places=pairs.places, progress=progress)
