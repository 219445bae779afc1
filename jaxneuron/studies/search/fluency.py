"""How strong are texts that are no less likely than those of the corpus?"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxneuron.evaluate.standing import standing
from jaxneuron.find import corpus, fluent
from jaxneuron.find.fluent import Front
from jaxneuron.studies.running import Report
from jaxneuron.studies.search.material import Subject
from jaxneuron.studies.search.presets import Preset
from jaxneuron.studies.search.results import KINDS, Fluent, Level, Requested
from jaxneuron.studies.search.searching import asked
from jaxneuron.types import Tokens


def described(subject: Subject) -> Requested:
    """Return what is searched, and how likely the corpus is."""
    likely = cross_entropy(subject, subject.longer)
    context = None
    if likely.by == "own":
        some = subject.texts.mask.any(axis=1)
        whole = Tokens(subject.texts.ids[some], subject.texts.mask[some])
        each, words = cross_entropy(subject, whole).cross_entropy, whole.mask.sum(axis=1)
        context = float(np.sum(each * words) / words.sum())
    return Requested(
        model=subject.name,
        site=subject.site,
        targets=len(subject.units),
        words=int(subject.allowed.sum()),
        length=subject.grams.ids.shape[1],
        longer=subject.longer.ids.shape[1],
        ngrams=len(subject.grams.ids),
        language=likely.by,
        cross_entropy=float(likely.cross_entropy.mean()),
        in_context=context,
    )


def cross_entropy(subject: Subject, texts: Tokens) -> Any:
    """Return how likely texts are, to the model itself where it predicts the next word, else by the corpus's pairs."""
    return fluent.cross_entropy(subject.forward, subject.kinds[KINDS[0]].params, texts, subject.longer, subject.allowed)


def fronts(subject: Subject, told: Requested, preset: Preset, seed: int, report: Report) -> dict[str, Front]:
    """Return the fronts of all units, by what the cap is.

    Args:
        subject: the model, and what is searched in it.
        told: what is known of it.
        preset: the size of the run.
        seed: of all that is random.
        report: what is being done -> a progress callback.
    """
    caps = {"alone": told.cross_entropy, "in context": told.in_context}
    found = {}
    for name, cap in caps.items():
        if cap is not None:
            settings = fluent.Settings(cap=cap)._replace(**preset.fluent)
            more = {"progress": report(f"{subject.name}: fluent texts ({name})")}
            found[name] = asked(
                subject, subject.kinds[KINDS[0]], fluent.front, settings, seed, grams=subject.longer, **more
            )
    return found


def rows(subject: Subject, found: dict[str, Front], seed: int) -> Iterator[Fluent]:
    """Yield the share of the units that reach the corpus's maximum, at each cap and level.

    Args:
        subject: the model, and what is searched in it.
        found: the fronts, by what the cap is.
        seed: of all that is random.
    """
    params, targets = subject.kinds[KINDS[0]]
    highest = asked(subject, subject.kinds[KINDS[0]], corpus.find, None, seed, grams=subject.longer)
    texts = Tokens(*(np.asarray(leaf)[:, 0] for leaf in highest.tokens))
    real = cross_entropy(subject, texts).cross_entropy
    for name, front in found.items():
        score = np.concatenate([np.asarray(front.chosen.score)[:, :1], np.asarray(front.score)], axis=1)
        stands = standing(subject.forward, params, targets, score, subject.longer)
        enough = score >= stands.best[:, None] * (1 - 1e-6)
        bound, cap = np.asarray(front.level)[0], float(np.asarray(front.cap)[0])
        levels = [
            Level(
                None if np.isinf(level) else float(level / cap),
                float(enough[:, place].mean()),
                float(np.nanmedian(np.where(np.isfinite(stands.excess[:, place]), stands.excess[:, place], np.nan))),
            )
            for place, level in enumerate(bound, 1)
            if np.isfinite(score[:, place]).any()
        ]
        chance = float(np.mean(real <= cap))
        yield Fluent(subject.name, cap, name, float(enough[:, 0].mean()), chance, levels)
