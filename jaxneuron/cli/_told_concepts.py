"""What a method of concepts found, as columns, rows and words."""

from collections.abc import Callable
from typing import Any

from jaxneuron.cli._told import Told


def tcav(found: Any, asked: Any) -> Told:
    """Return whether the score rises along each concept, and more than by chance."""
    sizes = {name: len(rows) for name, rows in asked.named.concepts.items()}
    columns = ("concept", "site", "examples", "rises", "p", "told apart")
    rows = [
        (name, site, sizes[name], float(found.score.count[i, j]), float(found.p[i, j]), float(found.accuracy[i, j]))
        for i, site in enumerate(found.sites)
        for j, name in enumerate(found.concepts)
    ]
    said = [
        f"{'' if row[4] < 0.05 else 'No sign that '}{row[0]} at {row[1]}: the score rises along it in {row[3]:.0%} of "
        f"{len(asked.texts)} texts (p = {row[4]:.3g}); its examples are told from others with {row[5]:.0%}."
        for row in rows
    ]
    return Told(columns, rows, said)


def concept_shap(found: Any, asked: Any) -> Told:
    """Return how much of what a head says is left of each concept, and of all."""
    rows = [(name, float(score)) for name, score in zip(asked.named.concepts, found.score, strict=True)]
    what = "the model's own head" if asked.own else f"a probe of {asked.named.layer}"
    every = float(found.complete[-1])
    said = [
        f"Of what {what} reads at {asked.site}, {' and '.join(asked.named.concepts)} keep {every:.1%}: it is right for "
        f"{found.full:.1%} of the examples, for {found.accuracy[-1]:.1%} where it sees the concepts alone, and for "
        f"{found.accuracy[0]:.1%} where it sees nothing."
    ]
    best = max(rows, key=lambda row: row[1])
    said.append(f"Most is owed to {best[0]} ({best[1]:.1%}).")
    return Told(("concept", "share"), rows, said)


def amnesic(found: Any, asked: Any) -> Told:
    """Return what the model loses without each concept, beside as many directions at random."""
    columns = (
        "concept", "directions", "loss", "at random", "label back", "p", "KL", "KL at random", "accuracy", "acc. random"
    )  # fmt: skip
    rows: list[Any] = []
    said = [
        f"As it is, the model is right at {found.accuracy:.1%} of {found.places:,} places in {len(asked.texts)} texts, "
        f"at {found.nats:.4f} nats each."
    ]
    for i, name in enumerate(found.concepts):
        lost, random = ([float(leaf[..., i].mean()) for leaf in side] for side in (found.score, found.random))
        back, low, high = float(found.returned.loss[i]), *(float(one) for one in found.interval.loss[:, i])
        rows.append(
            (name, int(found.rank[i]), lost[0], random[0], back, float(found.p.loss[i]), *lost[1:2], *random[1:2],
             lost[2], random[2])
        )  # fmt: skip
        word = "direction" if found.rank[i] == 1 else "directions"
        said.append(
            f"Without {name} at {asked.site} ({found.rank[i]} {word}) it loses {lost[0]:.4f} nats a place, and "
            f"{random[0]:.4f} without as many at random: {lost[0] - random[0]:.4f} more "
            f"(95 %: {low:.4f} to {high:.4f}; "
            f"p = {found.p.loss[i]:.2g})."
        )
        if back == back:
            said.append(f"With the labels of {name} given back, the loss is {back:.4f}.")
    note = (
        "loss, KL: nats a place more than the model as it is; at random: without as many random directions; label "
        "back: without the concept, but each word keeps what its label has on average; accuracy: the share of right "
        "answers that are lost."
    )
    return Told(columns, rows, said, note)


def discovery(found: Any, asked: Any) -> Told:
    """Return the concepts that nobody has named, by the stretches of text that stand for them."""
    spans = asked.spans
    columns = ("concept", "rises", "mean", "deviation", "told apart", "stretches", "such as")
    rows: list[Any] = []
    for number, members in enumerate(found.members):
        shown: dict[str, None] = {}
        for span in members.tolist():
            pieces = asked.pieces[spans.text[span]][spans.start[span] : spans.start[span] + spans.length[span]]
            shown[" ".join(pieces)] = None
        score = (found.score.count, found.score.mean, found.deviation.mean, found.accuracy)
        such = "; ".join(list(shown)[:6])
        rows.append((number, *(float(one[number]) for one in score), int((found.cluster == number).sum()), such))
    said = [
        f"Most for the target speaks a concept such as {rows[0][6]} (the score rises along it in {rows[0][1]:.0%} of "
        f"{len(asked.texts)} texts), most against it {rows[-1][6]} ({rows[-1][1]:.0%})."
    ]
    return Told(columns, rows, said)


def table(found: Any, asked: Any) -> Told:
    """Return what the units of each concept did for each text."""
    import numpy as np

    score, expected, remainder, total = (
        np.asarray(one) for one in (found.score, found.expected, found.remainder, found.total)
    )
    rows: list[Any] = []
    said = []
    for number, sentence in enumerate(asked.texts):
        words = " ".join(sentence)
        for place, name in enumerate(asked.named.concepts):
            rows.append((number, words, name, float(score[number, place]), float(expected[number, place])))
        left = float(total[number] - expected[number].sum())
        rows.append((number, words, "(no concept)", float(remainder[number]), left))
        best = max(rows[-1 - len(asked.named.concepts) : -1], key=lambda row: abs(row[3]))
        said.append(
            f"Text {number}: the units of {best[2]} did {best[3]:+.3g} of {float(total[number]):+.3g}; as many at "
            f"random do {best[4]:+.3g}."
        )
    return Told(("text", "words", "concept", "did", "by chance"), rows, said)


TOLD: dict[str, Callable[[Any, Any], Told]] = {
    one.__name__: one for one in (tcav, concept_shap, discovery, table, amnesic)
}
"""By the name of the method."""
