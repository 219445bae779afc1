"""Which units or directions carry a variable: pairs of texts of which one lends its activations to the other."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _options
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed, existing, number, share, whole
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted, notice
from jaxneuron.cli._signature import Method

WIDEST = 8
"""Units that a sentence names of what was learnt."""


class Pairs(NamedTuple):
    """Where the pairs are."""

    data: Annotated[
        Path,
        typer.Option(
            help="Pairs: JSON lines with base, source, expected (what must come next once the base has the source's "
            "activations) and instead; or BLiMP's file, whose sentences differ in the number of a verb."
        ),
    ]
    most: Annotated[int, typer.Option(min=2, help="Pairs that are read at most.")] = 1000
    all: Annotated[
        bool,
        typer.Option("--all", help="Pairs, too, of which the model does not prefer the right answer of both texts."),
    ] = False

    def check(self) -> None:
        """Check that the file is there.

        Raises:
            FileNotFoundError: it is not.
        """
        if not existing("--data", self.data, "a file of pairs, .jsonl or .jsonl.gz").is_file():
            raise FileNotFoundError(f"--data {self.data}: expected a file of pairs, .jsonl or .jsonl.gz, got a folder")


class Given(NamedTuple):
    """Units of a model, and pairs of texts."""

    model: _inputs.Model
    site: _inputs.Site
    pairs: Pairs
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
    pairs: Pairs
    dimensions: Annotated[int, number(whole(1), "Directions that are interchanged together.")] = 1
    steps: Annotated[int, number(whole(1), "Steps of gradient descent.")] = 400
    rate: Annotated[float, number(_options.rate, "How far a step goes at the beginning.")] = 0.02
    held_out: Annotated[float, number(share, "Share of the pairs that are measured, not learnt from.")] = 0.3
    random: Annotated[int, number(whole(1, 1000), "Sets of directions at random.")] = 20
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Opened(NamedTuple):
    """A model, and pairs as it reads them."""

    model: Any
    pairs: Any  # `intervene.interchange.Counterfactuals`
    units: int  # of the site
    told: str  # what to say of them


def interchange(method: Method, told: Told, given: Given) -> None:
    """Give units the values of another text, and count how often the answer follows."""
    asked = None if given.units is None else _inputs.numbers(given.units)
    opened = _open(given.model, given.site, given.pairs, given)
    import numpy as np

    from jaxneuron.intervene import Answered
    from jaxneuron.intervene.interchange import Preference, accuracy

    every = np.ones((1, opened.units), bool)
    if asked is None:
        names, masks = [str(unit) for unit in range(opened.units)], np.eye(opened.units, dtype=bool)
    else:
        _inputs.units_there(opened.model, given.site, asked)
        others = np.random.default_rng(given.seed).permutation(opened.units)[: len(asked)]
        names = [str(given.units), f"{len(asked)} at random"]
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
        f"{'Of single units, ' if asked is None else ''}{'unit ' if asked is None else 'units '}{best[0]} "
        f"{'do' if asked else 'does'} most: {best[1]:.1%} ({best[2]:.1%} to {best[3]:.1%}).",
    ]
    title = f"Which units of {given.site} carry what the sources differ in?"
    given.shown.give(Answer(title, said, ("units", "follows", "low", "high"), rows, note=_NOTE))


def das(method: Method, told: Told, given: Learnt) -> None:
    """Learn directions whose interchange makes the answer follow, and count how often it does."""
    opened = _open(given.model, given.site, given.pairs, given)
    import jax
    import numpy as np

    from jaxneuron.intervene import das as learning

    if given.dimensions > opened.units:
        raise ValueError(f"--dimensions {given.dimensions}: {given.site!r} has {opened.units} units; give fewer")
    total = len(opened.pairs.answers)
    held = round(given.held_out * total)
    if not 1 <= held < total:
        raise ValueError(f"--held-out {given.held_out}: of {total} pairs, {held} are held out; leave some on each side")
    order = np.random.default_rng(given.seed).permutation(total)
    halves = (order[:held], order[held:])
    other, fit = (jax.tree.map(lambda leaf, here=here: leaf[here], opened.pairs) for here in halves)
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
            places=np.array([-1, -1]),
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
        f"{total - held} pairs, the answer follows the source in {rows[0][1]:.1%} of {held} others (95 %: "
        f"{rows[0][2]:.1%} to {rows[0][3]:.1%}); as it is, in {rows[-1][1]:.1%}, and with all units in "
        f"{rows[1][1]:.1%}.",
        f"Along as many at random it follows in {mean:.1%} on average and {rows[2][1]:.1%} at most ({given.random} "
        f"sets); what is learnt in the same model with shuffled weights does so in {rows[4][1]:.1%}, "
        f"where {rows[5][1]:.1%} follow it as they are.",
        f"The units that have most of it: {units}.",
    ]
    title = f"Along which directions of {given.site} lies what the sources differ in?"
    given.shown.give(Answer(title, said, ("directions", "follows", "low", "high"), rows, note=_NOTE))


_NOTE = (
    "follows: the share of pairs in which the expected output is preferred to the other one, once the last word before "
    "it has the source's activation; low, high: of an interval that holds 95 %."
)


def _followed(method: Method, told: Told, given: Given, opened: Opened, masks: Any, answered: Any, reads: Any) -> Any:
    import numpy as np

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
        return call(method, "intervene", known, told, site=given.site, places=np.array([-1, -1]), progress=progress)


def _open(model: str, site: str, pairs: Pairs, given: Any) -> Opened:
    """Return the model, and the pairs whose answers differ in the first symbol that comes next.

    Raises:
        KeyError, ValueError, FileNotFoundError: no such model, site or pairs; a model that has no next word.
    """
    from jaxneuron.cli import _model

    _model.check(model)
    pairs.check()
    given.shown.check()
    from jaxneuron.corpora import counterfactuals

    rows = counterfactuals.read(pairs.data, seed=given.seed)
    opened = _inputs.load(model, given.head, given.dictionary)
    units = _inputs.shape(opened, site).shape[-1]
    if opened.head != "next word":
        raise ValueError(
            f"{_inputs.short(model)} says nothing about the next word, and that is what pairs are about; give a model "
            "that does, or call jaxneuron.intervene.interchange from Python"
        )
    import numpy as np

    chosen = np.sort(np.random.default_rng(given.seed).permutation(len(rows))[: pairs.most])
    found, apart = _read(opened, [rows[i] for i in chosen.tolist()])
    found = found if pairs.all else _right(opened, found)
    kept, why = (
        len(found.answers),
        "" if pairs.all else f", or the model does not prefer what is right ({apart} differ)",
    )
    if kept < len(chosen):
        notice(
            f"of {len(chosen)} pairs, {len(chosen) - kept} are left out: their answers do not differ in the first "
            f"{opened.symbol}{why}"
        )
    return Opened(opened, found, units, counted(kept, "pair"))


def _right(model: Any, pairs: Any) -> Any:
    """Return the pairs of which the model prefers the right answer of both texts, as they are.

    Raises:
        ValueError: none is left.
    """
    import jax
    import numpy as np

    from jaxneuron import batching
    from jaxneuron.intervene.interchange import Preference

    read = Preference()

    def preferred(params: Any, tokens: Any, answers: Any) -> Any:
        found = model.forward(params, tokens, {})
        return read.compare(found, found, tokens, answers)

    run = jax.jit(preferred)
    sides = ((pairs.tokens, pairs.answers[:, ::-1]), (pairs.source, pairs.answers))
    right = [
        np.asarray(batching.map_chunks(lambda *rows: run(model.params, *rows), *side, chunk=64)) > 0 for side in sides
    ]
    keep = right[0] & right[1]
    if not keep.any():
        raise ValueError(
            f"of {len(keep)} pairs, the model prefers the right answer of both texts in none, so it has no variable to "
            "interchange; give others, or --all"
        )
    return jax.tree.map(lambda leaf: leaf[keep], pairs)


def _read(model: Any, rows: list[Any]) -> tuple[Any, int]:
    """Return pairs as a model reads them, and how many: those whose answers differ right after the text.

    Raises:
        ValueError: none do.
    """
    import jax
    import numpy as np

    from jaxneuron.intervene.interchange import Counterfactuals

    def texts(written: list[str]) -> Any:
        return _inputs.beginnings(model, [one.split() for one in written]).tokens

    base, source = texts([row.base for row in rows]), texts([row.source for row in rows])
    answers = []
    for name in ("expected", "instead"):
        whole_text = texts([f"{row.base} {getattr(row, name)}" for row in rows])
        ids, mask = np.asarray(whole_text.ids), np.asarray(whole_text.mask)
        length = np.asarray(base.mask).sum(axis=1)
        long = mask.sum(axis=1) > length
        answers.append(np.where(long, ids[np.arange(len(rows)), np.minimum(length, ids.shape[1] - 1)], -1))
    both = np.stack(answers, axis=1)
    keep = (both >= 0).all(axis=1) & (both[:, 0] != both[:, 1])
    if not keep.any():
        raise ValueError(
            f"of {len(rows)} pairs, the answers of none differ in the first {model.symbol} after the text; give others"
        )
    host = Counterfactuals(base, source, both.astype(np.int32))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[keep], host), int(keep.sum())
