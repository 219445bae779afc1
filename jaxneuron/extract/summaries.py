"""What is known of each site after a pass, in one value; and what units do at the words around their exemplars.

The second reads the sentences of the exemplars once more: they are no more than the units have exemplars, however long
the text was, and no activation had to be kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.atlas import Excerpts, Exemplars, SiteSummary, histogram
from jaxneuron.extract import to_statistics
from jaxneuron.extract._source import Source, shapes_of
from jaxneuron.extract.placing import ReadText, placed
from jaxneuron.extract.to_statistics import Asked, State
from jaxneuron.types import Site

SHARES = (0.0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999, 1.0)
"""Of a unit's values, below which a quantile is told."""

NEEDED = ("moments", "histogram", "exemplars", "samples", "saturated")
"""Statistics that a summary is made of; for the histogram, that of `label_counts` will do."""


def summaries(
    model: Source, wanted: Asked, state: State, *, bars: int = 40, labels: tuple[str, ...] | None = None
) -> dict[Site, SiteSummary]:
    """Return what is known of each site.

    Args:
        model: whose sites.
        wanted: of `to_statistics.asked`, with the statistics of `NEEDED` at least.
        state: after the pass.
        bars: of each histogram.
        labels: the names of the classes of `label_counts` and `label_sums`.

    Raises:
        ValueError: a statistic that is missing.
    """
    counts = "label_counts" if "label_counts" in wanted.statistics else "histogram"
    needed = [counts if name == "histogram" else name for name in NEEDED]
    if missing := [name for name in needed if name not in wanted.statistics]:
        raise ValueError(f"a summary needs the statistics {', '.join(NEEDED)}; {', '.join(missing)} is missing")
    shapes = shapes_of(model)
    return {
        site: _summary(_told(wanted, state, site), site, shapes[site].shape[-2] == 1, bars, labels)
        for site in wanted.sites
    }


def _told(wanted: Asked, state: State, site: Site) -> dict[str, Any]:
    """Return what each statistic says of one site: counts take much memory, those of all sites more."""
    found = {}
    for name, statistic in wanted.statistics.items():
        if site in state[name]:
            found[name] = statistic.finish({site: state[name][site]})[site]
    return found


def _summary(
    told: dict[str, Any], site: Site, per_text: bool, bars: int, labels: tuple[str, ...] | None
) -> SiteSummary:
    counted, means = told.get("label_counts"), told.get("label_sums")
    counts = told["histogram"] if counted is None else counted.histogram
    known: dict[str, Any] = {}  # nothing where no label was seen: those of words tell nothing of whole texts
    if means is not None and means.count.any():
        known = {"labels": labels, "thresholds": counted and counted.thresholds, "means": means}
    return SiteSummary(
        **known,
        site=site,
        per_text=per_text,
        moments=told["moments"],
        quantiles=histogram.quantiles(counts, np.array(SHARES)),
        bars=histogram.bars(counts, count=bars),
        saturation=told["saturated"],
        exemplars=told["exemplars"],
        highest=None,
        lowest=None,
        samples=told["samples"],
        sign_cases=told.get("sign_cases"),
        neighbours=told.get("pairs"),
    )


def with_excerpts(
    model: Source,
    corpus: ReadText,
    wanted: Asked,
    found: Mapping[Site, SiteSummary],
    *,
    before: int = 12,
    after: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> dict[Site, SiteSummary]:
    """Return the summaries with what units do around their exemplars.

    Args:
        model: what reads.
        corpus: the text.
        wanted: as for the pass.
        found: of `summaries`.
        before: words to the left, at most.
        after: words to the right, at most.
        progress: called with (words read, all).
    """
    sides = {site: _sides(one.exemplars) for site, one in found.items()}
    numbers = np.unique(np.concatenate([np.unique(each.sentence) for both in sides.values() for each in both]))
    chosen = numbers[numbers >= 0].tolist()
    words, done = sum(len(corpus.sentences[number]) for number in chosen), 0
    shown = {site: [_empty(each, before, after) for each in both] for site, both in sides.items()}
    where = {site: [_by_sentence(each.sentence) for each in both] for site, both in sides.items()}
    for sentence, vectors in _vectors(model, corpus, wanted, chosen):
        done += len(corpus.sentences[sentence])
        for site, value in vectors.items():
            for each, place, excerpts in zip(sides[site], where[site], shown[site], strict=True):
                if sentence in place:
                    _fill(excerpts, each.word, place[sentence], value)
        if progress:
            progress(done, words)
    return {site: one._replace(highest=shown[site][0], lowest=shown[site][1]) for site, one in found.items()}


def _sides(exemplars: Exemplars) -> tuple[Any, Any]:
    return exemplars.highest, exemplars.lowest


def _empty(extremes: Any, before: int, after: int) -> Excerpts:
    first = np.maximum(extremes.word - before, 0)
    return Excerpts(first, np.full((*first.shape, before + 1 + after), np.nan, np.float32))


def _by_sentence(sentence: np.ndarray) -> dict[int, Any]:
    """Return which units have which of their exemplars in each sentence."""
    flat = sentence.reshape(-1)
    order = np.argsort(flat, kind="stable")
    numbers, first = np.unique(flat[order], return_index=True)
    parts = np.split(order, first[1:])
    return {
        int(number): np.unravel_index(part, sentence.shape)
        for number, part in zip(numbers, parts, strict=True)
        if number >= 0
    }


def _fill(excerpts: Excerpts, word: np.ndarray, place: tuple[np.ndarray, np.ndarray], value: np.ndarray) -> None:
    """Put the values of a sentence, `[word, unit]`, into the excerpts of the units that show it."""
    unit, rank = place
    shown = excerpts.first[unit, rank][:, None] + np.arange(excerpts.value.shape[-1])
    inside = shown < len(value)
    excerpts.value[unit, rank] = np.where(inside, value[np.where(inside, shown, 0), unit[:, None]], np.nan)


def _vectors(
    model: Source, corpus: ReadText, wanted: Asked, chosen: Sequence[int]
) -> Iterator[tuple[int, dict[Site, np.ndarray]]]:
    """Yield sentences with what each site has for their words; of one in several windows, when the last was read."""
    half: dict[int, dict[Site, np.ndarray]] = {}
    missing = {number: len(corpus.sentences[number]) for number in chosen}
    for batch in placed(model, corpus, to_statistics.reading_of(model, corpus, wanted), chosen):
        given = jax.tree.map(jnp.asarray, batch)
        values = to_statistics.vectors(model.forward, model.params, given, wanted.sites)
        plain = {site: np.asarray(value).reshape(-1, value.shape[-1]) for site, value in values.items()}
        rows = {site: batch.places.of(values[site]) for site in wanted.sites}
        text = np.asarray(batch.places.words.text).reshape(-1)
        for slot, sentence in enumerate(np.asarray(batch.places.sentence).tolist()):
            if sentence < 0:
                continue
            length = len(corpus.sentences[sentence])
            whole = half.setdefault(
                sentence,
                {
                    site: np.full((length if rows[site].text.shape[0] == 1 else 1, units), np.nan, np.float32)
                    for site, units in wanted.widths.items()
                },
            )
            for site, value in plain.items():
                here = np.flatnonzero(np.asarray(rows[site].text).reshape(-1) == slot)
                whole[site][np.asarray(rows[site].word).reshape(-1)[here]] = value[here]
            missing[sentence] -= int((text == slot).sum())
            if not missing[sentence]:
                yield sentence, half.pop(sentence)
