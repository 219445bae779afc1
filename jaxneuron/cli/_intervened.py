"""What an intervention did, as an answer: to predictions, to vectors, or unit by unit."""

from typing import Any

from jaxneuron.cli._answer import Answer, Coloured

WORDS = 10
"""Outputs shown on each side."""


def taken(found: Any, site: str, loss: bool, unknown: str) -> Answer:
    """Return the units in the order in which they were taken away."""
    rows = [
        (step + 1, site, int(unit), float(-together), float(-alone))
        for step, (unit, together, alone) in enumerate(zip(found.order, found.score, found.alone, strict=True))
    ]
    what = "loss" if loss else "change"
    said = [
        f"{unknown}.",
        f"The {what} is {-found.unedited:.4f} with all units and {rows[-1][3]:.4f} without the {len(rows)} that are "
        f"missed most together: {', '.join(str(row[2]) for row in rows)}.",
    ]
    columns = ("step", "site", "unit", f"{what} without it and those before", f"{what} without it alone")
    return Answer(f"Which units of {site} are missed most together?", said, columns, rows)


def predicted(title: str, effect: Any, model: Any, sentences: list[list[str]], unknown: str) -> Answer:
    """Return how predictions change, and which outputs become likelier."""
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


def moved(title: str, edited: Any, pieces: list[list[str]], site: str, unknown: str) -> Answer:
    """Return which vectors of a site turn most."""
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
