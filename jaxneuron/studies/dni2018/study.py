"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.corpora.hypotheses import Fault
from jaxneuron.studies import running
from jaxneuron.studies._study import Study
from jaxneuron.studies.dni2018 import languages, material, quality, relevance, removal, texts, views, writing
from jaxneuron.studies.dni2018.claims import claims
from jaxneuron.studies.dni2018.languages import Language
from jaxneuron.studies.dni2018.material import Passages
from jaxneuron.studies.dni2018.options import COMMAND, Options, Subject
from jaxneuron.studies.dni2018.page import PAGE
from jaxneuron.studies.dni2018.presets import PRESETS, Preset
from jaxneuron.studies.dni2018.relevance import Relevance
from jaxneuron.studies.dni2018.results import Found, Matching, Quality, Removal, Results, Scored, Told, View, Written
from jaxneuron.studies.dni2018.texts import Texts
from jaxneuron.types import Site
from jaxneuron_models.model import Model


class Given(NamedTuple):
    """What a run reads before it works."""

    language: Subject
    texts: Texts
    model: Model | None  # None: one is trained


class Prepared(NamedTuple):
    """What a run works on."""

    model: Model
    site: Site  # where the units are; the cell states are scored beside them
    language: Language


class Read(NamedTuple):
    """Text that the model has read."""

    found: Passages
    language: Language  # without what failed on this text
    states: Float[np.ndarray, "symbol unit"]


Run = running.Run[Given, Preset, Options]


def read(asked: Options, preset: Preset, seed: int) -> Given:
    """Read or make the texts, and open the model that is given.

    Args:
        asked: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    language = Subject(asked.language)
    found = texts.read(language, seed, preset, asked.data)
    return Given(language, found, None if asked.model is None else material.given(asked.model, found))


def prepare(run: Run) -> Prepared:
    """Train the model, if none is given, and say what is asked."""
    language, texts, model = run.given
    if model is None:
        model = material.train(jax.random.key(run.seed), texts, run.preset, run.directory / "model", run.report)
    described = languages.describe(language, texts.dev, run.options.hypotheses)
    return Prepared(model, material.site(model), described)


def unknown(run: Run) -> dict[str, float]:
    """Return how much of each split the model does not know."""
    splits = {split: [parsed.text for parsed in part] for split, part in run.given.texts._asdict().items()}
    return run.unknown(run.of(prepare).model.vocabulary, splits)


def _keys(run: Run) -> tuple[Array, Array, Array]:
    """Return the keys of what is scored, removed and written."""
    score, remove, write = jax.random.split(jax.random.fold_in(jax.random.key(run.seed), 1), 3)
    return score, remove, write


def _scored_text(run: Run) -> Read:
    """Label and read the text on which units are scored."""
    model, site, language = run.of(prepare)
    progress = run.report("label and read the text")
    found = material.passages(model.vocabulary, run.given.texts.dev, language, run.preset.scored)
    states = material.states(model, found, site)
    if progress:
        progress(1, 1)
    return Read(found, language.without_faults(found.labels.names), states)


def _scores(run: Run) -> tuple[Relevance, Relevance]:
    """Return the scores of the hidden states, and of the cell states."""
    prepared, (found, _, states), key = run.of(prepare), run.of(_scored_text), _keys(run)[0]
    progress = run.report("score the units")
    folder, folds = run.directory / "scores", run.preset.folds
    hidden = relevance.kept(folder / "hidden.npz", key, states, found, folds)
    cells = material.states(prepared.model, found, prepared.site.replace("hidden", "cell"))
    cell = relevance.kept(folder / "cell.npz", key, cells, found, folds)
    if progress:
        progress(2, 2)
    return hidden, cell


def _held_out(run: Run) -> tuple[Passages, Language]:
    """Label the text on which units are taken away."""
    scored = run.of(_scored_text)
    model, texts, symbols = run.of(prepare).model, run.given.texts.test, run.preset.held_out
    found = material.passages(model.vocabulary, texts, scored.language, symbols, like=scored.found.labels)
    return found, scored.language.without_faults(found.labels.names)


def _language(run: Run) -> Subject:
    return run.given.language


def _site(run: Run) -> Site:
    return run.of(prepare).site


def _features(run: Run) -> list[str]:
    return [feature.name for feature in run.of(prepare).language.features]


def _quality(run: Run) -> Quality:
    trained = run.given.model is None
    curves = material.curves(run.directory / "model") if trained else ()
    return quality.quality(run.of(prepare).model, run.given.texts, run.preset, trained=trained, curves=curves)


def _scored(run: Run) -> Scored:
    labels, (symbols, units) = run.of(_scored_text).found.labels, run.of(_scored_text).states.shape
    return Scored(symbols, units, len(labels.names), run.preset.folds, run.of(_scores)[0].seconds)


def _faults(run: Run) -> list[Fault]:
    return [*run.of(_scored_text).found.labels.faults, *run.of(_held_out)[0].labels.faults]


def _relevance(run: Run) -> list[Told]:
    found, language, _ = run.of(_scored_text)
    return relevance.rows(language, found, *run.of(_scores), top=run.preset.top)


def _removal(run: Run) -> Removal:
    model, site, _ = run.of(prepare)
    found, language = run.of(_held_out)
    remove = partial(removal.removal, _keys(run)[1], model, found, language, run.of(_scores)[0], run.preset)
    return remove(site=site, report=run.report)


def _writing(run: Run) -> list[Written]:
    model, site, _ = run.of(prepare)
    found, language = run.of(_held_out)
    write = partial(writing.writing, _keys(run)[2], model, found, language, run.of(_scores)[0], run.preset)
    return write(site=site, report=run.report)


def _asked(run: Run) -> dict[str, list[str]]:
    features = run.of(_held_out)[1].features
    return {feature.name: [asked.name for asked in feature.hypotheses] for feature in features}


def _views(run: Run) -> list[View]:
    found, _, states = run.of(_scored_text)
    return views.views(run.of(_relevance), states, found)


def _matching(run: Run) -> Matching | None:
    found, _, states = run.of(_scored_text)
    features = run.of(_held_out)[1].features
    return views.matches(features[0].hypotheses[-1], states, found) if features else None


def found(run: Run) -> list[Found]:
    """Return the first units of each hypothesis, with text."""
    text = run.of(_scored_text)
    return views.highest(run.of(_relevance), text.states, text.found, site=run.of(_site))


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    sized=lambda sizes, asked: sizes[Subject(asked.language)],
    read=read,
    prepare=prepare,
    stages={
        "language": _language,
        "site": _site,
        "features": _features,
        "quality": _quality,
        "scored": _scored,
        "faults": _faults,
        "relevance": _relevance,
        "removal": _removal,
        "writing": _writing,
        "asked": _asked,
        "views": _views,
        "matching": _matching,
    },
    results=Results,
    claims=claims,
    page=PAGE,
    found=found,
    unknown=unknown,
)
