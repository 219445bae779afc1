"""`jaxneuron find METHOD`: which n-grams make units fire."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _grams, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Length, Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method


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
    given.text.check(model)
    given.shown.check()
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.cli import _templated
    from jaxneuron.lowering import lower
    from jaxneuron.targets import Unit

    read = given.text.read()
    opened = _inputs.load(model, given.head, given.dictionary)
    width = _inputs.units_there(opened, site, asked)
    before, after = _templated.around(opened, read.sentences[0])
    corpus, candidates = _grams.of_text(opened, read.sentences, length, len(before), len(after))
    words = len(opened.vocabulary.words)
    forward = _templated.Templated(opened.forward, before, after, words) if before or after else opened.forward
    targets: Any = Unit(site, jnp.asarray(asked, jnp.int32), -1 - len(after))
    if site in opened.linear:
        targets = lower(forward, opened.params, targets, opened.linear[site])
    grams = _grams.distinct(corpus, length, given.in_sentence)
    if given.in_sentence and (before or after):  # behind texts of many lengths stand the same tokens
        grams, forward = _templated.within(grams, before, after), opened.forward
        candidates[[*before, *after]] = True
    if k > len(grams.ids) or not len(grams.ids):
        raise ValueError(f"k is {k}, but the text has {len(grams.ids)} n-grams of {length} symbols; give more text")
    unknown = _inputs.unknown(opened, read.sentences)
    known = {"key": jax.random.key(given.seed), "forward": forward, "params": opened.params, "targets": targets}
    known |= {"ngrams": grams, "candidates": candidates}
    with bars(given.shown.json) as report:
        found = call(method, "find", known, told, k=k, progress=report(f"{site}: {method.name}"))
    rows: list[Any] = []
    said = []
    names = _names(opened, site, width, given.text.data, given.text.split)
    for number, unit in enumerate(asked):
        for rank in np.flatnonzero(np.isfinite(np.asarray(found.score[number]))):
            ids = np.asarray(found.tokens.ids)[number, rank][np.asarray(found.tokens.mask)[number, rank]].tolist()
            if given.in_sentence:
                ids = ids[len(before) : len(ids) - len(after)]
            shown, score = _grams.written(opened, ids[-length:]), float(found.score[number, rank])
            name = [names[unit]] if names else []
            context = [_grams.written(opened, ids)] if given.in_sentence else []
            rows.append((site, unit, *name, int(rank) + 1, shown, score, *context))
            if rank == 0:
                called = f"Unit {unit} of {site}{f' ({names[unit]})' if names else ''}"
                said.append(f"{called} is highest after {shown!r} ({score:.4g}).")
    if before or after:
        around = [[opened.vocabulary.words[one] for one in side] for side in (before, after)]
        what = "what precedes it" if given.in_sentence else "nothing else"
        said.append(f"Each n-gram is read with {what} as a text: {' '.join([*around[0], '…', *around[1]])}.")
    said.append(f"{unknown}.")
    columns = (
        *("site", "unit", *["name"] * bool(names), "rank", "n-gram", "score"),
        *["in"] * given.in_sentence,
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
