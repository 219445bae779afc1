"""`jaxneuron compare METHOD`: which units of a model recur in others."""

from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _asked, _inputs, _model
from jaxneuron.cli._answer import Answer, Heat, Spread
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

RECURS = 0.5
"""Excess over the rotated model from which on Gurnee et al. 2024 call a unit universal."""

WORDS, LEAST, BINS = 4, 3, 20
"""Words of a unit, how often one must occur, and bars of a distribution."""


class Given(NamedTuple):
    """A model, others, and the text that all of them read."""

    model: _inputs.Model
    other: Annotated[list[str], typer.Option(help="Another model, named as --model; may be given several times.")]
    sites: Annotated[str | None, typer.Option("--site", help="Sites, with commas; by default each layer's.")] = None
    other_sites: Annotated[
        str | None, typer.Option("--other-site", help="The same of the others; by default each layer's.")
    ] = None
    text: _asked.Text = _asked.Text(most=2000)
    head: _inputs.Head = None
    k: Annotated[int, typer.Option(min=1, help="Units that are shown with their words.")] = 20
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Layers(NamedTuple):
    """The sites of a model, side by side."""

    model: str
    table: Any  # [token, unit], with `sites`

    @property
    def sites(self) -> list[str]:
        """Return the names of the sites."""
        return list(self.table.sites)

    @property
    def widths(self) -> tuple[int, ...]:
        """Return how many units each site has."""
        return tuple(own.stop - own.start for own in self.table.sites.values())

    def unit(self, number: int) -> tuple[str, int]:
        """Return the site of a unit, and its number there."""
        site = next(site for site, own in self.table.sites.items() if own.start <= number < own.stop)
        return site, number - self.table.sites[site].start


def compare(method: Method, told: Told, given: Given) -> None:
    """Say which units of a model recur in other models that read the same text, word by word."""
    asked = [names("--site", given.sites), names("--other-site", given.other_sites)]
    given.text.check(given.model)
    for other in given.other:
        _model.check(other, option="--other")
    given.shown.check()
    import jax

    from jaxneuron import comoments

    module, cka = import_module(method.module), import_module("jaxneuron.compare.cka")
    read = given.text.read()
    with bars(given.shown.json) as report, ExitStack() as stack:
        models: list[Layers] = []
        for name, wanted in ((given.model, asked[0]), *((other, asked[1]) for other in given.other)):
            opened = _inputs.load(name, given.head)
            _inputs.unknown(opened, read.sentences)
            progress = report(f"{_inputs.short(name)} reads {read.name}")
            held = stack.enter_context(_activations.of_words(opened, read.sentences, wanted, progress))
            models.append(Layers(_inputs.short(name), held.joined(*_activations.chosen(held, wanted))))
        own, others = models[0], models[1:]
        sums = []
        for other in others:
            whole = (sum(other.widths),) if module.SUMS == "model" else other.widths
            progress = report(f"compare with {other.model}")
            sums.append(comoments.over(own.table, other.table, layers=(own.widths, whole), progress=progress))
        found = module.finish(*sums, **told)
        layers = [comoments.layered(one, ((), other.widths)) for one, other in zip(sums, others, strict=True)]
        like, measure = (found, method.name) if module.SUMS == "layers" else (cka.finish(*layers), "cka")
        baseline = None
        if module.SUMS == "units":
            keys = jax.random.split(jax.random.key(given.seed), len(layers))
            turned = [comoments.rotated(key, one) for key, one in zip(keys, layers, strict=True)]
            baseline = module.finish(*turned, **told).score
        if module.SUMS == "layers":
            columns, rows, shown = ("site", "other", "other site", "score"), _layer_rows(own, others, like.table), 0
            shown, said, spread = len(own.sites) * len(others), [], []
        else:
            columns = ("site", "unit", "other", "other site", "other unit", "score", "rotated", "excess", "words",
                       "words there")  # fmt: skip
            rows = _unit_rows(own, others, found, baseline, read.sentences, given.k)
            shown, said = given.k, _said(own, others, method.name, found.score, baseline)
            spread = _spread(method.name, found.score, baseline)
    said += _alike(own, others, like.table, measure)
    said.append(f"{read.name}: {own.table.shape[0]:,} words, each a vector of each model at each site.")
    heat = list(_heat(own, others, like.table, measure))
    note = (
        "rotated: the score of the same unit where the other model's layers are in a random basis; excess: the score "
        "less that. A partner that falls where the unit rises is shown with the words at which it is lowest."
    )
    title = f"Which units of {own.model} recur in {', '.join(other.model for other in others)}?"
    given.shown.give(Answer(title, said, columns, rows, (), spread, heat, note if baseline is not None else "", shown))


def _partner(others: Sequence[Layers], number: int) -> tuple[int, int]:
    """Return the model of a unit that is counted through all others, and its number there."""
    for place, other in enumerate(others):
        if number < other.table.shape[1]:
            return place, number
        number -= other.table.shape[1]
    raise IndexError(f"no unit {number} beyond the other models")


def _unit_rows(
    own: Layers, others: Sequence[Layers], found: Any, baseline: Any, sentences: list[list[str]], k: int
) -> list[Any]:
    """Return a row for each unit, the one that recurs most first; the first `k` with their words."""
    import numpy as np

    from jaxneuron.ranking import ranked

    score = found.score if baseline is None else found.score - baseline
    order = np.asarray(ranked(score).order).tolist()
    partners = [_partner(others, int(found.partner[unit])) if found.partner[unit] >= 0 else None for unit in order]
    words = _words(own, sentences, order[:k])
    there = [
        _words(other, sentences, [one[1] for one in partners[:k] if one and one[0] == place])
        for place, other in enumerate(others)
    ]
    rows: list[Any] = []
    for unit, partner in zip(order, partners, strict=True):
        rotated = None if baseline is None else float(baseline[unit])
        excess = None if rotated is None else float(found.score[unit]) - rotated
        where: tuple[Any, Any, Any] = (None, None, None)
        side, beside = "", ""
        if partner is not None:
            where = (others[partner[0]].model, *others[partner[0]].unit(partner[1]))
            falls = found.table[unit, found.partner[unit]] < 0
            side = words.get(unit, ("", ""))[0]
            beside = there[partner[0]].get(partner[1], ("", ""))[1 if falls else 0]
            beside = f"lowest at {beside}" if falls and beside else beside
        rows.append((*own.unit(unit), *where, float(found.score[unit]), rotated, excess, side, beside))
    return rows


def _words(layers: Layers, sentences: list[list[str]], units: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the words at which units are highest and lowest."""
    from collections import Counter

    import numpy as np

    from jaxneuron.corpora import selection

    units = sorted(set(units))
    if not units:
        return {}
    least = min(LEAST, max(Counter(word for words in sentences for word in words).values()))
    values = np.asarray(layers.table[:, units], np.float32)
    found = selection.top_words(values, sentences, count=WORDS, least=least)
    sides = [
        [", ".join(found.words[item] for item in row if item >= 0) for row in top.item.tolist()]
        for top in (found.highest, found.lowest)
    ]
    return dict(zip(units, zip(*sides, strict=True), strict=True))


def _layer_rows(own: Layers, others: Sequence[Layers], table: Any) -> list[Any]:
    """Return a row for each two layers: for each layer the most similar one of each other model, then the rest."""
    first, rest = [], []
    for row, site in enumerate(own.sites):
        start = 0
        for other in others:
            values = table[row, start : start + len(other.sites)].tolist()
            ordered = sorted(range(len(values)), key=lambda place: -values[place])  # noqa: B023
            made = [(site, other.model, other.sites[place], values[place]) for place in ordered]
            first.append(made[0])
            rest += made[1:]
            start += len(other.sites)
    return first + rest


def _said(own: Layers, others: Sequence[Layers], method: str, score: Any, baseline: Any) -> list[str]:
    import numpy as np

    name = method.replace("_", " ")
    there = " and ".join(other.model for other in others)
    said = [
        f"Of {len(score):,} units of {own.model}, half have a {name} of {np.median(score):.3g} or more with {there}."
    ]
    if baseline is not None:
        many = int(np.sum(score - baseline > RECURS))
        said.append(
            f"With {there} rotated, half have {np.median(baseline):.3g} or more; {many:,} units ({many / len(score):.1%}) "
            f"have {RECURS} more than that: Gurnee et al. 2024 call those universal, and find 1 to 5% in GPT-2."
        )
        share = np.mean(score > baseline)
        said.append(f"{share:.0%} of the units have a better partner among units than among rotated directions.")
    return said


def _alike(own: Layers, others: Sequence[Layers], table: Any, measure: str) -> list[str]:
    """Return which layers are most alike."""
    said, start = [], 0
    for other in others:
        part = table[:, start : start + len(other.sites)]
        row, column = divmod(int(part.argmax()), part.shape[1])
        said.append(
            f"{own.sites[row]} and {other.sites[column]} of {other.model} are most alike: {measure} {part.max():.3g}."
        )
        start += len(other.sites)
    return said


def _spread(method: str, score: Any, baseline: Any) -> list[Spread]:
    """Return how many units have which score, and which with the other models rotated."""
    import numpy as np

    found = []
    for title, values in ((method.replace("_", " "), score), ("the same with the other models rotated", baseline)):
        if values is not None:
            counts, edges = np.histogram(values, BINS, (0, 1))
            bars = [
                (f"{low:.2f} to {high:.2f}", float(n)) for n, low, high in zip(counts, edges, edges[1:], strict=False)
            ]
            found.append(Spread(f"units by {title}", bars))
    return found


def _heat(own: Layers, others: Sequence[Layers], table: Any, measure: str) -> Any:
    start = 0
    for other in others:
        values = table[:, start : start + len(other.sites)].tolist()
        yield Heat(f"{measure}: layers of {own.model}, and of {other.model}", own.sites, other.sites, values)
        start += len(other.sites)
