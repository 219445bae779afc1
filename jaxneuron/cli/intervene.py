"""`jaxneuron intervene METHOD`: what happens if these units are off, or held."""

import re
from typing import Any, NamedTuple

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer, Coloured
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

WORDS = 10
"""Outputs shown on each side."""


class Given(NamedTuple):
    """Units of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    units: _inputs.Units
    text: _asked.Text = _asked.Text(most=200)
    head: _inputs.Head = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Change some units together, and say what becomes of the model's predictions."""
    model, site = given.model, given.site
    asked = _inputs.numbers(given.units)
    given.text.check(model)
    if "target" not in method.takes:
        raise ValueError(f"{method.name} writes text; ask `jaxneuron generate`")
    if "candidates" in method.takes or method.name == "oracle":
        raise ValueError(f"{method.name} needs a score or labels of its own; call jaxneuron.intervene.{method.name}")
    given.shown.check()
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.extract import reading
    from jaxneuron.types import Tokens

    read = given.text.read()
    opened = _inputs.load(model, given.head)
    width = _inputs.units_there(opened, site, asked)
    unknown = _inputs.unknown(opened, read.sentences)
    text_read = reading.read(opened, read.sentences)
    tokens = Tokens(jnp.asarray(text_read.tokens.ids), jnp.asarray(text_read.tokens.mask))
    comparison, what = _comparison(opened, site)
    masks = np.isin(np.arange(width), asked)[None]
    known = {"forward": opened.forward, "params": opened.params, "tokens": tokens, "target": comparison, "masks": masks}
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {site}")
        effect = call(method, "intervene", known, told, site=site, progress=progress)
    title = f"What if unit {given.units} of {site} is {told.get('value', 0):g}?"
    if opened.head == "none":
        answer = _moved(title, effect.edited, text_read.pieces, what, unknown)
    else:
        answer = _predicted(title, effect, opened, read.sentences, unknown)
    given.shown.give(answer)


def _comparison(model: Any, site: str) -> tuple[Any, str]:
    """Return what is compared: predictions, or the vectors of the last site."""
    from jaxneuron.cli import _changes

    if model.head != "none":
        return _changes.Predicted(model.head == "next word"), ""
    last = _last(model, site)
    return _changes.Vectors(last), last


def _last(model: Any, site: str) -> str:
    """Return the site that is farthest up of those that depend on one.

    Raises:
        ValueError: none does.
    """
    import jax.numpy as jnp

    from jaxneuron.split import between
    from jaxneuron.types import Tokens

    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))

    def height(name: str) -> tuple[bool, list[int], bool, str]:
        return name.startswith("final"), [int(one) for one in re.findall(r"\d+", name)], name.endswith("residual"), name

    for name in sorted(_inputs.sites(model), key=height, reverse=True):
        if name != site and name not in model.linear:
            try:
                between(model.forward, model.params, text, site, name)
            except ValueError:  # it does not depend on the site
                continue
            return name
    raise ValueError(
        f"the model has no head, and nothing comes after {site!r} that could change; choose an earlier site, or a "
        "model with a head"
    )


def _predicted(title: str, effect: Any, model: Any, sentences: list[list[str]], unknown: str) -> Answer:
    import numpy as np

    after, before = effect.edited, effect.unedited
    after = type(after)(*(np.asarray(leaf)[0] for leaf in after))
    places = float(after.places.sum())
    said = [f"{unknown}."]
    losses = [float(side.loss.sum()) / places for side in (before, after)]
    if model.head == "next word":
        said.append(
            f"Loss: {losses[0]:.4f} nats a symbol without the change, {losses[1]:.4f} with it "
            f"({losses[1] - losses[0]:+.4f}), over {places:,.0f} symbols."
        )
    flips = float(after.flips.sum()) / places
    said.append(
        f"The predictions move by {float(after.divergence.sum()) / places:.4g} nats (KL), and the first choice changes "
        f"at {flips:.2%} of {places:,.0f} places."
    )
    names = model.labels or model.vocabulary.words
    was, now = (np.asarray(side.probability).sum(0) / places for side in (before, after))
    change = now - was
    order = np.argsort(change)
    chosen = [*order[::-1][:WORDS].tolist(), *order[:WORDS][::-1].tolist()]
    chosen = [number for number in dict.fromkeys(chosen) if change[number] != 0]
    rows = [(_name(names, number), was[number], now[number], change[number]) for number in chosen]
    if rows:
        up, down = _name(names, int(order[-1])), _name(names, int(order[0]))
        said.append(f"Most likelier: {up!r} ({change[order[-1]]:+.2g}); least: {down!r} ({change[order[0]]:+.2g}).")
    each = np.asarray(after.divergence) / np.maximum(np.asarray(after.places), 1)
    texts = [
        Coloured(
            f"text {text}, {each[text]:.3g} nats a place", sentences[text], [float(each[text])] * len(sentences[text])
        )
        for text in np.argsort(-each)[:10]
    ]
    return Answer(
        title, said, ("output", "was", "is", "change"), rows, texts, note="The texts whose predictions move most."
    )


def _moved(title: str, edited: Any, pieces: list[list[str]], site: str, unknown: str) -> Answer:
    import numpy as np

    turned, here = np.asarray(edited.turned)[0], np.asarray(edited.places)[0]
    rows, texts = [], []
    for text, place in sorted(np.argwhere(here).tolist(), key=lambda one: -turned[one[0], one[1]])[: WORDS * 3]:
        shown = pieces[text] if turned.shape[1] > 1 else [" ".join(pieces[text])]
        around = [*shown[max(place - 4, 0) : place], f"[{shown[place]}]", *shown[place + 1 : place + 4]]
        rows.append((text, place, shown[place], float(turned[text, place]), " ".join(around)))
    for text in dict.fromkeys(row[0] for row in rows):
        size = int(here[text].sum()) if turned.shape[1] > 1 else 1
        shown = pieces[text][:size] if turned.shape[1] > 1 else [" ".join(pieces[text])]
        texts.append(Coloured(f"text {text}", shown, turned[text, : len(shown)].tolist()))
    said = [
        f"{unknown}.",
        f"The model has no head, so what changes are the vectors at {site}: they turn by {turned[here].mean():.3g} on "
        f"average and {turned[here].max():.3g} at most (1 - cosine), over {int(here.sum()):,} places.",
    ]
    if rows:
        said.append(f"Most of all {rows[0][2]!r} in text {rows[0][0]}.")
    columns = ("text", "place", "token", "turned", "in")
    return Answer(title, said, columns, rows, texts, note="The stronger the colour, the farther the vector turns.")


def _name(names: Any, number: int) -> str:
    return names[number].lstrip("▁Ġ") or names[number] if number < len(names) else f"output {number}"
