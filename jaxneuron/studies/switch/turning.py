"""Number and tense: which units turn the preferred form of a verb, on pairs that did not choose them, at what cost."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from jaxneuron.corpora.agreement import PROPERTIES, Pair
from jaxneuron.extract import forms, reading
from jaxneuron.extract.forms import Forms
from jaxneuron.intervene import Answered, Effect, switch
from jaxneuron.intervene.switch import Likelihood, Likely, Sides, Turn
from jaxneuron.rank import correlation
from jaxneuron.ranking import ranked
from jaxneuron.studies.running import Report
from jaxneuron.studies.switch.material import Writer
from jaxneuron.studies.switch.presets import Preset
from jaxneuron.studies.switch.results import Picked, Preferred, Studied, Switched, Turned
from jaxneuron.tap import read
from jaxneuron.types import Site, Tokens


class Question(NamedTuple):
    """A property, as a model is asked about it."""

    writer: Writer
    of: str
    finding: Forms
    both: Forms  # the same, and the held-out pairs
    held_out: Bool[np.ndarray, "pair"]  # which of both are
    kinds: list[str]  # of both
    ordinary: Tokens  # sentences that the cost is measured on
    asked: Preferred


class Sets(NamedTuple):
    """Sets of units of a site that are turned."""

    by: list[Picked]
    counts: list[int]
    masks: Bool[np.ndarray, "set unit"]

    def at(self, by: Picked, count: int) -> list[int]:
        """Return which sets are of an order and a size."""
        return [place for place, one in enumerate(zip(self.by, self.counts, strict=True)) if one == (by, count)]


class Outcome(NamedTuple):
    """What sets of units do."""

    finding: Float[np.ndarray, "set"]  # share of the pairs that were right, which flips
    held_out: Float[np.ndarray, "set"]
    rise: Float[np.ndarray, "set"]
    right: Bool[np.ndarray, "pair"]  # the held-out pairs whose right form was preferred
    flipped: Bool[np.ndarray, "set pair"]


def pose(writer: Writer, given: Mapping[str, Sequence[Pair]], most: int) -> list[Question]:
    """Return each property as a model is asked about it, by `most` of the pairs that it can read.

    Args:
        writer: the model, with how it writes.
        given: property -> pairs of forms.
        most: pairs at most.

    Raises:
        ValueError: the model reads none of the pairs, or prefers the right form in none.
    """
    model = writer.model
    pairs = [(of, one) for of, rows in given.items() for one in rows]
    if model.tokenizer is not None:
        pairs = [(of, one._replace(before=(one.before[0].capitalize(), *one.before[1:]))) for of, one in pairs]
    every = forms.read(model, [one for _, one in pairs])  # together, so that they are of one width
    kept = [pairs[number] for number in every.kept]
    chosen = np.zeros(len(kept), bool)
    for side in ((of, held_out) for of in given for held_out in (False, True)):
        own = np.array([place for place, (of, one) in enumerate(kept) if (of, one.held_out) == side], int)
        chosen[own[np.unique(np.linspace(0, len(own) - 1, min(most // 2, len(own))).astype(int))]] = True
    unread = {of: len(rows) - sum(one == of for one, _ in kept) for of, rows in given.items()}
    every, kept = every.some(chosen), [one for one, here in zip(kept, chosen, strict=True) if here]
    tokens = reading.read(model, writer.ordinary).tokens
    ordinary, found = Tokens(np.asarray(tokens.ids), np.asarray(tokens.mask)), []
    for of in given:
        mine = np.array([one == of for one, _ in kept])
        held_out = np.array([pair.held_out for one, pair in kept if one == of])
        if not held_out.any() or held_out.all():
            raise ValueError(
                f"{writer.name} reads too few pairs about {of} to find units on some and to test on others"
            )
        both = every.some(mine)
        right = _before(writer, both) > 0
        sides = right[~held_out], right[held_out]
        if not all(side.any() for side in sides):
            raise ValueError(
                f"{writer.name} prefers the right form of the verb in no pair about {of} that units are found or "
                "tested on; give a better model"
            )
        (finding, tested), (one, other) = map(len, sides), (float(side.mean()) for side in sides)
        asked = Preferred(writer.name, of, finding, tested, unread[of], one, other)
        kinds = [pair.kind for one, pair in kept if one == of]
        found.append(Question(writer, of, both.some(~held_out), both, held_out, kinds, ordinary, asked))
    return found


def studied(writer: Writer) -> Studied:
    """Return what a model is, and how well it predicts ordinary text."""
    model, tokens = writer.model, reading.read(writer.model, writer.ordinary).tokens
    found = _unedited(writer, tokens, Likelihood())
    perplexity = float(np.exp(found.nats.sum() / found.count.sum()))
    words = len(model.vocabulary.words)
    return Studied(writer.name, writer.sites, list(writer.experts), words, perplexity, model.symbol)


def _before(writer: Writer, some: Forms) -> Float[np.ndarray, "pair"]:
    """Return by how much the right forms are likelier, in nats."""
    nats = np.asarray(_unedited(writer, some.tokens, Answered(Likelihood(), some.answers)).nats, np.float64)
    return nats[1::2] - nats[::2]


def _unedited(writer: Writer, tokens: Tokens, target: Likelihood | Answered) -> Likely:
    model, (site, width) = writer.model, next(iter(writer.sites.items()))
    sides = Sides(np.zeros((2, width)), np.zeros(len(tokens.ids), int))
    given = model.forward, model.params, tokens, target, sides, np.zeros((1, width), bool)
    return switch.intervene(*given, site=site).unedited


def turned(posed: Question, site: Site, preset: Preset, seed: int, report: Report) -> list[Turned]:
    """Return what becomes of the pairs, for each order of a site's units, each number of them, and each `beyond`.

    Args:
        posed: the question, with its activations.
        site: where the units are.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    report(f"{posed.writer.name}: turn {posed.of} at {site}")
    means, found = _means(posed, site), []
    sets = _sets(posed, site, means, preset, seed)
    for beyond in preset.beyond:
        out = _outcome(posed, site, means, sets, Turn("set", beyond))
        for by, count in dict.fromkeys(zip(sets.by, sets.counts, strict=True)):
            rows = sets.at(by, count)
            figures = (float(values[rows].mean()) for values in out[:3])
            found.append(Turned(posed.writer.name, posed.of, site, by, beyond, count, *figures))
    return found


def switched(posed: Question, rows: Sequence[Turned], preset: Preset, seed: int) -> Switched:
    """Return what the fewest units do to held-out pairs that flip enough of the finding ones, or else the most.

    Args:
        posed: the question, with its activations.
        rows: what became of the pairs.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    own = [row for row in rows if (row.model, row.of, row.by) == (posed.writer.name, posed.of, Picked.EFFECT)]
    enough = [row for row in own if row.finding >= preset.enough]
    best = min(enough, key=lambda row: (row.count, -row.finding)) if enough else max(own, key=lambda row: row.finding)
    site, means, turn = best.site, _means(posed, best.site), Turn("set", best.beyond)
    sets = _sets(posed, site, means, preset, seed)
    out, mirrored = (_outcome(posed, site, means, sets, one) for one in (turn, turn._replace(how="mirror")))
    (place,), others = sets.at(Picked.EFFECT, best.count), sets.at(Picked.RANDOM, best.count)
    right, flipped = out.right, out.flipped[place]
    kinds = np.array(posed.kinds)[posed.held_out]
    values = np.array(PROPERTIES[posed.of])[posed.both.own[::2][posed.held_out]]
    return Switched(
        posed.writer.name,
        posed.of,
        site,
        best.beyond,
        np.flatnonzero(sets.masks[place]).tolist(),
        flipped=float(out.held_out[place]),
        of_all=float((flipped & right).mean()),
        right=float(right.mean()),
        pairs=len(right),
        kinds={str(one): float(flipped[right & (kinds == one)].mean()) for one in np.unique(kinds[right])},
        values={str(one): float(flipped[right & (values == one)].mean()) for one in np.unique(values[right])},
        rise=float(out.rise[place]),
        random=float(out.held_out[others].mean()),
        random_most=float(out.held_out[others].max()),
        random_rise=float(out.rise[others].mean()),
        mirrored=float(mirrored.held_out[place]),
    )


def _sets(posed: Question, site: Site, means: Float[np.ndarray, "2 unit"], preset: Preset, seed: int) -> Sets:
    """Return the first units of each order, of each number, and as many of the others at random."""
    some, width = posed.finding, posed.writer.sites[site]
    few = np.isin(np.arange(len(some.kept)), np.linspace(0, len(some.kept) - 1, preset.ordering).astype(int))
    alone = switch.flips(_effect(posed.writer, some.some(few), site, means, None, Turn("set", preset.beyond[0])))
    right = alone.before > 0
    effect = np.asarray(ranked((alone.before[right] - alone.after[:, right]).mean(axis=-1)).order)
    model = posed.writer.model
    texts = Tokens(*(leaf[::2] for leaf in some.tokens))
    states = read(model.forward, model.params, texts, site)[some.where[::2]]
    rows = np.asarray(correlation.rank(None, states, some.own[::2].astype(np.float32)).order).reshape(-1)
    draw = np.random.default_rng([seed, width])
    drawn = [draw.permutation(width) for _ in range(preset.random)]
    counts = [count for count in preset.counts if count <= width // 2]
    found = []
    for count in counts:
        found += [(Picked.EFFECT, count, effect[:count]), (Picked.CORRELATION, count, rows[:count])]
        found += [(Picked.RANDOM, count, one[~np.isin(one, effect[:count])][:count]) for one in drawn]
    masks = np.stack([np.isin(np.arange(width), units) for _, _, units in found])
    return Sets([by for by, _, _ in found], [count for _, count, _ in found], masks)


def _means(posed: Question, site: Site) -> Float[np.ndarray, "2 unit"]:
    some, model = posed.finding, posed.writer.model
    texts = Tokens(*(leaf[::2] for leaf in some.tokens))
    return switch.means(model.forward, model.params, texts, some.own[::2], some.where[::2], site=site)


def _outcome(posed: Question, site: Site, means: Float[np.ndarray, "2 unit"], sets: Sets, turn: Turn) -> Outcome:
    found = switch.flips(_effect(posed.writer, posed.both, site, means, sets.masks, turn))
    right, flipped, held_out = found.before > 0, found.after < 0, posed.held_out
    finding, tested = (flipped[:, right & side].mean(axis=-1) for side in (~held_out, held_out))
    rise = _rise(posed, site, means, sets.masks, turn)
    return Outcome(finding, tested, rise, right[held_out], flipped[:, held_out])


def _effect(
    writer: Writer,
    some: Forms,
    site: Site,
    means: Float[np.ndarray, "2 unit"],
    masks: Bool[np.ndarray, "set unit"] | None,
    turn: Turn,
) -> Effect:
    """Return how likely both forms are when units are turned at the place where they part."""
    target, sides = Answered(Likelihood(), some.answers), Sides(means, some.own, some.where)
    given = writer.model.forward, writer.model.params, some.tokens, target, sides, masks
    return switch.intervene(*given, site=site, turn=turn)


def _rise(
    posed: Question, site: Site, means: Float[np.ndarray, "2 unit"], masks: Bool[np.ndarray, "set unit"], turn: Turn
) -> Float[np.ndarray, "set"]:
    """Return the rise of perplexity where units are on one side at every word, and then on the other, on average."""
    model, texts = posed.writer.model, posed.ordinary
    both = []
    for value in (0, 1):
        sides = Sides(means, np.full(len(texts.ids), value))
        given = model.forward, model.params, texts, Likelihood(), sides, masks
        both.append(switch.rise(switch.intervene(*given, site=site, turn=turn)))
    return np.mean(both, axis=0)
