"""Turn units of the encoder at the words that bear a property, let the decoder write, and count what comes out."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron._wilson import NORMAL, wilson
from jaxneuron.edits import Add
from jaxneuron.rank import average_precision, correlation, linear
from jaxneuron.studies.running import Report
from jaxneuron.studies.translation import grammar
from jaxneuron.studies.translation.grammar import Meaning
from jaxneuron.studies.translation.presets import Preset
from jaxneuron.studies.translation.results import Found, Rewritten, Success, Switch, Telling
from jaxneuron.studies.translation.training import Pupil
from jaxneuron.types import Site, Tokens, Translation


class Questioned(NamedTuple):
    """Sentences about one property, of which the model translates each right."""

    of: str
    said: list[Meaning]
    source: Tokens
    own: Int[np.ndarray, "sentence"]  # value
    where: Bool[np.ndarray, "sentence time"]  # the words that bear the property
    held_out: Bool[np.ndarray, "sentence"]
    states: dict[Site, Float[np.ndarray, "sentence time unit"]]

    def at(self, site: Site, held_out: bool) -> tuple[Float[np.ndarray, "word unit"], Int[np.ndarray, "word"]]:
        """Return what the units are at the words that bear the property, and the value of each."""
        here = self.where & (self.held_out == held_out)[:, None]
        return self.states[site][here], np.repeat(self.own, here.sum(axis=1))


def sites(pupil: Pupil) -> list[Site]:
    """Return what enters the encoder's first block, and what leaves each."""
    return ["encoder/embed", *(f"encoder/block{number}/residual" for number in range(pupil.config.encoder_blocks))]


def pose(pupil: Pupil, of: str, given: Sequence[Meaning], held_out: Bool[np.ndarray, "sentence"]) -> Questioned:
    """Return the sentences that the model translates right.

    Args:
        pupil: the model.
        of: the property.
        given: the meanings that are asked for.
        held_out: which of them units are tested on.

    Raises:
        ValueError: it does so with none to find units on, or none to test them on.
    """
    source = pupil.source([grammar.english(one) for one in given])
    written = pupil.write(source)
    right = np.array([one == grammar.other(said) for one, said in zip(written, given, strict=True)])
    if not (right & held_out).any() or not (right & ~held_out).any():
        raise ValueError(f"the model translates none of the sentences about {of} right; train it longer")
    said = [one for one, good in zip(given, right, strict=True) if good]
    source = Tokens(np.asarray(source.ids)[right], np.asarray(source.mask)[right])
    where = np.zeros(source.mask.shape, bool)
    for row, one in enumerate(said):
        where[row, grammar.bearing(one, of)] = True
    start = Tokens(np.zeros((len(said), 1), np.int32), np.ones((len(said), 1), bool))
    read = jax.jit(pupil.forward)(pupil.params, Translation(source, start), {})[1]
    own = np.array([grammar.value(one, of) for one in said])
    states = {site: np.asarray(read[site]) for site in sites(pupil)}
    return Questioned(of, said, source, own, where, held_out[right], states)


def telling(asked: Questioned) -> Telling:
    """Return the unit that tells the property best where it is found, asked on other sentences."""
    best = None
    for site in asked.states:
        values, own = asked.at(site, False)
        score = np.abs(average_precision.scores(values, own.astype(bool)).auroc[-1] - 0.5)
        if best is None or score.max() > best[0]:
            best = (score.max(), site, int(score.argmax()))
    assert best is not None
    _, site, unit = best
    values, own = asked.at(site, True)
    auroc = float(average_precision.scores(values[:, [unit]], own.astype(bool)).auroc[-1, 0])
    low, high = (float(values[own == value, unit].mean()) for value in (0, 1))
    return Telling(asked.of, site, unit, max(auroc, 1 - auroc), (low, high))


def orders(asked: Questioned, site: Site) -> dict[Found, Int[np.ndarray, "unit"]]:
    """Return the units of a site in the order in which two methods rank them, on the finding sentences."""
    values, own = asked.at(site, False)
    told = own.astype(bool)
    ranking = correlation.rank(None, values, told)
    weights, _ = linear.rank(None, values, told, settings=linear.Settings(l1=5e-3, l2=1e-5))
    pairs = ((Found.CORRELATION, ranking), (Found.LINEAR, weights))
    return {by: np.asarray(one.order).reshape(-1) for by, one in pairs}


def turn(pupil: Pupil, asked: Questioned, site: Site, units: Int[np.ndarray, "some"], beyond: float) -> list[list[str]]:
    """Return the translations where units are on the other side at the words that bear the property.

    A unit is moved by the distance of its two means, `x + (1 + beyond) (mean_other - mean_own)`, so that what else it
    says of the word, such as which verb it is, stays.

    Args:
        pupil: the model.
        asked: sentences about a property.
        site: of the encoder, where the units are.
        units: which are moved.
        beyond: distances of the means by which they are moved more than the one.
    """
    values, own = asked.at(site, False)
    means = np.stack([values[own == value].mean(axis=0) for value in (0, 1)])
    mean, other = means[asked.own], means[1 - asked.own]
    here = np.zeros(asked.states[site].shape, bool)
    here[..., units] = asked.where[..., None]
    amount = np.where(here, ((1 + beyond) * (other - mean))[:, None], 0)
    return pupil.write(asked.source, {site: Add(jnp.float32(amount))})


class Counted(NamedTuple):
    """Of each sentence, what has become of its translation."""

    turned: Bool[np.ndarray, "sentence"]  # it is that of the other meaning
    words: Bool[np.ndarray, "sentence"]  # at least all words that bear the property are
    same: Bool[np.ndarray, "sentence"]  # it is as before


def count(asked: Questioned, written: Sequence[list[str]]) -> Counted:
    """Compare what is written with the translations of both meanings."""
    rows = []
    for said, text in zip(asked.said, written, strict=True):
        before, wanted = grammar.other(said), grammar.other(grammar.turned(said, asked.of))
        places = [place for place, (one, two) in enumerate(zip(before, wanted, strict=True)) if one != two]
        words = all(place < len(text) and text[place] == wanted[place] for place in places)
        rows.append((text == wanted, words, text == before))
    return Counted(*np.array(rows).T)


def successes(pupil: Pupil, asked: Questioned, preset: Preset, report: Report) -> Iterator[Success]:
    """Yield what every number of units of every site does, in each order.

    Args:
        pupil: the model.
        asked: sentences about a property.
        preset: the size of the run.
        report: what is being done -> a progress callback.
    """
    for site, states in asked.states.items():
        progress, done = report(f"turn {asked.of}: {site}"), 0
        counts = [k for k in preset.counts if k <= states.shape[-1]]
        found = orders(asked, site)
        for by, order in found.items():
            for beyond in preset.beyond:
                for k in counts:
                    told = count(asked, turn(pupil, asked, site, order[:k], beyond))
                    sides = told.turned[~asked.held_out].mean(), told.turned[asked.held_out].mean()
                    rest = told.words[asked.held_out].mean(), told.same[asked.held_out].mean()
                    yield Success(asked.of, site, by, beyond, k, *map(float, (*sides, *rest)))
                    done += 1
                    if progress:
                        progress(done, len(found) * len(preset.beyond) * len(counts))


def switch(pupil: Pupil, asked: Questioned, tried: Sequence[Success], preset: Preset, seed: int) -> Switch:
    """Return the fewest units that turn nearly as many of the finding sentences as any, and what they do to others.

    Args:
        pupil: the model.
        asked: sentences about a property.
        tried: what was tried, of all properties.
        preset: the size of the run.
        seed: of the random units.
    """
    own = [one for one in tried if one.of == asked.of]
    best = max(one.finding for one in own)
    chosen = min((one for one in own if one.finding >= preset.enough * best), key=lambda one: (one.count, -one.finding))
    units = orders(asked, chosen.site)[chosen.by][: chosen.count]
    written = turn(pupil, asked, chosen.site, units, chosen.beyond)
    told, held_out = count(asked, written), asked.held_out
    draw, width = np.random.default_rng(seed), asked.states[chosen.site].shape[-1]
    others = np.setdiff1d(np.arange(width), units)
    random = []
    for _ in range(preset.draws):
        some = draw.choice(others if len(others) >= chosen.count else width, chosen.count, replace=False)
        random.append(count(asked, turn(pupil, asked, chosen.site, some, chosen.beyond)).turned[held_out].mean())
    whole = count(asked, turn(pupil, asked, chosen.site, np.arange(width), chosen.beyond)).turned[held_out].mean()
    turned, asked_of = float(told.turned[held_out].mean()), int(held_out.sum())
    low, high = wilson(turned, asked_of, NORMAL)
    person = np.array([one.subject.noun < grammar.PERSONS for one in asked.said])
    names = grammar.PROPERTIES[asked.of]
    return Switch(
        asked.of,
        chosen.site,
        chosen.by,
        chosen.beyond,
        units.tolist(),
        asked_of,
        turned,
        float(low),
        float(high),
        float(told.words[held_out].mean()),
        float(told.same[held_out].mean()),
        _by(told.turned, held_out, {"persons": person, "things": ~person}),
        _by(told.turned, held_out, {name: asked.own == value for value, name in enumerate(names)}),
        float(np.mean(random)),
        float(np.max(random)),
        float(whole),
        list(_examples(asked, written, np.flatnonzero(held_out), preset)),
    )


def _by(turned: np.ndarray, held_out: np.ndarray, groups: dict[str, np.ndarray]) -> dict[str, float]:
    sides = {name: turned[held_out & here] for name, here in groups.items()}
    return {name: float(side.mean()) for name, side in sides.items() if len(side)}


def _examples(asked: Questioned, written: Sequence[list[str]], rows: np.ndarray, preset: Preset) -> Iterator[Rewritten]:
    for row in rows[:: max(1, len(rows) // preset.shown)][: preset.shown].tolist():
        said = asked.said[row]
        texts = grammar.english(said), grammar.other(said), written[row], grammar.other(grammar.turned(said, asked.of))
        yield Rewritten(*map(grammar.joined, texts))
