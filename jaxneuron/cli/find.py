"""`jaxneuron find METHOD`: which n-grams make units fire."""

import functools
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _grams, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Length, Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method
from jaxneuron.cli._sought import Sought


class Given(NamedTuple):
    """Units of a model, and the text whose words the n-grams are made of."""

    model: _inputs.Model
    site: _inputs.Site
    units: _inputs.Units
    text: _asked.Text = _asked.Text(most=500)
    length: Length = 3
    k: Annotated[int, typer.Option(min=1, help="N-grams of each unit.")] = 3
    in_sentence: Annotated[
        bool, typer.Option("--in-sentence", help="Of corpus: read each n-gram behind what precedes it in its text.")
    ] = False
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    sought: Sought = Sought()
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def find(method: Method, told: Told, given: Given) -> None:
    """Find the n-grams at whose last symbol some units are highest."""
    model, site, length, k = given.model, given.site, given.length, given.k
    asked = _inputs.numbers(given.units)
    if given.in_sentence and method.name != "corpus":
        raise ValueError(
            f"--in-sentence is for corpus, which takes n-grams from the text; {method.name} makes its own: leave it out"
        )
    sought = given.sought
    sought.check(length, given.in_sentence)
    given.text.check(model)
    given.shown.check()
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.evaluate.standing import standing
    from jaxneuron.extract import framing
    from jaxneuron.lowering import lower
    from jaxneuron.targets import Unit

    read = given.text.read()
    opened = _inputs.load(model, given.head, given.dictionary)
    width = _inputs.units_there(opened, site, asked)
    special = framing.around(opened, read.sentences[0])
    before, after = framing.around(opened, read.sentences[0], sought.around)
    corpus, candidates = _grams.of_text(opened, read.sentences, length, *map(len, special))
    words = len(opened.vocabulary.words)
    forward = framing.Templated(opened.forward, before, after, words) if before or after else opened.forward
    positions = sought.positions(site, length, len(after))
    found_in: Any = Unit(site, jnp.asarray(asked, jnp.int32))
    if site in opened.linear:
        found_in = lower(forward, opened.params, found_in, opened.linear[site])
    framed = isinstance(forward, framing.Templated) and not given.in_sentence
    whole = forward.read if framed else lambda target: target
    targets = sought.target(found_in, positions, whole)
    grams = framing.distinct(corpus, length, in_sentence=given.in_sentence)
    if given.in_sentence and (before or after):  # behind texts of many lengths stand the same tokens
        grams, forward = framing.within(grams, before, after), opened.forward
        candidates[[*before, *after]] = True
    if k > len(grams.ids) or not len(grams.ids):
        raise ValueError(f"k is {k}, but the text has {len(grams.ids)} n-grams of {length} symbols; give more text")
    unknown = _inputs.unknown(opened, read.sentences)
    key, other = jax.random.split(jax.random.key(given.seed))
    known = {"key": key, "forward": forward, "params": opened.params, "targets": targets}
    known |= {"ngrams": grams, "candidates": candidates}
    compare = functools.partial(standing, forward, opened.params, ngrams=grams)
    chance: Any = None
    with bars(given.shown.json) as report:
        found = call(method, "find", known, told, k=k, progress=report(f"{site}: {method.name}"))
        stands = compare(targets, found.score)
        if sought.random:
            where = found_in.site
            width_there = _inputs.shape(opened, where).shape[-1]
            others = sought.target(sought.directions(other, where, width_there), positions, whole)
            known |= {"targets": others}
            drawn = call(method, "find", known, told, progress=report(f"random directions: {method.name}"))
            chance = float(np.median(compare(others, drawn.score[:, 0]).excess))
    rows: list[Any] = []
    said = []
    sign, most = (-1.0, "lowest") if sought.minimise else (1.0, "highest")
    names = _names(opened, site, width, given.text.data, given.text.split)
    for number, unit in enumerate(asked):
        for rank in np.flatnonzero(np.isfinite(np.asarray(found.score[number]))):
            ids = np.asarray(found.tokens.ids)[number, rank][np.asarray(found.tokens.mask)[number, rank]].tolist()
            if given.in_sentence:
                ids = ids[len(before) : len(ids) - len(after)]
            shown, score = _grams.written(opened, ids[-length:]), sign * float(found.score[number, rank])
            name = [names[unit]] if names else []
            context = [_grams.written(opened, ids)] if given.in_sentence else []
            beside = [
                *(float(stands.percentile[number, rank]), sign * float(stands.best[number])),
                *(float(stands.excess[number, rank]), *([] if chance is None else [chance])),
                *([] if found.optimal is None else [int(found.optimal[number, rank])]),
            ]
            rows.append((site, unit, *name, int(rank) + 1, shown, score, *beside, *context))
            if rank == 0:
                called = f"Unit {unit} of {site}{f' ({names[unit]})' if names else ''}"
                said.append(f"{called} is {most} after {shown!r} ({score:.4g}).")
    if before or after:
        around = [[opened.vocabulary.words[one] for one in side] for side in (before, after)]
        what = "what precedes it" if given.in_sentence else "nothing else"
        said.append(f"Each n-gram is read with {what} as a text: {' '.join([*around[0], '…', *around[1]])}.")
    parts = [
        f"the percentile among the text's {len(grams.ids):,} n-grams of those that are less so",
        f"the {most} of them (text)",
        "how many of their standard deviations it is from their mean (deviations)",
        *([] if chance is None else ["the same of random directions, searched in the same way (random)"]),
        *([] if found.optimal is None else ["how many words may be replaced at once without a better score (optimal)"]),
    ]
    said.append(f"Beside each score: {', '.join(parts)}.")
    said.append(f"{unknown}.")
    columns = (
        *("site", "unit", *["name"] * bool(names), "rank", "n-gram", "score", "percentile", "text", "deviations"),
        *(*["random"] * (chance is not None), *["optimal"] * (found.optimal is not None), *["in"] * given.in_sentence),
    )
    units = f"unit{'s' * (len(asked) > 1)} {given.units}"
    given.shown.give(Answer(f"What makes {site}, {units}, fire?", said, columns, rows))


def _names(model: Any, site: str, width: int, data: Path | None, split: str | None) -> tuple[str, ...]:
    """Return what the units of a projection stand for: words, or the named features of images; else nothing."""
    from jaxneuron.corpora import captions

    if site not in model.linear:
        return ()
    if len(model.vocabulary.words) == width:
        return model.vocabulary.words
    if data is not None and data.is_dir() and captions.holds(data):
        found = captions.read(data, split or "train").names
        return found if len(found) == width else ()
    return ()
