"""Which n-grams drive the unit highest, and which lowest? What searches find, with its place among the text's words.

The highest and the lowest place of the text are known from the pass. Each method of `METHODS` that the folder `find`
has is asked, too; what a study found before is taken as it is, and not searched again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.batching import Progress
from jaxneuron.cli import _grams, _question, _signature
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.extract import framing
from jaxneuron.lowering import lower
from jaxneuron.report.atlas.unit import BestInput, Sign
from jaxneuron.targets import Times, Unit
from jaxneuron.types import Site, Tokens

PASS = "the text read"
"""How the highest place of the pass is called among the methods."""

METHODS = ("best", "gumbel_softmax")
"""The searches that are asked, as far as there are any of that name."""

LENGTH = 3
"""Symbols of an n-gram."""

TEXTS = 2**15
"""Texts that `best` tries for the units of a site together, about: each is scored for all of them. `best` plans its
stages by that."""

SOFT = 2**17
"""Words that relaxed inputs weigh, of all units of a site together: a search among them reads as many vectors for each
unit as the vocabulary has words. Where that is more and units are not named, only words are searched among."""

SIDES: tuple[tuple[Sign, float], ...] = (("+", 1.0), ("-", -1.0))


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the best n-gram of each method for each side of each unit: the highest first, then the lowest."""
    known = [[*_read(at, site, unit), *at.texts.searched.get((site, unit), [])] for unit in units]
    if not at.texts.searched:  # a study asked its methods of the units that it chose, and no others
        for row, found in enumerate(_searched(at, site, units, progress)):
            known[row] += found
    progress(len(units), len(units))
    told = []
    for unit, found in zip(units, known, strict=True):
        shares = _percentile(at, site, unit, [one.activation for one in found])
        placed = [one._replace(percentile=share) for one, share in zip(found, shares, strict=True)]
        told.append(Piece(inputs=sorted(placed, key=lambda one: (one.sign, -dict(SIDES)[one.sign] * one.activation))))
    return told


def _read(at: Material, site: Site, unit: int) -> list[BestInput]:
    """Return the words up to the places of the text where the unit is highest and lowest."""
    found = []
    for (sign, _), place, what in zip(SIDES, at.found[site].exemplars, ("highest", "lowest"), strict=True):
        sentence, word = int(place.sentence[unit, 0]), int(place.word[unit, 0])
        if sentence < 0:
            continue
        words = at.texts.read.text.sentences[sentence]
        shown = words if at.per_text(site) else words[max(0, word + 1 - LENGTH) : word + 1]
        proof = f"the {what} of {at.found[site].moments.tokens:,} places, with the rest of its text around it"
        found.append(BestInput(PASS, shown, float(place.value[unit, 0]), sign, certificate=proof))
    return found


def _searched(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[list[BestInput]]:
    """Return what each method finds for each side of each unit."""
    model, sentences = at.model, at.fit.text.sentences
    before, after = framing.around(model, sentences[0])
    corpus, candidates = _grams.of_text(model, sentences, LENGTH, len(before), len(after))
    words = len(model.vocabulary.words)
    framed = framing.Templated(model.forward, before, after, words) if before or after else None
    forward = framed or model.forward
    targets: Any = Unit(site, jnp.asarray(units, jnp.int32), framed.last(site) if framed else -1)
    if site in model.linear:
        targets = lower(forward, model.params, targets, model.linear[site])
    targets = framed.read(targets) if framed else targets
    ngrams = _some(framing.distinct(corpus, LENGTH), TEXTS // 4, at.seed)
    known: dict[str, Any] = {"key": at.key(2), "forward": forward, "params": model.params}
    known |= {"ngrams": ngrams, "candidates": candidates}
    told: list[list[BestInput]] = [[] for _ in units]
    soft = at.named or len(units) * words <= SOFT
    asked = [name for name in METHODS if name in _signature.names("jaxneuron.find") and (soft or name == "best")]
    rows, sign = np.tile(np.arange(len(units)), len(SIDES)), np.repeat([factor for _, factor in SIDES], len(units))
    known["targets"] = Times(jax.tree.map(lambda leaf: leaf[rows], targets), jnp.asarray(sign))
    for number, name in enumerate(asked):

        def part(done: int, total: int, number: int = number) -> None:
            progress(number * total + done, len(asked) * total)

        method = _signature.read("jaxneuron.find", name, "find")
        own = {"passes": max(1, TEXTS // len(rows)), "least": 1} if name == "best" else {}
        found = jax.device_get(_question.call(method, "find", known, own, k=1, progress=part, budget=at.budget))
        for place, row in enumerate(rows.tolist()):
            if np.isfinite(found.score[place, 0]):
                ids = np.asarray(found.tokens.ids)[place, 0][np.asarray(found.tokens.mask)[place, 0]].tolist()
                tokens = [_grams.written(model, [one]) for one in ids]
                side, factor = SIDES[place // len(units)]
                value, proof = factor * float(found.score[place, 0]), _proof(found, place, side)
                told[row].append(BestInput(name, tokens, value, side, certificate=proof))
    return told


def _some(ngrams: Tokens, most: int, seed: int) -> Tokens:
    """Return at most so many n-grams, drawn at random."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(ngrams.ids))[:most])
    return Tokens(ngrams.ids[chosen], ngrams.mask[chosen])


def _proof(found: Any, place: int, side: Sign) -> str:
    """Return what is known of better inputs than the one that was found."""
    optimal = getattr(found, "optimal", None)
    if optimal is None or not int(np.asarray(optimal)[place, 0]):
        return ""
    count = int(np.asarray(optimal)[place, 0])
    others, goes = "word" if count == 1 else f"{count} words", "higher" if side == "+" else "lower"
    return f"no other {others} in its place goes {goes}: all were tried"


def _percentile(at: Material, site: Site, unit: int, values: Sequence[float]) -> list[float]:
    """Return which share of the words of the text is below each value, in percent, from the quantiles of the pass."""
    quantiles, spread = at.found[site].quantiles, at.found[site].moments
    below = np.interp(values, quantiles.value[unit], quantiles.share)
    ends = [np.asarray(values) >= float(spread.high[unit]), np.asarray(values) <= float(spread.low[unit])]
    return (100 * np.select(ends, [1.0, 0.0], below)).tolist()


def studied(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[dict[tuple[Site, int], list[BestInput]], dict[tuple[Site, int], str]]:
    """Return what a study found for single units, and what these stand for, from the rows of its `found.jsonl`.

    Raises:
        ValueError: rows of another study, which searched for no n-grams.
    """
    inputs: dict[tuple[Site, int], list[BestInput]] = {}
    names: dict[tuple[Site, int], str] = {}
    for row in rows:
        try:
            if row.get("units", 1) != 1:
                continue  # a group
            place = str(row["setting"]), int(row["target"])
            inputs.setdefault(place, []).append(BestInput(str(row["method"]), row["words"], float(row["score"])))
            names[place] = str(row["name"])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"a row without {error}; expected found.jsonl of `jaxneuron study poerner2018`, with a row for each "
                "best n-gram"
            ) from error
    return inputs, names
