"""`jaxneuron neuron`: what units respond to."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _activations, _asked, _inputs
from jaxneuron.cli._answer import Answer, Coloured
from jaxneuron.cli._pictures import Spread
from jaxneuron.cli._shared import bars

BEFORE, AFTER = 6, 3
"""Words of context to the left and to the right."""


class Given(NamedTuple):
    """Units of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    units: _inputs.Units
    text: _asked.Text = _asked.Text(most=2000)
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Words and places on each side.")] = 5
    least: Annotated[int, typer.Option(min=1, help="Occurrences of a word that counts; by default 3 of a corpus.")] = 3
    shown: _asked.Shown = _asked.Shown()


def neuron(given: Given) -> None:
    """What does a neuron respond to? The words and places where a unit is highest and lowest, and how it is spread."""
    asked = _inputs.numbers(given.units)
    given.text.check(given.model)
    given.shown.check()
    import numpy as np

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    _inputs.units_there(opened, given.site, asked)
    unknown = _inputs.unknown(opened, read.sentences)
    pool = "last" if _activations.one_for_text(opened, given.site) else None
    with bars(given.shown.json) as report:
        progress = report(f"{given.site} of {read.name}")
        with _activations.of_words(opened, read.sentences, [given.site], progress, pool=pool) as store:
            values = np.asarray(store[given.site][:, np.asarray(asked)], np.float32)
    sentences = [[" ".join(words)] for words in read.sentences] if pool else read.sentences
    rows: list[Any] = []
    said, texts, spread = [], [], []
    for number, unit in enumerate(asked):
        own = values[:, number : number + 1]
        words = _words(sentences, own, given.site, unit, given.k, 1 if given.text.text or pool else given.least)
        said += (
            [_extremes(unit, words), _spread(given.site, unit, own[:, 0])]
            if words
            else [_spread(given.site, unit, own[:, 0])]
        )
        rows += words + _places(sentences, own, given.site, unit, given.k)
        texts += _texts(sentences, own[:, 0], f"unit {unit}", given.k)
        spread.append(Spread(f"unit {unit}", _histogram(own[:, 0])))
    said.append(f"{read.name}, read by {_inputs.short(given.model)}: {unknown}.")
    columns_shown = ("site", "unit", "side", "what", "score", "place")
    note = (
        "Orange: above the unit's mean over the text; blue: below; one colour is one distance. The pointer shows by "
        "how many standard deviations. In the table, the score of a word is the mean of these over its occurrences, "
        "and that of a place the unit's value. Texts and words are counted from 0."
    )
    title = f"What does {given.site}, unit{'s' * (len(asked) > 1)} {given.units}, respond to?"
    given.shown.give(Answer(title, said, columns_shown, rows, texts, spread, note=note, shown=len(rows)))


def _extremes(unit: int, rows: list[Any]) -> str:
    """Return at which words a unit is highest and lowest."""
    ends = {side: [repr(word) for _, _, what, word, *_ in rows if what.startswith(side)] for side in ("high", "low")}
    return (
        f"Unit {unit}: " + "; ".join(f"{side}est at {', '.join(words)}" for side, words in ends.items() if words) + "."
    )


def _spread(site: str, unit: int, values: Any) -> str:
    import numpy as np

    low, middle, high = np.quantile(values, [0.01, 0.5, 0.99])
    ends = {float(end): np.mean(values == end) for end in (values.min(), values.max())}
    off = "".join(f" {share:.0%} are at {end:.3g}." for end, share in ends.items() if share > 0.5)
    return (
        f"Unit {unit} of {site}: mean {values.mean():.3g}, standard deviation {values.std():.3g}; 98% of "
        f"{len(values):,} places lie from {low:.3g} to {high:.3g}, median {middle:.3g}.{off}"
    )


def _ends(values: Any) -> list[str]:
    """Return the sides on which a unit has extremes: none where most places lie at one value, as behind a ReLU."""
    return [side for side, end in (("high", values.max()), ("low", values.min())) if (values == end).mean() <= 0.5]


def _words(sentences: list[list[str]], values: Any, site: str, unit: int, k: int, least: int) -> list[Any]:
    """Return the words at which a unit is farthest from its mean, in standard deviations."""
    from collections import Counter

    from jaxneuron.corpora import selection

    counts = Counter(word for words in sentences for word in words)
    least = min(least, max(counts.values()))
    found = selection.top_words(values, sentences, count=k, least=least)
    rows = []
    tops = {"high": found.highest, "low": found.lowest}
    for side, top in ((side, tops[side]) for side in _ends(values)):
        for item, score in zip(top.item[0], top.score[0], strict=True):
            if item >= 0 and score and (score > 0) == (side == "high"):  # of few words, the lowest may be high
                word = found.words[item]
                rows.append((site, unit, f"{side} word", word, float(score), _times(counts[word])))
    return rows


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _places(sentences: list[list[str]], values: Any, site: str, unit: int, k: int) -> list[Any]:
    """Return the places where a unit is highest and lowest, in their sentence."""
    from jaxneuron.corpora import selection

    found = selection.top_contexts(values, sentences, count=k)
    rows, mean = [], float(values.mean())
    tops = {"high": found.highest, "low": found.lowest}
    for side, top in ((side, tops[side]) for side in _ends(values)):
        for item, score in zip(top.item[0], top.score[0], strict=True):
            if item >= 0 and score != mean and (score > mean) == (side == "high"):
                words, place = selection.context(sentences, int(item), before=BEFORE, after=AFTER)
                number, word = _where(sentences, int(item))
                where = f"text {number}"
                if len(sentences[number]) > 1:
                    words[place], where = f"[{words[place]}]", f"{where}, word {word}"
                rows.append((site, unit, side, " ".join(words), float(score), where))
    return rows


def _where(sentences: list[list[str]], token: int) -> tuple[int, int]:
    for number, words in enumerate(sentences):
        if token < len(words):
            return number, token
        token -= len(words)
    raise IndexError(f"no token {token} beyond the text")


def _texts(sentences: list[list[str]], values: Any, name: str, k: int) -> list[Coloured]:
    """Return the texts that hold the extremes, the highest first, each word with its distance from the mean."""
    import numpy as np

    starts = np.cumsum([0, *map(len, sentences)])
    z = (values - values.mean()) / (values.std() or 1)
    highest = np.argsort(-np.maximum.reduceat(z, starts[:-1]))[:k].tolist()
    lowest = np.argsort(np.minimum.reduceat(z, starts[:-1]))[:k].tolist() if "low" in _ends(values) else []
    chosen = dict.fromkeys(highest + lowest)
    most = max(z.max(), -z.min())
    return [
        Coloured(f"{name}, text {text}", sentences[text], z[starts[text] : starts[text + 1]].tolist(), most=most)
        for text in chosen
    ]


def _histogram(values: Any, parts: int = 20) -> list[tuple[str, float]]:
    import numpy as np

    counts, edges = np.histogram(values, parts)
    return [(f"{low:.3g} to {high:.3g}", float(n)) for n, low, high in zip(counts, edges, edges[1:], strict=False)]
