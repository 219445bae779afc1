"""What an intervention did, as an answer: to predictions, to vectors, or unit by unit."""

from typing import Any

from jaxneuron.cli import _pieces
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._shared import counted
from jaxneuron.report.coloured import Coloured

WORDS = 10
"""Outputs shown on each side."""

AROUND = 4
"""Words shown on each side of a place."""


def taken(found: Any, site: str, loss: bool, unknown: str) -> Answer:
    """Return the units in the order in which they were taken away."""
    rows = [
        (step + 1, site, int(unit), float(-together), float(-alone))
        for step, (unit, together, alone) in enumerate(zip(found.order, found.score, found.alone, strict=True))
    ]
    what = "loss" if loss else "change"
    said = [
        f"The {what} is {-found.unedited:.4f} with all units and {rows[-1][3]:.4f} without the {len(rows)} that are "
        f"missed most together: {', '.join(str(row[2]) for row in rows)}.",
        f"{unknown}.",
    ]
    columns = ("step", "site", "unit", f"{what} without it and those before", f"{what} without it alone")
    return Answer(f"Which units of {site} are missed most together?", said, columns, rows)


def evolved(found: Any, site: str, loss: bool, unknown: str) -> Answer:
    """Return the set of units that was bred."""
    what = "loss" if loss else "change"
    rows = [(generation + 1, float(-score)) for generation, score in enumerate(found.best)]
    said = [
        f"The {what} is {-found.unedited:.4f} with all units and {-found.score:.4f} without the "
        f"{len(found.units)} units of the best set: {', '.join(map(str, found.units.tolist()))}.",
        f"{counted(len(rows), 'generation')}; "
        + ("the last ones found no better set." if found.settled else "better sets may yet come: give more."),
        f"{unknown}.",
    ]
    columns = ("generation", f"{what} without the best set so far")
    return Answer(f"Which units of {site} are missed most together?", said, columns, rows)


def predicted(title: str, effect: Any, model: Any, sentences: list[list[str]], unknown: str) -> Answer:
    """Return how predictions change, and which outputs become likelier."""
    import numpy as np

    after, before = effect.edited, effect.unedited
    after = type(after)(*(np.asarray(leaf)[0] for leaf in after))
    places = float(after.places.sum())
    said = []
    losses = [float(side.loss.sum()) / places for side in (before, after)]
    if model.head == "next word":
        said.append(
            f"Loss: {losses[0]:.4f} nats a symbol without the change, {losses[1]:.4f} with it "
            f"({losses[1] - losses[0]:+.4f}), over {counted(int(places), 'symbol')}."
        )
    flips = float(after.flips.sum()) / places
    said.append(
        f"The predictions move by {float(after.divergence.sum()) / places:.4g} nats (KL), and the first choice changes "
        f"at {flips:.2%} of {counted(int(places), 'place')}."
    )
    said.append(
        f"The probability of what is asked about falls by {float(after.raw.sum()) / places:.4g} (raw), by "
        f"{float(after.normalised.sum()) / places:.4g} of what it was (normalised), on average."
    )
    names = model.labels or model.vocabulary.words
    was, now = (np.asarray(side.probability).sum(0) / places for side in (before, after))
    change = now - was
    order = np.argsort(change)
    chosen = [*order[::-1][:WORDS].tolist(), *order[:WORDS][::-1].tolist()]
    chosen = [number for number in dict.fromkeys(chosen) if change[number] != 0]
    rows = [(_pieces.output(names, number), was[number], now[number], change[number]) for number in chosen]
    if rows:
        up, down = _pieces.output(names, int(order[-1])), _pieces.output(names, int(order[0]))
        said.append(
            f"Most gained by {up!r} ({change[order[-1]]:+.2g}), most lost by {down!r} ({change[order[0]]:+.2g})."
        )
    each = np.asarray(after.divergence) / np.maximum(np.asarray(after.places), 1)
    texts = [
        Coloured(
            f"text {text}, {each[text]:.3g} nats a place",
            sentences[text],
            [float(each[text])] * len(sentences[text]),
            most=float(each.max()),
        )
        for text in np.argsort(-each)[:10]
    ]
    said.append(f"{unknown}.")
    note = (
        "The texts whose predictions move most, the farther the stronger the colour; texts are counted from 0. The "
        "table has the mean probability of each output without the change and with it."
    )
    return Answer(title, said, ("output", "was", "is", "change"), rows, texts, note=note)


def several(title: str, effect: Any, names: list[str], model: Any, last: str, unknown: str) -> Answer:
    """Return what each of several sets of units does, the one that is missed most first."""
    import numpy as np

    after, before = effect.edited, effect.unedited
    total = np.asarray(after.places, np.float64).sum(tuple(range(1, np.ndim(after.places))))

    def mean(value: Any) -> Any:
        value = np.asarray(value, np.float64)
        return value.reshape(len(names), -1).sum(-1) / total

    if model.head == "none":
        turned = mean(np.where(after.places, after.turned, 0))
        columns, values, by = ("units", "turned"), [turned], turned
        said = f"The model has no head, so what changes are the vectors at {last}; the farthest they turn without "
        note = "turned: 1 - cosine of the vector with and without the change, mean over the places."
    else:
        raw, normalised = mean(after.raw), mean(after.normalised)
        loss = mean(after.loss) - float(np.sum(before.loss)) / float(np.sum(before.places))
        values = [raw, normalised, loss, mean(after.divergence), mean(after.flips)]
        columns, by = ("units", "raw", "normalised", "loss", "divergence", "flips"), raw
        said = "The model's confidence falls most without "
        note = (
            "raw: by how much the probability of the class that is asked about, or of the first choice, falls; "
            "normalised: the same as a share of what it was; loss: by how many nats a place the loss of what is right "
            "rises; divergence: KL(without || with the change), nats a place; flips: the share of places with another "
            "first choice. Means over the places."
        )
    order = np.argsort(-by, kind="stable")
    rows = [(names[number], *(float(value[number]) for value in values)) for number in order.tolist()]
    said += f"{rows[0][0]} ({by[order[0]]:+.3g}), least without {rows[-1][0]} ({by[order[-1]]:+.3g})."
    return Answer(title, [f"{counted(len(names), 'set')} of units, each changed by itself.", said, f"{unknown}."],
                  columns, rows, note=note)  # fmt: skip


def moved(title: str, edited: Any, read: Any, site: str, unknown: str) -> Answer:
    """Return which vectors of a site turn most; `read` has the texts as the model reads them."""
    import numpy as np

    turned, here = np.asarray(edited.turned)[0], np.asarray(edited.places)[0]
    single = turned.shape[1] == 1
    rows, texts = [], []
    for text, place in sorted(np.argwhere(here).tolist(), key=lambda one: -turned[one[0], one[1]])[: WORDS * 3]:
        pieces, word = _read(read, text, single)
        rows.append(
            (
                text,
                place,
                pieces[place],
                _pieces.whole(word, pieces, place),
                float(turned[text, place]),
                _pieces.around(word, pieces, place, AROUND),
            )
        )
    for text in dict.fromkeys(row[0] for row in rows):
        pieces, word = _read(read, text, single)
        weights = turned[text, : len(pieces)].tolist()
        texts.append(Coloured(f"text {text}", pieces, weights, _pieces.before(word, pieces), rows[0][4]))
    said = [
        f"The model has no head, so what changes are the vectors at {site}: they turn by {turned[here].mean():.3g} on "
        f"average and {turned[here].max():.3g} at most (1 - cosine), over {counted(int(here.sum()), 'place')}.",
    ]
    if rows:
        said.append(f"Most of all {rows[0][3]!r} in text {rows[0][0]}.")
    said.append(f"{unknown}.")
    columns = ("text", "place", "token", "word", "turned", "in")
    note = "The stronger the colour, the farther the vector turns. Texts and places are counted from 0."
    return Answer(title, said, columns, rows, texts, note=note)


def _read(read: Any, text: int, single: bool) -> tuple[list[str], list[int]]:
    """Return the pieces of a text and their words; one for the whole text, if its site has one vector for it."""
    pieces, word = read.pieces[text], read.word[text].tolist()
    return (
        (["".join(map("".join, zip(_pieces.before(word, pieces), pieces, strict=False)))], [-1])
        if single
        else (pieces, word)
    )
