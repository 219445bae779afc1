"""What a model writes while the units are forced that detect texts of a concept, more and more of them."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron import _said
from jaxneuron.cli import _asked, _inputs, _writing
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import counted
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """A model that writes, a concept, and texts of which some have it."""

    model: _inputs.Model
    site: Annotated[str, typer.Option(help="Where the units are; of several sites, with commas between, all count.")]
    words: Annotated[str, typer.Option(help="The concept's words, with commas between: a text has it that has one.")]
    text: _asked.Text = _asked.Text(most=1000)
    prompt: Annotated[str, typer.Option(help="What each written text begins with.")] = ""
    texts: Annotated[int, typer.Option("--texts", min=1, max=2**10, help="Texts that are written each time.")] = 16
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Force the first experts of a concept while the model writes, beside as many random units."""
    sites = _said.names("--site", given.site) or []
    concept = {word.lower() for word in _said.names("--words", given.words) or ()}
    given.shown.check()
    given.text.check(given.model)
    _writing.length(told)
    import jax
    import numpy as np

    from jaxneuron.evaluate.written import words_of
    from jaxneuron.intervene.induce import Experts
    from jaxneuron.rank import average_precision
    from jaxneuron.tap import read as activations

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    for site in sites:
        _inputs.shape(opened, site)
    here = np.array([bool(concept & set(words_of(" ".join(words)))) for words in read.sentences])
    if here.all() or not here.any():
        raise ValueError(
            f"--words {given.words}: {'every' if here.all() else 'no'} text of {read.name} has one of them, so no unit "
            "can tell such texts from others; give other words, or more text"
        )
    prompts = _writing.prompts(opened, [given.prompt] * given.texts)
    tokens = _inputs.beginnings(opened, read.sentences).tokens
    mask = np.asarray(tokens.mask)[..., None]
    states = [activations(opened.forward, opened.params, tokens, site) for site in sites]
    highest = np.concatenate([np.where(mask, one, -np.inf).max(axis=1) for one in states], axis=-1)
    ranking = average_precision.rank(None, highest, here, signed=True)
    order, score = (np.asarray(leaf).reshape(-1) for leaf in (ranking.order, ranking.score))
    known = {
        "key": jax.random.key(given.seed),
        "step": opened.step,
        "params": opened.params,
        "state": _writing.state(opened, given.texts, prompts, _writing.length(told)),
        "prompt": prompts,
        "experts": Experts(order, np.median(highest[here], axis=0)),
    }
    found = call(method, "intervene", known, told, site=tuple(sites))
    rows: list[Any] = []
    for place, count in enumerate(found.counts):
        for side in range(len(found.perplexity) if count else 1):
            written = _shown(opened, found.effect, side, place)
            words = [words_of(text) for text in written]
            hits = [sum(word in concept for word in one) for one in words]
            share = sum(hits) / max(sum(map(len, words)), 1)
            best = written[int(np.argmax(hits))]
            rows.append(
                (
                    count,
                    "at random" if side else "experts" if count else "none",
                    share,
                    float(found.perplexity[side, place]),
                    best,
                )
            )
    free, top = rows[0], max((row for row in rows[1:] if row[1] == "experts"), key=lambda row: row[2])
    units = [f"{site}:{unit}" for site, one in zip(sites, states, strict=True) for unit in range(one.shape[-1])]
    said = [
        f"{free[2]:.1%} of the words written are of the concept as the model is, and at most {top[2]:.1%} with "
        f"{counted(top[0], 'expert')} forced; the perplexity of what is written goes from {free[3]:.1f} to "
        f"{top[3]:.1f}.",
        f"The concept is in {int(here.sum()):,} of {counted(len(here), 'text')} of {read.name}; the first experts are "
        f"{', '.join(units[unit] for unit in order[:5])}, with an average precision of up to {score.max():.2f}.",
    ]
    columns = ("count", "forced", "words of the concept", "perplexity", "the text with most of them")
    note = (
        "count: units forced to what they are where the concept is; at random: as many units, drawn anew in each row; "
        "words of the concept: their share of the words written; perplexity: of what was written, in the model as is."
    )
    title = f"Is {given.words} written of more often if its experts are forced?"
    given.shown.give(Answer(title, said, columns, rows, note=note))


def _shown(model: Any, written: Any, side: int, place: int) -> list[str]:
    """Return what the model itself wrote, without the prompts."""
    mine = written.tokens._replace(mask=written.sampled)
    return _writing.written(model, type(mine)(mine.ids[side, place], mine.mask[side, place]))
