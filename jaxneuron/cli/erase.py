"""`jaxneuron erase METHOD`: how is a concept taken out, and what does a probe still find of it?"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _activations, _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """A model, a labelled text, and where the labels are taken out."""

    model: _inputs.Model
    site: _inputs.Site
    data: Annotated[Path, typer.Option(help="A labelled text: .conllu, .conll, .jsonl, .tsv, or a folder of splits.")]
    labels: Annotated[str | None, typer.Option(help="The layer of labels, such as upos; by default the first.")] = None
    class_: Annotated[
        str | None, typer.Option("--class", help="One label of it, such as NOUN; by default all are taken out.")
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    split: _inputs.Split = None
    most: _inputs.Most = 1000
    text_column: TextColumn = None
    label_column: LabelColumn = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Probed(NamedTuple):
    """How well a linear probe tells the labels."""

    fitted: float  # accuracy on what it was fitted on
    held_out: float
    fitted_loss: float  # nats
    held_out_loss: float


class Half(NamedTuple):
    """Words of some texts."""

    values: Any  # [token unit], a table
    labels: Any  # [token]


def erase(method: Method, told: Told, given: Given) -> None:
    """Take a label out of one half of the texts, and probe for it in both."""
    corpus = _asked.Text(None, given.data, given.split, given.text_column, given.label_column, given.most)
    corpus.check(given.model)
    given.shown.check()
    import jax
    import numpy as np

    from jaxneuron.erase import Erased, random, write

    read = corpus.read(seed=given.seed)
    layer, each, labels, _ = _asked.labels(read, given.labels, given.class_)
    opened = _inputs.load(given.model, given.head, given.dictionary)
    _inputs.shape(opened, given.site)
    unknown = _inputs.unknown(opened, read.sentences)
    label = f"--labels {layer}" if given.class_ is None else f"--class {given.class_}"
    fit, other = _halves(read, each, labels, given.seed, label)
    learn, draw = jax.random.split(jax.random.key(given.seed))
    with bars(given.shown.json) as report:
        pool = None if each == "word" else "mean"
        progress = report(f"activations of {read.name}")
        with _activations.of_words(opened, read.sentences, [given.site], progress, pool=pool) as store:
            values = np.asarray(store[given.site][:], np.float32)
        known = {"key": learn, "activations": values[fit], "labels": labels[fit]}
        edit = call(method, "erase", known, told, progress=report(method.name))
        count = edit.read.shape[0]
        control = random.erase(draw, values[fit], labels[fit], rank=count)
        progress, rows = report("probes"), []
        tables = {"as it is": values, method.name: Erased(values, edit), "control": Erased(values, control)}
        for number, (name, table) in enumerate(tables.items()):
            halves = [Half(np.asarray(table[:])[here], labels[here]) for here in (fit, other)]
            rows.append((name, 0 if name == "as it is" else count, *_probed(*halves)))
            progress(number + 1, len(tables))
    rows.append(("no activations", units := values.shape[1], *_constant(labels[fit], labels[other])))
    title = f"How is {_asked.of(layer, given.class_, read.name)} taken out of {given.site}?"
    answer = _answer(title, rows, units, int(fit.sum()), int(other.sum()), each, unknown)
    if (out := given.shown.out) is not None:
        known = {"model": _inputs.short(given.model), "data": read.name, "labels": layer, "class": given.class_}
        known |= {"method": method.name, "words" if each == "word" else "texts": int(fit.sum())}
        write(out, edit, site=given.site, metadata=known)
        kept = f"The erasure is kept: `--erased {out}` runs a model without it in other commands."
        answer = answer._replace(sentences=[*answer.sentences, kept])
    given.shown.give(answer)


def _halves(read: Any, each: str, labels: Any, seed: int, label: str) -> tuple[Any, Any]:
    """Return which rows an erasure is fitted on, and which are held out: those of other texts.

    Raises:
        ValueError: a half in which all labels are the same.
    """
    import numpy as np

    first = np.random.default_rng(seed).permutation(len(read.sentences)) < (len(read.sentences) + 1) // 2
    fit = np.repeat(first, [len(words) for words in read.sentences]) if each == "word" else first
    for here in (fit, ~fit):
        if len(np.unique(labels[here])) < 2:
            raise ValueError(
                f"{label}: of the {each}s that {'are fitted' if here is fit else 'are held out'}, all have the same; "
                "give more text, or another label"
            )
    return fit, ~fit


def _probed(fit: Half, other: Half) -> Probed:
    """Return how well a probe that is fitted on one half tells the labels of both."""
    import numpy as np

    from jaxneuron.rank import linear

    probe = linear.fit(None, fit.values, fit.labels)
    found = []
    for half in (fit, other):
        scores = np.asarray(linear.logits(probe, half.values), np.float64)
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1) if half.labels.dtype == bool else scores
        right = half.labels.astype(int)
        scores = scores - scores.max(axis=1, keepdims=True)
        known = right < scores.shape[1]  # a label that none of the fitted has
        nats = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(right)), np.where(known, right, 0)]
        found.append((((scores.argmax(axis=1) == right) & known).mean(), nats[known].mean()))
    return Probed(float(found[0][0]), float(found[1][0]), float(found[0][1]), float(found[1][1]))


def _constant(fit: Any, other: Any) -> Probed:
    """Return how well one does who knows the shares of the labels alone."""
    import numpy as np

    share = np.bincount(fit.astype(int), minlength=int(max(fit.max(), other.max())) + 1) / len(fit)
    first, logs = share.argmax(), np.log(np.where(share > 0, share, 1))
    known = share[other.astype(int)] > 0
    return Probed(
        float((fit == first).mean()),
        float((other == first).mean()),
        float(-logs[fit.astype(int)].mean()),
        float(-logs[other.astype(int)][known].mean()),
    )


def _answer(title: str, rows: list[Any], units: int, fitted: int, held_out: int, each: str, unknown: str) -> Answer:
    """Return what a probe tells before and after."""
    before, after, control, constant = rows
    said = [
        f"A linear probe is right for {before[2]:.1%} of the {fitted:,} {each}s that it is fitted on and "
        f"{before[3]:.1%} of {held_out:,} others; the commonest label alone is right for "
        f"{constant[2]:.1%} and {constant[3]:.1%}.",
        f"Once {after[0]} has taken out {counted(after[1], 'direction')} of {units}, a probe is right for "
        f"{after[2]:.1%} and {after[3]:.1%}; its loss is {after[4]:.6f} nats, and {constant[4]:.6f} for one that knows "
        "the shares of the labels alone.",
        f"With as many directions taken out at random, it is right for {control[2]:.1%} and {control[3]:.1%}.",
        f"{unknown}.",
    ]
    columns = ("activations", "directions", "fitted", "held out", "loss fitted", "loss held out")
    note = (
        "fitted, held out: the share of labels that a linear probe gets right, fitted on half of the texts, whose "
        "labels the erasure has seen, and on the others; loss: nats. Of the control, as many "
        "directions at random are taken out; the last row knows the shares of the labels alone."
    )
    return Answer(title, said, columns, rows, note=note)
